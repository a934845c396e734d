package firmware

import (
	"bytes"
	"encoding/binary"
	"errors"
	"strings"
	"testing"
)

// vfct builds a table with one image for each ROM, on buses 3, 4, …
func vfct(roms ...[]byte) []byte {
	b := make([]byte, vfctHeaderBytes)
	copy(b, "VFCT")
	binary.LittleEndian.PutUint32(b[vfctOffsetAt:], vfctHeaderBytes)
	for i, rom := range roms {
		h := make([]byte, vfctImageBytes)
		binary.LittleEndian.PutUint32(h, uint32(3+i))
		binary.LittleEndian.PutUint16(h[12:], 0x1002)
		binary.LittleEndian.PutUint16(h[14:], 0x73ff)
		binary.LittleEndian.PutUint32(h[24:], uint32(len(rom)))
		b = append(append(b, h...), rom...)
	}
	binary.LittleEndian.PutUint32(b[4:], uint32(len(b)))
	return sealACPI(b)
}

// sealACPI makes the table sum to zero.
func sealACPI(b []byte) []byte {
	b[9] = 0
	var sum byte
	for _, v := range b {
		sum += v
	}
	b[9] = -sum
	return b
}

func TestVFCT(t *testing.T) {
	one, two := []byte("first ROM"), []byte("second")
	images, err := ParseVFCT(vfct(one, two))
	if err != nil || len(images) != 2 {
		t.Fatalf("%d images, %v", len(images), err)
	}
	if images[0].Address() != "0000:03:00.0" || images[1].Address() != "0000:04:00.0" || images[1].VendorID != 0x1002 || images[1].DeviceID != 0x73ff {
		t.Errorf("got %+v", images)
	}
	if !bytes.Equal(images[0].Data, one) || !bytes.Equal(images[1].Data, two) || images[0].Offset != vfctHeaderBytes+vfctImageBytes {
		t.Errorf("data %q, %q", images[0].Data, images[1].Data)
	}
}

func TestVFCTFaults(t *testing.T) {
	edit := func(at int, v uint32) []byte {
		b := vfct([]byte("one"), []byte("two"))
		binary.LittleEndian.PutUint32(b[at:], v)
		return sealACPI(b)
	}
	second := vfctHeaderBytes + vfctImageBytes + 3
	flipped := vfct([]byte("one"))
	flipped[len(flipped)-1] ^= 1
	tests := []struct {
		name   string
		b      []byte
		images int
		want   string
	}{
		{"empty", nil, 0, "0 bytes"},
		{"other table", []byte(strings.Repeat("FACP", 40)), 0, "without the header"},
		{"longer than the file", edit(4, 1<<30), 0, "offset 0x4"},
		{"no checksum", flipped, 0, "offset 0x9"},
		{"images behind the end", edit(vfctOffsetAt, 1<<31), 0, "offset 0x34"},
		{"images in the header", edit(vfctOffsetAt, 8), 0, "offset 0x34"},
		{"second image too long", edit(second+24, 4), 1, "claims 4 bytes of 3"},
		{"rest is no header", edit(second+24, 2), 2, "no image header"},
	}
	for _, tt := range tests {
		images, err := ParseVFCT(tt.b)
		if !errors.Is(err, ErrVFCT) || !strings.Contains(err.Error(), tt.want) || len(images) != tt.images {
			t.Errorf("%s: %d images, %v", tt.name, len(images), err)
		}
	}
}

func FuzzVFCT(f *testing.F) {
	f.Add(vfct([]byte("one"), []byte("two")))
	f.Add(vfct())
	f.Fuzz(func(t *testing.T, b []byte) {
		total := 0
		images, _ := ParseVFCT(b)
		for _, v := range images {
			total += len(v.Data)
			if !bytes.Equal(v.Data, b[v.Offset:v.Offset+len(v.Data)]) {
				t.Error("an image is not where it says")
			}
		}
		if total > len(b) {
			t.Errorf("%d bytes of images in %d", total, len(b))
		}
	})
}
