package firmware

import (
	"bytes"
	"encoding/binary"
	"errors"
	"testing"
)

// bitWriter writes what bitReader reads.
type bitWriter struct {
	out  []byte
	free int
}

func (w *bitWriter) put(v, n int) {
	for i := n - 1; i >= 0; i-- {
		if w.free == 0 {
			w.out, w.free = append(w.out, 0), 8
		}
		w.free--
		w.out[len(w.out)-1] |= byte(v>>i&1) << w.free
	}
}

// framed puts the two lengths in front of compressed data.
func framed(data []byte, size int) []byte {
	b := binary.LittleEndian.AppendUint32(nil, uint32(len(data)))
	return append(binary.LittleEndian.AppendUint32(b, uint32(size)), data...)
}

// store writes b as UEFI-compressed data that gives every byte a code of eight
// bits: valid, and as large as its input.
func store(b []byte, positionBits int) []byte {
	var w bitWriter
	for rest := b; len(rest) > 0; {
		block := rest[:min(len(rest), 1<<16-1)]
		rest = rest[len(block):]
		w.put(len(block), 16)
		w.put(0, extraBits) // one symbol only ...
		w.put(8+2, extraBits)
		w.put(256, charCodeBits) // ... so all 256 literals get length 8
		w.put(0, positionBits)
		w.put(0, positionBits)
		for _, v := range block {
			w.put(int(v), 8)
		}
	}
	return framed(w.out, len(b))
}

func TestStored(t *testing.T) {
	want := bytes.Repeat([]byte("every byte as it is \x00\xff"), 9000)
	for _, bits := range []int{uefiBits, tianoBits} {
		got, variant, err := decompress(store(want, bits))
		if err != nil || !bytes.Equal(got, want) {
			t.Errorf("%d position bits: %d bytes, %v", bits, len(got), err)
		}
		if (variant == "uefi") != (bits == uefiBits) {
			t.Errorf("%d position bits: read as %s", bits, variant)
		}
	}
}

// TestMatches decodes a block made by hand: "ab", then a match that overlaps
// itself.
func TestMatches(t *testing.T) {
	var w bitWriter
	w.put(3, 16)
	// Code of the code lengths: symbols 0, 2 and 3 take 2, 2 and 1 bits.
	w.put(4, extraBits)
	w.put(2, 3) // symbol 0: one unused literal
	w.put(0, 3)
	w.put(2, 3) // symbol 2: a long run of unused ones
	w.put(0, 2) // nothing skipped after the third
	w.put(1, 3) // symbol 3: length 1
	// Lengths: 'a' is 1, and match symbol 256+5 is 1. Canonical: 3 is "0",
	// 0 is "10", 2 is "11".
	length := 8
	symbol := matchBase + length
	w.put(symbol+1, charCodeBits)
	w.put(0b11, 2)
	w.put('a'-20, charCodeBits) // unused up to 'a'
	w.put(0, 1)                 // 'a': length 1
	w.put(0b11, 2)
	w.put(symbol-'a'-1-20, charCodeBits)
	w.put(0, 1) // the match: length 1
	w.put(0, uefiBits)
	w.put(0, uefiBits) // every position is 0: one byte back
	w.put(0, 1)        // a
	w.put(1, 1)        // eight more
	w.put(0, 1)        // a
	got, variant, err := decompress(framed(w.out, 10))
	if err != nil || string(got) != "aaaaaaaaaa" || variant != "uefi" {
		t.Errorf("%q, %s, %v", got, variant, err)
	}
	if _, _, err := decompress(framed(w.out, 11)); err == nil {
		t.Error("a size beyond the data was accepted")
	}
}

func TestDecompressRefuses(t *testing.T) {
	good := store([]byte("some text that is stored"), uefiBits)
	tests := []struct {
		name string
		in   []byte
		want error
	}{
		{"empty", nil, errCompressedShort},
		{"header only", good[:8], errCompressedShort},
		{"cut", good[:len(good)-1], errCompressedShort},
		{"bomb", framed([]byte{0, 1, 2, 3}, MaxBytes), nil},
		{"no code", framed(bytes.Repeat([]byte{0xff}, 64), 64), errCode},
		{"match before start", framed([]byte{0, 1, 0, 0, 0x00, 0xff, 0x80, 0, 0, 0, 0, 0}, 8), nil},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			out, _, err := decompress(tt.in)
			if err == nil || tt.want != nil && !errors.Is(err, tt.want) {
				t.Errorf("%d bytes, %v", len(out), err)
			}
		})
	}
}

// TestConstantCodesEnd: codes without bits consume nothing, and still end.
func TestConstantCodesEnd(t *testing.T) {
	var w bitWriter
	w.put(10, 16)
	w.put(0, extraBits)
	w.put(0, extraBits)
	w.put(0, charCodeBits)
	w.put('x', charCodeBits)
	w.put(0, uefiBits)
	w.put(0, uefiBits)
	if out, _, err := decompress(framed(w.out, 10)); err != nil || string(out) != "xxxxxxxxxx" {
		t.Errorf("%q, %v", out, err)
	}
	if out, _, err := decompress(framed(w.out, 32<<10)); err == nil {
		t.Errorf("%d bytes from one block of ten", len(out))
	}
}

func FuzzDecompress(f *testing.F) {
	f.Add(store([]byte("a seed of the project's own"), uefiBits))
	f.Add(store(bytes.Repeat([]byte{1, 2, 3}, 100), tianoBits))
	for _, b := range dumpsOrNone(f) {
		for _, img := range Parse(b).Images {
			if img.EFI != nil && img.EFI.Compression == 1 && img.Bytes < 64<<10 {
				at := img.Offset + int(b[img.Offset+0x16]) + int(b[img.Offset+0x17])<<8
				f.Add(b[at : img.Offset+img.Bytes])
			}
		}
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		out, _, err := decompress(b)
		if err == nil && len(out) > decompressLimit(len(b)) {
			t.Errorf("%d bytes from %d", len(out), len(b))
		}
	})
}
