package fleet

import (
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/gpuaudit/gpuaudit/audit/message"
	"github.com/gpuaudit/gpuaudit/audit/report"
)

// Table is what is said of many inputs to a person: a line for each that passes,
// and below others what decides, by card.
type Table struct {
	w      io.Writer
	counts map[report.Status]int
	// statuses are those that were met, in their order.
	statuses []report.Status
}

// NewTable begins one.
func NewTable(w io.Writer) *Table { return &Table{w: w, counts: map[report.Status]int{}} }

// Add writes what is said of an input.
func (t *Table) Add(l *Line) error {
	if t.counts[l.Status]++; t.counts[l.Status] == 1 {
		t.statuses = append(t.statuses, l.Status)
	}
	text := fmt.Sprintf("%s  %s (exit code %d)", l.Input, message.Word("status.", string(l.Status)).Text, l.ExitCode)
	if len(l.Reasons) > 0 {
		text += ": " + strings.Join(l.Reasons, "; ")
	}
	lines := []string{text}
	owner := func(heading string, rules Rules) {
		for _, kind := range [...]struct {
			word string
			ids  []string
		}{{"failed", rules.Failed}, {"not known", rules.Unknown}} {
			if len(kind.ids) > 0 {
				lines = append(lines, fmt.Sprintf("  %s  %s: %s", heading, kind.word, titled(kind.ids, l.Titles)))
			}
		}
	}
	for _, d := range l.Devices {
		owner(d.Address+" "+d.Name, d.Rules)
	}
	owner("host", l.Host)
	for _, line := range lines {
		if _, err := fmt.Fprintln(t.w, report.Clean(line)); err != nil {
			return err
		}
	}
	return nil
}

// titled names the first checks with what they look at, and counts the others.
func titled(ids []string, titles map[string]string) string {
	const most = 3
	var list []string
	for _, id := range slices.Compact(slices.Clone(ids)) {
		list = append(list, strings.TrimSpace(id+" "+titles[id]))
	}
	if n := len(list) - most; n > 0 {
		return strings.Join(list[:most], "; ") + fmt.Sprintf("; and %d more", n)
	}
	return strings.Join(list, "; ")
}

// End counts the inputs, where there are several.
func (t *Table) End() error {
	n := 0
	var parts []string
	for _, s := range t.statuses {
		n += t.counts[s]
		parts = append(parts, fmt.Sprintf("%d %s", t.counts[s], message.Word("status.", string(s)).Text))
	}
	if n < 2 {
		return nil
	}
	_, err := fmt.Fprintf(t.w, "%d inputs: %s\n", n, strings.Join(parts, ", "))
	return err
}
