package report

import (
	"github.com/gpuaudit/gpuaudit/audit/finding"
	"github.com/gpuaudit/gpuaudit/audit/inventory"
	"github.com/gpuaudit/gpuaudit/audit/message"
)

// Set is the reports that one document of another format is made of, in their order.
// The packages below this one encode it, each as one format.
type Set struct {
	Reports []Named
	// Language is the one that what people read is in (a page, a summary, what cases of a test
	// say), English where it is nil; the formats of programs do not change with it.
	Language *message.Language
	// UnknownFails asks formats that know passed, failed and skipped alone to call what
	// lacks its facts and would decide failed; they call it skipped otherwise, with the
	// reason.
	UnknownFails bool
}

// Named is a report and the name of what it was read from; "" for that of a scan.
type Named struct {
	Name string
	*Report
}

// Owner is a device or the host, with what was found of it.
type Owner struct {
	// Address is the PCI address, or "host".
	Address string
	// Title names it for a person, cleaned for a terminal.
	Title string
	// Device is nil for the host, and where a stored report names a device in findings alone.
	Device   *Device
	Findings []finding.Finding
}

// Owners are the devices of a report in their order, the host, and whatever else a
// stored report names in findings: none of them is left out. Findings are in the order
// of [Sorted]. The host is there where something was found of it.
func (r *Report) Owners() []Owner {
	of := byOwner(r.Findings)
	list := make([]Owner, 0, len(r.Devices)+1)
	add := func(address, title string, d *Device) {
		list = append(list, Owner{Address: address, Title: title, Device: d, Findings: Sorted(of[address])})
		delete(of, address)
	}
	for i := range r.Devices {
		d := &r.Devices[i]
		facts := r.Inventory.Device(d.Address)
		if facts == nil {
			facts = &inventory.Device{Address: d.Address}
		}
		add(d.Address, Clean(r.title(facts, d)), d)
	}
	if _, spoken := of["host"]; spoken {
		add("host", "host", nil)
	}
	for i := range r.Findings {
		if address := r.Findings[i].Device; len(of[address]) > 0 {
			add(address, Clean(address), nil)
		}
	}
	return list
}

// Judged is how many devices were judged; others are listed alone.
func (r *Report) Judged() int { return r.judged() }

// States are the verdicts that a report can have.
func States() []Status { return []Status{Passed, Failed, Undecided, Incomplete, NothingToAudit} }
