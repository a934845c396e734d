package html

import (
	"net/url"

	"github.com/gpuaudit/gpuaudit/audit/controls"
	"github.com/gpuaudit/gpuaudit/audit/finding"
	"github.com/gpuaudit/gpuaudit/audit/inventory"
	"github.com/gpuaudit/gpuaudit/audit/report"
)

// checks are findings: those that failed or are open each by themselves, the rest in a
// table.
type checks struct {
	Open        []check
	Rest        []check
	RestHeading string
}

// check is a finding with the evidence behind it.
type check struct {
	ID, Title, Word, Class, Severity, Detail, Altered, Do, Fingerprint string
	Decides                                                            bool
	Evidence, Missing                                                  []pointed
	Refs, Controls                                                     []reference
}

// pointed is a place in the report, and what stands there.
type pointed struct{ Pointer, Value string }

// reference is a source; URL is "" where it is none that a browser should open.
type reference struct{ Text, URL string }

func (c *cards) checks(findings []finding.Finding, gaps []inventory.Gap) checks {
	var v checks
	for i := range findings {
		f := &findings[i]
		if said := report.Said(f); said == finding.Pass || said == finding.NotApplicable {
			v.Rest = append(v.Rest, check{ID: clean(f.ID), Title: clean(f.Title), Word: c.words.or("result."+string(f.Status), string(f.Status)), Class: resultClass(f.Status), Detail: clean(f.Detail)})
			continue
		}
		v.Open = append(v.Open, c.check(f, gaps))
	}
	v.RestHeading = c.words.of("checks.rest", "n", len(v.Rest))
	return v
}

func (c *cards) check(f *finding.Finding, gaps []inventory.Gap) check {
	v := check{ID: clean(f.ID), Title: clean(f.Title), Word: c.words.or("result."+string(f.Status), string(f.Status)), Class: resultClass(f.Status),
		Severity: c.words.or("severity."+string(f.Severity), string(f.Severity)), Detail: clean(f.Detail), Altered: c.r.Altered(f), Do: clean(f.Remediation), Fingerprint: clean(f.Fingerprint),
		Decides: c.r.Decides(f)}
	for _, p := range f.Evidence {
		v.Evidence = append(v.Evidence, pointed{clean(p), c.values.at(p)})
	}
	for _, p := range f.Missing {
		v.Missing = append(v.Missing, pointed{clean(p), ""})
	}
	if f.Status == finding.Unknown {
		if gap := report.GapBehind(f, gaps); gap != nil {
			v.Missing = append(v.Missing, pointed{clean(gap.Source), c.words.or("reason."+string(gap.Reason), string(gap.Reason)) + detail(gap.Detail)})
		}
	}
	for _, ref := range f.References {
		v.Refs = append(v.Refs, referenceOf(ref))
	}
	for _, control := range controls.Of(f.ID) {
		v.Controls = append(v.Controls, reference{control.Name() + ": " + control.Title, control.Source})
	}
	return v
}

func detail(text string) string {
	if text = clean(text); text != "" {
		return ": " + text
	}
	return ""
}

// referenceOf links what is a plain address of a public page; anything else is text.
func referenceOf(text string) reference {
	ref := reference{Text: clean(text)}
	if u, err := url.Parse(text); err == nil && u.Scheme == "https" && u.Host != "" && u.User == nil && ref.Text == text {
		ref.URL = u.String()
	}
	return ref
}
