package firmware

import (
	"encoding/binary"
	"errors"
	"fmt"
)

// The compression of UEFI Specification 2.10, chapter 19: blocks of LZ77
// symbols in canonical Huffman codes. The Tiano variant differs in the window
// and in how many bits the size of the position code takes.
const (
	charCodes     = 510 // 256 literals and match lengths 3 to 256
	extraCodes    = 19
	positionCodes = 31
	charCodeBits  = 9
	extraBits     = 5
	uefiBits      = 4
	tianoBits     = 5
	sizesBytes    = 8       // of the two lengths in front of the data
	matchBase     = 256 - 3 // symbol of a match less its length
)

var (
	errCompressedShort = errors.New("the compressed data ends too soon")
	errMatchOutside    = errors.New("a match points before the start of the data")
)

// decompressLimit bounds the size that n compressed bytes may claim; the best
// ratio seen in 124 real drivers is 3.4. It keeps a small image from asking for
// all memory.
func decompressLimit(n int) int { return min(MaxBytes, 5*n+32<<10) }

// decompress reads UEFI-compressed data in either variant, and says which: the
// UEFI variant first, since it is what option ROMs use.
func decompress(b []byte) (out []byte, variant string, err error) {
	out, variant, _, err = unpack(b)
	return out, variant, err
}

// unpack is decompress that says, too, how many bytes of b it took: those that
// the data announce may be more.
func unpack(b []byte) (out []byte, variant string, used int, err error) {
	size, packed, err := compressedSize(b)
	if err != nil {
		return nil, "", 0, err
	}
	buffer := make([]byte, 0, size)
	out, left, err := inflate(buffer, packed, uefiBits)
	if err == nil {
		return out, "uefi", sizesBytes + len(packed) - left, nil
	}
	if out, left, terr := inflate(buffer, packed, tianoBits); terr == nil {
		return out, "tiano", sizesBytes + len(packed) - left, nil
	}
	return nil, "", 0, err
}

// compressedSize reads the two lengths in front of the data: of the data, and
// of what it decompresses to, both checked.
func compressedSize(b []byte) (size int, packed []byte, err error) {
	if len(b) < sizesBytes {
		return 0, nil, errCompressedShort
	}
	in, out := binary.LittleEndian.Uint32(b), binary.LittleEndian.Uint32(b[4:])
	if uint64(in) > uint64(len(b)-sizesBytes) {
		return 0, nil, fmt.Errorf("%w: %d bytes are announced, %d are there", errCompressedShort, in, len(b)-sizesBytes)
	}
	if limit := decompressLimit(int(in)); uint64(out) > uint64(limit) {
		return 0, nil, fmt.Errorf("%d bytes are announced from %d compressed ones, more than the limit of %d", out, in, limit)
	}
	return int(out), b[sizesBytes : sizesBytes+in], nil
}

// inflate fills the empty buffer up to its capacity. positionBits tells the
// variants apart. Left is how many whole bytes the data have behind their end.
func inflate(buffer, packed []byte, positionBits int) (out []byte, left int, err error) {
	d := &inflater{r: bitReader{in: packed}, positionBits: positionBits}
	out, err = d.run(buffer)
	return out, len(d.r.in) + d.r.have/8, err
}

type inflater struct {
	r               bitReader
	positionBits    int
	chars, position huffman
	extra           huffman
}

// run writes blocks until the buffer is full.
func (d *inflater) run(out []byte) ([]byte, error) {
	for len(out) < cap(out) {
		block := d.r.bits(16)
		if block == 0 {
			block = 1 << 16 // what the reference decoder's 16-bit counter does
		}
		if err := d.tables(); err != nil {
			return nil, err
		}
		if out = d.block(out, block); out == nil {
			return nil, errMatchOutside
		}
		if d.r.overrun() {
			return nil, errCompressedShort
		}
	}
	return out, nil
}

