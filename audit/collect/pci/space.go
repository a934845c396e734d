package pci

import (
	"fmt"
	"io/fs"

	"github.com/gpuaudit/gpuaudit/audit/collect"
	"github.com/gpuaudit/gpuaudit/audit/inventory"
)

// config reads the configuration space. The kernel gives its first 64 bytes to
// everybody and the rest to openers with CAP_SYS_ADMIN, so a short read is a
// gap and never an empty list of capabilities.
func (r *reader) config() {
	b, err := collect.Read(r.fsys, r.dir+"config", extendedBytes)
	if err != nil {
		r.gap("/pci/config", "config", err)
		return
	}
	s := parseConfig(b)
	c := &inventory.Config{BytesRead: len(b), ATSEnabled: s.ats(), Resizable: s.resizable()}
	r.d.PCI.Config = c
	if info, err := fs.Stat(r.fsys, r.dir+"config"); err == nil {
		c.Size = new(int(min(info.Size(), extendedBytes)))
	}
	c.Capabilities, c.Extended = listed(s.standard, standardNames, 2, false), listed(s.extended, extendedNames, 4, true)
	for _, f := range s.faults {
		c.Faults = append(c.Faults, inventory.ConfigFault{Kind: f.kind, Offset: f.offset, Detail: f.detail})
	}
	r.shortConfig(s, c)
	if serial, ok := s.serial(); ok {
		r.d.Identity = append(r.d.Identity, inventory.IdentityClaim{Kind: "pci-dsn", Source: r.dir + "config", Value: serial})
	}
	r.compareHeader(s)
}

// shortConfig notes what a read that ended early, or that no device answered,
// leaves unknown.
func (r *reader) shortConfig(s *space, c *inventory.Config) {
	gap := func(fact string, reason inventory.Reason, detail string) {
		r.d.Gaps = append(r.d.Gaps, inventory.Gap{Fact: fact, Source: r.dir + "config", Reason: reason, Detail: detail})
	}
	switch {
	case c.BytesRead < headerBytes:
		gap("/pci/config", inventory.ReasonMalformed, fmt.Sprintf("%d bytes are less than a header", c.BytesRead))
	case s.silent():
		gap("/pci/config", inventory.ReasonIOError, "every byte is ff: the device does not answer, it may have fallen off the bus")
	case c.BytesRead < standardBytes:
		gap("/pci/config/capabilities", inventory.ReasonPermission, fmt.Sprintf("the kernel gave %d bytes: opening it with CAP_SYS_ADMIN gives the rest", c.BytesRead))
	case c.BytesRead < extendedBytes && c.Size != nil && *c.Size > c.BytesRead:
		gap("/pci/config/extended_capabilities", inventory.ReasonPermission, fmt.Sprintf("the kernel gave %d of %d bytes", c.BytesRead, *c.Size))
	}
}

// compareHeader compares the header with the attributes that the kernel read at
// boot: a device that has changed its ids since is not the device it was. A
// virtual function has no ids of its own in its header (SR-IOV 1.1, 3.4.1).
func (r *reader) compareHeader(s *space) {
	p := r.d.PCI
	if len(s.bytes) < headerBytes || s.silent() || p.SRIOV != nil && p.SRIOV.PhysicalFunction != nil {
		return
	}
	w := inventory.Witness{Name: "config-space"}
	check := func(fact string, ours *string, theirs string) {
		if ours != nil && *ours != theirs {
			w.Disagreements = append(w.Disagreements, inventory.Disagreement{Fact: fact, Ours: *ours, Theirs: theirs})
		}
	}
	check("/pci/vendor_id", p.VendorID, fmt.Sprintf("%04x", s.u16(0x00)))
	check("/pci/device_id", p.DeviceID, fmt.Sprintf("%04x", s.u16(0x02)))
	check("/pci/revision_id", p.RevisionID, fmt.Sprintf("%02x", s.bytes[0x08]))
	check("/pci/class_code", p.ClassCode, fmt.Sprintf("%02x%02x%02x", s.bytes[0x0b], s.bytes[0x0a], s.bytes[0x09]))
	if !s.bridge() { // a bridge's header has other fields there
		check("/pci/subsystem_vendor_id", p.SubsystemVendorID, fmt.Sprintf("%04x", s.u16(0x2c)))
		check("/pci/subsystem_device_id", p.SubsystemDeviceID, fmt.Sprintf("%04x", s.u16(0x2e)))
	}
	r.d.Witnesses = append(r.d.Witnesses, w)
}

