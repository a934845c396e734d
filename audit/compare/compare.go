// Package compare holds a device's facts against what others state of them:
// signed manifests and the catalogue. It knows nothing of policy: it says what
// agrees and what differs, never whether that is acceptable.
package compare

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/gpuaudit/gpuaudit/audit/facts"
	"github.com/gpuaudit/gpuaudit/audit/inventory"
	"github.com/gpuaudit/gpuaudit/audit/manifest"
	"github.com/gpuaudit/gpuaudit/audit/message"
)

// Compare holds a device against the manifests that cover it.
//
// Precedence: a revoked statement that names what the device has beats
// everything, in whatever role its issuer speaks: to refuse firmware takes no
// higher role than to run it, and it can only make the audit stricter. A superseded one says nothing. Otherwise the gravest role speaks
// alone: where a vendor covers an aspect of a device, an operator's own
// baseline cannot overrule it.
func Compare(d *inventory.Device, set manifest.Set) facts.Reference {
	c := comparison{d: d, covering: covering(d, set)}
	r := facts.Reference{Firmware: c.firmware()}
	// Of a card without a part number nobody knows whether a key that is limited to
	// some may speak: that leaves the firmware open, and the rest to others.
	c.covering = slices.DeleteFunc(c.covering, func(m *manifest.Manifest) bool { return m.PartsOnly() && len(partsRead(d)) == 0 && active(m) })
	r.Runtime, r.Driver, r.Functions, r.Memory, r.Windows = c.runtime(), c.driver(), c.functions(), c.memory(), c.windows()
	return r
}

// covering are the manifests that speak of a device. Whoever may speak for some part
// numbers only speaks of no card whose ROM states another one; to revoke takes no
// scope.
func covering(d *inventory.Device, set manifest.Set) []*manifest.Manifest {
	var list []*manifest.Manifest
	parts := partsRead(d)
	for _, m := range set.All() {
		ours := len(parts) == 0 || slices.ContainsFunc(parts, m.ForPart) || !active(m)
		if ours && m.Covers(d.PCI.IDs(), inventory.Text(d.PCI.RevisionID)) {
			list = append(list, m)
		}
	}
	return list
}

func active(m *manifest.Manifest) bool { return m.Predicate().Status == manifest.Active }

// partsRead are the part numbers that the card's own ROMs state.
func partsRead(d *inventory.Device) []string {
	var list []string
	for i := range d.Firmware.ROMs {
		if part := inventory.Text(d.Firmware.ROMs[i].Part); part != "" {
			list = append(list, manifest.Printable(part))
		}
	}
	return list
}

// comparison is one device and the manifests that cover it, gravest role first.
type comparison struct {
	d        *inventory.Device
	covering []*manifest.Manifest
}

// with are the covering manifests of a status that state something of an aspect.
func (c *comparison) with(status string, states func(manifest.Predicate) bool) []*manifest.Manifest {
	return slices.DeleteFunc(slices.Clone(c.covering), func(m *manifest.Manifest) bool {
		p := m.Predicate()
		return p.Status != status || !states(p)
	})
}

// speaking are the active manifests of the gravest role that state something
// of an aspect.
func (c *comparison) speaking(states func(manifest.Predicate) bool) []*manifest.Manifest {
	active := c.with(manifest.Active, states)
	return slices.DeleteFunc(active, func(m *manifest.Manifest) bool { return m.Kind() != active[0].Kind() })
}

// notCovered is the verdict where no manifest speaks. A superseded one that
// would have is named: its issuer has another to give.
func (c *comparison) notCovered(what string, states func(manifest.Predicate) bool) facts.Verdict {
	v := facts.Verdict{State: facts.NotCovered, Reason: "no trusted manifest states the " + what + " of this device"}
	if old := c.with(manifest.Superseded, states); len(old) > 0 {
		v.Reason += fmt.Sprintf("; %s did, and its issuer has marked it superseded", old[0].Name())
	}
	return v
}

// unread is the verdict for a fact that a manifest covers and nobody could read.
func (c *comparison) unread(what, fact string, by []*manifest.Manifest) facts.Verdict {
	v := facts.Verdict{State: facts.Unknown, Reason: "the " + what + " could not be read", Vouchers: vouchers(by, "")}
	if g := c.gap(fact); g != nil {
		v.Reason += fmt.Sprintf(": %s (%s)", message.Word("reason.", string(g.Reason)).Text, g.Source)
	}
	return v
}

// gap is the first record that a fact, or a part of it, could not be read.
func (c *comparison) gap(fact string) *inventory.Gap {
	for i, g := range c.d.Gaps {
		if g.Fact == fact || strings.HasPrefix(g.Fact, fact+"/") {
			return &c.d.Gaps[i]
		}
	}
	return nil
}

func vouchers(ms []*manifest.Manifest, version string) []facts.Voucher {
	var list []facts.Voucher
	for _, m := range ms {
		list = append(list, facts.Voucher{Manifest: m.SHA256(), Name: m.Name(), Issuer: m.Issuer(), Kind: string(m.Kind()), Version: version,
			Issued: m.Predicate().Issued.UTC().Format(time.DateOnly), From: origins(m)})
	}
	return list
}

// origins names the first documents that a manifest was made from.
func origins(m *manifest.Manifest) string {
	const most = 4
	var list []string
	imported := m.Predicate().Imported
	for _, i := range imported[:min(len(imported), most)] {
		list = append(list, fmt.Sprintf("%s %s, signature %s", i.Format, i.File, i.Signature))
	}
	if more := len(imported) - most; more > 0 {
		list = append(list, fmt.Sprintf("and %d more", more))
	}
	return strings.Join(list, "; ")
}

func revoked(m *manifest.Manifest, what, fact, digest, version string) facts.Verdict {
	return facts.Verdict{State: facts.Mismatch, Vouchers: vouchers([]*manifest.Manifest{m}, version), Reason: fmt.Sprintf("%s %s has revoked this %s", m.Kind(), m.Issuer(), what),
		Differences: []facts.Difference{{Fact: fact, Expected: "not this " + what, Actual: digest}}}
}

// oneOf lists what was expected, shortened after three.
func oneOf(list []string) string {
	slices.Sort(list)
	list = slices.Compact(list)
	if len(list) > 3 {
		return strings.Join(list[:3], ", ") + fmt.Sprintf(" and %d more", len(list)-3)
	}
	return strings.Join(list, ", ")
}
