// Package forms names every format in which others take reports, so that a program offers
// all of them by one list.
package forms

import (
	"io"
	"slices"

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

// Form is a format in which others take reports. It holds many reports in one document.
type Form struct {
	Name   string
	Encode func(io.Writer, *report.Set) error
	// Nothing is what the document is for a machine without a card.
	Nothing string
}

// forms are all of them, in the order in which they are named; never written to.
var forms = [...]Form{
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

// Names are the names of all forms, in their order.
func Names() []string {
	names := make([]string, len(forms))
	for i := range forms {
		names[i] = forms[i].Name
	}
	return names
}

// Named is the form of a name; nil where there is none.
func Named(name string) *Form {
	if i := slices.IndexFunc(forms[:], func(f Form) bool { return f.Name == name }); i >= 0 {
		return &forms[i]
	}
	return nil
}

// Languages are those of the forms that people read.
func Languages() []string { return html.Languages() }
