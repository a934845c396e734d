package firmware

import (
	"crypto/sha256"
	"crypto/sha512"
	"testing"
	"time"

	"github.com/gpuaudit/gpuaudit/audit/inventory"
)

// BenchmarkParse puts what a ROM costs beside SHA-256 over the same bytes, in
// the same loop, and reports ratios:
//
//	structure/sha256  image chain, regions with entropy, vendors' tables
//	parse/sha256      all of Parse: also two digests of the whole, of each
//	                  image and region, and the EFI drivers decompressed
//	parse/hashes      the same beside SHA-256 and SHA-384 of the whole, one
//	                  after the other, which is the least that is asked for
func BenchmarkParse(b *testing.B) {
	files := dumps(b)
	var all, structure, plain, both time.Duration
	total := 0
	for _, f := range files {
		total += len(f)
	}
	b.SetBytes(int64(total))
	b.ReportAllocs()
	for b.Loop() {
		for _, f := range files {
			t0 := time.Now()
			sha256.Sum256(f)
			t1 := time.Now()
			sha512.Sum384(f)
			t2 := time.Now()
			p := newParser(f)
			p.structure()
			p.vendorTables()
			t3 := time.Now()
			Parse(f)
			t4 := time.Now()
			plain, both, structure, all = plain+t1.Sub(t0), both+t2.Sub(t0), structure+t3.Sub(t2), all+t4.Sub(t3)
		}
	}
	b.ReportMetric(float64(structure)/float64(plain), "structure/sha256")
	b.ReportMetric(float64(all)/float64(plain), "parse/sha256")
	b.ReportMetric(float64(all)/float64(both), "parse/hashes")
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
