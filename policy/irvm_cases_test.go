package policy

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/open-policy-agent/opa/v1/ast"
	"github.com/open-policy-agent/opa/v1/test/cases"
	"github.com/open-policy-agent/opa/v1/util"

	"github.com/gpuaudit/gpuaudit/policy/irvm"
)

// published are OPA's own cases for evaluators, which its module carries.
func published(t *testing.T) []cases.TestCase {
	t.Helper()
	out, err := exec.Command("go", "list", "-m", "-f", "{{.Dir}}", "github.com/open-policy-agent/opa").Output()
	if err != nil {
		t.Fatal(err)
	}
	set, err := cases.Load(filepath.Join(strings.TrimSpace(string(out)), "v1/test/cases/testdata/v1"))
	if errors.Is(err, fs.ErrNotExist) {
		t.Skip("OPA's module was taken without its tests")
	}
	if err != nil {
		t.Fatal(err)
	}
	return set.Sorted().Cases
}

// outcome is how the machine did in a case.
type outcome string

const (
	agrees     outcome = "agrees"
	handsOver  outcome = "hands over to OPA's interpreter"
	notAllowed outcome = "needs a function that rules may not call"
	refused    outcome = "is refused when it is loaded"
	notPlanned outcome = "is not planned by OPA"
	differs    outcome = "differs"
)

// handedOver are the cases of functions that rules may call in which the machine gives
// an error where OPA has an answer; the engine asks OPA then. Each with its reason.
var handedOver = map[string]string{
	"data/negative case: nested integer": numberKeys, "data/nested integer": numberKeys, "data/toplevel integer": numberKeys,
}

const numberKeys = "the data document is asked for a number and has it as a text, which OPA takes for the same"

// TestPublishedCases runs OPA's cases through the machine: where it gives an answer, it
// is the one that is published.
func TestPublishedCases(t *testing.T) {
	count, functions := map[outcome]int{}, map[string]int{}
	for _, c := range published(t) {
		how, why := runCase(t, &c)
		count[how]++
		switch {
		case how == notAllowed:
			functions[why]++
		case how == differs:
			t.Errorf("%s: %s", c.Note, why)
		case how == handsOver && handedOver[c.Note] == "", how == refused, how == notPlanned:
			t.Errorf("%s %s: %s", c.Note, how, why)
		}
	}
	t.Logf("%v; functions that rules may not call, with the cases that need them: %v", count, functions)
	if count[agrees] < 1320 {
		t.Errorf("only %d cases agree", count[agrees])
	}
}

func runCase(t *testing.T, c *cases.TestCase) (outcome, string) {
	for k, v := range c.Env {
		t.Setenv(k, v)
	}
	compiler, query, err := compileCase(c)
	if err != nil {
		return notAllowed, err.Error()
	}
	if name := forbidden(compiler, query); name != "" {
		return notAllowed, name
	}
	plan, err := irvm.Compile(context.Background(), compiler, query)
	if err != nil {
		return notPlanned, err.Error()
	}
	program, err := irvm.Load(plan, planMayCall)
	if err != nil {
		return refused, err.Error()
	}
	var input *ast.Term
	if c.InputTerm != nil {
		input = ast.MustParseTerm(*c.InputTerm)
	} else if c.Input != nil {
		input = ast.NewTerm(ast.MustInterfaceToValue(*c.Input))
	}
	data := ast.NewTerm(ast.NewObject())
	if c.Data != nil {
		data = ast.NewTerm(ast.MustInterfaceToValue(*c.Data))
	}
	run := program.NewRun(context.Background(), input, data, irvm.Options{Steps: 5_000_000, Lenient: !c.StrictError})
	results, err := run.Plan(irvm.QueryPlan)
	return judgeCase(c, results, err)
}

// forbidden is a function that modules or a query call and rules may not.
func forbidden(c *ast.Compiler, query ast.Body) (name string) {
	look := func(x any) {
		ast.WalkTerms(x, func(t *ast.Term) bool {
			if v, ok := t.Value.(ast.Ref); ok {
				if _, builtin := ast.BuiltinMap[v.String()]; builtin && !planMayCall(v.String()) {
					name = v.String()
				}
			}
			return false
		})
	}
	look(query)
	ast.WalkTerms(query, func(t *ast.Term) bool {
		if _, ok := t.Value.(*ast.TemplateString); ok {
			name = "internal.template_string"
		}
		return false
	})
	for _, m := range c.Modules {
		look(m)
	}
	return name
}

func compileCase(c *cases.TestCase) (*ast.Compiler, ast.Body, error) {
	options := ast.ParserOptions{RegoVersion: ast.RegoV1}
	if c.ExperimentalKeywords {
		options.Capabilities = ast.CapabilitiesForThisVersion(ast.CapabilitiesExperimentalKeywords(true))
	}
	modules := map[string]string{}
	for i, m := range c.Modules {
		modules[fmt.Sprintf("test-%d.rego", i)] = m
	}
	compiler, err := ast.CompileModulesWithOpt(modules, ast.CompileOpts{ParserOptions: options})
	if err != nil {
		return nil, nil, err
	}
	query, err := ast.ParseBodyWithOpts(c.Query, options)
	return compiler, query, err
}

func judgeCase(c *cases.TestCase, results []ast.Value, err error) (outcome, string) {
	wantError := c.WantError != nil || c.WantErrorCode != nil
	switch {
	case err != nil && wantError:
		return agrees, ""
	case err != nil:
		return handsOver, err.Error()
	case wantError:
		return differs, "an error was expected"
	}
	want, got := ast.NewSet(), ast.NewSet()
	for _, b := range *c.WantResult {
		want.Add(ast.NewTerm(ast.MustInterfaceToValue(b)))
	}
	for _, result := range results {
		v, err := ast.JSON(result)
		if err != nil {
			return differs, err.Error()
		}
		bindings := v.(map[string]any)
		for k := range bindings {
			if list, ok := bindings[k].([]any); ok && c.SortBindings {
				slices.SortFunc(list, util.Compare)
			}
			if strings.HasPrefix(k, "__localq") {
				delete(bindings, k)
			}
		}
		got.Add(ast.NewTerm(ast.MustInterfaceToValue(bindings)))
	}
	if want.Compare(got) != 0 {
		return differs, fmt.Sprintf("%v, want %v", got, want)
	}
	return agrees, ""
}
