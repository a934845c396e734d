// Package csv writes reports as a table for spreadsheets: RFC 4180, in UTF-8, with one
// row for each check, for each problem and for the verdict of each report.
package csv

import (
	"encoding/csv"
	"io"
	"strconv"
	"strings"
	"time"

	"github.com/gpuaudit/gpuaudit/audit/controls"
	"github.com/gpuaudit/gpuaudit/audit/finding"
	"github.com/gpuaudit/gpuaudit/audit/report"
)

// columns are the names in the first row. A new one goes to the end.
var columns = []string{"report", "row", "device", "name", "rule", "title", "category", "question", "severity", "status", "decides",
	"detail", "remediation", "references", "waived_by", "waived_until", "now", "fingerprint", "controls"}

// Encode writes the rows of all reports of a set. The verdict is the first row of each
// report, so that a report without devices is not an empty table, and its reasons are
// the detail.
func Encode(w io.Writer, s *report.Set) error {
	out := csv.NewWriter(w)
	out.UseCRLF = true
	if err := out.Write(columns); err != nil {
		return err
	}
	for _, r := range s.Reports {
		if err := encode(out, r); err != nil {
			return err
		}
	}
	out.Flush()
	return out.Error()
}

func encode(out *csv.Writer, r report.Named) error {
	put := func(cells map[string]string) error {
		cells["report"], cells["now"] = r.Name, r.Now.Format(time.RFC3339)
		row := make([]string, len(columns))
		for i, name := range columns {
			row[i] = cell(cells[name])
		}
		return out.Write(row)
	}
	err := put(map[string]string{"row": "verdict", "status": string(r.Verdict.Status), "detail": strings.Join(r.Verdict.Reasons, "; "),
		"title": "exit code " + strconv.Itoa(r.Verdict.ExitCode)})
	if err != nil {
		return err
	}
	for _, p := range r.Problems {
		if err := put(map[string]string{"row": "problem", "title": p.Input, "category": string(p.Kind), "detail": p.Cause, "decides": yes(p.Decides())}); err != nil {
			return err
		}
	}
	for _, o := range r.Owners() {
		if d := o.Device; d != nil {
			if err := put(map[string]string{"row": "device", "device": o.Address, "name": o.Title, "status": string(d.Status), "detail": answers(d)}); err != nil {
				return err
			}
		}
		for i := range o.Findings {
			if err := put(check(r.Report, &o, &o.Findings[i])); err != nil {
				return err
			}
		}
	}
	return nil
}

// answers are those to the five questions, in a word each.
func answers(d *report.Device) string {
	list := make([]string, len(d.Answers))
	for i, a := range d.Answers {
		list[i] = string(a.Question) + ": " + a.Word
	}
	return strings.Join(list, "; ")
}

func check(r *report.Report, o *report.Owner, f *finding.Finding) map[string]string {
	cells := map[string]string{"row": "check", "device": o.Address, "name": o.Title, "rule": f.ID, "title": f.Title, "category": string(f.Category),
		"question": string(f.Question), "severity": string(f.Severity), "status": string(f.Status), "detail": f.Detail, "remediation": f.Remediation,
		"references": strings.Join(f.References, " "), "fingerprint": f.Fingerprint, "controls": named(f.ID),
		"decides": yes(r.Decides(f))}
	if w := f.Waiver; f.Status == finding.Waived && w != nil {
		cells["waived_by"], cells["waived_until"] = w.Approver, w.Expires.Format(time.RFC3339)
	}
	return cells
}

// named are the controls that a rule has evidence for.
func named(rule string) string {
	list := controls.Of(rule)
	names := make([]string, len(list))
	for i := range list {
		names[i] = list[i].Name()
	}
	return strings.Join(names, "; ")
}

func yes(b bool) string {
	if b {
		return "yes"
	}
	return "no"
}

// cell makes a text one that a spreadsheet shows and does not run: what begins as a
// formula gets an apostrophe before it (OWASP, CSV injection).
func cell(s string) string {
	s = report.Clean(s)
	if t := strings.TrimLeft(s, " "); t != "" && strings.ContainsRune("=+-@|%\uFF1D\uFF0B\uFF0D\uFF20", []rune(t)[0]) {
		return "'" + s
	}
	return s
}
