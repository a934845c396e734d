package report

import (
	"path"
	"slices"
	"strings"

	"github.com/gpuaudit/gpuaudit/audit/finding"
	"github.com/gpuaudit/gpuaudit/audit/inventory"
	"github.com/gpuaudit/gpuaudit/audit/message"
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
	t.row(t.paint(t.label("unknown"), finding.Unknown), t.say(message.Count(len(unknown), "table.lacking", nil)))
	help := func(s string) {
		if !slices.Contains(next, s) {
			next = append(next, s)
		}
	}
	for _, c := range causes(unknown, gaps) {
		text := c.detail
		if c.gap != nil {
			text = t.say(message.Say("table.gap", message.Params{"source": c.gap.Source, "reason": message.Word("reason.", string(c.gap.Reason))}))
			help(t.say(reasonHelp(c.gap, byRoot)))
		}
		t.item("", c.worst, text)
		t.item("", "", t.say(message.Say("table.undecided", message.Params{"ids": c.ids})))
	}
	help(t.say(askDriver(unknown, d)))
	return slices.DeleteFunc(next, func(s string) bool { return s == "" })
}

// askDriver says who can tell what no bus shows: the size of the memory, and what
// the card counts.
func askDriver(unknown []finding.Finding, d *inventory.Device) message.Said {
	if d == nil || d.PCI.VendorID == nil {
		return message.Said{}
	}
	lacks := func(facts ...string) bool {
		return slices.ContainsFunc(unknown, func(f finding.Finding) bool {
			return slices.ContainsFunc(f.Missing, func(pointer string) bool {
				return slices.ContainsFunc(facts, func(fact string) bool { return within(factOf(pointer), fact) })
			})
		})
	}
	var what []message.Said
	if len(d.Memory) == 0 && lacks("/memory") {
		what = append(what, message.Say("driver.memory", nil))
	}
	if lacks("/health/memory", "/health/recovery", "/health/inforom") {
		what = append(what, message.Say("driver.counts", nil))
	}
	if len(what) == 0 {
		return message.Said{}
	}
	tells := message.Params{"what": what}
	switch *d.PCI.VendorID {
	case "10de":
		for _, g := range d.Gaps {
			if g.Source == "nvml" {
				return message.Say("driver.mend_nvml", message.Params{"why": g.Detail, "what": what})
			}
		}
		return message.Say("driver.nvidia", tells)
	case "1002":
		return message.Say("driver.amd", tells)
	case "1d94":
		return message.Say("driver.hygon", tells)
	}
	return message.Said{}
}

// everywhere are files that the kernel has of each PCI device, whatever its driver.
var everywhere = []string{"config", "resource", "vendor", "device", "class", "subsystem_vendor", "subsystem_device", "revision"}

// reasonHelp says what may help. Who was root already is not told to become it.
func reasonHelp(g *inventory.Gap, byRoot *bool) message.Said {
	switch g.Reason {
	case inventory.ReasonPermission:
		switch {
		case byRoot == nil:
			return message.Say("help.root_maybe", nil)
		case *byRoot:
			return message.Say("help.root_refused", nil)
		}
		return message.Say("help.root", nil)
	case inventory.ReasonNotRequested:
		if strings.HasSuffix(g.Source, "/rom") {
			return message.Say("help.read_rom", nil)
		}
		return message.Say("help.new_capture", nil)
	case inventory.ReasonIOError:
		if strings.HasSuffix(g.Source, "/rom") {
			return message.Say("help.boot_display", nil)
		}
		return message.Say("help.failed", nil)
	case inventory.ReasonNotPresent:
		switch {
		case strings.HasSuffix(g.Source, "/rom"):
			return message.Say("help.dump", nil)
		case strings.HasPrefix(g.Source, "sys/bus/pci/devices/") && slices.Contains(everywhere, path.Base(g.Source)):
			return message.Say("help.missing", nil)
		}
		return message.Say("help.load_driver", nil)
	case inventory.ReasonRedacted:
		return message.Say("help.redacted", nil)
	case inventory.ReasonUnconfirmed:
		return message.Say("help.again", nil)
	default:
		return message.Said{}
	}
}
