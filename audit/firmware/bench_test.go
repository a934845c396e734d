package firmware

import (
	"crypto/sha256"
	"testing"
	"time"

	"github.com/gpuaudit/gpuaudit/audit/inventory"
)

// BenchmarkParse puts what a ROM costs beside SHA-256 over the same bytes, in
// the same loop, and reports ratios to it:
//
//	structure  image chain, sums, vendors' tables
//	image      that, and SHA-256 of the whole, of each image, table and region,
//	           entropy, and the stable digest: what the budget of 1.3 is for
//	flash-image  the same for whole flash dumps only: a small ROM is hashed in
//	           less time than it takes to wake a second processor
//	sha384     the second digest, of the whole and of each image
//	efi        drivers decompressed, their signatures checked
//	parse      all of Parse
//
// Parts run on several workers, as in Parse: on one processor they take longer.
// Of each file and part the shortest time counts, so that what else a machine
// does weighs the same on both sides of a ratio: little.
func BenchmarkParse(b *testing.B) {
	files := dumps(b)
	total := 0
	for _, f := range files {
		total += len(f)
	}
	names := [...]string{"sha256", "structure", "image", "sha384", "efi", "parse"}
	best := map[string]*[len(names)]time.Duration{}
	for name := range files {
		best[name] = &[len(names)]time.Duration{}
	}
	b.SetBytes(int64(total))
	b.ReportAllocs()
	for b.Loop() {
		for name, f := range files {
			p, q := newParser(f), newParser(f)
			none := func() {}
			for i, step := range [len(names)]func(){
				func() { sha256.Sum256(f) },
				func() { q.structure(); q.vendorTables() },
				func() {
					first := p.firstCut()
					work(len(f), func() { first.hash(f, &p.rom.SHA256) }, func() []job {
						p.structure()
						p.vendorTables()
						return p.sha256Jobs(first)
					})
					first.tell()
					p.stable()
				},
				func() { work(len(f), none, p.sha384Jobs) },
				func() { work(len(f), none, func() []job { return costs(p.efiJobs()) }) },
				func() { Parse(f) },
			} {
				start := time.Now()
				step()
				if spent := time.Since(start); best[name][i] == 0 || spent < best[name][i] {
					best[name][i] = spent
				}
			}
		}
	}
	var spent [len(names)]time.Duration
	var flash, flashImage time.Duration
	for name, times := range best {
		for i, d := range times {
			spent[i] += d
		}
		if len(files[name]) >= 512<<10 {
			flash, flashImage = flash+times[0], flashImage+times[2]
		}
	}
	b.ReportMetric(float64(flashImage)/float64(flash), "flash-image/sha256")
	for i, name := range names[1:] {
		b.ReportMetric(float64(spent[i+1])/float64(spent[0]), name+"/sha256")
	}
}

// BenchmarkDecompress is the part of Parse that no digest hides.
func BenchmarkDecompress(b *testing.B) {
	image := Parse(dumps(b)["nv-gp106-gtx1060-msi-trimmed.rom"]).Images[1]
	j := &efiJob{image: dumps(b)["nv-gp106-gtx1060-msi-trimmed.rom"][image.Offset : image.Offset+image.Bytes], efi: &inventory.EFIImage{}}
	payload, _ := j.header()
	out, _, err := decompress(payload)
	if err != nil {
		b.Fatal(err)
	}
	b.SetBytes(int64(len(out)))
	for b.Loop() {
		if _, _, err := decompress(payload); err != nil {
			b.Fatal(err)
		}
	}
}
