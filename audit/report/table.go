package report

import (
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/gpuaudit/gpuaudit/audit/finding"
	"github.com/gpuaudit/gpuaudit/audit/inventory"
)

// TableOptions are how the table is drawn; they change no content.
type TableOptions struct {
	Colour bool
	// All lists checks that passed or do not apply, too.
	All bool
}

// Table writes the report for a person: a block for each card with what it
// claims, what was verified, what failed, what is unknown and what to do next,
// then the host, then the verdict. Texts that come from devices are cleaned of
// control characters, so that a card cannot write to the terminal.
func Table(w io.Writer, r *Report, opts TableOptions) error {
	t := &table{r: r, opts: opts}
	for i := range r.Devices {
		t.device(&r.Devices[i])
	}
	if len(r.Devices) > 0 {
		t.host()
	}
	t.problems()
	t.verdict()
	_, err := io.WriteString(w, t.b.String())
	return err
}

type table struct {
	b    strings.Builder
	r    *Report
	opts TableOptions
}

func (t *table) device(d *Device) {
	inv := t.inventory(d.Address)
	fmt.Fprintf(&t.b, "%s  %s  %s\n", t.bold(d.Address), t.bold(Clean(title(inv, d))), t.status(d.Status))
	t.row("claims", claims(inv))
	t.row("verified", verified(d))
	t.findings(d.Address)
	t.b.WriteByte('\n')
}

func (t *table) host() {
	fmt.Fprintf(&t.b, "%s  %s\n", t.bold("host"), Clean(hostLine(&t.r.Inventory.Host)))
	t.findings("host")
	t.b.WriteByte('\n')
}

// findings lists failures and unknowns, the gravest first, then counts the
// rest, then says what to do.
func (t *table) findings(owner string) {
	var passed, notApplicable int
	var next []string
	for _, f := range Sorted(t.r.Findings) {
		if f.Device != owner {
			continue
		}
		switch f.Status {
		case finding.Pass:
			passed++
		case finding.NotApplicable:
			notApplicable++
		}
		if quiet := f.Status == finding.Pass || f.Status == finding.NotApplicable; quiet && !t.opts.All {
			continue
		}
		t.finding(f)
		if acts := f.Status == finding.Fail || f.Status == finding.Unknown; acts && f.Remediation != "" && !slices.Contains(next, f.Remediation) {
			next = append(next, f.Remediation)
		}
	}
	t.row("passed", fmt.Sprintf("%s; %d not applicable", plural(passed, "check", "checks"), notApplicable))
	for i, n := range next {
		label := ""
		if i == 0 {
			label = "next"
		}
		t.row(label, fmt.Sprintf("%d. %s", i+1, n))
	}
}

func (t *table) finding(f finding.Finding) {
	label := map[finding.Status]string{finding.Fail: "failed", finding.Unknown: "unknown", finding.Waived: "waived",
		finding.Pass: "passed", finding.NotApplicable: "n/a"}[f.Status]
	if label == "" {
		label = string(f.Status)
	}
	head := fmt.Sprintf("%-8s  %s  %s", f.Severity, f.ID, f.Title)
	t.row(t.paint(label, f.Status), head)
	if f.Detail != "" {
		t.row("", strings.Repeat(" ", 10)+f.Detail)
	}
}

func (t *table) problems() {
	for _, p := range t.r.Problems {
		fmt.Fprintf(&t.b, "problem  %s: %s\n", Clean(p.Input), Clean(p.Cause))
	}
	if len(t.r.Problems) > 0 {
		t.b.WriteByte('\n')
	}
}

func (t *table) verdict() {
	v := t.r.Verdict
	name := t.status(v.Status)
	if v.Status == NothingToAudit {
		name = "nothing to audit"
	}
	fmt.Fprintf(&t.b, "verdict  %s (exit code %d)\n", name, v.ExitCode)
	for _, reason := range v.Reasons {
		t.row("", Clean(reason))
	}
	if len(t.r.Devices) > 0 {
		t.row("", fmt.Sprintf("%s: %d failed, %d unknown, %d passed, %d waived, %d not applicable",
			plural(len(t.r.Devices), "device", "devices"), v.Counts.Fail, v.Counts.Unknown, v.Counts.Pass, v.Counts.Waived, v.Counts.NotApplicable))
	}
	t.row("", "judged at "+t.r.Now.Format("2006-01-02 15:04:05Z07:00")+" by "+Clean(t.r.Tool.Name+" "+t.r.Tool.Version)+"; "+ages(t.r))
}

// row writes a label and a text that is wrapped under itself.
func (t *table) row(label, text string) {
	lead := len(text) - len(strings.TrimLeft(text, " "))
	for i, line := range wrap(Clean(text[lead:]), 88-lead) {
		if i > 0 {
			label = ""
		}
		fmt.Fprintf(&t.b, "  %s%s  %s%s\n", label, strings.Repeat(" ", max(0, 8-visible(label))), strings.Repeat(" ", lead), line)
	}
}

// wrap breaks a text at spaces into lines of at most width runes, longer only
// where a single word is.
func wrap(text string, width int) []string {
	var lines []string
	line, length := "", 0
	for word := range strings.FieldsSeq(text) {
		n := len([]rune(word))
		switch {
		case length == 0:
			line, length = word, n
		case length+1+n <= width:
			line, length = line+" "+word, length+1+n
		default:
			lines = append(lines, line)
			line, length = word, n
		}
	}
	return append(lines, line)
}

func (t *table) inventory(address string) *inventory.Device {
	for i := range t.r.Inventory.Devices {
		if t.r.Inventory.Devices[i].Address == address {
			return &t.r.Inventory.Devices[i]
		}
	}
	return &inventory.Device{Address: address}
}

// Sorted orders findings by device, gravest failures first, then unknowns.
func Sorted(findings []finding.Finding) []finding.Finding {
	sorted := slices.Clone(findings)
	slices.SortStableFunc(sorted, func(a, b finding.Finding) int {
		if c := order(a.Status) - order(b.Status); c != 0 {
			return c
		}
		if c := b.Severity.Rank() - a.Severity.Rank(); c != 0 {
			return c
		}
		return strings.Compare(a.ID, b.ID)
	})
	return sorted
}

func order(s finding.Status) int {
	return slices.Index([]finding.Status{finding.Fail, finding.Unknown, finding.Waived, finding.Pass, finding.NotApplicable}, s)
}
