package main

import (
	"io"
	"strconv"

	"github.com/spf13/pflag"

	"github.com/gpuaudit/gpuaudit/audit"
	"github.com/gpuaudit/gpuaudit/audit/country"
	"github.com/gpuaudit/gpuaudit/audit/report"
)

// screenFlags are how much of a report is shown to a person.
type screenFlags struct {
	details, all bool
	explain      []string
	// verdict leaves the verdict alone.
	verdict bool
}

func (f *screenFlags) register(flags *pflag.FlagSet) {
	flags.BoolVar(&f.details, "details", false, "show every check that failed or could not be decided, by card")
	flags.BoolVar(&f.all, "all", false, "show checks that passed or do not apply, too")
	flags.StringSliceVar(&f.explain, "explain", nil, "show what the rule with this id saw, what it lacks and what to do (repeatable)")
}

// table writes a report for a person; screen says that it goes to standard output.
func (a *app) table(w io.Writer, r *report.Report, out *outputs, screen bool) error {
	f := out.screen
	opts := report.TableOptions{Details: f.details, All: f.all, Language: out.language, About: audit.About(out.language)}
	if screen {
		opts.Colour = a.Terminal && a.Getenv("NO_COLOR") == "" && a.Getenv("TERM") != "dumb"
		opts.Width = a.columns()
		_, opts.Locale = country.Locale(a.Getenv)
	}
	if len(f.explain) > 0 {
		return report.Explain(w, r, opts, f.explain)
	}
	if f.verdict && screen && !f.details && !f.all {
		return report.VerdictLine(w, r, opts)
	}
	return report.Table(w, r, opts)
}

// columns is the width of the terminal: COLUMNS, or what the terminal says. It is 0
// where there is none, so that what goes to a file or a pipe has one form.
func (a *app) columns() int {
	if n, err := strconv.Atoi(a.Getenv("COLUMNS")); err == nil && n > 0 {
		return n
	}
	return a.Width
}
