package rules_test

import (
	"bytes"
	"os"
	"slices"
	"testing"

	"github.com/gpuaudit/gpuaudit/audit/catalogue"
	"github.com/gpuaudit/gpuaudit/audit/firmware"
)

// reading is one way in which an honest ROM comes to hand.
type reading struct {
	id, what string
	of       func(d *dump) []byte // nil where a ROM cannot come that way
	// other: where a baseline has bytes it has blank ones, or they lie elsewhere, as they
	// would after a change.
	other bool
}

// readings are ways of the kernel, of makers' tools and of programmers, by the names of
// docs/detection.md.
func readings() []reading {
	power := func(d *dump, fill byte, more int) []byte {
		n := 1 << 16
		for n < len(d.b) {
			n *= 2
		}
		return append(slices.Clone(d.b), bytes.Repeat([]byte{fill}, n*more-len(d.b))...)
	}
	chain := func(d *dump) []byte {
		for i := range d.rom.Images {
			if im := &d.rom.Images[i]; im.Chain == 0 && im.CodeType != "e0" {
				return kernelReads(d.b[im.Offset:])
			}
		}
		return nil
	}
	return []reading{
		{"H01", "padded with ff to a power of two, as a programmer reads it", func(d *dump) []byte { return power(d, 0xff, 1) }, false},
		{"H02", "padded with 00", func(d *dump) []byte { return power(d, 0, 1) }, false},
		{"H03", "in a chip of four times the size", func(d *dump) []byte { return power(d, 0xff, 4) }, false},
		{"H04", "twice, by a programmer that took the chip for a larger one", func(d *dump) []byte { b := power(d, 0xff, 1); return append(b, b...) }, false},
		{"H05", "trimmed to the images of the chain, as the kernel and GPU-Z read it", chain, false},
		{"H06", "trimmed and padded to 128 KiB more", func(d *dump) []byte { return append(slices.Clone(chain(d)), bytes.Repeat([]byte{0xff}, 128<<10)...) }, true},
		{"H07", "with blank flash in front", func(d *dump) []byte { return append(bytes.Repeat([]byte{0xff}, 64<<10), d.b...) }, true},
		{"H08", "without the padding at its end", func(d *dump) []byte {
			end := 0
			for _, im := range d.rom.Images {
				end = max(end, im.Offset+im.Bytes)
			}
			return d.b[:max(end, len(bytes.TrimRight(d.b, "\xff")))]
		}, false},
		{"H09", "from the first legacy image on, as whoever trims for a guest does", func(d *dump) []byte {
			im := (&edit{rom: d.rom}).image("00")
			if im == nil || d.ids.Vendor == "8086" {
				return nil
			}
			return d.b[im.Offset:]
		}, false},
		{"H10", "with one odd byte in front", func(d *dump) []byte { return append([]byte{0xff}, d.b...) }, true},
	}
}

// TestHonestReadings: of an honest ROM no rule says anything that it does not say of the
// stock dump, however it was read, and none differs from a baseline of the stock dump. An ordinary run tries a part, as TestDetection does.
func TestHonestReadings(t *testing.T) {
	dumps := stockDumps(t)
	c := catalogue.Load()
	j := &detector{engine: load(t), catalogue: c}
	long := os.Getenv("GPUAUDIT_LONG") != ""
	for i := range dumps {
		d := &dumps[i]
		t.Run(d.name, func(t *testing.T) {
			t.Parallel()
			stockFacts := j.collected(t, d.host(d.b, d.ids, ""))
			set := baseline(t, stockFacts)
			before, beforeWith := j.fails(t, stockFacts), j.fails(t, against(stockFacts, set, j.catalogue))
			for n, r := range readings() {
				if !long && (n+i)%5 != 0 {
					continue
				}
				b := r.of(d)
				if b == nil {
					continue
				}
				as := *d
				as.flash = len(kernelReads(b)) != len(b)
				f := j.collected(t, as.host(b, d.ids, ""))
				ids, _ := fresh(j.fails(t, f), before)
				with, _ := fresh(j.fails(t, against(f, set, j.catalogue)), beforeWith)
				if !r.other && slices.Contains(with, "GA-BD-001") {
					t.Errorf("%s %s differs from the baseline: %+v", r.id, r.what, against(f, set, j.catalogue).Reference.Firmware)
				}
				if ids = slices.DeleteFunc(ids, func(id string) bool { return !onROMs(id) }); len(ids) > 0 {
					t.Errorf("%s %s: %v of %d bytes, faults %v", r.id, r.what, ids, len(b), firmware.Parse(b).Faults)
				}
			}
		})
	}
}
