package policy

import (
	"context"
	"sync/atomic"

	"github.com/open-policy-agent/opa/v1/ast"

	"github.com/gpuaudit/gpuaudit/policy/irvm"
)

// kept are the decisions of the built-in rules, each by what the rule looked at. Cards
// of a fleet differ in some facts, such as an address, and most rules look at none of
// them: these are not asked again.
type kept struct {
	rules []irvm.Memo[*decision] // by their place in the engine
	// models counts, by scope, the models that were judged. The first is not followed:
	// that costs, and most audits have one.
	models map[Scope]*atomic.Int64
	// asked counts the rules that were asked, and did not answer from what was kept.
	asked atomic.Int64
}

func newKept(rules int) *kept {
	return &kept{rules: make([]irvm.Memo[*decision], rules),
		models: map[Scope]*atomic.Int64{ScopeDevice: new(atomic.Int64), ScopeHost: new(atomic.Int64)}}
}

// judgement is the built-in rules asked of one input, in their planned form.
type judgement struct {
	e     *Engine
	ask   asker
	run   *irvm.Run
	input *irvm.Asked // nil: nothing is kept of this one
}

// begin begins the judgement of an input.
func (e *Engine) begin(ctx context.Context, set ruleSet, input ast.Value) (*judgement, error) {
	if e.planned == nil || set.own {
		in := e.users
		if in == nil {
			var err error
			if in, err = e.opa(); err != nil {
				return nil, err
			}
		}
		return &judgement{e: e, ask: in.asker(ctx, set, input)}, nil
	}
	code, err := e.planned.code()
	if err != nil {
		return nil, err
	}
	j := &judgement{e: e}
	term := ast.NewTerm(input)
	if e.kept != nil && e.kept.models[set.scope].Add(1) > 1 {
		j.input = irvm.Ask(term)
	}
	j.run = code.program.NewRun(ctx, term, code.data, irvm.Options{Steps: e.limits.Steps, Trace: j.input != nil})
	j.ask = e.planned.asker(ctx, e, j.run, input)
	return j, nil
}

// answer is a rule's decision.
func (j *judgement) answer(i int) (*decision, error) {
	r := &j.e.rules[i]
	if j.input != nil {
		if d, ok := j.e.kept.rules[i].Find(j.input); ok {
			return d, nil
		}
	}
	if j.e.kept != nil {
		j.e.kept.asked.Add(1)
	}
	v, err := j.ask(r)
	switch {
	case err != nil:
		return nil, err
	case v == nil:
		return nil, ErrUndefined
	}
	d, err := decide(v, j.e.limits.OutputBytes, j.e.messages())
	if err == nil && j.input != nil {
		// A rule for which OPA answered left no trace: its call did not come to an end.
		if trace, ok := j.run.Trace(); ok {
			j.e.kept.rules[i].Keep(trace, j.input, d)
		}
	}
	return d, err
}

// Asked counts how often a rule was asked, and its answer not taken from another input's
// that is alike in all that the rule looks at.
func (e *Engine) Asked() int64 {
	if e.kept == nil {
		return 0
	}
	return e.kept.asked.Load()
}
