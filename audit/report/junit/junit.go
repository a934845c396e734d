// Package junit writes reports as JUnit's XML, in the dialect that CIs read (Jenkins,
// GitLab): a suite for each card and for the host, a case for each check, and a suite
// for the verdict.
//
// A CI knows passed, failed, error and skipped. Failed is what failed and decides the
// verdict. What lacks its facts is skipped with the reason, or failed where the set asks
// for that; it never passed. What failed and decides nothing, was waived or is disabled
// is skipped with the reason, too. A verdict that could not be reached is an error.
//
// What a case says is in the language of the set. Names of suites and cases are the same in
// every one: a CI knows a case of the run before by them.
package junit

import (
	"encoding/xml"
	"io"
	"strings"
	"time"

	"github.com/gpuaudit/gpuaudit/audit/finding"
	"github.com/gpuaudit/gpuaudit/audit/message"
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
		e := encoder{s.UnknownFails, s.Language.Of}
		for _, one := range e.ofReport(r, report.Named{Name: r.Name, Report: r.In(s.Language)}) {
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

// encoder writes what cases say.
type encoder struct {
	unknownFails bool
	say          func(message.Said) string
}

// ofReport are the suites of a report, with the words of the same report in a language.
func (e *encoder) ofReport(r, words report.Named) []suite {
	of := report.Clean(r.Name)
	if of != "" {
		of += ": "
	}
	list := []suite{{Name: of + "verdict", Cases: e.verdict(words.Report, of)}}
	said := words.Owners() // in the same order
	for n, o := range r.Owners() {
		one := suite{Name: of + named(&o)}
		for i := range o.Findings {
			f := &o.Findings[i]
			c := testcase{Class: one.Name, Name: report.Clean(f.ID + " " + f.Title)}
			e.judge(&c, r.Report, &said[n].Findings[i])
			one.Cases = append(one.Cases, c)
		}
		if d := o.Device; d != nil && d.Role != "" { // no rule spoke of it
			one.Cases = append(one.Cases, testcase{Class: one.Name, Name: "listed", Skipped: &outcome{Message: e.say(message.Say("junit.listed", message.Params{"role": report.Clean(d.Role)}))}})
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
func (e *encoder) judge(c *testcase, r *report.Report, f *finding.Finding) {
	detail, severity := report.Clean(f.Detail), report.Clean(string(f.Severity))
	seen := func(why message.Said) string {
		return e.say(message.Say("junit.seen", message.Params{"why": why, "detail": detail}))
	}
	skip := func(id string, params message.Params) { c.Skipped = &outcome{Message: seen(message.Say(id, params))} }
	switch f.Status {
	case finding.Pass:
	case finding.Fail:
		if !r.Decides(f) {
			skip("junit.decides_nothing", message.Params{"severity": severity})
			return
		}
		c.Failure = &outcome{Message: detail, Type: severity, Text: help(f)}
	case finding.NotApplicable:
		skip("junit.not_applicable", nil)
	case finding.Waived:
		if w := f.Waiver; w != nil {
			skip("junit.by", message.Params{"approver": report.Clean(w.Approver), "until": w.Expires.UTC().Format(time.DateOnly), "reason": report.Clean(w.Reason)})
			return
		}
		skip("label.waived", nil)
	case finding.Disabled:
		if ch := f.Changed; ch != nil {
			skip("junit.disabled", message.Params{"pack": report.Clean(ch.Pack), "reason": report.Clean(ch.Reason)})
			return
		}
		skip("label.disabled", nil)
	default: // unknown, and anything a rule should not have said
		if e.unknownFails && r.Decides(f) {
			c.Failure = &outcome{Message: seen(message.Say("not_decided", nil)), Type: severity, Text: help(f)}
			return
		}
		skip("junit.not_decided", message.Params{"severity": severity})
	}
}

// help is what to do, and what to read.
func help(f *finding.Finding) string {
	return strings.TrimSpace(report.Clean(f.Remediation + " " + strings.Join(f.References, " ")))
}

// verdict are the cases of the audit as a whole: its verdict, and each problem.
func (e *encoder) verdict(r *report.Report, of string) []testcase {
	class := of + "verdict"
	c := testcase{Class: class, Name: "verdict"}
	why := &outcome{Message: report.Clean(e.say(message.Say("junit.verdict", message.Params{"status": string(r.Verdict.Status), "reasons": r.Verdict.Reasons}))), Type: report.Clean(string(r.Verdict.Status))}
	switch r.Verdict.Status {
	case report.Passed:
	case report.Failed:
		c.Failure = why
	case report.Undecided:
		if e.unknownFails {
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
		if what := report.Clean(e.say(message.Say("verdict.problem", message.Params{"input": p.Input, "cause": p.Cause}))); p.Decides() {
			c.Error = &outcome{Message: what, Type: report.Clean(string(p.Kind))}
		} else {
			c.Skipped = &outcome{Message: what}
		}
		list = append(list, c)
	}
	return list
}
