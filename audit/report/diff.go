package report

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/gpuaudit/gpuaudit/audit/finding"
	"github.com/gpuaudit/gpuaudit/audit/inventory"
)

// Change is one difference between two reports.
type Change struct {
	Owner string `json:"owner"` // PCI address, "host" or "verdict"
	What  string `json:"what"`
	Old   string `json:"old"` // "" for none
	New   string `json:"new"`
	// Title says what the rule of a finding looks at, Severity how grave it is; of an
	// answer, Title is its new reason in short.
	Title    string           `json:"title,omitempty"`
	Severity finding.Severity `json:"severity,omitempty"`
}

// Diff says what changed between two reports, by device and then by what.
func Diff(before, after *Report) []Change {
	d := differ{changes: []Change{}}
	for i := range before.Inventory.Devices {
		old := &before.Inventory.Devices[i]
		now := after.Inventory.Device(old.Address)
		if now == nil {
			d.add(old.Address, "device", before.Title(old.Address), "")
			continue
		}
		d.device(old, now)
		d.add(old.Address, "driver that ran", ranLine(before.Attestation, old.Address).Text, ranLine(after.Attestation, old.Address).Text)
		d.answers(before, after, old.Address)
		d.findings(before, after, old.Address)
	}
	for i := range after.Inventory.Devices {
		now := &after.Inventory.Devices[i]
		if before.Inventory.Device(now.Address) == nil {
			d.add(now.Address, "device", "", after.Title(now.Address))
		}
	}
	d.host(&before.Inventory.Host, &after.Inventory.Host)
	d.add("host", "attestation", attestationState(before), attestationState(after))
	d.findings(before, after, "host")
	d.add("verdict", "status", string(before.Verdict.Status), string(after.Verdict.Status))
	return d.changes
}

type differ struct{ changes []Change }

func (d *differ) add(owner, what, old, now string) {
	if old != now {
		d.changes = append(d.changes, Change{Owner: owner, What: what, Old: old, New: now})
	}
}

func (d *differ) device(old, now *inventory.Device) {
	at := now.Address
	d.add(at, "ids", ids(old), ids(now))
	d.add(at, "serial", claimed(old), claimed(now))
	d.add(at, "firmware", firmwareClaim(old).Text, firmwareClaim(now).Text)
	d.add(at, "firmware digest", romDigests(old), romDigests(now))
	d.add(at, "driver", driverClaim(old).Text, driverClaim(now).Text)
	d.add(at, "driver digest", moduleDigest(old), moduleDigest(now))
	d.add(at, "memory", memory(old), memory(now))
	d.add(at, "functions", functions(old), functions(now))
}

func (d *differ) host(old, now *inventory.Host) {
	d.add("host", "kernel", inventory.TextOr(old.Kernel.Release, ""), inventory.TextOr(now.Kernel.Release, ""))
	d.add("host", "machine", inventory.TextOr(old.DMI.ProductUUID, ""), inventory.TextOr(now.DMI.ProductUUID, ""))
	d.add("host", "secure boot", flag(old.Boot.SecureBoot), flag(now.Boot.SecureBoot))
	d.add("host", "IOMMU", flag(old.IOMMU.Enabled), flag(now.IOMMU.Enabled))
}

// answers lists the questions that are answered otherwise, where both reports answer
// them.
func (d *differ) answers(before, after *Report, address string) {
	at := func(r *Report) []Answer {
		i := r.result(address)
		if i < 0 {
			return nil
		}
		return r.Devices[i].Answers
	}
	old, now := at(before), at(after)
	if len(old) != len(now) {
		return
	}
	for i := range old {
		if old[i].Question == now[i].Question && (old[i].State != now[i].State || old[i].Word != now[i].Word) {
			d.changes = append(d.changes, Change{Owner: address, What: Clean(ask(old[i].Question).Text), Old: old[i].Word, New: now[i].Word,
				Title: cmp.Or(now[i].Short, now[i].Sentence)})
		}
	}
}

// findings lists the rules whose answer is another one.
func (d *differ) findings(before, after *Report, owner string) {
	of := map[string]finding.Finding{} // the newer, where both have one
	answers := func(r *Report) map[string]finding.Status {
		m := map[string]finding.Status{}
		for _, f := range r.Findings {
			if f.Device == owner {
				m[f.ID] = f.Status
				of[f.ID] = f
			}
		}
		return m
	}
	old, now := answers(before), answers(after)
	var names []string
	for id := range old {
		names = append(names, id)
	}
	for id := range now {
		if _, both := old[id]; !both {
			names = append(names, id)
		}
	}
	slices.Sort(names)
	for _, id := range names {
		if old[id] != now[id] {
			d.changes = append(d.changes, Change{Owner: owner, What: id, Old: string(old[id]), New: string(now[id]), Title: of[id].Title, Severity: of[id].Severity})
		}
	}
}

func ids(d *inventory.Device) string {
	p := d.PCI
	return fmt.Sprintf("%s:%s board %s:%s rev %s", inventory.TextOr(p.VendorID, "?"), inventory.TextOr(p.DeviceID, "?"), inventory.TextOr(p.SubsystemVendorID, "?"), inventory.TextOr(p.SubsystemDeviceID, "?"), inventory.TextOr(p.RevisionID, "?"))
}

func claimed(d *inventory.Device) string {
	var list []string
	for _, c := range d.Identity {
		list = append(list, c.Kind+" "+c.Value)
	}
	slices.Sort(list)
	return strings.Join(slices.Compact(list), ", ")
}

// romDigests are the stable digests where there are any: they are the same for
// every reading of one version.
func romDigests(d *inventory.Device) string {
	var list []string
	for _, r := range d.Firmware.ROMs {
		list = append(list, inventory.TextOr(r.StableSHA256, r.SHA256))
	}
	slices.Sort(list)
	return strings.Join(slices.Compact(list), ", ")
}

func moduleDigest(d *inventory.Device) string {
	if d.Driver == nil || d.Driver.Module == nil || d.Driver.Module.File == nil {
		return ""
	}
	return d.Driver.Module.File.ContentSHA256
}

func memory(d *inventory.Device) string {
	var list []string
	for _, m := range d.Memory {
		list = append(list, fmt.Sprintf("%d MiB", m.Bytes>>20))
	}
	slices.Sort(list)
	return strings.Join(slices.Compact(list), ", ")
}

func functions(d *inventory.Device) string {
	var list []string
	for _, f := range slices.Concat(d.Functions, d.Siblings) {
		list = append(list, fmt.Sprintf("%s %s:%s", f.Address, inventory.TextOr(f.VendorID, "?"), inventory.TextOr(f.DeviceID, "?")))
	}
	slices.Sort(list)
	return strings.Join(list, ", ")
}

func flag(b *bool) string {
	switch {
	case b == nil:
		return "unknown"
	case *b:
		return "on"
	}
	return "off"
}
