package report

import (
	"github.com/gpuaudit/gpuaudit/audit/finding"
	"github.com/gpuaudit/gpuaudit/audit/inventory"
	"github.com/gpuaudit/gpuaudit/audit/message"
)

// Group is devices that are alike: one model, one board, and the same answers.
type Group struct {
	// Title names them for a person, cleaned for a terminal.
	Title   string
	Devices []*Device
}

// Groups sorts the devices that were judged as the screen shows them: the worst first,
// those that are alike together.
func (r *Report) Groups() []Group {
	t := &table{r: r, devices: byAddress(&r.Inventory)}
	var list []Group
	for _, g := range t.groups() {
		list = append(list, Group{Title: g.title, Devices: g.devices})
	}
	return list
}

// Acts are what would decide or mend the most answers, the first of them the most.
func (r *Report) Acts() []string {
	t := &table{r: r, devices: byAddress(&r.Inventory)}
	var list []string
	for _, a := range t.acts(t.groups()) {
		list = append(list, Clean(a.text))
	}
	return list
}

// Said is what the rule behind a finding said itself, before a pack or a waiver.
func Said(f *finding.Finding) finding.Status { return said(f) }

// HostLine names the machine for a person.
func (r *Report) HostLine() string { return Clean(r.say(hostLine(&r.Inventory.Host))) }

// Claims is what a device says of itself, of which nothing is verified.
func (r *Report) Claims(address string) string {
	if d := r.Inventory.Device(address); d != nil {
		return Clean(r.say(claims(d)))
	}
	return ""
}

// Altered says in a sentence what a pack or a waiver made of a finding; "" for nothing.
func Altered(f *finding.Finding) string { return Clean(altered(f).Text) }

// Altered is [Altered] in the language of the report.
func (r *Report) Altered(f *finding.Finding) string { return Clean(r.say(altered(f))) }

func altered(f *finding.Finding) message.Said {
	if w := f.Waiver; w != nil && f.Status == finding.Waived {
		return waivedBy(w)
	}
	return changed(f)
}

// GapBehind is the gap that explains why a finding could not be decided, of those of its
// owner; nil where none does.
func GapBehind(f *finding.Finding, gaps []inventory.Gap) *inventory.Gap { return explain(*f, gaps) }
