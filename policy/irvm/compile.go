package irvm

import (
	"context"
	"errors"
	"fmt"
	"sync"

	"github.com/open-policy-agent/opa/v1/ast"
	"github.com/open-policy-agent/opa/v1/ir"
	"github.com/open-policy-agent/opa/v1/rego"
)

// QueryPlan is the name of the plan that [Compile] makes.
const QueryPlan = "eval"

// target is what OPA knows the planner below by. OPA hands plans to evaluators that
// were registered for a target, and to nobody else.
const target = "gpuaudit-irvm"

// planner is an evaluator that takes the plan and evaluates nothing.
type planner struct{}

var register = sync.OnceFunc(func() { rego.RegisterPlugin(target, planner{}) })

// IsTarget implements [rego.TargetPlugin].
func (planner) IsTarget(name string) bool { return name == target }

// wanted is where a context says that the plan is to be put.
type wanted struct{}

// PrepareForEval implements [rego.TargetPlugin].
func (planner) PrepareForEval(ctx context.Context, p *ir.Policy, _ ...rego.PrepareOption) (rego.TargetPluginEval, error) {
	to, ok := ctx.Value(wanted{}).(**ir.Policy)
	if !ok {
		return nil, errors.New("no plan was asked for")
	}
	*to = p
	return planner{}, nil
}

// Eval implements [rego.TargetPluginEval].
func (planner) Eval(context.Context, *rego.EvalContext, ast.Value) (ast.Value, error) {
	return nil, errors.New("a plan is not evaluated here")
}

// Compile has OPA plan a query over compiled modules.
func Compile(ctx context.Context, c *ast.Compiler, query ast.Body) (*ir.Policy, error) {
	register()
	var plan *ir.Policy
	r := rego.New(rego.ParsedQuery(query), rego.Compiler(c), rego.Target(target))
	if _, err := r.PrepareForEval(context.WithValue(ctx, wanted{}, &plan)); err != nil {
		return nil, fmt.Errorf("plan the rules: %w", err)
	}
	if plan == nil {
		return nil, errors.New("plan the rules: OPA made no plan")
	}
	return plan, nil
}
