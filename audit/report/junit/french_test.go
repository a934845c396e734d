package junit_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/gpuaudit/gpuaudit/audit/finding"
	"github.com/gpuaudit/gpuaudit/audit/message"
	"github.com/gpuaudit/gpuaudit/audit/report/reporttest"
	"github.com/gpuaudit/gpuaudit/rules"
)

// TestFrench: what cases say is in the language of the set, and how they are called and what
// they come to is the same, so that a CI knows them again.
func TestFrench(t *testing.T) {
	french, err := message.Translation("fr", rules.Translation("fr"))
	if err != nil {
		t.Fatal(err)
	}
	r := reporttest.Stored(t, "10-texts")
	if !slices.ContainsFunc(r.Findings, func(f finding.Finding) bool { return f.Status == finding.Unknown }) {
		t.Fatal("the report decided everything: take another one")
	}
	english, before := encode(t, reporttest.Of(r))
	set := reporttest.Of(r)
	set.Language = french
	got, after := encode(t, set)
	if len(before) != len(after) || totals(before) != totals(after) {
		t.Fatalf("%+v, %+v", totals(before), totals(after))
	}
	for i := range before {
		if before[i].Name != after[i].Name || len(before[i].Tests) != len(after[i].Tests) {
			t.Errorf("suite %q became %q", before[i].Name, after[i].Name)
		}
		for j := range before[i].Tests {
			b, a := before[i].Tests[j], after[i].Tests[j]
			if b.Name != a.Name || b.Classname != a.Classname || b.Status != a.Status {
				t.Errorf("%q (%s) became %q (%s)", b.Name, b.Status, a.Name, a.Status)
			}
		}
	}
	for _, want := range []string{"indécis, gravité ", "sans objet\u00a0: "} {
		if !strings.Contains(string(got), want) {
			t.Errorf("%q is not in\n%s", want, got)
		}
	}
	for _, left := range []string{"not decided", "does not apply"} {
		if strings.Contains(string(got), left) || !strings.Contains(string(english), left) {
			t.Errorf("%q is left, or not in the English either", left)
		}
	}
}
