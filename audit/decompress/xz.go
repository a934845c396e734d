package decompress

import (
	"cmp"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
)

// The xz library allocates the dictionary that a block header asks for, up to
// 4 GiB, before it has decoded a byte. So the headers are walked first: the
// .xz File Format 1.2.1, section 3, and the sizes in LZMA2's chunk headers.
const (
	smallestDict = 4 << 10
	xzHeader     = 12
	// blocksDict caps the dictionaries of all blocks together, each of which
	// costs time to clear.
	blocksDict = 2 << 30
)

var xzMagic = [...]byte{0xfd, '7', 'z', 'X', 'Z', 0}

var errXZ = errors.New("xz stream is broken or truncated")

// ahead is how much of a source is read at once.
const ahead = 64 << 10

// window gives bytes of a source near each other.
type window struct {
	src *io.SectionReader
	at  int64
	buf []byte
}

// bytes are those from an offset on: n of them, or as many as there are.
func (w *window) bytes(at int64, n int) ([]byte, error) {
	if end := w.at + int64(len(w.buf)); at < w.at || at+int64(n) > end {
		buf := w.buf[:cap(w.buf)]
		if buf == nil {
			buf = make([]byte, ahead)
		}
		read, err := w.src.ReadAt(buf, at)
		if err != nil && err != io.EOF {
			return nil, err
		}
		w.at, w.buf = at, buf[:read]
	}
	b := w.buf[at-w.at:]
	return b[:min(n, len(b))], nil
}

// walkXZ refuses a stream whose blocks ask for more memory than we give, and counts the
// bytes that it says it holds.
func walkXZ(src *io.SectionReader) (content int64, err error) {
	w := &window{src: src}
	first, err := w.bytes(0, xzHeader)
	if err != nil || len(first) < xzHeader || [6]byte(first[:6]) != xzMagic {
		return 0, cmp.Or(err, errXZ)
	}
	check := checkSize(first[7] & 0x0f)
	var dicts uint64
	for at := int64(xzHeader); ; {
		b, err := w.bytes(at, largestHead)
		switch {
		case err != nil || len(b) == 0:
			return 0, cmp.Or(err, errXZ)
		case b[0] == 0: // the index follows the last block
			return content, nil
		}
		dict, head, err := blockHeader(b)
		if err != nil {
			return 0, fmt.Errorf("%w at offset %d", err, at)
		}
		if dicts += dict; dict > windowLimit || dicts > blocksDict {
			return 0, fmt.Errorf("xz dictionary of %d bytes at offset %d is over the limit", dict, at)
		}
		body, n, err := chunks(w, at+int64(head))
		if err != nil {
			return 0, fmt.Errorf("%w at offset %d", err, at+int64(head))
		}
		content += n
		at += int64(head) + (body+3)&^3 + int64(check)
	}
}

// largestHead is what a block header has at most.
const largestHead = 1024

// checkSize is the length of the check field of a type (section 2.1.1.2).
func checkSize(kind byte) int {
	sizes := [...]int{0, 4, 4, 4, 8, 8, 8, 16, 16, 16, 32, 32, 32, 64, 64, 64}
	return sizes[kind]
}

// blockHeader returns the dictionary size and the length of a block header
// with LZMA2 as its only filter (section 3.1).
func blockHeader(b []byte) (dict uint64, length int, err error) {
	length = (int(b[0]) + 1) * 4
	if length > len(b) {
		return 0, 0, errXZ
	}
	fields := b[2 : length-4] // the CRC32 is the library's to verify
	flags := b[1]
	if flags&0x03 != 0 {
		return 0, 0, errors.New("xz block with another filter than LZMA2")
	}
	for _, present := range [...]byte{0x40, 0x80} { // compressed and uncompressed size
		if flags&present == 0 {
			continue
		}
		_, n := binary.Uvarint(fields)
		if n <= 0 {
			return 0, 0, errXZ
		}
		fields = fields[n:]
	}
	if len(fields) < 3 || fields[0] != 0x21 || fields[1] != 1 || fields[2] > 40 {
		return 0, 0, errors.New("xz block with another filter than LZMA2")
	}
	return dictSize(fields[2]), length, nil
}

// dictSize decodes LZMA2's dictionary size (section 5.3.1).
func dictSize(bits byte) uint64 {
	if bits == 40 {
		return 1<<32 - 1
	}
	return uint64(2|bits&1) << (bits/2 + 11)
}

// chunks returns the length of a run of LZMA2 chunks from an offset on, its end mark
// included, and that of its content.
func chunks(w *window, from int64) (length, content int64, err error) {
	for at := from; ; {
		b, err := w.bytes(at, 6)
		if err != nil || len(b) == 0 {
			return 0, 0, cmp.Or(err, errXZ)
		}
		control := b[0]
		if control == 0 {
			return at + 1 - from, content, nil
		}
		head, size := 3, 0
		switch {
		case control >= 0xc0: // sizes and new properties
			head, size = 6, 3
		case control >= 0x80: // sizes
			head, size = 5, 3
		case control <= 2: // stored
			size = 1
		default:
			return 0, 0, errXZ
		}
		if len(b) < head {
			return 0, 0, errXZ
		}
		content += int64(binary.BigEndian.Uint16(b[1:])) + 1
		if control >= 0x80 {
			content += int64(control&0x1f) << 16
		}
		at += int64(head) + int64(binary.BigEndian.Uint16(b[size:])) + 1
	}
}
