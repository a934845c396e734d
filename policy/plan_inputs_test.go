package policy

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"sync"
	"testing"

	"github.com/open-policy-agent/opa/v1/ast"
	"github.com/open-policy-agent/opa/v1/cover"
	"github.com/open-policy-agent/opa/v1/topdown"

	"github.com/gpuaudit/gpuaudit/rules"
)

// inputsOf collects the inputs that queries are asked about.
type inputsOf struct {
	mu    sync.Mutex
	met   map[*ast.Term]bool
	texts map[string]bool
}

func (*inputsOf) Enabled() bool               { return true }
func (*inputsOf) Config() topdown.TraceConfig { return topdown.TraceConfig{} }

func (c *inputsOf) TraceEvent(e topdown.Event) {
	c.mu.Lock()
	defer c.mu.Unlock()
	in := e.Input()
	if in == nil || c.met[in] {
		return
	}
	if len(c.met) >= 64 { // what is kept is not freed: 20 GiB, when all are
		clear(c.met)
	}
	c.met[in] = true
	v, err := ast.JSON(in.Value)
	if err != nil {
		return // a set, which no document has
	}
	if text, err := json.Marshal(v); err == nil {
		c.texts[string(text)] = true
	}
}

// TestPlanSaysTheSameOfTheRulesTests: every input of a test of the rules that ship, put
// before all of them.
func TestPlanSaysTheSameOfTheRulesTests(t *testing.T) {
	t.Parallel()
	src := Source{FS: rules.FS(), Schema: rules.Schema()}
	seen := &inputsOf{met: map[*ast.Term]bool{}, texts: map[string]bool{}}
	if _, err := test(t.Context(), src, cover.New(), seen); err != nil {
		t.Fatal(err)
	}
	if len(seen.texts) < 500 {
		t.Fatalf("only %d inputs: the tests are not looked at", len(seen.texts))
	}
	byOPA, err := Load(t.Context(), src)
	if err != nil {
		t.Fatal(err)
	}
	src.Plan = rules.Plan()
	byPlan, err := Load(t.Context(), src)
	if err != nil {
		t.Fatal(err)
	}
	for _, text := range slices.Sorted(maps.Keys(seen.texts)) {
		var input map[string]any
		if json.Unmarshal([]byte(text), &input) != nil {
			continue // no object: nothing that is judged
		}
		if input["now"] == nil {
			input["now"] = "2026-11-24T00:00:00Z"
		}
		said := [2]string{}
		for i, e := range []*Engine{byOPA, byPlan} {
			findings, err := e.Evaluate(t.Context(), input)
			list, encodeErr := json.Marshal(findings)
			if encodeErr != nil {
				t.Fatal(encodeErr)
			}
			said[i] = fmt.Sprintf("%s\nerror: %v", list, err)
		}
		if said[0] != said[1] {
			t.Errorf("%.300s: OPA says\n%s\nand the plan\n%s", text, said[0], said[1])
		}
	}
	t.Logf("%d inputs", len(seen.texts))
}
