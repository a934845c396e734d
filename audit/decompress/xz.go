package decompress

import (
	"encoding/binary"
	"errors"
	"fmt"
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

// checkXZ refuses a stream whose blocks ask for more memory than we give.
func checkXZ(data []byte) error {
	if len(data) < xzHeader || [6]byte(data[:6]) != xzMagic {
		return errXZ
	}
	check := checkSize(data[7] & 0x0f)
	var dicts uint64
	for at := xzHeader; ; {
		if at >= len(data) {
			return errXZ
		}
		if data[at] == 0 { // the index follows the last block
			return nil
		}
		dict, head, err := blockHeader(data[at:])
		if err != nil {
			return fmt.Errorf("%w at offset %d", err, at)
		}
		if dicts += dict; dict > windowLimit || dicts > blocksDict {
			return fmt.Errorf("xz dictionary of %d bytes at offset %d is over the limit", dict, at)
		}
		body, err := chunks(data[at+head:])
		if err != nil {
			return fmt.Errorf("%w at offset %d", err, at+head)
		}
		at += head + (body+3)&^3 + check
	}
}

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

// chunks returns the length of a run of LZMA2 chunks, its end mark included.
func chunks(b []byte) (int, error) {
	for at := 0; ; {
		if at >= len(b) {
			return 0, errXZ
		}
		control := b[at]
		if control == 0 {
			return at + 1, nil
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
			return 0, errXZ
		}
		if at+head > len(b) {
			return 0, errXZ
		}
		at += head + int(binary.BigEndian.Uint16(b[at+size:])) + 1
	}
}
