package compare

import (
	"fmt"
	"slices"

	"github.com/gpuaudit/gpuaudit/audit/facts"
	"github.com/gpuaudit/gpuaudit/audit/inventory"
	"github.com/gpuaudit/gpuaudit/audit/manifest"
)

// windows compares the memory windows with those that are stated. A window that no
// manifest states, and one that is stated and not there, are differences: the machine's
// firmware or the card's was changed, or a setting of either.
func (c *comparison) windows() facts.Verdict {
	states := func(p manifest.Predicate) bool { return len(p.Windows) > 0 }
	by := c.speaking(states)
	if len(by) == 0 {
		return c.notCovered("memory windows", states)
	}
	if c.gap("/pci/bars") != nil || len(c.d.PCI.BARs) == 0 {
		return c.unread("memory windows", "/pci/bars", by)
	}
	stated, all := map[int][]string{}, []manifest.Window{}
	for _, m := range by {
		for _, w := range m.Predicate().Windows {
			all = append(all, w)
			stated[w.BAR] = append(stated[w.BAR], w.String())
		}
	}
	v := facts.Verdict{State: facts.Match, Reason: "the memory windows are what the manifest states", Vouchers: vouchers(by, "")}
	for i, b := range c.d.PCI.BARs {
		if b.Kind != "memory" || b.Index > 5 || b.Bytes == 0 {
			continue
		}
		w := manifest.Window{BAR: b.Index, Bytes: b.Bytes}
		if !slices.Contains(all, w) {
			expected := "no such window"
			if len(stated[w.BAR]) > 0 {
				expected = oneOf(stated[w.BAR])
			}
			v.Differences = append(v.Differences, facts.Difference{Fact: fmt.Sprintf("/pci/bars/%d", i), Expected: expected, Actual: w.String()})
		}
		delete(stated, w.BAR)
	}
	for bar := range 6 {
		if sizes := stated[bar]; len(sizes) > 0 {
			v.Differences = append(v.Differences, facts.Difference{Fact: "/pci/bars", Expected: oneOf(sizes), Actual: "no such window"})
		}
	}
	if n := len(v.Differences); n > 0 {
		d := v.Differences[0]
		v.State, v.Reason = facts.Mismatch, fmt.Sprintf("it has %s, and the manifest states %s", d.Actual, d.Expected)
	}
	return v
}

// Place says whether a device sits where a manifest states another one. It needs no
// ids of the device's own: whoever changes a card's ids in its ROM and on the bus takes
// it out of the reach of manifests, and not out of its slot.
func Place(h *inventory.Host, d *inventory.Device, set manifest.Set) facts.Verdict {
	machine := manifest.MachineOf(h)
	at := manifest.Place{Machine: machine, Address: d.Address}
	var of []*manifest.Manifest
	for _, m := range set.All() {
		if !active(m) || !slices.Contains(m.Predicate().Places, at) {
			continue
		}
		if m.Covers(d.PCI.IDs(), inventory.Text(d.PCI.RevisionID)) {
			return facts.Verdict{State: facts.Match, Reason: "the card in this place is one that the manifest states", Vouchers: vouchers([]*manifest.Manifest{m}, "")}
		}
		of = append(of, m)
	}
	if len(of) == 0 {
		return facts.Verdict{State: facts.NotCovered, Reason: "no trusted manifest states which card sits in this place"}
	}
	if ids := d.PCI.IDs(); ids.Vendor == "" || ids.Device == "" {
		return facts.Verdict{State: facts.Unknown, Reason: "the ids of the card could not be read", Vouchers: vouchers(of, "")}
	}
	var expected []string
	for _, m := range of {
		for _, e := range m.Predicate().Devices {
			expected = append(expected, e.String())
		}
	}
	text := inventory.Text
	actual := manifest.Device{VendorID: text(d.PCI.VendorID), DeviceID: text(d.PCI.DeviceID), SubsystemVendorID: text(d.PCI.SubsystemVendorID),
		SubsystemDeviceID: text(d.PCI.SubsystemDeviceID), RevisionID: text(d.PCI.RevisionID)}.String()
	return facts.Verdict{State: facts.Mismatch, Reason: "the card in this place is " + actual + ", and the manifest states " + oneOf(expected), Vouchers: vouchers(of, ""),
		Differences: []facts.Difference{{Fact: "/pci/device_id", Expected: oneOf(expected), Actual: actual}}}
}
