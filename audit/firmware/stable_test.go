package firmware

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"testing"

	"github.com/gpuaudit/gpuaudit/audit/inventory"
)

func TestStablePairs(t *testing.T) {
	files := dumps(t)
	stable := func(name string) string {
		s := Parse(files[name]).StableSHA256
		if s == nil {
			t.Fatalf("%s has no stable digest", name)
		}
		return *s
	}
	if stable("nv-gp106-gtx1060-msi-full.rom") != stable("nv-gp106-gtx1060-msi-trimmed.rom") {
		t.Error("two dumps of one card differ")
	}
	stock := stable("amd-polaris-rx580-sapphire-stock.rom")
	if stock == stable("amd-polaris-rx580-sapphire-modded.rom") || stock == stable("amd-polaris-rx580-modded-badgop.rom") {
		t.Error("a modified ROM has the digest of the stock one")
	}
	seen := map[string]string{}
	for name := range files {
		if other, ok := seen[stable(name)]; ok && other != "nv-gp106-gtx1060-msi-full.rom" && name != "nv-gp106-gtx1060-msi-full.rom" {
			t.Errorf("%s and %s have the same digest", name, other)
		}
		seen[stable(name)] = name
	}
}

// TestStableIsWhatItSays takes the digest from its description.
func TestStableIsWhatItSays(t *testing.T) {
	one, two := image(0, 0x10de, 1, 4, false), image(0x70, 0x10de, 1, 2, true)
	rom := Parse(append(append(append(blankBytes(512, 7), one...), two...), "tail of the flash"...))
	text := fmt.Sprintf("gpuaudit.stable/v1\n00 2048 %x\n70 1024 %x\n", sha256.Sum256(one), sha256.Sum256(two))
	want := sha256.Sum256([]byte(text))
	if inventory.Text(rom.StableSHA256) != hex.EncodeToString(want[:]) {
		t.Errorf("got %v", rom.StableSHA256)
	}
	names := ""
	for _, s := range rom.StableExcludes {
		if s.Reason == "" {
			t.Errorf("no reason for leaving out %+v", s)
		}
		names += fmt.Sprintf("%s@%d+%d ", s.Name, s.Offset, s.Bytes)
	}
	if names != "lead@0+512 tail@3584+17 " {
		t.Errorf("left out: %s", names)
	}
}

func TestNoStableDigestOfAPart(t *testing.T) {
	if rom := Parse(image(0, 0x10de, 1, 4, true)[:1500]); rom.StableSHA256 != nil || rom.StableExcludes != nil {
		t.Error("a truncated image has a stable digest")
	}
	if rom := Parse([]byte("no ROM")); rom.StableSHA256 != nil {
		t.Error("text has a stable digest")
	}
}

// TestExcludesAndImagesCoverAll: whatever the stable digest does not cover is
// listed, to the byte.
func TestExcludesAndImagesCoverAll(t *testing.T) {
	for name, b := range dumps(t) {
		rom, n := Parse(b), 0
		for _, img := range rom.Images {
			if img.Chain == 0 {
				n += img.Bytes
			}
		}
		for _, s := range rom.StableExcludes {
			n += s.Bytes
		}
		if n != len(b) {
			t.Errorf("%s: %d bytes are covered or listed, of %d", name, n, len(b))
		}
	}
}

// TestEveryCodeByteCounts changes the bytes of a whole ROM of each vendor, one
// at a time: a byte that is in no listed range always changes the stable
// digest, or leaves none. Without GPUAUDIT_LONG it takes every 97th byte.
func TestEveryCodeByteCounts(t *testing.T) {
	files := dumps(t)
	step := 97
	if long() {
		step = 1
	}
	for _, name := range []string{"nv-tu116-gtx1660-inno3d.rom", "amd-phoenix-7840hs-apu.bin", "intel-rpl-igd-2in1.rom"} {
		b := bytes.Clone(files[name])
		whole := digestOnly(b)
		if whole == nil {
			t.Fatalf("%s has no stable digest", name)
		}
		for i := 0; i < len(b); i += step {
			b[i] ^= 0x55
			if got := digestOnly(b); got != nil && *got == *whole {
				t.Errorf("%s: byte %#x does not count", name, i)
			}
			b[i] ^= 0x55
		}
	}
}

// digestOnly takes the stable digest alone, as Parse does, without what it
// does not depend on.
func digestOnly(b []byte) *string {
	p := newParser(b)
	p.structure()
	for i := range p.rom.Images {
		img := &p.rom.Images[i]
		sum := sha256.Sum256(b[img.Offset : img.Offset+img.Bytes])
		img.SHA256 = hex.EncodeToString(sum[:])
	}
	p.stable()
	return p.rom.StableSHA256
}
