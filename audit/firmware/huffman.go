package firmware

import (
	"encoding/binary"
	"errors"
)

// bitReader reads a stream of bits, the most significant bit of each byte first.
type bitReader struct {
	in   []byte
	acc  uint64 // the next bits, left-aligned
	have int    // how many of them are real; negative behind the end
}

// refill tops the bits up to at least 56 where there is input. It and lookup
// take and give values, so that the inner loop keeps them in registers.
func refill(in []byte, acc uint64, have int) ([]byte, uint64, int) {
	if len(in) < 8 {
		return refillEnd(in, acc, have)
	}
	acc |= binary.BigEndian.Uint64(in) >> (have & 63)
	n := (63 - have) >> 3
	return in[n:], acc, have + 8*n
}

func refillEnd(in []byte, acc uint64, have int) ([]byte, uint64, int) {
	for have <= 56 && len(in) > 0 {
		acc |= uint64(in[0]) << (56 - have)
		in, have = in[1:], have+8
	}
	return in, acc, have
}

// overrun says that more bits were used than there are: behind its end the
// stream reads as zeros.
func (r *bitReader) overrun() bool { return r.have < 0 }

// bits returns the next n bits, n at most 32.
func (r *bitReader) bits(n int) int {
	if r.have < n {
		r.in, r.acc, r.have = refill(r.in, r.acc, r.have)
	}
	v := int(r.acc >> (64 - n)) // 0 for n = 0
	r.acc, r.have = r.acc<<n, r.have-n
	return v
}

const (
	maxCode   = 16 // longest Huffman code, bits
	fastCode  = 11 // longest code that one look-up decodes
	maxSymbol = 510
)

var errCode = errors.New("the code lengths make no prefix code")

// huffman is a canonical prefix code: shorter codes first, symbols in order.
type huffman struct {
	// fast holds symbol<<5 | length for codes of at most fastCode bits, by
	// their bits with anything behind; 0 for longer ones.
	fast [1 << fastCode]uint16
	// For each length: the first code, left-aligned to maxCode bits; the one
	// behind the last; the index of its first symbol in sorted.
	limit  [maxCode + 1]uint32
	first  [maxCode + 1]uint32
	index  [maxCode + 1]int
	sorted [maxSymbol]uint16
	// only is the symbol of a code without bits, -1 for an ordinary code.
	only int
}

// constant makes a code whose only symbol takes no bits.
func (h *huffman) constant(symbol int) {
	clear(h.fast[:])
	h.only = symbol
}

// build makes the code from its lengths, 0 meaning that the symbol is unused.
// A code that leaves bit strings undecodable, or gives one two meanings, is
// refused, as the reference decoder does.
func (h *huffman) build(lengths []uint8) error {
	var count [maxCode + 1]int
	for _, n := range lengths {
		if n > maxCode {
			return errCode
		}
		count[n]++
	}
	count[0] = 0
	code, index := uint32(0), 0
	for n := 1; n <= maxCode; n++ {
		h.first[n], h.index[n] = code, index
		code += uint32(count[n]) << (maxCode - n)
		h.limit[n] = code
		index += count[n]
		if code > 1<<maxCode {
			return errCode
		}
	}
	if code != 1<<maxCode {
		return errCode
	}
	h.only = -1
	h.place(lengths)
	return nil
}

// place sorts the symbols and fills the look-up table.
func (h *huffman) place(lengths []uint8) {
	next := h.index
	clear(h.fast[:])
	for symbol, n := range lengths {
		if n == 0 {
			continue
		}
		rank := next[n] - h.index[n]
		h.sorted[next[n]] = uint16(symbol)
		next[n]++
		if n > fastCode {
			continue
		}
		from := (h.first[n] + uint32(rank)<<(maxCode-n)) >> (maxCode - fastCode)
		entry := uint16(symbol)<<5 | uint16(n)
		row := h.fast[from : from+1<<(fastCode-n)]
		for i := range row {
			row[i] = entry
		}
	}
}

// lookup finds the symbol that the bits begin with, and how many it takes. At
// least maxCode bits must be there, unless the input has ended.
func (h *huffman) lookup(acc uint64) (symbol, bits int) {
	if e := h.fast[acc>>(64-fastCode)]; e != 0 {
		return int(e >> 5), int(e & 31)
	}
	return h.slow(acc)
}

// slow decodes what the table does not: long codes, and codes without bits.
func (h *huffman) slow(acc uint64) (symbol, bits int) {
	if h.only >= 0 {
		return h.only, 0
	}
	code := uint32(acc >> (64 - maxCode))
	n := fastCode + 1
	for n < maxCode && code >= h.limit[n] {
		n++
	}
	return int(h.sorted[h.index[n]+int(code-h.first[n])>>(maxCode-n)]), n
}

// decode reads one symbol.
func (h *huffman) decode(r *bitReader) int {
	if r.have < maxCode {
		r.in, r.acc, r.have = refill(r.in, r.acc, r.have)
	}
	symbol, n := h.lookup(r.acc)
	r.acc, r.have = r.acc<<n, r.have-n
	return symbol
}
