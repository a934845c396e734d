package policy_test

import (
	"context"
	"encoding/json"
	"errors"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/gpuaudit/gpuaudit/policy"
)

const verdictMsg = verdict + `msg(id, params) := {"id": id, "params": params}
`

const sentences = `{
	"plain": "It has a name.",
	"named": "It is called {name}, and counts {count}.",
	"listed": "It has {list}; {causes| and }.",
	"nested": "{what} could not be told: {why}.",
	"count": "the count of {name}"
}`

// talking are rules that make messages.
func talking(branch string) fstest.MapFS {
	fsys := tree("a.rego", rule("GA-BD-001", "a", branch), "messages/en.json", text(sentences))
	fsys["lib/verdict.rego"] = text(verdictMsg)
	return fsys
}

// TestMessages: a detail that is a message becomes its sentence, in the planned form and
// in OPA, and the finding carries id and parameters.
func TestMessages(t *testing.T) {
	for name, tt := range map[string]struct{ branch, detail, message string }{
		"a text":        {`verdict.pass("as it was", ["/device/name"]) if input.device.name`, "as it was", `null`},
		"no parameters": {`verdict.pass(verdict.msg("plain", {}), ["/device/name"]) if input.device.name`, "It has a name.", `{"id":"plain"}`},
		"parameters": {`verdict.pass(verdict.msg("named", {"name": input.device.name, "count": input.device.count}), ["/device/name"]) if input.device.name`,
			"It is called x, and counts 3.", `{"id":"named","params":{"count":3,"name":"x"}}`},
		"lists": {`verdict.pass(verdict.msg("listed", {"list": input.device.list, "causes": ["a", verdict.msg("count", {"name": "b"})]}), ["/device/name"]) if input.device.name`,
			"It has 1, 2; a and the count of b.", `{"id":"listed","params":{"causes":["a",{"id":"count","params":{"name":"b"}}],"list":[1,2]}}`},
		"a message in a message": {`verdict.pass(verdict.msg("nested", {"what": verdict.msg("count", {"name": "it"}), "why": 12345678901234567890.5}), ["/device/name"]) if input.device.name`,
			"the count of it could not be told: 12345678901234567890.5.", `{"id":"nested","params":{"what":{"id":"count","params":{"name":"it"}},"why":"12345678901234567890.5"}}`},
	} {
		src := policy.Source{FS: talking(tt.branch), Schema: []byte(schema)}
		plan, err := policy.Plan(context.Background(), src)
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		for _, plan := range [][]byte{nil, plan} {
			src.Plan = plan
			e, err := policy.Load(context.Background(), src)
			if err != nil {
				t.Fatal(err)
			}
			got, err := e.Evaluate(context.Background(), device(map[string]any{"name": "x", "count": 3, "list": []int{1, 2}}))
			if err != nil {
				t.Fatalf("%s: %v", name, err)
			}
			if m, _ := json.Marshal(got[0].Message); got[0].Detail != tt.detail || string(m) != tt.message {
				t.Errorf("%s (planned: %v): %q, %s; want %q, %s", name, plan != nil, got[0].Detail, m, tt.detail, tt.message)
			}
		}
	}
}

