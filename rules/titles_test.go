package rules_test

import (
	"testing"

	"github.com/gpuaudit/gpuaudit/audit"
	"github.com/gpuaudit/gpuaudit/rules"
)

// TestTitles: what is read without compiling is what the engine says of each rule.
func TestTitles(t *testing.T) {
	titles, err := rules.Titles()
	if err != nil {
		t.Fatal(err)
	}
	list, err := audit.Rules(t.Context(), nil, nil)
	if err != nil {
		t.Fatal(err)
	}
	for _, r := range list {
		if titles[r.ID] != r.Title {
			t.Errorf("%s: %q, and the engine says %q", r.ID, titles[r.ID], r.Title)
		}
	}
	if len(titles) != len(list) {
		t.Errorf("%d titles of %d rules", len(titles), len(list))
	}
}
