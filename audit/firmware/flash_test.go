package firmware

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/gpuaudit/gpuaudit/audit/inventory"
)

// shownBy puts a comparison on one line.
func shownBy(f *inventory.ROMInFlash) string {
	var unseen []string
	for _, p := range f.Unseen {
		unseen = append(unseen, fmt.Sprintf("%s@%#x+%d", p.Name, p.Offset, p.Bytes))
	}
	return fmt.Sprintf("found %t at %#x+%d short %t changed %d %s; unseen %d %s", f.Found, f.Offset, f.Bytes, f.Short, f.Changed,
		strings.Join(f.Differing, ","), f.UnseenBytes, strings.Join(unseen, ","))
}

// TestInFlashOfDumps: what the kernel would give of a card lies in the dump of its flash;
// the trimmed dump of a GTX 1060 is such a reading of the full one.
func TestInFlashOfDumps(t *testing.T) {
	files := dumps(t)
	full, trimmed := files["nv-gp106-gtx1060-msi-full.rom"], files["nv-gp106-gtx1060-msi-trimmed.rom"]
	if got, want := shownBy(InFlash(full, Parse(full), trimmed)), "found true at 0xa00+260096 short false changed 0 ; unseen 1279 lead@0x0+2560"; got != want {
		t.Errorf("got %s\nwant %s", got, want)
	}
	other := slices.Clone(trimmed)
	other[0x5000] ^= 1
	if got, want := shownBy(InFlash(full, Parse(full), other)), "found true at 0xa00+260096 short false changed 1 legacy image; unseen 1279 lead@0x0+2560"; got != want {
		t.Errorf("got %s\nwant %s", got, want)
	}
	for name, b := range files {
		rom := Parse(b)
		if rom.LeadBytes == 0 || len(rom.Images) == 0 {
			continue
		}
		reading := b[rom.Images[0].Offset:]
		if f := InFlash(b, rom, reading); !f.Found || f.Changed != 0 || f.Short {
			t.Errorf("%s: %s", name, shownBy(f))
		}
	}
}

func TestInFlash(t *testing.T) {
	first, second := image(codeLegacy, vendorNVIDIA, 0x2684, 4, false), image(codeEFI, vendorNVIDIA, 0x2684, 4, true)
	chain := slices.Concat(first, second)
	lead := slices.Concat([]byte("a block of the chip"), make([]byte, 4077))
	flash := slices.Concat(lead, chain, []byte("behind"))
	changed := slices.Clone(chain)
	changed[len(first)+0x300] ^= 0xff
	twice := slices.Concat(lead, changed, chain)
	for _, tc := range []struct {
		name           string
		flash, reading []byte
		want           string
	}{
		{"all of it", flash, chain, "found true at 0x1000+4096 short false changed 0 ; unseen 25 lead@0x0+4096,tail@0x2000+6"},
		{"a part of it", flash, first, "found true at 0x1000+2048 short false changed 0 ; unseen"},
		{"a byte differs", flash, changed, "found true at 0x1000+4096 short false changed 1 EFI image; unseen 25 lead"},
		{"flash that ends before", flash[:0x1800], chain, "found true at 0x1000+2048 short true changed 0 ; unseen 19 lead"},
		{"the second copy is the one", twice, chain, "found true at 0x2000+4096 short false changed 0 ; unseen"},
		{"no image", lead, chain, "found false at 0x0+0 short false changed 0 ; unseen 19 opaque@0x0+4096"},
		{"nothing was read", flash, nil, "found true at 0x1000+0 short false changed 0 ; unseen"},
	} {
		if got := shownBy(InFlash(tc.flash, Parse(tc.flash), tc.reading)); !strings.HasPrefix(got, tc.want) {
			t.Errorf("%s:\n got %s\nwant %s", tc.name, got, tc.want)
		}
	}
	chip := append(slices.Clone(flash), blankBytes(minCopied-len(flash), 0xff)...)
	if got, want := shownBy(InFlash(slices.Concat(chip, chip), Parse(slices.Concat(chip, chip)), chain)), shownBy(InFlash(chip, Parse(chip), chain)); got != want {
		t.Errorf("a dump that repeats itself:\n got %s\nwant %s", got, want)
	}
	many := slices.Clone(lead)
	for range 3 * maxUnseen {
		many = slices.Concat(many, image(codeLegacy, vendorNVIDIA, 0x2684, 1, true), []byte(strings.Repeat("between", 10)), make([]byte, 512-70))
	}
	if f := InFlash(many, Parse(many), chain); len(f.Unseen) > maxUnseen || len(f.Differing) > maxDiffering {
		t.Errorf("%d parts unseen, %d differ", len(f.Unseen), len(f.Differing))
	}
}

func FuzzInFlash(f *testing.F) {
	chain := slices.Concat(image(codeLegacy, vendorNVIDIA, 0x2684, 1, false), image(codeEFI, vendorNVIDIA, 0x2684, 1, true))
	f.Add(slices.Concat([]byte("lead"), chain), chain)
	f.Fuzz(func(t *testing.T, flash, reading []byte) {
		found := InFlash(flash, Parse(flash), reading)
		if found.Offset+found.Bytes > len(flash) || found.Bytes > len(reading) || found.Changed > found.Bytes || found.UnseenBytes > len(flash) {
			t.Errorf("%+v of %d bytes and %d", found, len(flash), len(reading))
		}
	})
}

// BenchmarkInFlash is what the comparison costs beside the digest of the flash.
func BenchmarkInFlash(b *testing.B) {
	flash := dumps(b)["nv-gb206-5060ti-asus-full.rom"]
	rom := Parse(flash)
	reading := slices.Clone(flash[rom.Images[0].Offset:])
	reading[rand.IntN(len(reading))] ^= 1
	b.SetBytes(int64(len(flash)))
	for b.Loop() {
		InFlash(flash, rom, reading)
	}
}
