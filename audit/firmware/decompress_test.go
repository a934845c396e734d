package firmware

import (
	"bytes"
	"errors"
	"math/rand/v2"
	"testing"

	"github.com/gpuaudit/gpuaudit/audit/firmware/efitest"
)

// store writes b as UEFI-compressed data that gives every byte a code of eight bits.
func store(b []byte, positionBits int) []byte { return efitest.Store(b, positionBits) }

// TestCompressed reads what a compressor with matches of all lengths wrote.
func TestCompressed(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 2))
	noise := make([]byte, 70000)
	for i := range noise {
		noise[i] = byte(random.IntN(256))
	}
	for _, want := range [][]byte{nil, []byte("a"), []byte("aaaaaaaaaaaaaaaa"), bytes.Repeat([]byte("abcabcabd"), 2000), noise, bytes.Repeat(noise[:3000], 4)} {
		got, variant, err := decompress(efitest.Compress(want))
		if err != nil || !bytes.Equal(got, want) || variant != "uefi" {
			t.Errorf("%d bytes: %d, %s, %v", len(want), len(got), variant, err)
		}
	}
	for name, b := range dumpsOrNone(t) {
		rom := Parse(b)
		for i := range rom.Images {
			want, err := Payload(b, &rom.Images[i])
			if err != nil || rom.Images[i].EFI.Compression == 0 {
				continue
			}
			packed := efitest.Compress(want)
			if got, _, err := decompress(packed); err != nil || !bytes.Equal(got, want) {
				t.Errorf("%s: %d bytes: %d, %v", name, len(want), len(got), err)
			}
			t.Logf("%s: %d to %d, its image has %d", name, len(want), len(packed), rom.Images[i].Bytes)
		}
	}
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
	var w efitest.BitWriter
	w.Put(3, 16)
	// Code of the code lengths: symbols 0, 2 and 3 take 2, 2 and 1 bits.
	w.Put(4, extraBits)
	w.Put(2, 3) // symbol 0: one unused literal
	w.Put(0, 3)
	w.Put(2, 3) // symbol 2: a long run of unused ones
	w.Put(0, 2) // nothing skipped after the third
	w.Put(1, 3) // symbol 3: length 1
	// Lengths: 'a' is 1, and match symbol 256+5 is 1. Canonical: 3 is "0",
	// 0 is "10", 2 is "11".
	length := 8
	symbol := matchBase + length
	w.Put(symbol+1, charCodeBits)
	w.Put(0b11, 2)
	w.Put('a'-20, charCodeBits) // unused up to 'a'
	w.Put(0, 1)                 // 'a': length 1
	w.Put(0b11, 2)
	w.Put(symbol-'a'-1-20, charCodeBits)
	w.Put(0, 1) // the match: length 1
	w.Put(0, uefiBits)
	w.Put(0, uefiBits) // every position is 0: one byte back
	w.Put(0, 1)        // a
	w.Put(1, 1)        // eight more
	w.Put(0, 1)        // a
	got, variant, err := decompress(efitest.Framed(w.Out, 10))
	if err != nil || string(got) != "aaaaaaaaaa" || variant != "uefi" {
		t.Errorf("%q, %s, %v", got, variant, err)
	}
	if _, _, err := decompress(efitest.Framed(w.Out, 11)); err == nil {
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
		{"bomb", efitest.Framed([]byte{0, 1, 2, 3}, MaxBytes), nil},
		{"no code", efitest.Framed(bytes.Repeat([]byte{0xff}, 64), 64), errCode},
		{"match before start", efitest.Framed([]byte{0, 1, 0, 0, 0x00, 0xff, 0x80, 0, 0, 0, 0, 0}, 8), nil},
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
	var w efitest.BitWriter
	w.Put(10, 16)
	w.Put(0, extraBits)
	w.Put(0, extraBits)
	w.Put(0, charCodeBits)
	w.Put('x', charCodeBits)
	w.Put(0, uefiBits)
	w.Put(0, uefiBits)
	if out, _, err := decompress(efitest.Framed(w.Out, 10)); err != nil || string(out) != "xxxxxxxxxx" {
		t.Errorf("%q, %v", out, err)
	}
	if out, _, err := decompress(efitest.Framed(w.Out, 32<<10)); err == nil {
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
