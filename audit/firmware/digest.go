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

	"github.com/gpuaudit/gpuaudit/audit/inventory"
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

// read does all that Parse does, in an order that keeps several processors
// busy: SHA-256 of the whole needs nothing but the bytes, and runs beside the
// search for images; each image and region, and the EFI drivers, depend on
// nothing but their place.
func (p *parser) read() {
	first := p.firstCut()
	var efi []*efiJob
	var partitions []*partitionJob
	work(len(p.whole), func() { first.hash(p.whole, &p.rom.SHA256) }, func() []job {
		p.structure()
		p.vendorTables()
		efi = p.efiJobs()
		partitions = p.partitionJobs()
		return slices.Concat(p.sha256Jobs(first), p.sha384Jobs(), costs(efi), costsOfPartitions(partitions))
	})
	for _, j := range efi {
		p.rom.Faults = append(p.rom.Faults, j.faults...)
	}
	p.partitions(partitions)
	first.tell()
	p.stable()
}

func costsOfPartitions(list []*partitionJob) []job {
	var jobs []job
	for _, j := range list {
		jobs = append(jobs, job{j.cost(), j.run})
	}
	return jobs
}

func costs(efi []*efiJob) []job {
	var jobs []job
	for _, j := range efi {
		jobs = append(jobs, job{costEFI * len(j.image), j.run})
	}
	return jobs
}

// sha256Jobs is what every ROM is known by: each part of it, and what the parts
// that are no image hold. The part that is the first cut gets its digest there.
func (p *parser) sha256Jobs(first *cut) []job {
	r, jobs := p.rom, []job(nil)
	add := func(offset, bytes int, sum *string) {
		if offset == 0 && bytes == first.bytes {
			first.parts = append(first.parts, sum)
			return
		}
		jobs = append(jobs, job{bytes, func() { *sum = hashOnce(sha256.New(), p.whole[offset:offset+bytes]) }})
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
		jobs = append(jobs, job{reg.Bytes, func() { p.weigh(reg) }})
		add(reg.Offset, reg.Bytes, &reg.SHA256)
		if reg.ContentBytes = contentBytes(p.whole[reg.Offset : reg.Offset+reg.Bytes]); reg.ContentBytes > 0 {
			jobs = append(jobs, job{reg.ContentBytes, func() {
				reg.ContentSHA256 = hashOnce(sha256.New(), p.whole[reg.Offset:reg.Offset+reg.ContentBytes])
			}})
		}
	}
	return jobs
}

// contentBytes is how much of a region precedes its padding.
func contentBytes(b []byte) int {
	n := len(b)
	for n > 0 && (b[n-1] == 0 || b[n-1] == 0xff) {
		n--
	}
	return n
}

// sha384Jobs is the second digest of what manifests speak of: the whole and the
// images. One that begins the ROM falls out of hashing the whole.
func (p *parser) sha384Jobs() []job {
	r, jobs := p.rom, []job(nil)
	rest, begin := p.whole, (*inventory.ROMImage)(nil)
	for i := range r.Images {
		img := &r.Images[i]
		if img.Offset == 0 {
			begin, rest = img, p.whole[img.Bytes:]
			continue
		}
		jobs = append(jobs, job{costSHA384 * img.Bytes, func() { img.SHA384 = hashOnce(sha512.New384(), p.b[img.Offset:img.Offset+img.Bytes]) }})
	}
	return append(jobs, job{costSHA384 * len(p.whole), func() {
		h := sha512.New384()
		if begin != nil {
			h.Write(p.whole[:begin.Bytes])
			begin.SHA384 = hex.EncodeToString(h.Sum(nil))
		}
		r.SHA384 = hashOnce(h, rest)
	}})
}

// cut is a first part of the ROM whose digest falls out of hashing the whole:
// the first image, what lies in front of it, or, without one, all.
type cut struct {
	bytes  int
	sha256 string
	parts  []*string // what it is, once that is known: an image, and perhaps a table as long
}

func (p *parser) firstCut() *cut {
	switch start := p.start(); {
	case start < 0:
		return &cut{bytes: len(p.b)}
	case start > 0:
		return &cut{bytes: start}
	}
	h, _ := readHeader(p.b, 0, sigPCI)
	return &cut{bytes: min(h.bytes, len(p.b))}
}

func (c *cut) hash(b []byte, whole *string) {
	h := sha256.New()
	h.Write(b[:c.bytes])
	c.sha256 = hex.EncodeToString(h.Sum(nil))
	*whole = hashOnce(h, b[c.bytes:])
}

// tell gives each part its digest.
func (c *cut) tell() {
	for _, part := range c.parts {
		*part = c.sha256
	}
}

// hashOnce adds the last of the data, and gives the digest.
func hashOnce(h hash.Hash, b []byte) string {
	h.Write(b)
	return hex.EncodeToString(h.Sum(nil))
}

// work runs early, which needs nothing, beside prepare, and then the jobs that
// prepare found, the dearest first, on several workers where the ROM is worth
// it. More than maxWorkers would wait for the SHA-384 of the whole, which is one
// job.
func work(bytes int, early func(), prepare func() []job) {
	workers := min(maxWorkers, runtime.GOMAXPROCS(0))
	if bytes < smallROM {
		workers = 1
	}
	var jobs []job
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
	ready := make(chan struct{})
	start := func(i int, first func()) {
		wg.Go(func() {
			defer func() { panicked[i] = recover() }()
			first()
			<-ready
			drain()
		})
	}
	if workers > 1 {
		start(0, early)
	} else {
		early()
	}
	func() {
		defer close(ready) // after a fault of prepare, too
		jobs = prepare()
		slices.SortStableFunc(jobs, func(a, b job) int { return cmp.Compare(b.cost, a.cost) })
	}()
	for i := range max(0, min(workers, len(jobs))-2) {
		start(i+1, func() {})
	}
	drain()
	wg.Wait()
	for _, v := range panicked {
		if v != nil {
			panic(v)
		}
	}
}
