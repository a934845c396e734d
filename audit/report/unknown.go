package report

import (
	"fmt"
	"slices"
	"strings"

	"github.com/gpuaudit/gpuaudit/audit/finding"
	"github.com/gpuaudit/gpuaudit/audit/inventory"
)

// cause is one source that could not be read, and the checks that it leaves
// undecided. A reader wants to know what to make readable, not to read one
// sentence for each check.
type cause struct {
	gap    *inventory.Gap // nil: no gap explains it
	ids    []string
	worst  finding.Severity
	detail string
	// findings are those that it leaves undecided.
	findings []finding.Finding
}

// causes groups unknown findings by the gap behind them, the gravest first.
func causes(unknown []finding.Finding, gaps []inventory.Gap) []cause {
	var list []cause
	for _, f := range unknown {
		gap := explain(f, gaps)
		i := slices.IndexFunc(list, func(c cause) bool {
			if gap == nil || c.gap == nil {
				return gap == c.gap && c.detail == f.Detail
			}
			return c.gap.Source == gap.Source && c.gap.Reason == gap.Reason
		})
		if i < 0 {
			list = append(list, cause{gap: gap, detail: f.Detail, worst: f.Severity})
			i = len(list) - 1
		}
		list[i].ids = append(list[i].ids, f.ID)
		list[i].findings = append(list[i].findings, f)
		if f.Severity.Rank() > list[i].worst.Rank() {
			list[i].worst = f.Severity
		}
	}
	slices.SortStableFunc(list, func(a, b cause) int { return b.worst.Rank() - a.worst.Rank() })
	for i := range list {
		slices.Sort(list[i].ids)
	}
	return list
}

// explain finds the gap behind a finding's missing facts: of the fact itself,
// of a part of it, or of the whole it belongs to.
func explain(f finding.Finding, gaps []inventory.Gap) *inventory.Gap {
	for _, pointer := range f.Missing {
		fact := factOf(pointer)
		for i := range gaps {
			if within(fact, gaps[i].Fact) || within(gaps[i].Fact, fact) {
				return &gaps[i]
			}
		}
	}
	return nil
}

// within says that a JSON pointer is another one or lies below it.
func within(pointer, of string) bool {
	return pointer == of || strings.HasPrefix(pointer, of+"/")
}

// unknowns lists what could not be decided, by cause, and returns what would
// help.
func (t *table) unknowns(unknown []finding.Finding, d *inventory.Device, gaps []inventory.Gap, byRoot *bool) (next []string) {
	if len(unknown) == 0 {
		return nil
	}
	label := t.paint("unknown", finding.Unknown)
	t.row(label, plural(len(unknown), "check lacks its facts", "checks lack their facts")+":")
	help := func(s string) {
		if !slices.Contains(next, s) {
			next = append(next, s)
		}
	}
	for _, c := range causes(unknown, gaps) {
		text := c.detail
		if c.gap != nil {
			text = fmt.Sprintf("%s: %s", c.gap.Source, reasonText[c.gap.Reason])
			help(reasonHelp(c.gap, byRoot))
		}
		t.item("", c.worst, text)
		t.item("", "", "undecided: "+strings.Join(c.ids, ", "))
	}
	help(askDriver(unknown, d))
	return slices.DeleteFunc(next, func(s string) bool { return s == "" })
}

// askDriver says who can tell what no bus shows: the size of the memory, and what
// the card counts.
func askDriver(unknown []finding.Finding, d *inventory.Device) string {
	if d == nil || d.PCI.VendorID == nil {
		return ""
	}
	lacks := func(facts ...string) bool {
		return slices.ContainsFunc(unknown, func(f finding.Finding) bool {
			return slices.ContainsFunc(f.Missing, func(pointer string) bool {
				return slices.ContainsFunc(facts, func(fact string) bool { return within(factOf(pointer), fact) })
			})
		})
	}
	var what []string
	if len(d.Memory) == 0 && lacks("/memory") {
		what = append(what, "the size of the memory")
	}
	if lacks("/health/memory", "/health/recovery", "/health/inforom") {
		what = append(what, "what the card counted")
	}
	if len(what) == 0 {
		return ""
	}
	tells := "'s driver tells " + strings.Join(what, " and ") + "."
	switch *d.PCI.VendorID {
	case "10de":
		for _, g := range d.Gaps {
			if g.Source == "nvml" {
				return "Mend what kept gpuaudit-nvml from answering, and scan again: " + g.Detail + ". Only NVIDIA" + tells
			}
		}
		return "Install gpuaudit-nvml beside gpuaudit, and scan again: only NVIDIA" + tells + " (It has to be loaded, and --no-nvml left out.) Or run nvidia-smi -q -x > smi.xml and scan with --witness smi.xml."
	case "1002":
		return "Scan with amdgpu bound, or give amd-smi static --json (or rocm-smi -a --json) with --witness: only AMD" + tells
	case "1d94":
		return "Give hy-smi -a --json with --witness: only Hygon" + tells
	}
	return ""
}

// reasonText says in words why a source was not read.
var reasonText = map[inventory.Reason]string{
	inventory.ReasonPermission: "was refused", inventory.ReasonNotSupported: "not offered here",
	inventory.ReasonIOError: "reading it failed", inventory.ReasonNotPresent: "does not exist here",
	inventory.ReasonMalformed: "cannot be understood", inventory.ReasonNotRequested: "was not asked for",
	inventory.ReasonLimit: "is larger than the limit", inventory.ReasonTimeout: "did not answer in time",
	inventory.ReasonUnconfirmed: "may be of another card", inventory.ReasonRedacted: "was taken out by redaction",
}

// reasonHelp says what may help. Who was root already is not told to become it.
func reasonHelp(g *inventory.Gap, byRoot *bool) string {
	switch g.Reason {
	case inventory.ReasonPermission:
		switch {
		case byRoot == nil:
			return "If it was not root who read this machine, let root do it: sudo gpuaudit scan --read-rom. Some sources answer to nobody else (gpuaudit doctor lists them)."
		case *byRoot:
			return "Some sources were refused to root, too: scan outside of containers, and see what a security module or the kernel's lockdown forbids (gpuaudit doctor lists them)."
		}
		return "Scan as root: sudo gpuaudit scan --read-rom. Some sources answer to nobody else (gpuaudit doctor lists them)."
	case inventory.ReasonNotRequested:
		if strings.HasSuffix(g.Source, "/rom") {
			return "Scan with --read-rom to read the card's firmware."
		}
		return "Make a new capture with this version of gpuaudit: the old one lacks sources that are read now."
	case inventory.ReasonIOError:
		if strings.HasSuffix(g.Source, "/rom") {
			return "The ROM of a boot display cannot be read on UEFI machines: put the card into another slot or machine as second display, or give a dump with --rom."
		}
		return "Where reading failed, the kernel's log says why; of a capture that is cut short, make a new one."
	case inventory.ReasonNotPresent:
		if strings.HasSuffix(g.Source, "/rom") {
			return "Give a dump of the card's firmware with --rom ADDRESS=FILE: it shows none here."
		}
		return "Load the maker's driver, and scan the machine itself or a new capture of it: what is not there was not captured, or comes with the driver."
	case inventory.ReasonRedacted:
		return "This capture was made with --redact: scan the machine itself, or a capture of it made without."
	case inventory.ReasonUnconfirmed:
		return "Record again on this machine, with its ids and numbers left in, and scan soon after."
	default:
		return ""
	}
}
