// Package efitest makes what EFI option ROMs hold, for tests: compressed and signed
// drivers. It writes what package firmware reads and shares no code with it.
package efitest

import (
	"container/heap"
	"encoding/binary"
	"slices"
)

// The compression of UEFI Specification 2.10, chapter 19. The Tiano variant differs
// in how many bits the size of the position code takes.
const (
	UEFIBits  = 4
	TianoBits = 5

	charCodes     = 510
	charBits      = 9
	extraCodes    = 19
	extraBits     = 5
	positionCodes = 14
	maxCode       = 16
	minMatch      = 3
	maxMatch      = 256
	window        = 1 << (positionCodes - 1)
	blockSymbols  = 1 << 14
)

// BitWriter writes bits, the most significant of each byte first.
type BitWriter struct {
	Out  []byte
	free int
}

// Put writes the low n bits of v.
func (w *BitWriter) Put(v, n int) {
	for i := n - 1; i >= 0; i-- {
		if w.free == 0 {
			w.Out, w.free = append(w.Out, 0), 8
		}
		w.free--
		w.Out[len(w.Out)-1] |= byte(v>>i&1) << w.free
	}
}

// Framed puts the two lengths in front of compressed data.
func Framed(data []byte, size int) []byte {
	b := binary.LittleEndian.AppendUint32(nil, uint32(len(data)))
	return append(binary.LittleEndian.AppendUint32(b, uint32(size)), data...)
}

// Store writes b with a code of eight bits for every byte: valid, and as large as its
// input.
func Store(b []byte, positionBits int) []byte {
	var w BitWriter
	for block := range slices.Chunk(b, 1<<16-1) {
		w.Put(len(block), 16)
		w.Put(0, extraBits) // one symbol only ...
		w.Put(8+2, extraBits)
		w.Put(256, charBits) // ... so all 256 literals get length 8
		w.Put(0, positionBits)
		w.Put(0, positionBits)
		for _, v := range block {
			w.Put(int(v), 8)
		}
	}
	return Framed(w.Out, len(b))
}

// symbol is a literal, or a match of a length from a distance back.
type symbol struct{ code, distance int }

// Compress writes b about as small as the tools of those who make option ROMs do.
func Compress(b []byte) []byte {
	var w BitWriter
	for block := range slices.Chunk(symbols(b), blockSymbols) {
		w.block(block)
	}
	return Framed(w.Out, len(b))
}

// finder knows the last positions of each three bytes.
type finder struct {
	b      []byte
	last   map[[minMatch]byte]int
	before []int
}

func (f *finder) insert(at int) {
	if at+minMatch > len(f.b) {
		return
	}
	key := [minMatch]byte(f.b[at:])
	f.before[at] = -1
	if p, ok := f.last[key]; ok {
		f.before[at] = p
	}
	f.last[key] = at
}

// longest is the longest match at a position, of those that lie nearest.
func (f *finder) longest(at int) (length, distance int) {
	const tries = 128
	if at+minMatch > len(f.b) {
		return 0, 0
	}
	p, ok := f.last[[minMatch]byte(f.b[at:])]
	for n := 0; ok && n < tries && p >= 0 && at-p <= window; n++ {
		m := 0
		for m < maxMatch && at+m < len(f.b) && f.b[p+m] == f.b[at+m] {
			m++
		}
		if m > length {
			length, distance = m, at-p
		}
		p = f.before[p]
	}
	return length, distance
}

// symbols are matches as far as there are any; one that the next byte could begin a
// longer one of waits.
func symbols(b []byte) []symbol {
	var list []symbol
	f := finder{b: b, last: map[[minMatch]byte]int{}, before: make([]int, len(b))}
	for at := 0; at < len(b); {
		length, distance := f.longest(at)
		f.insert(at)
		if next, _ := f.longest(at + 1); length < minMatch || next > length {
			list = append(list, symbol{code: int(b[at])})
			at++
			continue
		}
		list = append(list, symbol{code: 256 + length - minMatch, distance: distance})
		for i := 1; i < length; i++ {
			f.insert(at + i)
		}
		at += length
	}
	return list
}

// position splits a distance into the symbol of its size and the bits below.
func position(distance int) (code, bits, value int) {
	value = distance - 1
	for v := value; v > 0; v >>= 1 {
		code++
	}
	if code < 2 {
		return code, 0, 0
	}
	return code, code - 1, value & (1<<(code-1) - 1)
}

