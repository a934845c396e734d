package firmware

import (
	"bytes"
	"cmp"
	"encoding/binary"
	"encoding/hex"
	"math"
	"slices"

	"github.com/gpuaudit/gpuaudit/audit/inventory"
)

// extent is a range of the ROM, end excluded.
type extent struct{ start, end int }

// regions records the ranges that no image covers.
func (p *parser) regions() {
	var taken []extent
	for _, img := range p.rom.Images {
		taken = append(taken, extent{img.Offset, img.Offset + img.Bytes})
	}
	for _, img := range p.rom.Private {
		taken = append(taken, extent{img.Offset, img.Offset + img.Bytes})
	}
	slices.SortFunc(taken, func(a, b extent) int { return a.start - b.start })
	at := 0
	for i, t := range taken {
		kind := "gap"
		if i == 0 {
			kind = "lead"
		}
		p.region(kind, at, t.start)
		at = max(at, t.end)
	}
	kind := "tail"
	if len(taken) == 0 {
		kind = "opaque"
	}
	p.region(kind, at, len(p.b))
	p.copies()
}

// regionCopy is the kind of a region that repeats all that precedes it.
const regionCopy = "copy"

func (p *parser) region(kind string, start, end int) {
	if start < end {
		p.rom.Regions = append(p.rom.Regions, inventory.ROMRegion{Kind: kind, Offset: start, Bytes: end - start})
	}
}

// weigh counts what a region holds. What it repeats is weighed where it stands first.
func (p *parser) weigh(r *inventory.ROMRegion) {
	data := p.whole[r.Offset : r.Offset+r.Bytes]
	counts := histogram(data)
	r.NonBlank = len(data) - counts[0] - counts[0xff]
	r.EntropyBits = entropy(&counts, len(data))
	if r.Kind == regionCopy {
		return
	}
	for _, e := range p.unnamed(r) {
		r.DenseBytes += dense(p.b[e.start:e.end])
	}
	r.Executables = bytes.Count(data, []byte("PE\x00\x00")) + bytes.Count(data, []byte("\x7fELF"))
}

// unnamed is what a table does not account for: a region less the entries of
// the PSP directory, and less what follows an init block, which is the flash's
// own as far as the next image.
func (p *parser) unnamed(r *inventory.ROMRegion) []extent {
	end := r.Offset + r.Bytes
	for _, init := range p.rom.IFR {
		// A mark alone is no block: it leads to images, and is NVIDIA's.
		if init.Offset >= r.Offset && init.Images != nil && p.nvidia() {
			end = min(end, init.Offset)
		}
	}
	var named []extent
	for _, e := range p.rom.PSP {
		named = append(named, extent{e.Offset, e.Offset + e.Bytes})
	}
	return without(extent{r.Offset, end}, named)
}

// nvidia says that NVIDIA's chip runs this ROM, by its first image.
func (p *parser) nvidia() bool { return len(p.headers) > 0 && p.headers[0].vendor == vendorNVIDIA }

// without is a range less others, which may be in any order, overlap, and lie
// outside it in part or whole.
func without(whole extent, named []extent) []extent {
	named = slices.SortedFunc(slices.Values(named), func(a, b extent) int { return cmp.Compare(a.start, b.start) })
	var rest []extent
	at := whole.start
	for _, n := range named {
		if n.start >= whole.end {
			break
		}
		if n.end <= n.start {
			continue
		}
		if n.start > at {
			rest = append(rest, extent{at, n.start})
		}
		at = max(at, n.end)
	}
	if at < whole.end {
		rest = append(rest, extent{at, whole.end})
	}
	return rest
}

// Windows in which density is taken. Compressed and encrypted data have more
// than 7.8 bits per byte in a large window, machine code and tables at most 6.8.
// Less than half of one says too little of entropy. In a small window it is
// better to ask how often two of its bytes that are not blank are equal: one pair
// in 254 where they are random, however few and however far apart they are. None
// of the regions of 120 dumps has a window with less than one pair in 100.
const (
	window    = 4096
	denseBits = 7.2
	pace      = 512 // windows of two blocks overlap by one
	fewBytes  = 320 // of a small window that have to be there
	rarePairs = 182 // one pair in so many is rare
)

// dense counts the bytes of the blocks that are part of a dense window.
func dense(data []byte) int {
	total, marked := 0, 0 // marked is the end of what was counted
	mark := func(start, end int) {
		if start = max(start, marked); end > start {
			total, marked = total+end-start, end
		}
	}
	for start := 0; start < len(data); start += window {
		w := data[start:min(start+window, len(data))]
		if nonBlank(w) == 0 {
			continue
		}
		if counts := histogram(w); len(w) >= window/2 {
			// A fifth of one value leaves no more than 7.2 bits; flash is mostly blank.
			if blank := max(counts[0], counts[0xff]); blank*5 < len(w) && entropy(&counts, len(w)) >= denseBits {
				mark(start, start+len(w))
				continue
			}
		}
		// From the block before, for a window across two large ones.
		for at := max(marked, start-pace); at < start+len(w); at += pace {
			if pair := data[at:min(at+2*pace, len(data))]; random(pair) {
				mark(at, at+len(pair))
			}
		}
	}
	return total
}

// random says that the bytes of a small window that are not blank repeat each
// other as rarely as random ones do.
func random(w []byte) bool {
	n := nonBlank(w)
	if n < fewBytes {
		return false
	}
	counts := histogram(w)
	pairs := 0
	for _, c := range counts[1:0xff] {
		pairs += c * (c - 1)
	}
	return pairs*rarePairs <= n*(n-1)
}

// histogram counts the bytes. Four tables keep runs of one value, which flash
// is full of, from waiting on the same counter.
func histogram(b []byte) (counts [256]int) {
	var t [4][256]int
	for len(b) >= 4 {
		t[0][b[0]]++
		t[1][b[1]]++
		t[2][b[2]]++
		t[3][b[3]]++
		b = b[4:]
	}
	for _, v := range b {
		t[0][v]++
	}
	for i := range counts {
		counts[i] = t[0][i] + t[1][i] + t[2][i] + t[3][i]
	}
	return counts
}

// entropy is the Shannon entropy in bits per byte, two decimals.
func entropy(counts *[256]int, total int) float64 {
	var bits float64
	for _, n := range counts {
		if n > 0 {
			share := float64(n) / float64(total)
			bits -= share * math.Log2(share)
		}
	}
	return math.Abs(math.Round(bits*100) / 100)
}

// sum8 is the sum of all bytes modulo 256. It adds 32 bytes at a time: even and
// odd bytes in 16-bit lanes of their own, folded before a lane can overflow.
func sum8(b []byte) int {
	const lanes, step, batch = 0x00ff00ff00ff00ff, 32, 32
	var total uint64
	for len(b) >= step {
		var even, odd uint64
		for n := 0; n < batch && len(b) >= step; n++ {
			w0, w1 := binary.LittleEndian.Uint64(b), binary.LittleEndian.Uint64(b[8:])
			w2, w3 := binary.LittleEndian.Uint64(b[16:]), binary.LittleEndian.Uint64(b[24:])
			even += w0&lanes + w1&lanes + w2&lanes + w3&lanes
			odd += w0>>8&lanes + w1>>8&lanes + w2>>8&lanes + w3>>8&lanes
			b = b[step:]
		}
		for _, v := range [...]uint64{even, odd} {
			total += v&0xffff + v>>16&0xffff + v>>32&0xffff + v>>48
		}
	}
	for _, v := range b {
		total += uint64(v)
	}
	return int(total & 0xff)
}

func hexBytes(b ...byte) string { return hex.EncodeToString(b) }
