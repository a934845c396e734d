package firmware

import (
	"bytes"
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
}

func (p *parser) region(kind string, start, end int) {
	if start < end {
		p.rom.Regions = append(p.rom.Regions, inventory.ROMRegion{Kind: kind, Offset: start, Bytes: end - start})
	}
}

// weigh counts what a region holds.
func (p *parser) weigh(r *inventory.ROMRegion) {
	data := p.b[r.Offset : r.Offset+r.Bytes]
	counts := histogram(data)
	r.NonBlank = len(data) - counts[0] - counts[0xff]
	r.EntropyBits = entropy(&counts, len(data))
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
	for _, block := range p.rom.IFR {
		if block.Offset >= r.Offset {
			end = min(end, block.Offset)
		}
	}
	var named []extent
	for _, e := range p.rom.PSP {
		named = append(named, extent{e.Offset, e.Offset + e.Bytes})
	}
	slices.SortFunc(named, func(a, b extent) int { return a.start - b.start })
	var rest []extent
	at := r.Offset
	for _, n := range named {
		if n.start > at && n.start < end {
			rest = append(rest, extent{at, n.start})
		}
		at = max(at, n.end)
	}
	if at < end {
		rest = append(rest, extent{at, end})
	}
	return rest
}

// Windows in which density is taken. Compressed and encrypted data have more
// than 7.8 bits per byte in a window, machine code and tables at most 6.8. Less
// than half a window says too little.
const (
	window    = 4096
	denseBits = 7.2
)

func dense(data []byte) int {
	total := 0
	for len(data) >= window/2 {
		w := data[:min(window, len(data))]
		data = data[len(w):]
		counts := histogram(w)
		// A fifth of one value leaves no more than 7.2 bits; flash is mostly blank.
		if blank := max(counts[0], counts[0xff]); blank*5 < len(w) && entropy(&counts, len(w)) >= denseBits {
			total += len(w)
		}
	}
	return total
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
