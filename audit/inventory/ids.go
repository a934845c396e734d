package inventory

import "strings"

// IDs are the four ids that a function states of itself, "" where one was not read.
type IDs struct {
	Vendor, Device, SubsystemVendor, SubsystemDevice string
	// Revision is that of the device id, two digits.
	Revision string
}

// IDs are the ids of the function.
func (p *PCI) IDs() IDs {
	return IDs{Text(p.VendorID), Text(p.DeviceID), Text(p.SubsystemVendorID), Text(p.SubsystemDeviceID), Text(p.RevisionID)}
}

// Device is the device at an address, nil where there is none.
func (i *Inventory) Device(address string) *Device {
	if at := i.IndexOf(address); at >= 0 {
		return &i.Devices[at]
	}
	return nil
}

// IndexOf is the place of a device in the list, -1 where there is none.
func (i *Inventory) IndexOf(address string) int {
	for at := range i.Devices {
		if i.Devices[at].Address == address {
			return at
		}
	}
	return -1
}

// Text is a fact as text, "" where it was not read.
func Text(fact *string) string { return TextOr(fact, "") }

// TextOr is a fact as text, and what stands for it where it was not read.
func TextOr(fact *string, absent string) string {
	if fact == nil || *fact == "" {
		return absent
	}
	return *fact
}

// Fact is a text as a fact: nil for the empty string, which is none.
func Fact(text string) *string {
	if text == "" {
		return nil
	}
	return &text
}

// Redacted stands for a value that was taken out of a capture.
const Redacted = "redacted"

// Unique says that a stated id can tell devices apart: it is no placeholder, and
// was not taken out of the capture.
func Unique(value string) bool {
	v := strings.Trim(strings.ToLower(value), "0-: x.")
	return v != "" && v != "n/a" && v != "unknown" && value != Redacted && strings.Trim(v, "f-") != ""
}
