package policy

import (
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/open-policy-agent/opa/v1/ast"
	"github.com/open-policy-agent/opa/v1/cover"
	"github.com/open-policy-agent/opa/v1/rego"
	"github.com/open-policy-agent/opa/v1/topdown"

	"github.com/gpuaudit/gpuaudit/policy/irvm"
	"github.com/gpuaudit/gpuaudit/rules"
)

// inputsOf collects the inputs that queries are asked about.
type inputsOf struct {
	mu  sync.Mutex
	met map[*ast.Term]string
	// texts are the inputs, each with the packages whose rules were asked about it.
	texts map[string]map[string]bool
}

func (*inputsOf) Enabled() bool               { return true }
func (*inputsOf) Config() topdown.TraceConfig { return topdown.TraceConfig{} }

func (c *inputsOf) TraceEvent(e topdown.Event) {
	c.mu.Lock()
	defer c.mu.Unlock()
	in := e.Input()
	if in == nil {
		return
	}
	text, met := c.met[in]
	if !met {
		if len(c.met) >= 64 { // what is kept is not freed: 20 GiB, when all are
			clear(c.met)
		}
		text = documentText(in)
		c.met[in] = text
		if c.texts[text] == nil {
			c.texts[text] = map[string]bool{}
		}
	}
	if rule, ok := e.Node.(*ast.Rule); ok && e.Op == topdown.EnterOp {
		c.texts[text][strings.TrimPrefix(rule.Module.Package.Path.String(), "data.")] = true
	}
}

// documentText is an input as a document, "" where it is none.
func documentText(in *ast.Term) string {
	v, err := ast.JSON(in.Value)
	if err != nil {
		return "" // a set, which no document has
	}
	text, err := json.Marshal(v)
	if err != nil {
		return ""
	}
	return string(text)
}

// every is of how many inputs one is put before all rules.
const every = 8

// TestPlanSaysTheSameOfTheRulesTests: every input of a test of the rules that ship, put
// before those that the test asks, and each eighth before all of them; with GPUAUDIT_LONG,
// each one.
func TestPlanSaysTheSameOfTheRulesTests(t *testing.T) {
	t.Parallel()
	src := Source{FS: rules.FS(), Schema: rules.Schema()}
	seen := &inputsOf{met: map[*ast.Term]string{}, texts: map[string]map[string]bool{}}
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
	own := &oneByOne{byOPA: byOPA, byPlan: byPlan, queries: map[string]rego.PreparedEvalQuery{}}
	for i, text := range slices.Sorted(maps.Keys(seen.texts)) {
		var input map[string]any
		if json.Unmarshal([]byte(text), &input) != nil {
			continue // no object: nothing that is judged
		}
		if input["now"] == nil {
			input["now"] = "2026-11-24T00:00:00Z"
		}
		own.compare(t, input, seen.texts[text])
		if i%every != 0 && os.Getenv("GPUAUDIT_LONG") == "" {
			continue
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
	t.Logf("%d inputs, %d questions", len(seen.texts), own.asked)
	if own.asked < len(seen.texts)/2 {
		t.Errorf("%d questions about %d inputs: what the tests ask is not looked at", own.asked, len(seen.texts))
	}
}

// oneByOne asks two engines rule by rule.
type oneByOne struct {
	byOPA, byPlan *Engine
	queries       map[string]rego.PreparedEvalQuery
	asked         int
}

// compare asks both the rules of some packages about an input.
func (o *oneByOne) compare(t *testing.T, input map[string]any, packages map[string]bool) {
	t.Helper()
	value, err := ast.InterfaceToValue(input)
	if err != nil {
		t.Fatal(err)
	}
	in, err := o.byOPA.opa()
	if err != nil {
		t.Fatal(err)
	}
	code, err := o.byPlan.planned.code()
	if err != nil {
		t.Fatal(err)
	}
	for i := range o.byOPA.rules {
		r := &o.byOPA.rules[i]
		if !packages[r.Package] {
			continue
		}
		o.asked++
		query, ready := o.queries[r.ID]
		if !ready {
			if query, err = in.prepare(t.Context(), ast.NewTerm(r.decision)); err != nil {
				t.Fatal(err)
			}
			o.queries[r.ID] = query
		}
		want, wantErr := in.ask(t.Context(), query, value, false)
		got, gotErr := code.program.NewRun(t.Context(), ast.NewTerm(value), code.data, irvm.Options{Steps: o.byPlan.limits.Steps}).Call(r.entry())
		same := (wantErr != nil) == (gotErr != nil)
		if same && wantErr == nil {
			same = (want == nil) == (got == nil) && (want == nil || want.Compare(got) == 0)
		}
		if !same {
			t.Errorf("rule %s of %.300v: OPA says\n%v %v\nand the plan\n%v %v", r.ID, input, want, wantErr, got, gotErr)
		}
	}
}
