package firmware

import (
	"cmp"
	"crypto/sha256"
	"crypto/sha512"
	"encoding/hex"
	"hash"
	"runtime"
	"slices"
	"sync"
	"sync/atomic"
)

// job is a piece of work that touches nothing another job touches. Cost is
// about how many bytes of SHA-256 it is worth.
type job struct {
	cost int
	run  func()
}

// costSHA384 is how much slower SHA-384 is than SHA-256 on a processor with
// instructions for the latter only, which today is nearly every one.
const costSHA384 = 3

// smallROM is where a second worker costs more than it saves.
const smallROM = 16 << 10

// maxWorkers is how many of a machine's processors one ROM takes.
const maxWorkers = 4

// costEFI is how much dearer it is to decompress a byte than to hash it.
const costEFI = 20

// digests hashes the whole, every image and every region, and reads the EFI
// images, which depends on nothing else. The dearest jobs start first.
func (p *parser) digests() {
	efi := p.efiJobs()
	work(slices.Concat(p.sha256Jobs(), p.sha384Jobs(), costs(efi)), len(p.b))
	for _, j := range efi {
		p.rom.Faults = append(p.rom.Faults, j.faults...)
	}
}

func costs(efi []*efiJob) []job {
	var jobs []job
	for _, j := range efi {
		jobs = append(jobs, job{costEFI * len(j.image), j.run})
	}
	return jobs
}

// sha256Jobs is what every ROM is known by: the whole, each part of it, and what
// the parts that are no image hold.
func (p *parser) sha256Jobs() []job {
	r, first := p.rom, p.firstCut()
	jobs := []job{hashJob(sha256.New, 1, p.b, &r.SHA256, first.bytes, first.sha256)}
	add := func(offset, bytes int, sum *string) {
		if sum != first.sha256 {
			jobs = append(jobs, hashJob(sha256.New, 1, p.b[offset:offset+bytes], sum, 0, nil))
		}
	}
	for i := range r.Images {
		img := &r.Images[i]
		add(img.Offset, img.Bytes, &img.SHA256)
	}
	for i := range r.Private {
		img := &r.Private[i]
		add(img.Offset, img.Bytes, &img.SHA256)
	}
	for i := range r.Tables {
		tab := &r.Tables[i]
		add(tab.Offset, tab.Bytes, &tab.SHA256)
	}
	for i := range r.Regions {
		reg := &r.Regions[i]
		jobs = append(jobs, job{reg.Bytes, func() { weigh(reg, p.b[reg.Offset:reg.Offset+reg.Bytes]) }})
		add(reg.Offset, reg.Bytes, &reg.SHA256)
	}
	return jobs
}

// sha384Jobs is the second digest of what manifests speak of: the whole and the
// images.
func (p *parser) sha384Jobs() []job {
	r, first := p.rom, p.firstCut()
	if first.sha384 == nil {
		first.bytes = 0
	}
	jobs := []job{hashJob(sha512.New384, costSHA384, p.b, &r.SHA384, first.bytes, first.sha384)}
	for i := range r.Images {
		if img := &r.Images[i]; &img.SHA384 != first.sha384 {
			jobs = append(jobs, hashJob(sha512.New384, costSHA384, p.b[img.Offset:img.Offset+img.Bytes], &img.SHA384, 0, nil))
		}
	}
	return jobs
}

// cut is a first part of the ROM whose digests fall out of hashing the whole.
type cut struct {
	bytes          int
	sha256, sha384 *string
}

func (p *parser) firstCut() cut {
	for i := range p.rom.Regions {
		if r := &p.rom.Regions[i]; r.Offset == 0 {
			return cut{r.Bytes, &r.SHA256, nil}
		}
	}
	for i := range p.rom.Images {
		if img := &p.rom.Images[i]; img.Offset == 0 {
			return cut{img.Bytes, &img.SHA256, &img.SHA384}
		}
	}
	return cut{}
}

// hashJob hashes data into whole and, where first is set, the first n bytes of
// it into first on the way.
func hashJob(algorithm func() hash.Hash, weight int, data []byte, whole *string, n int, first *string) job {
	return job{weight * len(data), func() {
		h := algorithm()
		if first != nil {
			h.Write(data[:n])
			*first = hex.EncodeToString(h.Sum(nil))
			data = data[n:]
		}
		h.Write(data)
		*whole = hex.EncodeToString(h.Sum(nil))
	}}
}

// work runs the jobs, on several workers where the ROM is worth it. More than
// maxWorkers would wait for the SHA-384 of the whole, which is one job.
func work(jobs []job, bytes int) {
	slices.SortStableFunc(jobs, func(a, b job) int { return cmp.Compare(b.cost, a.cost) })
	workers := min(maxWorkers, runtime.GOMAXPROCS(0), len(jobs))
	if bytes < smallROM {
		workers = 1
	}
	var next atomic.Int64
	drain := func() {
		for i := next.Add(1) - 1; i < int64(len(jobs)); i = next.Add(1) - 1 {
			jobs[i].run()
		}
	}
	// A fault of ours in a second goroutine would end the program; the caller's
	// goroutine has someone who contains it.
	var wg sync.WaitGroup
	panicked := make([]any, workers)
	for i := range workers - 1 {
		wg.Go(func() {
			defer func() { panicked[i] = recover() }()
			drain()
		})
	}
	drain()
	wg.Wait()
	for _, v := range panicked {
		if v != nil {
			panic(v)
		}
	}
}
