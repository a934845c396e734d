package firmware

import (
	"crypto/sha256"
	"errors"
	"fmt"
	"testing"
)

// TestDiffNamesTheChange changes one byte in each range of a ROM and expects
// that range, and no other, to be named.
func TestDiffNamesTheChange(t *testing.T) {
	rom := append(append(append(blankBytes(512, 7), image(0, 0x10de, 1, 4, false)...), image(0x70, 0x10de, 1, 2, true)...), "tail of the flash"...)
	if c := Diff(rom, rom); !c.Identical || len(c.Regions) != 0 || c.SameStable == nil || !*c.SameStable {
		t.Errorf("a ROM differs from itself: %+v", c)
	}
	for _, tc := range []struct {
		at     int
		name   string
		first  int
		stable bool
	}{
		{100, "lead", 100, true},
		{512 + 1000, "legacy image", 1000, false},
		{512 + 2048 + 900, "image of code type 70", 900, false},
		{512 + 3072 + 3, "tail", 3, true},
	} {
		changed := append([]byte(nil), rom...)
		changed[tc.at] ^= 0x20
		c := Diff(rom, changed)
		if len(c.Regions) != 1 || c.Regions[0].Name != tc.name || c.Regions[0].Changed != 1 || *c.Regions[0].First != tc.first {
			t.Errorf("byte %d: regions are %+v, want %s", tc.at, c.Regions, tc.name)
		}
		if c.Identical || *c.SameStable != tc.stable {
			t.Errorf("byte %d: identical %v, same stable digest %v", tc.at, c.Identical, *c.SameStable)
		}
	}
}

func TestDiffOfUnlikeROMs(t *testing.T) {
	one := image(0, 0x10de, 1, 4, true)
	two := append(image(0, 0x10de, 1, 4, false), image(3, 0x10de, 1, 4, true)...)
	c := Diff(one, two)
	last := c.Regions[len(c.Regions)-1]
	if last.Name != "EFI image" || last.A != nil || last.B == nil || last.B.Offset != 2048 {
		t.Errorf("regions are %+v", c.Regions)
	}
	if c := Diff(nil, one); c.SameStable != nil || len(c.Regions) == 0 {
		t.Errorf("nothing against a ROM gives %+v", c)
	}
}

// TestDiffOfRealDumps: the mining edit of a Sapphire RX 580 lies in the tables
// of its legacy image, and the full and the trimmed dump of one card run the
// same code.
func TestDiffOfRealDumps(t *testing.T) {
	files := dumps(t)
	c := Diff(files["amd-polaris-rx580-sapphire-stock.rom"], files["amd-polaris-rx580-sapphire-modded.rom"])
	if c.SameStable == nil || *c.SameStable || len(c.Regions) == 0 || c.Regions[0].Name != "legacy image" || len(c.Regions[0].Inside) == 0 {
		t.Errorf("stock and modded give %+v", c)
	}
	c = Diff(files["nv-gp106-gtx1060-msi-full.rom"], files["nv-gp106-gtx1060-msi-trimmed.rom"])
	if c.Identical || c.SameStable == nil || !*c.SameStable {
		t.Errorf("full and trimmed give %+v", c)
	}
}

// TestPayloadIsWhatWasDigested: the extracted payload has the Authenticode
// digest that Parse states.
func TestPayloadIsWhatWasDigested(t *testing.T) {
	read := 0
	for name, b := range dumps(t) {
		for _, img := range Parse(b).Images {
			payload, err := Payload(b, &img)
			if img.EFI == nil || img.EFI.AuthenticodeSHA256 == nil {
				if err != nil && !errors.Is(err, ErrNoPayload) {
					t.Errorf("%s: %v", name, err)
				}
				continue
			}
			if err != nil {
				t.Errorf("%s: %v", name, err)
				continue
			}
			pe, err := parsePE(payload)
			if err != nil {
				t.Errorf("%s: %v", name, err)
				continue
			}
			if got := fmt.Sprintf("%x", pe.digest(sha256.New())); got != *img.EFI.AuthenticodeSHA256 {
				t.Errorf("%s: payload has %s, Parse says %s", name, got, *img.EFI.AuthenticodeSHA256)
			}
			read++
		}
	}
	if read == 0 {
		t.Error("no payload was read")
	}
}

func FuzzDiff(f *testing.F) {
	f.Add(image(0, 0x10de, 1, 4, true), image(3, 0x1002, 1, 2, true))
	f.Add(bitROM(), atomROM("113-1"))
	f.Fuzz(func(t *testing.T, a, b []byte) {
		if c := Diff(a, b); c.Identical && (len(c.Regions) > 0 || len(c.Statements) > 0) {
			t.Errorf("equal bytes differ: %+v", c)
		}
		for _, img := range Parse(a).Images {
			_, _ = Payload(a, &img)
		}
	})
}
