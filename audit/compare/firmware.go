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
	roms := c.d.Firmware.ROMs
	for _, m := range c.withdrawn() {
		for i, rom := range roms {
			for _, e := range m.Predicate().Firmware {
				if _, ok := same(e, rom); ok {
					return withdrawnVerdict(m, "firmware", fmt.Sprintf("/firmware/roms/%d/sha256", i), rom.SHA256, e.Version)
				}
			}
		}
	}
	by := c.speaking(func(p manifest.Predicate) bool { return len(p.Firmware) > 0 })
	if len(by) == 0 {
		return notCovered("firmware")
	}
	if len(roms) == 0 {
		return c.unread("firmware", "/firmware/roms", by)
	}
	v := Verdict{State: Match}
	for i, rom := range roms {
		m, e, how := find(by, rom)
		if m == nil {
			return mismatch(by, i, rom)
		}
		v.Reason = how
		v.Vouchers = append(v.Vouchers, vouchers([]*manifest.Manifest{m}, e.Version)...)
	}
	v.Vouchers = slices.Compact(v.Vouchers)
	return v
}

func find(by []*manifest.Manifest, rom inventory.ROM) (*manifest.Manifest, manifest.Firmware, string) {
	for _, m := range by {
		for _, e := range m.Predicate().Firmware {
			if how, ok := same(e, rom); ok {
				return m, e, how
			}
		}
	}
	return nil, manifest.Firmware{}, ""
}

// same says whether a ROM is the one that an entry names, by the strictest of
// the digests that the entry states:
//
//   - the whole ROM: every byte is what was named;
//   - the stable digest: every byte that is the same on all cards of a version;
//   - every image of the chain, in order, none more and none fewer: all code
//     that firmware can run from the ROM; bytes before, between and behind the
//     images differ from card to card and are not covered, and the reason says so.
func same(e manifest.Firmware, rom inventory.ROM) (how string, ok bool) {
	switch {
	case e.SHA256 != "" && e.SHA256 == rom.SHA256 && (e.SHA384 == "" || e.SHA384 == rom.SHA384):
		return "the whole ROM is what the manifest names", true
	case e.StableSHA256 != "" && rom.StableSHA256 != nil && e.StableSHA256 == *rom.StableSHA256:
		return "the stable digest of the ROM is what the manifest names", true
	case len(e.Images) == 0 || len(e.Images) != len(rom.Images):
		return "", false
	}
	for i, im := range rom.Images {
		if im.SHA256 != e.Images[i].SHA256 || im.CodeType != e.Images[i].CodeType {
			return "", false
		}
	}
	return "every image of the ROM is what the manifest names; bytes outside the images are not covered", true
}

func mismatch(by []*manifest.Manifest, i int, rom inventory.ROM) Verdict {
	v := Verdict{State: Mismatch, Reason: "the firmware is none of the versions that the manifest names", Vouchers: vouchers(by, "")}
	var whole []string
	images := map[string]bool{}
	for _, m := range by {
		for _, e := range m.Predicate().Firmware {
			whole = append(whole, "version "+e.Version)
			for _, im := range e.Images {
				images[im.SHA256] = true
			}
		}
	}
	v.Differences = append(v.Differences, Difference{Fact: fmt.Sprintf("/firmware/roms/%d/sha256", i), Expected: oneOf(whole), Actual: rom.SHA256})
	for j, im := range rom.Images {
		if len(images) > 0 && !images[im.SHA256] {
			v.Differences = append(v.Differences, Difference{
				Fact: fmt.Sprintf("/firmware/roms/%d/images/%d/sha256", i, j), Expected: "an image that the manifest names", Actual: im.SHA256})
		}
	}
	return v
}
