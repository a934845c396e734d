package policy_test

import (
	"context"
	"slices"
	"testing"

	"github.com/gpuaudit/gpuaudit/policy"
)

// readingHelper is a library that reads more than one rule needs.
const readingHelper = `package gpuaudit.helper

other if third(input.host)

third(host) if host.name == "y"

never if input.device.never
`

// TestReads: nothing that a decision can rest on is left out, in functions and in
// libraries either.
func TestReads(t *testing.T) {
	for name, tc := range map[string]struct {
		branch string
		want   []string
	}{
		"all ways": {`verdict.pass(object.get(input, ["host", "name"], object.get(input, "device", {}).name), ["/x"]) if {
	input.device.list[_].name == "x"
	data.gpuaudit.helper.other
}`, []string{"/device", "/device/list", "/host", "/host/name"}},
		"a path that is not written out": {`verdict.pass("x", ["/x"]) if {
	some key in ["device", "host"]
	object.get(input, key, "") == ""
}`, []string{""}},
		"a library whole": {`verdict.pass("x", ["/x"]) if {
	some name in ["other", "never"]
	data.gpuaudit.helper[name] == true
}`, []string{"/device/never", "/host"}},
	} {
		t.Run(name, func(t *testing.T) {
			fsys := tree("a.rego", rule("GA-BD-001", "a", tc.branch), "helper.rego", text(readingHelper))
			e, err := policy.Load(context.Background(), policy.Source{FS: fsys, Schema: []byte(anything)})
			if err != nil {
				t.Fatal(err)
			}
			if got := e.Reads()["GA-BD-001"]; !slices.Equal(got, tc.want) {
				t.Errorf("reads %q, want %q", got, tc.want)
			}
		})
	}
}

const anything = `{"type": "object", "additionalProperties": true}`

// TestOnly: some of the rules say what they say among all.
func TestOnly(t *testing.T) {
	fsys := tree("a.rego", rule("GA-BD-001", "a", passes), "b.rego", rule("GA-BD-002", "b", passes))
	e, err := policy.Load(context.Background(), policy.Source{FS: fsys, Schema: []byte(schema)})
	if err != nil {
		t.Fatal(err)
	}
	some, err := e.Only(context.Background(), []string{"GA-BD-002"})
	if err != nil {
		t.Fatal(err)
	}
	input := map[string]any{"now": "2026-11-24T00:00:00Z", "device": map[string]any{"name": "x"}}
	all, err := e.Evaluate(context.Background(), input)
	if err != nil {
		t.Fatal(err)
	}
	got, err := some.Evaluate(context.Background(), input)
	if err != nil || len(all) != 2 || len(got) != 1 || got[0].ID != "GA-BD-002" || got[0].Status != all[1].Status || len(some.Rules()) != 1 {
		t.Errorf("%v, %v of %v", got, err, all)
	}
}
