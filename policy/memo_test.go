package policy_test

import (
	"context"
	"reflect"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/gpuaudit/gpuaudit/policy"
)

// unit is an input of which count is the part that units of a kind share.
type unit struct {
	Now    string `json:"now"`
	Device struct {
		Name  string `json:"name"`
		Count int    `json:"count"`
	} `json:"device"`
}

func (u *unit) Model() any {
	m := *u
	m.Device.Name = "-"
	return &m
}

func (u *unit) Identity() string { return u.Device.Name }

func newUnit(name string, count int) *unit {
	u := &unit{Now: "2026-11-24T00:00:00Z"}
	u.Device.Name, u.Device.Count = name, count
	return u
}

// counts quotes both, so that a test sees what a rule was shown.
const counts = `verdict.pass(sprintf("%s has %d", [input.device.name, input.device.count]), ["/device/name"]) if input.device.count < 10`

// TestUnitsShareAVerdict: built-in rules are shown the model, so that what they
// say holds for all its units; the user's rules are shown each unit.
func TestUnitsShareAVerdict(t *testing.T) {
	src := policy.Source{FS: tree("a.rego", rule("GA-BD-001", "a", counts)), Schema: []byte(schema),
		User: fstest.MapFS{"b.rego": rule("XX-BD-001", "b", counts)}}
	e, err := policy.Load(context.Background(), src)
	if err != nil {
		t.Fatal(err)
	}
	for _, test := range []struct {
		unit *unit
		want []string
	}{
		{newUnit("one", 1), []string{"- has 1", "one has 1"}},
		{newUnit("two", 1), []string{"- has 1", "two has 1"}},
		{newUnit("one", 2), []string{"- has 2", "one has 2"}},
		{newUnit("one", 1), []string{"- has 1", "one has 1"}},
	} {
		findings, err := e.Evaluate(context.Background(), test.unit)
		if err != nil {
			t.Fatal(err)
		}
		var got, prints []string
		for _, f := range findings {
			got, prints = append(got, f.Detail), append(prints, f.Fingerprint)
		}
		if !reflect.DeepEqual(got, test.want) {
			t.Errorf("%+v: %q, want %q", test.unit.Device, got, test.want)
		}
		if prints[0] == prints[1] {
			t.Error("two rules give one fingerprint")
		}
	}
}

// TestABrokenRuleIsAskedAgain: that a rule broke is not kept.
func TestABrokenRuleIsAskedAgain(t *testing.T) {
	const slow = `verdict.pass("counted", ["/device/name"]) if {
	input.device.count > 5
	count([1 | some a in data.gpuaudit.data.big; some b in data.gpuaudit.data.big; some c in data.gpuaudit.data.big; a + b + c < 0]) == 0
}`
	big := &fstest.MapFile{Data: []byte("[1" + strings.Repeat(",1", 2000) + "]")}
	src := policy.Source{FS: tree("a.rego", rule("GA-BD-001", "a", slow), "data/big.json", big), Schema: []byte(schema), Limits: policy.Limits{Steps: testSteps}}
	e, err := policy.Load(context.Background(), src)
	if err != nil {
		t.Fatal(err)
	}
	for range 2 {
		findings, err := e.Evaluate(context.Background(), newUnit("one", 6))
		if err == nil || len(findings) != 1 {
			t.Fatalf("a rule that took too many steps: %v, %v", findings, err)
		}
	}
}

// TestKeptVerdictsAreNotChangedByTheCaller: a caller that appends to what it got
// does not write into what the next one gets.
func TestKeptVerdictsAreNotChangedByTheCaller(t *testing.T) {
	e, err := policy.Load(context.Background(), policy.Source{FS: tree("a.rego", rule("GA-BD-001", "a", counts)), Schema: []byte(schema)})
	if err != nil {
		t.Fatal(err)
	}
	for range 2 {
		findings, err := e.Evaluate(context.Background(), newUnit("one", 1))
		if err != nil || len(findings[0].Evidence) != 1 || findings[0].Evidence[0] != "/device/name" {
			t.Fatalf("%+v, %v", findings, err)
		}
		findings[0].Evidence[0] = "changed"
	}
}
