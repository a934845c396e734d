package firmware

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"math/bits"
	"slices"
	"strings"
	"testing"

	"github.com/gpuaudit/gpuaudit/audit/inventory"
)

// flashOf is a chip of 128 KiB with an image, its program and blank flash.
func flashOf() []byte {
	b := blankBytes(2*minCopied, 0xff)
	copy(b, image(codeLegacy, vendorAMD, 0x67df, 8, true))
	return b
}

// TestReadingThatRepeats: what a programmer reads twice is there once, and the digest of
// the whole is still that of the file.
func TestReadingThatRepeats(t *testing.T) {
	once := flashOf()
	want := Parse(once)
	for _, times := range []int{2, 4} {
		b := bytes.Repeat(once, times)
		rom := Parse(b)
		last := rom.Regions[len(rom.Regions)-1]
		if len(rom.Images) != 1 || rom.Bytes != len(b) || last.Kind != regionCopy || last.Offset != len(once) || last.Offset+last.Bytes != len(b) || last.DenseBytes != 0 {
			t.Errorf("%d times: %d images in %d bytes, %+v", times, len(rom.Images), rom.Bytes, last)
		}
		if rom.SHA256 != sum256Of(b) || *rom.StableSHA256 != *want.StableSHA256 || last.SHA256 != sum256Of(b[len(once):]) {
			t.Errorf("%d times: whole %s, stable %s", times, rom.SHA256, *rom.StableSHA256)
		}
	}
	changed := bytes.Repeat(once, 2)
	changed[len(once)+100] ^= 1
	for name, b := range map[string][]byte{"a copy with a change": changed, "a chip that is too small": bytes.Repeat(image(codeLegacy, vendorAMD, 0x67df, 8, true), 2), "once": once} {
		if rom := Parse(b); slices.ContainsFunc(rom.Regions, isCopy) {
			t.Errorf("%s is taken for a repeated reading", name)
		}
	}
	if n := unit(blankBytes(4*minCopied, 0xff)); n != 4*minCopied {
		t.Errorf("blank flash repeats %d bytes", n)
	}
}

func isCopy(r inventory.ROMRegion) bool { return r.Kind == regionCopy }

func sum256Of(b []byte) string {
	sum := sha256.Sum256(b)
	return hex.EncodeToString(sum[:])
}

// TestWhyNoImage: whoever reads a chip in another form is told which.
func TestWhyNoImage(t *testing.T) {
	b := flashOf()
	for name, tc := range map[string]struct {
		b    []byte
		want string
	}{
		"pairs":     {swapped(2)(b), "each pair are swapped"},
		"fours":     {swapped(4)(b), "group of four"},
		"reversed":  {eachByte(bits.Reverse8)(b), "bits of each byte"},
		"inverted":  {eachByte(func(v byte) byte { return ^v })(b), "inverted"},
		"digits":    {[]byte(hex.EncodeToString(b[:512])), "hexadecimal"},
		"Intel HEX": {[]byte(":020000040000FA\r\n:10000000" + strings.Repeat("55AA", 8) + "00\r\n"), "hexadecimal"},
		"S-records": {[]byte("S00600004844521B\nS1130000" + strings.Repeat("55AA", 8) + "00\n"), "hexadecimal"},
		"archive":   {append([]byte("PK\x03\x04"), make([]byte, 100)...), "ZIP"},
		"updater":   {append([]byte("MZ"), make([]byte, 100)...), "program"},
		"neither":   {[]byte("no ROM at all"), ""},
		"short":     {[]byte{1}, ""},
	} {
		rom := Parse(tc.b)
		if f := rom.Faults; len(f) != 1 || f[0].Kind != faultNoImage || !strings.Contains(f[0].Detail, tc.want) || tc.want == "" && strings.Contains(f[0].Detail, ";") {
			t.Errorf("%s: %+v", name, f)
		}
	}
}
