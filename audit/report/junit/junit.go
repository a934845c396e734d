// Package junit writes reports as JUnit's XML, in the dialect that CIs read (Jenkins,
// GitLab): a suite for each card and for the host, a case for each check, and a suite
// for the verdict.
//
// A CI knows passed, failed, error and skipped. Failed is what failed and decides the
// verdict. What lacks its facts is skipped with the reason, or failed where the set asks
// for that; it never passed. What failed and decides nothing, was waived or is disabled
// is skipped with the reason, too. A verdict that could not be reached is an error.
package junit

import (
	"encoding/xml"
	"io"
	"strings"
	"time"

	"github.com/gpuaudit/gpuaudit/audit/finding"
	"github.com/gpuaudit/gpuaudit/audit/report"
)

type suites struct {
	XMLName  xml.Name `xml:"testsuites"`
	Name     string   `xml:"name,attr"`
	Tests    int      `xml:"tests,attr"`
	Failures int      `xml:"failures,attr"`
	Errors   int      `xml:"errors,attr"`
	Skipped  int      `xml:"skipped,attr"`
	Suites   []suite  `xml:"testsuite"`
}

type suite struct {
	Name      string     `xml:"name,attr"`
	Tests     int        `xml:"tests,attr"`
	Failures  int        `xml:"failures,attr"`
	Errors    int        `xml:"errors,attr"`
	Skipped   int        `xml:"skipped,attr"`
	Timestamp string     `xml:"timestamp,attr"`
	Cases     []testcase `xml:"testcase"`
}

type testcase struct {
	Class   string   `xml:"classname,attr"`
	Name    string   `xml:"name,attr"`
	Failure *outcome `xml:"failure"`
	Error   *outcome `xml:"error"`
	Skipped *outcome `xml:"skipped"`
}

type outcome struct {
	Message string `xml:"message,attr"`
	Type    string `xml:"type,attr,omitempty"`
	Text    string `xml:",chardata"`
}

// Encode writes the suites of all reports of a set. A report without devices has the
// suite of its verdict, whose case is skipped: nothing was audited.
func Encode(w io.Writer, s *report.Set) error {
	all := suites{Name: "gpuaudit"}
	for _, r := range s.Reports {
		for _, one := range ofReport(r, s.UnknownFails) {
			all.Tests += one.Tests
			all.Failures += one.Failures
			all.Errors += one.Errors
			all.Skipped += one.Skipped
			all.Suites = append(all.Suites, one)
		}
	}
	if _, err := io.WriteString(w, xml.Header); err != nil {
		return err
	}
	e := xml.NewEncoder(w)
	e.Indent("", "  ")
	if err := e.Encode(all); err != nil {
		return err
	}
	_, err := io.WriteString(w, "\n")
	return err
}

func ofReport(r report.Named, unknownFails bool) []suite {
	of := report.Clean(r.Name)
	if of != "" {
		of += ": "
	}
	list := []suite{{Name: of + "verdict", Cases: verdict(r.Report, of, unknownFails)}}
	for _, o := range r.Owners() {
		one := suite{Name: of + named(&o)}
		for i := range o.Findings {
			f := &o.Findings[i]
			c := testcase{Class: one.Name, Name: report.Clean(f.ID + " " + f.Title)}
			c.judge(r.Report, f, unknownFails)
			one.Cases = append(one.Cases, c)
		}
		if d := o.Device; d != nil && d.Role != "" { // no rule spoke of it
			one.Cases = append(one.Cases, testcase{Class: one.Name, Name: "listed", Skipped: &outcome{Message: "listed as " + report.Clean(d.Role) + " and not judged"}})
		}
		list = append(list, one)
	}
	for i := range list {
		list[i].count()
		// Without a zone, as the dialect has it: UTC.
		list[i].Timestamp = r.Now.UTC().Format("2006-01-02T15:04:05")
	}
	return list
}

func named(o *report.Owner) string {
	if address := report.Clean(o.Address); address != o.Title {
		return address + " " + o.Title
	}
	return o.Title
}

func (s *suite) count() {
	s.Tests = len(s.Cases)
	for _, c := range s.Cases {
		switch {
		case c.Failure != nil:
			s.Failures++
		case c.Error != nil:
			s.Errors++
		case c.Skipped != nil:
			s.Skipped++
		}
	}
}

// judge says what a finding comes to.
func (c *testcase) judge(r *report.Report, f *finding.Finding, unknownFails bool) {
	detail, severity := report.Clean(f.Detail), report.Clean(string(f.Severity))
	skip := func(why string) { c.Skipped = &outcome{Message: why + ": " + detail} }
	switch f.Status {
	case finding.Pass:
	case finding.Fail:
		if !r.Decides(f) {
			skip("failed at severity " + severity + ", which decides nothing here")
			return
		}
		c.Failure = &outcome{Message: detail, Type: severity, Text: help(f)}
	case finding.NotApplicable:
		skip("does not apply")
	case finding.Waived:
		why := "waived"
		if w := f.Waiver; w != nil {
			why += " by " + report.Clean(w.Approver) + " until " + w.Expires.UTC().Format(time.DateOnly) + ", because " + report.Clean(w.Reason)
		}
		skip(why)
	case finding.Disabled:
		why := "disabled"
		if ch := f.Changed; ch != nil {
			why += " by the pack " + report.Clean(ch.Pack) + ", because " + report.Clean(ch.Reason)
		}
		skip(why)
	default: // unknown, and anything a rule should not have said
		if unknownFails && r.Decides(f) {
			c.Failure = &outcome{Message: "not decided: " + detail, Type: severity, Text: help(f)}
			return
		}
		skip("not decided, severity " + severity)
	}
}

// help is what to do, and what to read.
func help(f *finding.Finding) string {
	return strings.TrimSpace(report.Clean(f.Remediation + " " + strings.Join(f.References, " ")))
}

// verdict are the cases of the audit as a whole: its verdict, and each problem.
func verdict(r *report.Report, of string, unknownFails bool) []testcase {
	class := of + "verdict"
	c := testcase{Class: class, Name: "verdict"}
	why := &outcome{Message: report.Clean(string(r.Verdict.Status) + ": " + strings.Join(r.Verdict.Reasons, "; ")), Type: report.Clean(string(r.Verdict.Status))}
	switch r.Verdict.Status {
	case report.Passed:
	case report.Failed:
		c.Failure = why
	case report.Undecided:
		if unknownFails {
			c.Failure = why
			break
		}
		c.Skipped = &outcome{Message: why.Message}
	case report.NothingToAudit:
		c.Skipped = &outcome{Message: why.Message}
	default: // incomplete, and a word that no version writes
		c.Error = why
	}
	list := []testcase{c}
	for _, p := range r.Problems {
		c := testcase{Class: class, Name: report.Clean("problem: " + p.Input)}
		if what := report.Clean(p.Input + ": " + p.Cause); p.Decides() {
			c.Error = &outcome{Message: what, Type: report.Clean(string(p.Kind))}
		} else {
			c.Skipped = &outcome{Message: what}
		}
		list = append(list, c)
	}
	return list
}