// TestMessagesAreChecked before any rule runs.
func TestMessagesAreChecked(t *testing.T) {
	for branch, want := range map[string]string{
		`verdict.pass(verdict.msg("nowhere", {}), ["/device/name"]) if input.device.name`:                                                      "there is no message nowhere",
		`verdict.pass(verdict.msg("named", {"name": 1}), ["/device/name"]) if input.device.name`:                                               "message named has the parameters count, name, and is given name",
		`verdict.pass(verdict.msg("plain", {"name": 1}), ["/device/name"]) if input.device.name`:                                               "has the parameters , and is given name",
		`verdict.pass(verdict.msg(input.device.name, {}), ["/device/name"]) if input.device.name`:                                              "the id is a constant",
		`verdict.pass(verdict.msg("plain", input.device), ["/device/name"]) if input.device.name`:                                              "are an object with constant names",
		`verdict.pass(verdict.msg("nested", {"what": verdict.msg("none", {}), "why": "x"}), ["/device/name"]) if input.device.name`:            "there is no message none",
		`verdict.pass(verdict.msg("count", {"name": {x | some x in ["a"]}}), ["/device/name"]) if input.device.name`:                           "a parameter of type set",
		`verdict.pass({"id": "plain", "text": "x"}, ["/device/name"]) if input.device.name`:                                                    `"text" of type string in a message`,
		`verdict.pass({"id": "named", "params": {"name": "x"}}, ["/device/name"]) if input.device.name`:                                        "message named lacks {count}",
		`verdict.pass({"id": "other"}, ["/device/name"]) if input.device.name`:                                                                 `there is no message "other"`,
		`verdict.pass(verdict.msg("count", {"name": [["a"]]}), ["/device/name"]) if input.device.name`:                                         "a list in a list",
		`verdict.pass(verdict.msg("count", {"name": ` + deep(5) + `}), ["/device/name"]) if input.device.name`:                                 "deeper than 4",
		`verdict.pass(verdict.msg("count", {"name": concat("", [x | some x in numbers.range(1, 2)])}), ["/device/name"]) if input.device.name`: "undefined function numbers.range",
	} {
		e, err := load(talking(branch), policy.Limits{})
		if err == nil {
			_, err = e.Evaluate(context.Background(), device(map[string]any{"name": "x"}))
		} else if !errors.Is(err, policy.ErrCompile) {
			t.Errorf("%s: %v is no ErrCompile", branch, err)
		}
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v, want %q", branch, err, want)
		}
	}
	for file, want := range map[string]string{
		`{"a": "{"}`:        "is no parameter",
		`{"a": "{Name}"}`:   "is no parameter",
		`{"a": "}"}`:        "a brace closes",
		`{"a": "{}"}`:       "is no parameter",
		`{"a": "{a b}"}`:    "is no parameter",
		`["a"]`:             "messages/en.json",
		`{"a": {"b": "c"}}`: "messages/en.json",
	} {
		fsys := talking(passes)
		fsys["messages/en.json"] = text(file)
		if _, err := load(fsys, policy.Limits{}); !errors.Is(err, policy.ErrCompile) || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v, want %q", file, err, want)
		}
	}
}

func deep(n int) string {
	if n == 0 {
		return `"x"`
	}
	return `verdict.msg("count", {"name": ` + deep(n-1) + `})`
}

// TestMessagesInTests: a test of rules sees the sentence.
func TestMessagesInTests(t *testing.T) {
	fsys := talking(`verdict.pass(verdict.msg("named", {"name": input.device.name, "count": 1}), ["/device/name"]) if input.device.name`)
	fsys["a_test.rego"] = text(`package gpuaudit.rules.backdoor.a_test

import data.gpuaudit.rules.backdoor.a

test_passes if {
	d := a.decision with input as {"device": {"name": "x"}}
	d.detail == "It is called x, and counts 1."
}
`)
	report, err := policy.Test(context.Background(), policy.Source{FS: fsys, Schema: []byte(schema)})
	if err != nil || len(report.Results) != 1 || !report.Results[0].Pass {
		t.Errorf("%+v, %v", report, err)
	}
}

// TestMessagesOf lists what rules say, and details that are in no catalogue.
func TestMessagesOf(t *testing.T) {
	m, err := policy.MessagesOf(policy.Source{FS: talking(`verdict.pass(verdict.msg("plain", {}), ["/device/name"]) if input.device.name`), Schema: []byte(schema)})
	if err != nil || len(m.Uses) != 1 || m.Uses[0].ID != "plain" || m.Uses[0].File != "a.rego" || len(m.Texts) != 5 {
		t.Errorf("%+v, %v", m, err)
	}
	if len(m.Plain) != 1 || !strings.HasPrefix(m.Plain[0], "a.rego:") { // "not known", in the last branch
		t.Errorf("%q", m.Plain)
	}
}
