package firmware

import (
	"bytes"
	"crypto/sha256"
	"crypto/sha512"
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"strings"
	"testing"
)

// image builds a ROM image of n blocks with a PCIR at 0x1c and a sum of zero.
func image(code byte, vendor, device uint16, blocks int, last bool) []byte {
	b := make([]byte, blocks*blockBytes)
	b[0], b[1], b[2] = 0x55, 0xaa, byte(blocks)
	b[pcirPointer] = 0x1c
	d := b[0x1c:]
	copy(d, "PCIR")
	binary.LittleEndian.PutUint16(d[4:], vendor)
	binary.LittleEndian.PutUint16(d[6:], device)
	d[0x0a], d[0x0c], d[0x0f] = 0x1c, 3, 3
	binary.LittleEndian.PutUint16(d[0x10:], uint16(blocks))
	d[0x14] = code
	if last {
		d[0x15] = 0x80
	}
	for i := 0x40; i < len(b); i++ {
		b[i] = byte(i * 7)
	}
	return fix(b)
}

// fix makes the bytes sum to zero.
func fix(b []byte) []byte {
	b[len(b)-1] -= byte(sum8(b))
	return b
}

func with(b []byte, off int, v ...byte) []byte {
	b = bytes.Clone(b)
	copy(b[off:], v)
	return b
}

func blankBytes(n int, v byte) []byte { return bytes.Repeat([]byte{v}, n) }

func TestFaults(t *testing.T) {
	one := image(0, 0x10de, 0x2684, 4, true)
	first := image(0, 0x10de, 0x2684, 4, false)
	efiLike := image(0x70, 0x10de, 0x2684, 2, true) // a code type that nobody looks into
	tests := []struct {
		name   string
		rom    []byte
		images int
		faults string
	}{
		{"good", one, 1, ""},
		{"two images", append(bytes.Clone(first), efiLike...), 2, ""},
		{"lead", append(blankBytes(1024, 0xff), one...), 1, ""},
		{"odd lead", append([]byte("odd"), one...), 1, ""},
		{"false mark in lead", append(with(blankBytes(1024, 0xff), 512, 0x55, 0xaa), one...), 1, ""},
		{"nothing", nil, 0, "empty@0"},
		{"all ff", blankBytes(4096, 0xff), 0, "blank@0"},
		{"all 00", blankBytes(4096, 0), 0, "blank@0"},
		{"no image", []byte("nothing to see here"), 0, "no-image@0"},
		{"mark alone", []byte{0x55, 0xaa}, 0, "bad-pcir@0 no-image@0"},
		{"pointer out of range", with(one, pcirPointer, 0xff, 0xff), 0, "bad-pcir@0 no-image@0"},
		{"pointer into header", with(one, pcirPointer, 0), 0, "bad-pcir@0 no-image@0"},
		{"no PCIR", with(one, 0x1c, 'X'), 0, "bad-pcir@0 no-image@0"},
		{"length zero", with(one, 0x1c+0x10, 0, 0), 0, "image-length-zero@0 no-image@0"},
		{"truncated", one[:1000], 1, "truncated-image@0"},
		{"sum", with(one, 100, one[100]+1), 1, "sum@0"},
		{"no last, end of ROM", first, 1, "chain-without-last@2048"},
		{"no last, data", append(bytes.Clone(first), blankBytes(512, 0xff)...), 1, "chain-without-last@2048"},
		{"no last, bad header", append(bytes.Clone(first), with(efiLike, 0x1c, 'X')...), 1, "bad-pcir@2048 chain-without-last@2048"},
		{"header longer", fix(with(one, 2, 5)), 1, "overlap@0"},
		{"header shorter", fix(with(one, 2, 3)), 1, "header-length@0"},
		{"PCIR at the end", fix(with(with(one, pcirPointer, 0xe8, 7), 0x7e8, append(bytes.Clone(one[0x1c:0x30]), 0, 0x80)...)), 1, "pcir-outside@2024"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			rom := Parse(tt.rom)
			var got []string
			for _, f := range rom.Faults {
				got = append(got, fmt.Sprintf("%s@%d", f.Kind, f.Offset))
			}
			if strings.Join(got, " ") != tt.faults || len(rom.Images) != tt.images {
				t.Errorf("%d images, faults %v; want %d, %q", len(rom.Images), got, tt.images, tt.faults)
			}
		})
	}
}

func TestTooLargeIsNotRead(t *testing.T) {
	rom := Parse(make([]byte, MaxBytes+1))
	if len(rom.Faults) != 1 || rom.Faults[0].Kind != faultTooLarge || rom.SHA256 != "" {
		t.Errorf("got %+v", rom)
	}
}

func TestImageBombIsBounded(t *testing.T) {
	rom := Parse(append(bytes.Repeat(image(0x70, 0x10de, 1, 1, true), 4*maxImages), 1))
	if n := len(rom.Images); n > maxImages || rom.Faults[len(rom.Faults)-1].Kind != faultTooManyImages {
		t.Errorf("%d images, faults %v", n, rom.Faults)
	}
}

