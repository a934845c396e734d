package policy

import (
	"encoding/json"
	"testing"
	"testing/fstest"

	"github.com/gpuaudit/gpuaudit/rules"
)

// asking is a user's rule that asks a built-in one, and by that reaches libraries.
const asking = `# METADATA
# title: Asks another rule
# description: Says what a built-in rule says.
# custom:
#   id: ACME-BD-001
#   severity: high
#   scope: host
#   remediation: None.
package gpuaudit.rules.backdoor.asking

import data.gpuaudit.rules.backdoor.secure_boot
import data.gpuaudit.verdict

decision := verdict.fail(secure_boot.decision.status, ["/host"]) if {
	secure_boot.decision.status == "fail"
} else := verdict.pass("it does not fail", ["/host"]) if {
	secure_boot.decision.status
} else := verdict.unknown("it says nothing", ["/host"])
`

// TestUsersRulesAreCompiledWithWhatTheyReach: beside planned rules, a user's are compiled
// with those alone that they reach, and say what they say where OPA runs all.
func TestUsersRulesAreCompiledWithWhatTheyReach(t *testing.T) {
	src := Source{FS: rules.FS(), Schema: rules.Schema(), User: fstest.MapFS{"asking.rego": {Data: []byte(asking)}}}
	said := map[bool]string{}
	for _, planned := range []bool{false, true} {
		if src.Plan = nil; planned {
			src.Plan = rules.Plan()
		}
		e, err := Load(t.Context(), src)
		if err != nil {
			t.Fatal(err)
		}
		if planned {
			all, err := readAll(src, e.limits)
			if err != nil {
				t.Fatal(err)
			}
			if few := len(e.users.compiler.Modules); few > len(all.modules)/4 {
				t.Errorf("%d of %d modules were compiled", few, len(all.modules))
			}
		}
		for _, on := range []any{true, false, nil} {
			findings, err := e.Evaluate(t.Context(), map[string]any{"now": "2026-11-24T00:00:00Z", "host": map[string]any{"boot": map[string]any{"mode": "uefi", "secure_boot": on, "setup_mode": false}}})
			if err != nil {
				t.Fatal(err)
			}
			text, err := json.Marshal(findings)
			if err != nil {
				t.Fatal(err)
			}
			said[planned] += string(text)
		}
	}
	if said[false] != said[true] {
		t.Errorf("OPA says of all\n%s\nand beside the plan\n%s", said[false], said[true])
	}
}
