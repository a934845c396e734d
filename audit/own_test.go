package audit_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/gpuaudit/gpuaudit/audit"
	"github.com/gpuaudit/gpuaudit/policy/scaffold"
)

// TestOwnRules: a new rule of a user's passes its tests and lacks nothing; what is taken
// away of it is named, and of the built-in rules nothing is said.
func TestOwnRules(t *testing.T) {
	r, err := scaffold.New("ACME-PR-001", "A rule", "medium")
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	names, err := r.Write(dir)
	if err != nil {
		t.Fatal(err)
	}
	results, list, err := audit.TestRules(t.Context(), dir)
	if err != nil {
		t.Fatal(err)
	}
	if len(list) != 1 || list[0].ID != "ACME-PR-001" || len(results.Failing()) > 0 || len(results.Lint(list)) > 0 {
		t.Errorf("%d rules, failing %q, lacking %q", len(list), results.Failing(), results.Lint(list))
	}
	for _, name := range names {
		if strings.HasSuffix(name, "_test.rego") {
			text, err := os.ReadFile(name)
			if err == nil {
				err = os.WriteFile(name, []byte(strings.ReplaceAll(string(text), "test_pass", "test_other")+"\n\ntest_wrong if false\n"), 0o600)
			}
			if err != nil {
				t.Fatal(err)
			}
		}
	}
	results, list, err = audit.TestRules(t.Context(), dir)
	if err != nil {
		t.Fatal(err)
	}
	if failing := results.Failing(); len(failing) != 1 || !strings.Contains(failing[0], "test_wrong") {
		t.Errorf("failing %q", failing)
	}
	if lacking := results.Lint(list); len(lacking) != 1 || !strings.Contains(lacking[0], "ACME-PR-001 has no test that begins with test_pass") {
		t.Errorf("lacking %q", lacking)
	}
	if _, _, err := audit.TestRules(t.Context(), filepath.Join(dir, "none")); err == nil {
		t.Error("no rules are there")
	}
}