// block writes a block: three codes, then the symbols in them.
func (w *BitWriter) block(block []symbol) {
	chars, positions := make([]int, charCodes), make([]int, positionCodes)
	for _, s := range block {
		chars[s.code]++
		if s.distance > 0 {
			code, _, _ := position(s.distance)
			positions[code]++
		}
	}
	w.Put(len(block), 16)
	charLengths := lengths(chars)
	w.charLengths(charLengths)
	positionLengths := lengths(positions)
	w.lengths(positionLengths, UEFIBits, -1)
	c, p := codes(charLengths), codes(positionLengths)
	for _, s := range block {
		w.Put(c[s.code], charLengths[s.code])
		if s.distance > 0 {
			code, bits, value := position(s.distance)
			w.Put(p[code], positionLengths[code])
			w.Put(value, bits)
		}
	}
}

// charLengths writes the lengths of the code of literals and matches in a code of
// their own, without the runs of unused symbols that would make them shorter.
func (w *BitWriter) charLengths(list []int) {
	for len(list) > 0 && list[len(list)-1] == 0 {
		list = list[:len(list)-1]
	}
	counts := make([]int, extraCodes)
	for _, n := range list {
		counts[extra(n)]++
	}
	own := lengths(counts)
	w.lengths(own, extraBits, 3)
	c := codes(own)
	w.Put(len(list), charBits)
	for _, n := range list {
		w.Put(c[extra(n)], own[extra(n)])
	}
}

// extra is the symbol of a length: 0 is a symbol that is not used.
func extra(n int) int {
	if n == 0 {
		return 0
	}
	return n + 2
}

// lengths writes a code as it is, with the number of unused symbols after special-1.
func (w *BitWriter) lengths(list []int, bits, special int) {
	used := len(list)
	for used > 0 && list[used-1] == 0 {
		used--
	}
	if used == 0 { // no symbol at all: one that is never read
		w.Put(0, bits)
		w.Put(0, bits)
		return
	}
	w.Put(used, bits)
	for i := 0; i < used; {
		n := list[i]
		if n < 7 {
			w.Put(n, 3)
		} else {
			w.Put(7, 3)
			for range n - 7 {
				w.Put(1, 1)
			}
			w.Put(0, 1)
		}
		if i++; i == special {
			skip := 0
			for skip < 3 && i < used && list[i] == 0 {
				skip, i = skip+1, i+1
			}
			w.Put(skip, 2)
		}
	}
}

// node is a tree of symbols.
type node struct {
	count       int
	symbol      int
	left, right *node
}

type nodes []*node

func (n nodes) Len() int           { return len(n) }
func (n nodes) Less(i, j int) bool { return n[i].count < n[j].count }
func (n nodes) Swap(i, j int)      { n[i], n[j] = n[j], n[i] }
func (n *nodes) Push(x any)        { *n = append(*n, x.(*node)) }
func (n *nodes) Pop() any {
	old := *n
	last := old[len(old)-1]
	*n = old[:len(old)-1]
	return last
}

// lengths are those of a Huffman code of at most maxCode bits. Where it would be
// longer, rare symbols count as less rare. A symbol that is alone gets a second beside
// it, because a code of one symbol is written otherwise.
func lengths(counts []int) []int {
	counts = slices.Clone(counts)
	for used := 0; used == 0; {
		n := 0
		for _, c := range counts {
			n += min(c, 1)
		}
		switch n {
		case 0:
			return make([]int, len(counts))
		case 1:
			counts[slices.IndexFunc(counts, func(c int) bool { return c == 0 })] = 1
		}
		used = n
	}
	for floor := 1; ; floor *= 2 {
		var tree nodes
		for s, c := range counts {
			if c > 0 {
				tree = append(tree, &node{count: max(c, floor), symbol: s})
			}
		}
		heap.Init(&tree)
		for len(tree) > 1 {
			a, b := heap.Pop(&tree).(*node), heap.Pop(&tree).(*node)
			heap.Push(&tree, &node{count: a.count + b.count, left: a, right: b})
		}
		out := make([]int, len(counts))
		tree[0].walk(0, out)
		if slices.Max(out) <= maxCode {
			return out
		}
	}
}

func (n *node) walk(depth int, out []int) {
	if n.left == nil {
		out[n.symbol] = depth
		return
	}
	n.left.walk(depth+1, out)
	n.right.walk(depth+1, out)
}

// codes are the canonical codes of lengths: shorter ones first, symbols in order.
func codes(list []int) []int {
	out, code := make([]int, len(list)), 0
	for n := 1; n <= maxCode; n++ {
		for s, m := range list {
			if m == n {
				out[s] = code
				code++
			}
		}
		code <<= 1
	}
	return out
}
