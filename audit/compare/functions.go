package compare

import (
	"fmt"
	"slices"

	"github.com/gpuaudit/gpuaudit/audit/facts"
	"github.com/gpuaudit/gpuaudit/audit/inventory"
	"github.com/gpuaudit/gpuaudit/audit/manifest"
)

// functions compares the functions of the card beside the device with those
// that it may have. One that is missing is no difference: drivers and firmware
// hide functions; one too many is.
func (c *comparison) functions() facts.Verdict {
	states := func(p manifest.Predicate) bool { return p.Functions != nil }
	by := c.speaking(states)
	if len(by) == 0 {
		return c.notCovered("functions", states)
	}
	var allowed []manifest.Function
	for _, m := range by {
		allowed = append(allowed, *m.Predicate().Functions...)
	}
	unread := -1
	functions := slices.Concat(c.d.Functions, c.d.Siblings)
	for i, f := range functions {
		if f.VendorID == nil || f.DeviceID == nil || f.ClassCode == nil {
			unread = i
			continue
		}
		if !slices.Contains(allowed, manifest.Function{VendorID: *f.VendorID, DeviceID: *f.DeviceID, ClassCode: *f.ClassCode}) {
			fact := fmt.Sprintf("/functions/%d", i)
			if i >= len(c.d.Functions) {
				fact = fmt.Sprintf("/siblings/%d", i-len(c.d.Functions))
			}
			return facts.Verdict{State: facts.Mismatch, Reason: "the card has a function that the manifest does not list", Vouchers: vouchers(by, ""),
				Differences: []facts.Difference{{Fact: fact, Expected: "no such function", Actual: *f.VendorID + ":" + *f.DeviceID + " class " + *f.ClassCode}}}
		}
	}
	if unread >= 0 {
		return facts.Verdict{State: facts.Unknown, Reason: "the ids of function " + functions[unread].Address + " could not be read", Vouchers: vouchers(by, "")}
	}
	// Other cards of its kind behind the same switch are judged by themselves.
	own := manifest.Function{VendorID: inventory.Text(c.d.PCI.VendorID), DeviceID: inventory.Text(c.d.PCI.DeviceID), ClassCode: inventory.Text(c.d.PCI.ClassCode)}
	for _, n := range c.d.Neighbours {
		f := n.Function
		theirs := manifest.Function{VendorID: inventory.Text(f.VendorID), DeviceID: inventory.Text(f.DeviceID), ClassCode: inventory.Text(f.ClassCode)}
		if (theirs != own || f.VendorID == nil) && !slices.Contains(allowed, theirs) {
			return facts.Verdict{State: facts.Unknown, Reason: "nobody says whether " + f.Address + ", behind the same switch, is on the card", Vouchers: vouchers(by, "")}
		}
	}
	// Without the bridges nobody knows what else sits on the card.
	for _, fact := range []string{"/functions", "/siblings", "/neighbours", "/bridges"} {
		if c.gap(fact) != nil {
			return c.unread("functions", fact, by)
		}
	}
	return facts.Verdict{State: facts.Match, Reason: "the card has no function that the manifest does not list", Vouchers: vouchers(by, "")}
}