func listed(caps []capability, names map[int]string, digits int, versioned bool) []inventory.Capability {
	var list []inventory.Capability
	for _, c := range caps {
		name := names[c.id]
		if name == "" {
			name = "unknown"
		}
		entry := inventory.Capability{ID: fmt.Sprintf("%0*x", digits, c.id), Name: name, Offset: c.offset}
		if versioned {
			entry.Version = new(c.version)
		}
		list = append(list, entry)
	}
	return list
}

// standardNames and extendedNames are from the PCI Code and ID Assignment
// Specification, revision 1.14, sections 2 and 3.
var standardNames = map[int]string{
	0x00: "Null", 0x01: "Power Management", 0x02: "AGP", 0x03: "Vital Product Data", 0x04: "Slot Identification",
	0x05: "MSI", 0x06: "CompactPCI Hot Swap", 0x07: "PCI-X", 0x08: "HyperTransport", 0x09: "Vendor Specific",
	0x0a: "Debug Port", 0x0b: "CompactPCI Resource Control", 0x0c: "Hot-Plug", 0x0d: "Bridge Subsystem Vendor ID",
	0x0e: "AGP 8x", 0x0f: "Secure Device", 0x10: "PCI Express", 0x11: "MSI-X", 0x12: "SATA Data/Index",
	0x13: "Advanced Features", 0x14: "Enhanced Allocation", 0x15: "Flattening Portal Bridge",
}

var extendedNames = map[int]string{
	0x0000: "Null", 0x0001: "Advanced Error Reporting", 0x0002: "Virtual Channel", 0x0003: "Device Serial Number",
	0x0004: "Power Budgeting", 0x0005: "Root Complex Link Declaration", 0x0006: "Root Complex Internal Link Control",
	0x0007: "Root Complex Event Collector Endpoint Association", 0x0008: "Multi-Function Virtual Channel",
	0x0009: "Virtual Channel (MFVC)", 0x000a: "RCRB Header", 0x000b: "Vendor-Specific Extended", 0x000c: "Configuration Access Correlation",
	0x000d: "Access Control Services", 0x000e: "Alternative Routing-ID Interpretation", 0x000f: "Address Translation Services",
	0x0010: "Single Root I/O Virtualization", 0x0011: "Multi-Root I/O Virtualization", 0x0012: "Multicast", 0x0013: "Page Request Interface",
	0x0015: "Resizable BAR", 0x0016: "Dynamic Power Allocation", 0x0017: "TPH Requester", 0x0018: "Latency Tolerance Reporting",
	0x0019: "Secondary PCI Express", 0x001a: "Protocol Multiplexing", 0x001b: "Process Address Space ID", 0x001c: "LN Requester",
	0x001d: "Downstream Port Containment", 0x001e: "L1 PM Substates", 0x001f: "Precision Time Measurement",
	0x0020: "PCI Express over M-PHY", 0x0021: "FRS Queueing", 0x0022: "Readiness Time Reporting", 0x0023: "Designated Vendor-Specific",
	0x0024: "VF Resizable BAR", 0x0025: "Data Link Feature", 0x0026: "Physical Layer 16.0 GT/s", 0x0027: "Lane Margining at the Receiver",
	0x0028: "Hierarchy ID", 0x0029: "Native PCIe Enclosure Management", 0x002a: "Physical Layer 32.0 GT/s", 0x002b: "Alternate Protocol",
	0x002c: "System Firmware Intermediary", 0x002d: "Shadow Functions", 0x002e: "Data Object Exchange", 0x002f: "Device 3",
	0x0030: "Integrity and Data Encryption", 0x0031: "Physical Layer 64.0 GT/s", 0x0032: "Flit Logging",
}
