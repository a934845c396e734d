package report

import (
	"cmp"
	"fmt"
	"io"
	"slices"
	"time"

	"github.com/gpuaudit/gpuaudit/audit/facts"
	"github.com/gpuaudit/gpuaudit/audit/lazyregexp"
)

// Unlike says why two reports may differ though the machine is the same.
func Unlike(before, after *Report) []string {
	var list []string
	same := func(x, y facts.DataSet) bool { return x.Name == y.Name && x.SHA256 == y.SHA256 }
	program := func(t *Tool) Tool { return Tool{Name: t.Name, Version: t.Version, SHA256: t.SHA256} }
	if program(&before.Tool) != program(&after.Tool) || !slices.EqualFunc(before.DataSets, after.DataSets, same) {
		list = append(list, "the two reports were made with different programs, rules or data: a rule may answer otherwise for that reason alone, and \"none\" is a rule that one of them did not have")
	}
	if after.Now.Before(before.Now) {
		list = append(list, fmt.Sprintf("OLD is of %s, later than NEW of %s", before.Now.Format(time.RFC3339), after.Now.Format(time.RFC3339)))
	}
	return list
}

// Changes writes what changed for a person, a line each. in says words in the language of
// that person.
func Changes(w io.Writer, changes []Change, in func(english string) string) error {
	if len(changes) == 0 {
		_, err := fmt.Fprintln(w, in("nothing changed"))
		return err
	}
	for _, c := range changes {
		line := fmt.Sprintf("%-13s %-16s %s -> %s", in(c.Owner), in(c.What), in(cmp.Or(shortDigests(c.Old), "none")), in(cmp.Or(shortDigests(c.New), "none")))
		switch {
		case c.Severity != "":
			line += fmt.Sprintf("  %s (%s)", c.Title, in(string(c.Severity)))
		case c.Title != "":
			line += "  " + c.Title
		}
		if _, err := fmt.Fprintln(w, Clean(line)); err != nil {
			return err
		}
	}
	return nil
}

// shortDigests leaves of each digest its beginning: the whole ones are in -o json.
func shortDigests(s string) string {
	return digests.ReplaceAllString(s, "$1…")
}

var digests = lazyregexp.New(`\b([0-9a-f]{16})[0-9a-f]{48,}\b`)
