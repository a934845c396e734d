package firmware

import (
	"bytes"
	"math/bits"
	"slices"
	"strings"

	"github.com/gpuaudit/gpuaudit/audit/inventory"
)

// minCopied is the smallest chip that a reading may repeat.
const minCopied = 64 << 10

// unit is the length of what a reading repeats, all of it where it repeats nothing: who
// tells a programmer a chip of twice the size gets all of it twice, and so does who reads a
// window that is larger than the flash.
func unit(b []byte) int {
	n := len(b)
	for n%2 == 0 && n/2 >= minCopied && bytes.Equal(b[:n/2], b[n/2:n]) {
		n /= 2
	}
	if n < len(b) && bytes.Count(b[:n], b[:1]) == n {
		return len(b) // blank, which repeats at any length
	}
	return n
}

// copies is what behind a unit repeats it.
func (p *parser) copies() {
	if n := len(p.b); n < len(p.whole) {
		p.rom.Regions = append(p.rom.Regions, inventory.ROMRegion{Kind: regionCopy, Offset: n, Bytes: len(p.whole) - n})
	}
}

// whyNoImage says what a file without an image may be instead: another form of a ROM, as
// programmers and makers hand it out. "" where nothing shows.
func whyNoImage(b []byte) string {
	for mark, form := range map[string]string{
		"PK\x03\x04": "a ZIP archive: unpack it", "7z\xbc\xaf\x27\x1c": "a 7z archive: unpack it", "\x1f\x8b": "a gzip file: unpack it",
		"MZ": "a program, such as a maker's updater, which has its ROMs inside",
	} {
		if strings.HasPrefix(string(b[:min(len(b), 8)]), mark) {
			return "it is " + form
		}
	}
	if textOfHex(b) {
		return "it is hexadecimal text: convert it to the bytes that it stands for"
	}
	for _, form := range [...]struct {
		name string
		undo func(b []byte) []byte
	}{
		{"the bytes of each pair are swapped", swapped(2)},
		{"the bytes of each group of four are in reverse", swapped(4)},
		{"the bits of each byte are in reverse", eachByte(bits.Reverse8)},
		{"each bit is inverted", eachByte(func(v byte) byte { return ^v })},
	} {
		if q := newParser(form.undo(b)); q.firstImage() >= 0 {
			return form.name + ": set the programmer to plain bytes and read again"
		}
	}
	return ""
}

// textOfHex says that a file begins as Intel HEX, as Motorola S-records or as digits do.
func textOfHex(b []byte) bool {
	head, digits := b[:min(len(b), 512)], 0
	for _, v := range head {
		switch {
		case v >= '0' && v <= '9', v >= 'a' && v <= 'f', v >= 'A' && v <= 'F':
			digits++
		case !strings.ContainsRune(":S \t\r\n", rune(v)):
			return false
		}
	}
	return digits > len(head)/2
}

// swapped reverses the bytes of each group of n; a rest stays as it is.
func swapped(n int) func(b []byte) []byte {
	return func(b []byte) []byte {
		out := slices.Clone(b)
		for at := 0; at+n <= len(out); at += n {
			slices.Reverse(out[at : at+n])
		}
		return out
	}
}

func eachByte(undo func(v byte) byte) func(b []byte) []byte {
	return func(b []byte) []byte {
		out := make([]byte, len(b))
		for i, v := range b {
			out[i] = undo(v)
		}
		return out
	}
}
