package compare

import (
	"fmt"
	"slices"

	"github.com/gpuaudit/gpuaudit/audit/inventory"
	"github.com/gpuaudit/gpuaudit/audit/manifest"
)

// firmware compares every reading of the ROM with the versions that are stated.
// All of them must match: a dump that matches does not excuse a device that
// answers otherwise.
func (c *comparison) firmware() Verdict {
	states := func(p manifest.Predicate) bool { return len(p.OfKind(manifest.OptionROM)) > 0 }
	roms, withdrawn := c.d.Firmware.ROMs, c.with(manifest.Revoked, states)
	for i, rom := range roms {
		if found := find(withdrawn, rom); found.by != nil {
			return revoked(found.by, "firmware", fmt.Sprintf("/firmware/roms/%d/sha256", i), rom.SHA256, found.entry.Version)
		}
	}
	by := c.speaking(states)
	switch {
	case len(by)+len(withdrawn) == 0:
		return c.notCovered("firmware", states)
	case len(roms) == 0:
		return c.unread("firmware", "/firmware/roms", append(slices.Clone(withdrawn), by...))
	case len(by) == 0:
		return c.notCovered("firmware", states)
	}
	return judgeROMs(by, roms)
}

func judgeROMs(by []*manifest.Manifest, roms []inventory.ROM) Verdict {
	weakest, partial := finding{how: byWhole}, false
	var named []Voucher
	for i, rom := range roms {
		found := find(by, rom)
		switch {
		case found.by == nil && incomparable(by, rom):
			partial = true
			continue
		case found.by == nil:
			return mismatch(by, i, rom)
		case found.how < weakest.how:
			weakest = found
		}
		named = append(named, vouchers([]*manifest.Manifest{found.by}, found.entry.Version)...)
	}
	if partial {
		return Verdict{State: Unknown, Vouchers: vouchers(by, ""),
			Reason: "the manifest states a stable digest, which cannot be taken of this reading of the ROM"}
	}
	v := Verdict{State: Match, Reason: reasons[weakest.how], Vouchers: slices.Compact(named)}
	if !slices.ContainsFunc(roms, func(r inventory.ROM) bool { return r.Source != "file" }) {
		v.Reason += "; it was compared in a dump that was given, not read from the device"
	}
	return v
}

// coverage is how much of a ROM a digest that agrees covers.
//
//   - byImages: every image, in order, none more and none fewer. That is all
//     code that a host can run from the ROM; bytes before, between and behind
//     the images differ from card to card (NVIDIA's flash) and are not covered.
//   - byStable: the stable digest, taken over the same bytes by definition
//     (audit/firmware), and over the images' lengths.
//   - byWhole: every byte that was read.
type coverage int

const (
	none coverage = iota
	byImages
	byStable
	byWhole
)

// reasons are indexed by coverage; never written to.
var reasons = [...]string{
	byImages: "every image of the ROM is what the manifest names; bytes outside the images are not covered",
	byStable: "the stable digest of the ROM is what the manifest names; bytes outside the images are not covered",
	byWhole:  "the whole ROM is what the manifest names",
}

// finding is the entry that names a ROM, and how much of it. by is nil if none
// does.
type finding struct {
	by    *manifest.Manifest
	entry manifest.Firmware
	how   coverage
}

// find looks for the entry that covers most of a ROM.
func find(by []*manifest.Manifest, rom inventory.ROM) finding {
	var best finding
	for _, m := range by {
		for _, e := range roms(m) {
			if how := names(e, rom); how > best.how {
				best = finding{m, e, how}
			}
		}
	}
	return best
}

// roms are the option ROMs that a manifest states.
func roms(m *manifest.Manifest) []manifest.Firmware {
	p := m.Predicate()
	return p.OfKind(manifest.OptionROM)
}

// names says how much of a ROM an entry names. A digest that is not stated and
// one that could not be taken agree with nothing; two digests of the same bytes
// that disagree make the entry one of another ROM.
func names(e manifest.Firmware, rom inventory.ROM) coverage {
	whole := agree(e.SHA256, rom.SHA256) || e.SHA256 == "" && agree(e.SHA384, rom.SHA384)
	switch {
	case whole && e.SHA384 != "" && e.SHA384 != rom.SHA384:
		return none
	case whole:
		return byWhole
	case rom.StableSHA256 != nil && agree(e.StableSHA256, *rom.StableSHA256):
		return byStable
	case len(e.Images) == 0 || len(e.Images) != len(rom.Images):
		return none
	}
	for i, im := range rom.Images {
		want := e.Images[i]
		if !agree(want.SHA256, im.SHA256) || want.CodeType != im.CodeType || want.SHA384 != "" && want.SHA384 != im.SHA384 {
			return none
		}
	}
	return byImages
}

func agree(stated, read string) bool { return stated != "" && stated == read }

// incomparable says that an entry states the stable digest alone, and that a
// part of the ROM is missing in this reading so that it has none. A ROM without
// any image is no reading of what the entry names.
func incomparable(by []*manifest.Manifest, rom inventory.ROM) bool {
	return rom.StableSHA256 == nil && len(rom.Images) > 0 && slices.ContainsFunc(by, func(m *manifest.Manifest) bool {
		return slices.ContainsFunc(roms(m), func(e manifest.Firmware) bool {
			return e.SHA256 == "" && e.SHA384 == "" && len(e.Images) == 0
		})
	})
}

// mismatch lists what differs: the ROM, and the images that no entry names.
func mismatch(by []*manifest.Manifest, i int, rom inventory.ROM) Verdict {
	v := Verdict{State: Mismatch, Reason: "the firmware is none of the versions that the manifest names", Vouchers: vouchers(by, "")}
	var versions []string
	images := map[string]bool{}
	for _, m := range by {
		for _, e := range roms(m) {
			versions = append(versions, "version "+e.Version)
			for _, im := range e.Images {
				images[im.SHA256] = true
			}
		}
	}
	v.Differences = append(v.Differences, Difference{Fact: fmt.Sprintf("/firmware/roms/%d/sha256", i), Expected: oneOf(versions), Actual: rom.SHA256})
	for j, im := range rom.Images {
		if len(images) > 0 && !images[im.SHA256] {
			v.Differences = append(v.Differences, Difference{
				Fact: fmt.Sprintf("/firmware/roms/%d/images/%d/sha256", i, j), Expected: "an image that the manifest names", Actual: im.SHA256})
		}
	}
	return v
}