func TestDeviceListAndRuntime(t *testing.T) {
	b := image(0, 0x10de, 0x2684, 4, true)
	d := b[0x1c:]
	d[8], d[0x16] = 0x20, 2
	copy(d[0x20:], []byte{0x84, 0x26, 0x85, 0x26, 0, 0})
	img := Parse(b).Images[0]
	if got := strings.Join(img.DeviceIDs, ","); got != "2684,2685" || img.RuntimeBytes == nil || *img.RuntimeBytes != 1024 {
		t.Errorf("devices %s, run time %v", got, img.RuntimeBytes)
	}
	if img.ClassCode != "030000" || img.PCIRRevision != 3 {
		t.Errorf("class %s, revision %d", img.ClassCode, img.PCIRRevision)
	}
}

// TestDigests holds the shared work of the digests against hashing each range.
func TestDigests(t *testing.T) {
	files := map[string][]byte{"built": append(append(blankBytes(512, 1), image(0, 0x10de, 1, 40, true)...), "tail"...)}
	for name, b := range dumps(t) {
		files[name] = b
	}
	sum256 := func(b []byte) string { s := sha256.Sum256(b); return hex.EncodeToString(s[:]) }
	sum384 := func(b []byte) string { s := sha512.Sum384(b); return hex.EncodeToString(s[:]) }
	for name, b := range files {
		rom := Parse(b)
		if rom.SHA256 != sum256(b) || rom.SHA384 != sum384(b) {
			t.Errorf("%s: wrong digest of the whole", name)
		}
		for _, img := range rom.Images {
			if data := b[img.Offset : img.Offset+img.Bytes]; img.SHA256 != sum256(data) || img.SHA384 != sum384(data) {
				t.Errorf("%s: wrong digest of image %d", name, img.Index)
			}
		}
		for _, r := range rom.Regions {
			if r.SHA256 != sum256(b[r.Offset:r.Offset+r.Bytes]) {
				t.Errorf("%s: wrong digest of region at %#x", name, r.Offset)
			}
		}
		for _, img := range rom.Private {
			if img.SHA256 != sum256(b[img.Offset:img.Offset+img.Bytes]) {
				t.Errorf("%s: wrong digest of private image at %#x", name, img.Offset)
			}
		}
	}
}

func TestSum8(t *testing.T) {
	b := make([]byte, 5000)
	for i := range b {
		b[i] = byte(i*i + 255)
	}
	for _, n := range []int{0, 1, 7, 8, 9, 1023, 1024, 1025, 5000} {
		want := 0
		for _, v := range b[:n] {
			want += int(v)
		}
		if got := sum8(b[:n]); got != want&0xff {
			t.Errorf("%d bytes: %02x, want %02x", n, got, want&0xff)
		}
	}
	if got := sum8(blankBytes(16<<10, 0xff)); got != 16<<10*0xff&0xff {
		t.Errorf("all ff: %02x", got)
	}
}

func TestRegions(t *testing.T) {
	random := make([]byte, 4096) // every byte as often as any other
	for i := range random {
		random[i] = byte(i * 41)
	}
	b := append(append(blankBytes(512, 0xff), image(0x70, 0x10de, 1, 1, true)...), random...)
	want := "lead@0+512:0:0.00 tail@1024+4096:4064:8.00 "
	got := ""
	for _, r := range Parse(b).Regions {
		got += fmt.Sprintf("%s@%d+%d:%d:%.2f ", r.Kind, r.Offset, r.Bytes, r.NonBlank, r.EntropyBits)
	}
	if got != want {
		t.Errorf("got %s, want %s", got, want)
	}
	if r := Parse([]byte("aabb")).Regions; len(r) != 1 || r[0].Kind != "opaque" || r[0].EntropyBits != 1 {
		t.Errorf("without an image: %+v", r)
	}
}

func FuzzParse(f *testing.F) {
	f.Add(image(0, 0x10de, 0x2684, 4, true))
	f.Add(append(image(0, 0x1002, 0x67df, 2, false), image(3, 0x1002, 0x67df, 2, true)...))
	f.Add(bitROM())
	f.Add(append(atomROM("113-1"), efiROM(unsignedPE([]byte("code")), 1)...))
	for _, b := range dumpsOrNone(f) {
		if len(b) < 150<<10 { // the larger ones are slow to mutate
			f.Add(b)
		}
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		rom := Parse(b)
		if len(b) > 0 && rom.SHA256 == "" {
			t.Error("no digest")
		}
		if len(rom.Images) == 0 && len(rom.Faults) == 0 {
			t.Error("no image, and no reason")
		}
		for _, img := range rom.Images {
			if img.Offset < 0 || img.Bytes <= 0 || img.Offset+img.Bytes > len(b) || img.SHA256 == "" {
				t.Errorf("image out of bounds: %+v", img)
			}
		}
	})
}

// TestMarksEverywhere: a ROM full of marks that are no headers costs no more than
// its size.
func TestMarksEverywhere(t *testing.T) {
	rom := Parse(bytes.Repeat([]byte(sigPCI.header), 4<<20))
	if len(rom.Images) != 0 || len(rom.Faults) != 2 {
		t.Errorf("%d images, faults %v", len(rom.Images), rom.Faults)
	}
}
