package facts

import (
	"slices"
	"strings"

	"github.com/gpuaudit/gpuaudit/audit/inventory"
)

// unnamed is what [Facts.Model] puts in the place of a name.
const unnamed = "-"

// unitSwitches are words of a kernel command line that name a disk, an image or
// an address of one machine. No built-in rule looks at them.
var unitSwitches = []string{"root", "resume", "BOOT_IMAGE", "initrd", "ip", "rd.luks.uuid", "rd.lvm.lv", "hostname", "systemd.machine_id"}

// Model returns the facts without what tells one unit from the next: serial
// numbers and unique ids of card and machine, the digest of the event log, and
// the disk that the kernel was told to start from. Two units with equal models
// differ in nothing that a built-in rule asks for. The names are replaced, not
// removed: that a card states a serial number remains a fact.
func (f *Facts) Model() any {
	m := *f
	m.Host.DMI.ProductSerial, m.Host.DMI.ProductUUID = hide(f.Host.DMI.ProductSerial), hide(f.Host.DMI.ProductUUID)
	if f.Host.EventLog != nil {
		m.Host.EventLog = &inventory.FileDigest{Path: f.Host.EventLog.Path}
	}
	m.Host.Kernel.Switches = slices.Clone(f.Host.Kernel.Switches)
	for i, s := range m.Host.Kernel.Switches {
		if slices.Contains(unitSwitches, s.Name) {
			m.Host.Kernel.Switches[i].Value = hide(s.Value)
		}
	}
	if f.Device != nil {
		d := *f.Device
		d.Identity = slices.Clone(f.Device.Identity)
		for i := range d.Identity {
			d.Identity[i].Value = unnamed
		}
		m.Device = &d
	}
	return &m
}

func hide(s *string) *string {
	if s == nil {
		return nil
	}
	return new(unnamed)
}

// Identity names the device, or the host, over audits: ids and what it states
// as its serial numbers, not the bus address, which changes with the slot. Two
// like cards that state no serial number have one identity.
func (f *Facts) Identity() string {
	if f.Device == nil {
		d := f.Host.DMI
		return "host:" + inventory.Text(d.SystemVendor) + ":" + inventory.Text(d.ProductName) + ":" + inventory.Text(d.ProductUUID)
	}
	ids := f.Device.PCI.IDs()
	id := []string{ids.Vendor, ids.Device, ids.SubsystemVendor, ids.SubsystemDevice}
	var serials []string
	for _, c := range f.Device.Identity {
		if c.Kind == inventory.AttestationKey {
			continue // known only where the card was asked to prove itself
		}
		serials = append(serials, c.Kind+"="+c.Value)
	}
	slices.Sort(serials)
	return strings.Join(append(id, slices.Compact(serials)...), ":")
}
