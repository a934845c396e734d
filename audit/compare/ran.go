package compare

import (
	"fmt"
	"slices"

	"github.com/gpuaudit/gpuaudit/audit/facts"
	"github.com/gpuaudit/gpuaudit/audit/inventory"
	"github.com/gpuaudit/gpuaudit/audit/manifest"
)

// Ran holds a driver that firmware measured before it ran it against the
// manifests that cover the device: the digest is the TPM's word, so that it
// counts where the ROM cannot be read, and where it lies.
func Ran(d *inventory.Device, set manifest.Set, digest string) facts.Verdict {
	c := comparison{d: d, covering: covering(d, set)}
	// Firmware ran it, so the card has a ROM; which part it is must be read.
	c.covering = slices.DeleteFunc(c.covering, func(m *manifest.Manifest) bool { return m.PartsOnly() && len(partsRead(d)) == 0 && active(m) })
	states := func(p manifest.Predicate) bool { return len(drivers(p)) > 0 }
	naming := func(list []*manifest.Manifest) []*manifest.Manifest {
		return slices.DeleteFunc(slices.Clone(list), func(m *manifest.Manifest) bool { return !slices.Contains(drivers(m.Predicate()), digest) })
	}
	if withdrawn := naming(c.with(manifest.Revoked, states)); len(withdrawn) > 0 {
		return revoked(withdrawn[0], "driver", "/firmware/roms", digest, "")
	}
	by := c.speaking(states)
	if len(by) == 0 {
		return c.notCovered("UEFI driver", states)
	}
	if named := naming(by); len(named) > 0 {
		return facts.Verdict{State: facts.Match, Reason: fmt.Sprintf("%s names the driver that firmware measured", named[0].Name()), Vouchers: vouchers(named, "")}
	}
	var expected []string
	for _, m := range by {
		expected = append(expected, drivers(m.Predicate())...)
	}
	return facts.Verdict{State: facts.Mismatch, Reason: "firmware measured a driver that no manifest of this device names", Vouchers: vouchers(by, ""),
		Differences: []facts.Difference{{Fact: "/firmware/roms", Expected: oneOf(expected), Actual: digest}}}
}

// drivers are the digests under which firmware may measure the drivers of a
// manifest's option ROMs.
func drivers(p manifest.Predicate) []string {
	var list []string
	for _, f := range p.OfKind(manifest.OptionROM) {
		for _, im := range f.Images {
			for _, d := range []string{im.AuthenticodeSHA256, im.MeasuredSHA256} {
				if d != "" {
					list = append(list, d)
				}
			}
		}
	}
	return list
}
