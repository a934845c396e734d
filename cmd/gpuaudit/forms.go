package main

import (
	"io"
	"slices"
	"strings"

	"github.com/gpuaudit/gpuaudit/audit/report"
	"github.com/gpuaudit/gpuaudit/audit/report/csv"
	"github.com/gpuaudit/gpuaudit/audit/report/cyclonedx"
	"github.com/gpuaudit/gpuaudit/audit/report/html"
	"github.com/gpuaudit/gpuaudit/audit/report/jsonl"
	"github.com/gpuaudit/gpuaudit/audit/report/junit"
	"github.com/gpuaudit/gpuaudit/audit/report/markdown"
	"github.com/gpuaudit/gpuaudit/audit/report/ocsf"
	"github.com/gpuaudit/gpuaudit/audit/report/oscal"
	"github.com/gpuaudit/gpuaudit/audit/report/prometheus"
	"github.com/gpuaudit/gpuaudit/audit/report/sarif"
)

// form is a format in which others take reports. It holds many reports in one document.
type form struct {
	name   string
	encode func(io.Writer, *report.Set) error
	// nothing is what the document is for a machine without a card.
	nothing string
}

// forms are all of them, in the order in which they are named; never written to.
var forms = [...]form{
	{"jsonl", jsonl.Encode, "it has the line of the report, and none of a device"},
	{"sarif", sarif.Encode, "it has no result, and closes the alerts of cards that were there"},
	{"junit", junit.Encode, "it has one test, which is skipped"},
	{"markdown", markdown.Encode, "it says so"},
	{"csv", csv.Encode, "it has the row of the verdict alone"},
	{"prometheus", prometheus.Encode, "its verdict is nothing-to-audit"},
	{"cyclonedx", cyclonedx.Encode, "its machine has no components"},
	{"html", html.Encode, "it says so"},
	{"ocsf", ocsf.Encode, "it has the event of the verdict alone"},
	{"oscal", oscal.Encode, "its result has no observation"},
}

func formNames() []string {
	names := make([]string, len(forms))
	for i := range forms {
		names[i] = forms[i].name
	}
	return names
}

func formNamed(name string) *form {
	if i := slices.IndexFunc(forms[:], func(f form) bool { return f.name == name }); i >= 0 {
		return &forms[i]
	}
	return nil
}

// orList joins names as a sentence does.
func orList(names []string) string {
	last := len(names) - 1
	return strings.Join(names[:last], ", ") + " or " + names[last]
}

// writeForm writes reports in a form of others, and says what it cannot say of them.
func (a *app) writeForm(w io.Writer, f *form, out *outputs, list []report.Named) error {
	if !slices.ContainsFunc(list, func(r report.Named) bool { return r.Judged() > 0 }) {
		a.remark("-o %s: no device was audited: %s", f.name, f.nothing)
	}
	return f.encode(w, &report.Set{Reports: list, UnknownFails: out.unknownFails, Language: out.language})
}
