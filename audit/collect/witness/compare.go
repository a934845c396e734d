package witness

import (
	"context"
	"fmt"
	"strconv"
	"strings"

	"github.com/gpuaudit/gpuaudit/audit/collect"
	"github.com/gpuaudit/gpuaudit/audit/inventory"
)

// Collector holds every device against the statements. It reads nothing of the
// machine, and has to run behind the collectors whose facts it compares.
func Collector(statements []*Statement) collect.Collector {
	return collect.Collector{Name: "witness", Device: func(_ context.Context, _ *collect.Env, d *inventory.Device) error {
		spoke := false
		for _, s := range statements {
			spoke = s.hold(d) || spoke
		}
		if !spoke {
			return collect.ErrSkipped
		}
		return nil
	}}
}

// hold notes what the statement says of a device. It says false where the
// program would not have known of it.
func (s *Statement) hold(d *inventory.Device) bool {
	w := inventory.Witness{Name: s.Name}
	theirs := s.find(d.Address)
	switch {
	case theirs != nil:
		w.Disagreements = Differences(d, theirs, s.Driver)
		theirs.tell(d, s.File)
	case s.Name == nvidiaSMI && (d.Driver == nil || d.Driver.Name != "nvidia"):
		return false
	case s.Complete:
		w.Disagreements = []inventory.Disagreement{{Fact: "/address", Ours: d.Address, Theirs: "not listed"}}
	default:
		d.Gaps = append(d.Gaps, inventory.Gap{Fact: "/witnesses/" + s.Name, Source: s.File, Reason: inventory.ReasonNotPresent,
			Detail: "the recording lists only some devices, and not this one"})
		return true
	}
	d.Witnesses = append(d.Witnesses, w)
	return true
}

// comparison collects disagreements; what one side does not state is none.
type comparison []inventory.Disagreement

func (c *comparison) check(fact string, ours *string, theirs string) {
	switch {
	case ours == nil || *ours == "" || theirs == "" || strings.EqualFold(*ours, theirs):
	case *ours == redacted || theirs == redacted:
	default:
		*c = append(*c, inventory.Disagreement{Fact: fact, Ours: *ours, Theirs: theirs})
	}
}

// redacted is what a redacted capture has in place of a serial number.
const redacted = "redacted"

// Differences are the facts on which a device's own reading and a witness differ.
// driver is the version of NVIDIA's driver that the witness states, or "".
func Differences(d *inventory.Device, theirs *Device, driver string) []inventory.Disagreement {
	var c comparison
	c.check("/pci/vendor_id", d.PCI.VendorID, theirs.Vendor)
	c.check("/pci/device_id", d.PCI.DeviceID, theirs.Model)
	c.check("/pci/subsystem_vendor_id", d.PCI.SubsystemVendorID, theirs.Subvendor)
	c.check("/pci/subsystem_device_id", d.PCI.SubsystemDeviceID, theirs.Subsystem)
	c.check("/pci/revision_id", d.PCI.RevisionID, theirs.Revision)
	c.class(d.PCI.ClassCode, theirs.Class)
	c.driver(d, theirs.DriverName, driver)
	c.firmware(d, theirs.VBIOS)
	c.memory(d, theirs.MemoryMiB)
	for i, claim := range d.Identity {
		said := map[string]string{"serial": theirs.Serial, "gpu-uuid": theirs.UUID}[claim.Kind]
		c.check(fmt.Sprintf("/identity/%d/value", i), &claim.Value, said)
	}
	return c
}

// class compares as many digits as the witness states: lspci leaves a
// programming interface of zero out.
func (c *comparison) class(ours *string, theirs string) {
	if ours != nil && len(*ours) > len(theirs) && strings.HasPrefix(strings.ToLower(*ours), theirs) {
		return
	}
	c.check("/pci/class_code", ours, theirs)
}

// driver compares the driver's name, and its version with what the running
// driver says and with the loaded module's.
func (c *comparison) driver(d *inventory.Device, name, version string) {
	if d.Driver == nil {
		return
	}
	c.check("/driver/name", &d.Driver.Name, name)
	for i := range d.Driver.Claims {
		c.check(fmt.Sprintf("/driver/claims/%d/version", i), &d.Driver.Claims[i].Version, version)
	}
	if m := d.Driver.Module; m != nil {
		c.check("/driver/module/version", m.Version, version)
	}
}

// firmware compares the VBIOS version with those that drivers state and with
// those that the ROM bytes hold.
func (c *comparison) firmware(d *inventory.Device, vbios string) {
	for i := range d.Firmware.Versions {
		c.check(fmt.Sprintf("/firmware/versions/%d/version", i), &d.Firmware.Versions[i].Version, vbios)
	}
	for i := range d.Firmware.ROMs {
		c.check(fmt.Sprintf("/firmware/roms/%d/version", i), d.Firmware.ROMs[i].Version, vbios)
	}
}

// memory compares sizes to the MiB, which is what nvidia-smi rounds to.
func (c *comparison) memory(d *inventory.Device, mib uint64) {
	for i, claim := range d.Memory {
		if mib != 0 && (claim.Bytes>>20 > mib+1 || claim.Bytes>>20+1 < mib) {
			*c = append(*c, inventory.Disagreement{
				Fact: fmt.Sprintf("/memory/%d/bytes", i), Ours: strconv.FormatUint(claim.Bytes, 10), Theirs: strconv.FormatUint(mib<<20, 10),
			})
		}
	}
}
