package policy_test

import (
	"context"
	"errors"
	"strings"
	"testing"

	"github.com/gpuaudit/gpuaudit/policy"
)

func TestTest(t *testing.T) {
	tests := `package gpuaudit.rules.backdoor.a_test
import data.gpuaudit.rules.backdoor.a
test_passes if a.decision.status == "pass" with input as {"device": {"name": "x"}}
test_fails if a.decision.status == "fail" with input as {"device": {"name": "x"}}
`
	report, err := policy.Test(context.Background(), policy.Source{FS: tree("a.rego", rule("GA-BD-001", "a", passes), "a_test.rego", text(tests)), Schema: []byte(schema)})
	if err != nil {
		t.Fatal(err)
	}
	if len(report.Results) != 2 || report.Results[0].Pass || !report.Results[1].Pass {
		t.Fatalf("results: %+v", report.Results)
	}
	if p := report.Results[0].Problem; !strings.Contains(p, "a_test.rego") {
		t.Errorf("problem does not name the place: %q", p)
	}
	// The last branch of the rule, and fail and unknown, were never reached.
	if report.Percent <= 0 || report.Percent >= 100 || len(report.Uncovered) == 0 {
		t.Errorf("coverage: %.1f %%, %v", report.Percent, report.Uncovered)
	}
}

// TestTestRunsTheUsersTests: the built-in rules' own tests are neither compiled nor run
// again; what shares inputs with tests stays.
func TestTestRunsTheUsersTests(t *testing.T) {
	const inputs = `device := {"device": {"name": "x"}}
`
	const tests = `import data.gpuaudit.rules.backdoor.a
import data.gpuaudit.inputs_test
test_passes if a.decision.status == "pass" with input as inputs_test.device
`
	user := `package acme.rules_test
import data.gpuaudit.rules.backdoor.a
import data.gpuaudit.inputs_test
test_fails if a.decision.status == "fail" with input as inputs_test.device
test_passes if a.decision.status == "pass" with input as inputs_test.device
`
	report, err := policy.Test(context.Background(), policy.Source{
		FS: tree("a.rego", rule("GA-BD-001", "a", passes), "a_test.rego", text("package gpuaudit.rules.backdoor.a_test\n"+tests),
			"inputs_test.rego", text("package gpuaudit.inputs_test\n"+inputs)),
		User:   tree("b.rego", rule("ACME-BD-001", "b", passes), "own_test.rego", text(user)),
		Schema: []byte(schema),
	})
	if err != nil {
		t.Fatal(err)
	}
	if len(report.Results) != 2 || report.Results[0].Pass || !report.Results[1].Pass || !policy.Users(report.Results[1].File) {
		t.Errorf("results: %+v", report.Results)
	}
}

func TestTestIsUnderTheSameLimits(t *testing.T) {
	for name, line := range map[string]string{
		"http.send in a test":      `test_passes if http.send({"url": "http://example.org", "method": "get"})`,
		"misspelt path in a test":  `test_passes if input.device.nmae`,
		"misspelt rule in a test":  `test_passes if not data.gpuaudit.rules.backdoor.b.decision`,
		"unused variable of tests": `test_passes if { x := 1 }`,
	} {
		fsys := tree("a.rego", rule("GA-BD-001", "a", passes), "a_test.rego", text("package gpuaudit.rules.backdoor.a_test\n"+line+"\n"))
		if _, err := policy.Test(context.Background(), policy.Source{FS: fsys, Schema: []byte(schema)}); !errors.Is(err, policy.ErrCompile) {
			t.Errorf("%s: %v", name, err)
		}
	}
}
