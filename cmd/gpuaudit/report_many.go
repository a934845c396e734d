package main

import (
	"fmt"
	"io"
	"path/filepath"

	"github.com/gpuaudit/gpuaudit/audit/fleet"
	"github.com/gpuaudit/gpuaudit/audit/report"
	"github.com/gpuaudit/gpuaudit/audit/report/forms"
	"github.com/gpuaudit/gpuaudit/audit/report/signed"
	"github.com/gpuaudit/gpuaudit/audit/stored"
)

// verifyReports verifies each report, and more of it by again. What one lacks says
// nothing about the others; of one alone, the error is that of the verb.
func (a *app) verifyReports(names []string, p *signed.Policy, asJSON bool, again func(*signed.Verified) error, capture string) error {
	stage, done := a.progress()
	defer done()
	count := counting(stage, "verified", len(names))
	worst := 0
	for i, name := range names {
		count(i + 1)
		read, err := stored.Report(name, p)
		if err == nil {
			err = again(read.Verified)
		}
		switch {
		case err != nil && len(names) == 1 && !asJSON:
			return err
		case err != nil:
			worst = fleet.Worse(worst, exitCode(err))
		}
		switch {
		case asJSON:
			var v *signed.Verified
			if read != nil {
				v = read.Verified
			}
			err = report.EncodeJSON(a.Stdout, lineOfVerified(name, v, err), "")
		case err != nil:
			a.mark("FAILED", "%s", report.Clean(oneLine(err)))
			continue
		default:
			a.printVerified(read.Verified, filepath.Base(name), capture)
		}
		if err != nil {
			return err
		}
	}
	if worst != 0 {
		return answered(worst)
	}
	return nil
}

func lineOfVerified(name string, v *signed.Verified, err error) *signed.Line {
	if err != nil {
		return &signed.Line{Input: name, ExitCode: exitCode(err), Error: oneLine(err)}
	}
	return v.Line(name)
}

// showReports writes stored reports: one as it is, of several each with its name, or in
// JSON on a line.
func (a *app) showReports(w io.Writer, o output, names []string, list []*signed.Stored, out *outputs) error {
	if form := forms.Named(o.format); form != nil {
		set := make([]report.Named, len(list))
		for i, r := range list {
			set[i] = report.Named{Report: r.Report}
			if len(list) > 1 {
				set[i].Name = names[i]
			}
		}
		return a.writeForm(w, form, out, set)
	}
	for i, r := range list {
		var err error
		switch {
		case o.format == "json" && len(list) == 1:
			err = report.Indent(w, r.Text)
		case o.format == "json":
			err = report.Compact(w, r.Text)
		default:
			if len(list) > 1 {
				sep := map[bool]string{false: "\n"}[i == 0]
				if _, err := fmt.Fprintf(w, "%s%s:\n", sep, report.Clean(names[i])); err != nil {
					return err
				}
			}
			err = a.table(w, r.Report, out, o.file == "-")
		}
		if err != nil {
			return err
		}
	}
	return nil
}
