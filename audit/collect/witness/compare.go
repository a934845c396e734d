package witness

import (
	"context"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/gpuaudit/gpuaudit/audit/collect"
	"github.com/gpuaudit/gpuaudit/audit/inventory"
)

// Collector compares every device with the statements. It reads nothing of the
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
	w := inventory.Witness{Name: s.Name, Notes: slices.Clone(s.Notes)}
	theirs := s.find(d.Address)
	switch {
	case theirs != nil:
		w.Disagreements = Differences(d, theirs, s.Driver)
		s.judge(d, theirs, &w)
	case !s.knows(d):
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

// judge takes what is stated of a device for facts of it, or says why not.
func (s *Statement) judge(d *inventory.Device, theirs *Device, w *inventory.Witness) {
	if theirs.Mentioned { // which is no second reading
		d.Gaps = append(d.Gaps, inventory.Gap{Fact: "/witnesses/" + s.Name, Source: s.File, Reason: inventory.ReasonNotPresent,
			Detail: "only a warning names this device"})
	}
	doubt := s.doubt(d, theirs)
	switch {
	case doubt == "":
		s.tell(d, theirs)
	case theirs.MemoryMiB > 0 || theirs.Product != "" || theirs.VBIOS != "" || len(theirs.Counts)+len(theirs.Unread) > 0:
		w.Notes = append(w.Notes, "taken for no fact of this card: "+doubt)
		s.withhold(d, theirs, doubt)
	}
}

// doubt says why what a recording states of the device at an address is no fact
// of the device that is there now, "" where it is. The address alone is not
// enough: every machine has a 0000:01:00.0. It takes ids that are equal, or a
// number of the very card, or its version of the VBIOS, and nothing that speaks
// against it.
func (s *Statement) doubt(d *inventory.Device, theirs *Device) string {
	if theirs.Mentioned {
		return s.doubtMention(d)
	}
	var c comparison
	c.ids(d, theirs)
	same := c.numbers(d, theirs)
	if len(c) > 0 {
		return "it is of another card: " + c[0].Fact + " is " + c[0].Ours + " here, and " + clip(c[0].Theirs) + " there"
	}
	vendor := theirs.Vendor
	if list := makers[s.Name]; vendor == "" && d.PCI.VendorID != nil && slices.Contains(list, *d.PCI.VendorID) {
		vendor = *d.PCI.VendorID
	}
	if same || equal(d.PCI.VendorID, vendor) && equal(d.PCI.DeviceID, theirs.Model) || runs(d, theirs.VBIOS) {
		return ""
	}
	return "nothing in it but the address shows that it is of this card: it states no id that was read here, too"
}

// doubtMention: a warning has an address and no more. It comes from NVIDIA's
// driver, of a card that the driver is to run.
func (s *Statement) doubtMention(d *inventory.Device) string {
	switch {
	case d.PCI.VendorID == nil || *d.PCI.VendorID != "10de":
		return "a warning of NVIDIA's driver names its address, and it is no card of NVIDIA"
	case d.Driver != nil && d.Driver.Name != "nvidia":
		return "a warning of NVIDIA's driver names its address, and another driver runs it"
	case s.Driver != "" && d.Driver != nil && slices.ContainsFunc(d.Driver.Claims, func(c inventory.DriverClaim) bool { return c.Version != s.Driver }):
		return "a warning of NVIDIA's driver names its address, and the driver has another version now"
	}
	return ""
}

func equal(ours *string, theirs string) bool {
	return ours != nil && theirs != "" && strings.EqualFold(*ours, theirs)
}

// runs says that a VBIOS version is one that was read here.
func runs(d *inventory.Device, vbios string) bool {
	if vbios == "" || strings.Trim(vbios, "0xX?.-") == "" {
		return false
	}
	for i := range d.Firmware.Versions {
		if strings.EqualFold(d.Firmware.Versions[i].Version, vbios) {
			return true
		}
	}
	for i := range d.Firmware.ROMs {
		if equal(d.Firmware.ROMs[i].Version, vbios) || equal(d.Firmware.ROMs[i].Part, vbios) {
			return true
		}
	}
	return false
}

// withhold says which facts the recording would have stated, where no other
// source states them.
func (s *Statement) withhold(d *inventory.Device, theirs *Device, why string) {
	gap := func(fact string) {
		d.Gaps = append(d.Gaps, inventory.Gap{Fact: fact, Source: s.File, Reason: inventory.ReasonUnconfirmed, Detail: why})
	}
	if theirs.MemoryMiB > 0 && len(d.Memory) == 0 {
		gap("/memory")
	}
	counted := slices.ContainsFunc(d.Health, func(h inventory.HealthClaim) bool { return h.Kind == inventory.MemoryUncorrected })
	if len(theirs.Counts)+len(theirs.Unread) > 0 && !counted {
		gap("/health")
	}
}

// tell puts with the device what its driver alone can tell.
func (s *Statement) tell(d *inventory.Device, theirs *Device) {
	theirs.tellHealth(d, s.Name, s.File)
	if theirs.MemoryMiB > 0 {
		d.Memory = append(d.Memory, inventory.MemoryClaim{Source: s.Name, Bytes: theirs.MemoryMiB << 20})
	}
	if theirs.Product != "" {
		d.ProductNames = append(d.ProductNames, inventory.NameClaim{Source: s.Name, Value: theirs.Product})
	}
	// A version that differs from what was read here is a disagreement: the
	// recording may be older than the firmware.
	var c comparison
	c.firmware(d, theirs.VBIOS)
	if theirs.VBIOS != "" && len(c) == 0 {
		d.Firmware.Versions = append(d.Firmware.Versions, inventory.VersionClaim{Source: s.Name, Version: theirs.VBIOS})
	}
	s.tellDriver(d)
}

// tellDriver adds the driver's version where nothing here states one, to a copy:
// another collector's facts are not ours to write.
func (s *Statement) tellDriver(d *inventory.Device) {
	if s.Driver == "" || d.Driver == nil || d.Driver.Name != "nvidia" || len(d.Driver.Claims) > 0 || d.Driver.Module != nil && d.Driver.Module.Version != nil {
		return
	}
	drv := *d.Driver
	drv.Claims = []inventory.DriverClaim{{Source: s.Name, Version: s.Driver}}
	d.Driver = &drv
}

// comparison collects disagreements; what one side does not state is none.
type comparison []inventory.Disagreement

func (c *comparison) check(fact string, ours *string, theirs string) {
	switch {
	case ours == nil || *ours == "" || theirs == "" || strings.EqualFold(*ours, theirs):
	case hidden(*ours) || hidden(theirs):
	default:
		*c = append(*c, inventory.Disagreement{Fact: fact, Ours: *ours, Theirs: theirs})
	}
}

// Differences are the facts on which a device's own reading and a witness differ.
// driver is the version of NVIDIA's driver that the witness states, or "".
func Differences(d *inventory.Device, theirs *Device, driver string) []inventory.Disagreement {
	var c comparison
	c.ids(d, theirs)
	c.check("/pci/revision_id", d.PCI.RevisionID, theirs.Revision)
	c.class(d.PCI.ClassCode, theirs.Class)
	c.driver(d, theirs.DriverName, driver)
	c.firmware(d, theirs.VBIOS)
	c.memory(d, theirs.MemoryMiB)
	c.numbers(d, theirs)
	return c
}

// ids compares what says which model it is.
func (c *comparison) ids(d *inventory.Device, theirs *Device) {
	c.check("/pci/vendor_id", d.PCI.VendorID, theirs.Vendor)
	c.check("/pci/device_id", d.PCI.DeviceID, theirs.Model)
	c.check("/pci/subsystem_vendor_id", d.PCI.SubsystemVendorID, theirs.Subvendor)
	c.check("/pci/subsystem_device_id", d.PCI.SubsystemDeviceID, theirs.Subsystem)
}

// numbers compares what says which card it is, and says whether one of them is
// equal. Zeros are what people write over a number.
func (c *comparison) numbers(d *inventory.Device, theirs *Device) (same bool) {
	for i, claim := range d.Identity {
		ours, said := claim.Value, map[string]string{"serial": theirs.Serial, "gpu-uuid": theirs.UUID, "unique-id": theirs.UniqueID}[claim.Kind]
		if claim.Kind == "unique-id" {
			ours = strings.TrimLeft(strings.TrimPrefix(strings.ToLower(ours), "0x"), "0")
		}
		if strings.Trim(said, "0-GPU") == "" || strings.Trim(ours, "0-GPU") == "" {
			continue
		}
		c.check(fmt.Sprintf("/identity/%d/value", i), &ours, said)
		same = same || strings.EqualFold(ours, said) && !hidden(said)
	}
	return same
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
// those that the ROM bytes hold: AMD's drivers state the part number, which such
// ROMs have beside the version.
func (c *comparison) firmware(d *inventory.Device, vbios string) {
	for i := range d.Firmware.Versions {
		c.check(fmt.Sprintf("/firmware/versions/%d/version", i), &d.Firmware.Versions[i].Version, vbios)
	}
	for i := range d.Firmware.ROMs {
		if !equal(d.Firmware.ROMs[i].Part, vbios) {
			c.check(fmt.Sprintf("/firmware/roms/%d/version", i), d.Firmware.ROMs[i].Version, vbios)
		}
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
