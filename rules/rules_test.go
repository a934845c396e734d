package rules_test

import (
	"context"
	"io/fs"
	"path"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/gpuaudit/gpuaudit/policy"
	"github.com/gpuaudit/gpuaudit/rules"
)

func source() policy.Source { return policy.Source{FS: rules.FS(), Schema: rules.Schema()} }

// TestRego runs every rule's own tests, and holds each rule to have one that
// fails, one that passes and one whose facts are missing.
func TestRego(t *testing.T) {
	report, err := policy.Test(context.Background(), source())
	if err != nil {
		t.Fatal(err)
	}
	for _, r := range report.Results {
		if !r.Pass {
			t.Errorf("%s.%s: %s", r.Package, r.Name, r.Problem)
		}
	}
	for _, r := range load(t).Rules() {
		if missing := report.Untested(&r); len(missing) > 0 {
			t.Errorf("%s (%s) has no test %v… in package %s_test", r.ID, r.File, missing, r.Package)
		}
	}
	if len(report.Uncovered) > 0 {
		t.Errorf("tests reach %.1f %% of the rules, not: %v", report.Percent, report.Uncovered)
	}
}

// TestMetadata holds what Load does not: that texts are sentences, that folders
// agree with packages, and that ids agree with categories.
func TestMetadata(t *testing.T) {
	letters := map[string]string{"backdoor": "GA-BD-", "provenance": "GA-PR-", "import-restriction": "GA-IR-"}
	for _, r := range load(t).Rules() {
		if folder := strings.ReplaceAll(strings.TrimPrefix(r.Package, "gpuaudit.rules."), ".", "/"); path.Dir(r.File) != folder {
			t.Errorf("%s: package %s is in folder %s", r.ID, r.Package, path.Dir(r.File))
		}
		if !strings.HasPrefix(r.ID, letters[string(r.Category)]) {
			t.Errorf("%s is not an id of category %s", r.ID, r.Category)
		}
		for what, text := range map[string]string{"seen": r.Seen, "means": r.Texts.Means, "need_not": r.NeedNot, "do": r.Remediation} {
			if len(text) < 20 || !strings.HasSuffix(text, ".") {
				t.Errorf("%s: %s is no sentence: %q", r.ID, what, text)
			}
		}
		if first, _, _ := strings.Cut(r.Remediation, " "); slices.Contains([]string{"If", "Before", "For", "Where", "When", "Until", "The", "This"}, first) {
			t.Errorf("%s: what to do begins with what to do, for a narrow screen ends after it: %q", r.ID, r.Remediation)
		}
		if about := map[string]bool{"GA-PR-016": true, "GA-PR-029": true}[r.ID]; (r.Question == "") != about {
			t.Errorf("%s speaks to the question %q: every rule but those on the audit itself speaks to one", r.ID, r.Question)
		}
		if (r.Identity == "") != (r.Proves == "") {
			t.Errorf("%s says %q of what a card is, and that it proves it by %q", r.ID, r.Identity, r.Proves)
		}
		if strings.HasSuffix(r.Title, ".") || len(r.Title) > 80 {
			t.Errorf("%s: title %q", r.ID, r.Title)
		}
	}
}

// TestData: each data file states the day that it speaks for.
func TestData(t *testing.T) {
	names, err := fs.Glob(rules.FS(), "data/*.json")
	if err != nil || len(names) == 0 {
		t.Fatalf("no data: %v", err)
	}
	sets := rules.Data()
	if len(sets) != len(names)+1 {
		t.Errorf("%d data sets for %d files and the rules", len(sets), len(names))
	}
	for _, d := range sets {
		if _, err := time.Parse(time.DateOnly, d.Date); err != nil || len(d.SHA256) != 64 {
			t.Errorf("data set %+v: %v", d, err)
		}
	}
}
