package rules_test

import (
	"encoding/json"
	"io/fs"
	"maps"
	"path"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/open-policy-agent/opa/v1/ast"
	"github.com/open-policy-agent/opa/v1/storage/inmem"
	"github.com/open-policy-agent/opa/v1/tester"
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
	c.met[in] = true
	v, err := ast.JSON(in.Value)
	if err != nil {
		return // a set, which no document has
	}
	if text, err := json.Marshal(v); err == nil {
		c.texts[string(text)] = true
	}
}

// testInputs are the inputs of the rules' own tests.
func testInputs(t *testing.T) []string {
	t.Helper()
	modules, data := map[string]*ast.Module{}, map[string]any{}
	err := fs.WalkDir(rules.FS(), ".", func(name string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		text, err := fs.ReadFile(rules.FS(), name)
		if err != nil {
			return err
		}
		switch path.Ext(name) {
		case ".rego":
			modules[name], err = ast.ParseModuleWithOpts(name, string(text), ast.ParserOptions{RegoVersion: ast.RegoV1})
		case ".json":
			var v any
			err = json.Unmarshal(text, &v)
			data[strings.TrimSuffix(path.Base(name), ".json")] = v
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	store := inmem.NewFromObject(map[string]any{"gpuaudit": map[string]any{"data": data}})
	txn, err := store.NewTransaction(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer store.Abort(t.Context(), txn)
	seen := &inputsOf{met: map[*ast.Term]bool{}, texts: map[string]bool{}}
	results, err := tester.NewRunner().SetStore(store).SetModules(modules).SetCoverageQueryTracer(seen).
		SetCompiler(ast.NewCompiler().WithDefaultRegoVersion(ast.RegoV1)).RunTests(t.Context(), txn)
	if err != nil {
		t.Fatal(err)
	}
	for r := range results {
		if !r.Pass() {
			t.Errorf("%s.%s does not pass", r.Package, r.Name)
		}
	}
	return slices.Sorted(maps.Keys(seen.texts))
}

// TestPlanSaysTheSameOfTheRulesTests: every input of a rule's own test, put before all
// rules.
func TestPlanSaysTheSameOfTheRulesTests(t *testing.T) {
	t.Parallel()
	texts := testInputs(t)
	if len(texts) < 500 {
		t.Fatalf("only %d inputs: the tests are not looked at", len(texts))
	}
	for _, text := range texts {
		var input map[string]any
		if json.Unmarshal([]byte(text), &input) != nil {
			continue // no object: nothing that is judged
		}
		if input["now"] == nil {
			input["now"] = "2026-11-24T00:00:00Z"
		}
		saysTheSame(t, text[:min(len(text), 300)], input)
	}
	t.Logf("%d inputs", len(texts))
}