// block writes up to n symbols: literals, and matches with what was written
// before. It returns nil for a match that points before the start. This is the
// inner loop of Parse, hence the bits in variables of its own, and the look-up
// of short codes in place.
func (d *inflater) block(out []byte, n int) []byte {
	in, acc, have := d.r.in, d.r.acc, d.r.have
	fast, near, at := &d.chars.fast, &d.position.fast, len(out)
	out = out[:cap(out)]
	for ; n > 0 && at < len(out) && have >= 0; n-- {
		if have < 2*maxCode {
			in, acc, have = refill(in, acc, have)
		}
		e := fast[acc>>(64-fastCode)]
		symbol, bits := int(e>>5), int(e&31)
		if e == 0 {
			symbol, bits = d.chars.slow(acc)
		}
		acc, have = acc<<(bits&63), have-bits
		if symbol < 256 {
			out[at] = byte(symbol)
			at++
			continue
		}
		e = near[acc>>(64-fastCode)]
		position, bits := int(e>>5), int(e&31)
		if e == 0 {
			position, bits = d.position.slow(acc)
		}
		acc, have = acc<<(bits&63), have-bits
		distance := position + 1
		if position > 1 {
			if have < position {
				in, acc, have = refill(in, acc, have)
			}
			distance = 1<<(position-1) + int(acc>>((65-position)&63)) + 1
			acc, have = acc<<((position-1)&63), have-position+1
		}
		if distance > at {
			return nil
		}
		at += match(out[at-distance:], distance, symbol-matchBase)
	}
	d.r.in, d.r.acc, d.r.have = in, acc, have
	return out[:at]
}

// match repeats n bytes of b from distance on, as far as b goes, and returns
// how many; the ranges may overlap. Most matches are short and from further back
// than they are long: they take two moves of eight bytes, what is too much being
// written over next.
func match(b []byte, distance, n int) int {
	if n <= 16 && distance >= 16 && len(b) >= distance+16 {
		from, to := b[:16], b[distance:distance+16]
		binary.LittleEndian.PutUint64(to, binary.LittleEndian.Uint64(from))
		binary.LittleEndian.PutUint64(to[8:], binary.LittleEndian.Uint64(from[8:]))
		return n
	}
	to := b[distance:min(len(b), distance+n)]
	if distance >= len(to) {
		return copy(to, b)
	}
	for i := range to {
		to[i] = b[i]
	}
	return len(to)
}

// tables reads the three codes at the start of a block.
func (d *inflater) tables() error {
	if err := d.readLengths(&d.extra, extraCodes, extraBits, 3); err != nil {
		return fmt.Errorf("code of the code lengths: %w", err)
	}
	if err := d.readCharLengths(); err != nil {
		return fmt.Errorf("code of literals and lengths: %w", err)
	}
	if err := d.readLengths(&d.position, positionCodes, d.positionBits, -1); err != nil {
		return fmt.Errorf("code of positions: %w", err)
	}
	return nil
}

// readLengths reads a code whose lengths are stored as they are: three bits,
// and for lengths of 7 and more a run of ones. After symbol special-1 comes
// the number of unused symbols that follow.
func (d *inflater) readLengths(h *huffman, symbols, bits, special int) error {
	var lengths [positionCodes]uint8
	number := d.r.bits(bits)
	if number == 0 {
		symbol := d.r.bits(bits)
		if symbol >= symbols {
			return errCode
		}
		h.constant(symbol)
		return nil
	}
	if number > symbols {
		return errCode
	}
	for i := 0; i < number; {
		n := d.r.bits(3)
		if n == 7 {
			for n <= maxCode && d.r.bits(1) == 1 {
				n++
			}
		}
		if n > maxCode {
			return errCode
		}
		lengths[i] = uint8(n)
		if i++; i == special {
			i += d.r.bits(2)
		}
	}
	return h.build(lengths[:symbols])
}

// readCharLengths reads the lengths of the literal and match code, which are
// themselves coded, with runs of unused symbols.
func (d *inflater) readCharLengths() error {
	var lengths [charCodes]uint8
	number := d.r.bits(charCodeBits)
	if number == 0 {
		symbol := d.r.bits(charCodeBits)
		if symbol >= charCodes {
			return errCode
		}
		d.chars.constant(symbol)
		return nil
	}
	if number > charCodes {
		return errCode
	}
	for i := 0; i < number; {
		switch symbol := d.extra.decode(&d.r); symbol {
		case 0:
			i++
		case 1:
			i += d.r.bits(4) + 3
		case 2:
			i += d.r.bits(charCodeBits) + 20
		default:
			lengths[i] = uint8(symbol - 2)
			i++
		}
	}
	return d.chars.build(lengths[:])
}
