package policy

import (
	"cmp"
	"context"
	"fmt"
	"sync"
	"time"

	"github.com/open-policy-agent/opa/v1/ast"
	"github.com/open-policy-agent/opa/v1/rego"
	"github.com/open-policy-agent/opa/v1/storage"
	"github.com/open-policy-agent/opa/v1/storage/inmem"
)

// interpreter is rules compiled and run by OPA.
type interpreter struct {
	compiler *ast.Compiler
	store    storage.Store
	document map[string]any // what the store holds
	sets     map[ruleSet]rego.PreparedEvalQuery
	limits   Limits
}

// handed are the rules for which OPA was asked in place of the planned form.
type handed struct {
	mu  sync.Mutex
	why map[string]string
}

// asker gives a rule's value; nil is an undefined one.
type asker func(*Rule) (ast.Value, error)

// interpret compiles the rules of a set and prepares the queries for all of them.
func interpret(ctx context.Context, set *sourceSet, rules []Rule, schema []byte, limits Limits) (*interpreter, error) {
	set.modules[indexFile] = indexModule(rules)
	compiler, err := compile(set, schema, allowed())
	if err != nil {
		return nil, err
	}
	in := &interpreter{compiler: compiler, document: set.document(), limits: limits, sets: map[ruleSet]rego.PreparedEvalQuery{}}
	in.store = inmem.NewFromObjectWithOpts(in.document, inmem.OptRoundTripOnWrite(false), inmem.OptReturnASTValuesOnRead(true))
	own := map[bool]bool{false: true}
	for i := range rules {
		own[rules[i].set().own] = true
	}
	for _, set := range ruleSets {
		if !own[set.own] {
			continue
		}
		if in.sets[set], err = in.prepare(ctx, ast.NewTerm(set.ref())); err != nil {
			return nil, fmt.Errorf("prepare the %s rules: %w", set.scope, err)
		}
	}
	return in, nil
}

// only prepares queries for some of the rules.
func (in *interpreter) only(ctx context.Context, rules []Rule) (*interpreter, error) {
	some := *in
	some.sets = map[ruleSet]rego.PreparedEvalQuery{}
	sets := decisions(rules)
	for set := range in.sets {
		var err error
		if some.sets[set], err = some.prepare(ctx, sets[set]); err != nil {
			return nil, fmt.Errorf("prepare the %s rules: %w", set.scope, err)
		}
	}
	return &some, nil
}

// prepare makes a query for the value of a term. Results stay OPA's own
// values, so that their size is checked before they are converted.
func (in *interpreter) prepare(ctx context.Context, term *ast.Term) (rego.PreparedEvalQuery, error) {
	return rego.New(
		rego.ParsedQuery(ast.NewBody(ast.NewExpr(term))),
		rego.Compiler(in.compiler),
		rego.Store(in.store),
		rego.StrictBuiltinErrors(true),
		rego.GenerateJSON(func(t *ast.Term, _ *rego.EvalContext) (any, error) { return t.Value, nil }),
	).PrepareForEval(ctx)
}

// asker asks all rules of a set at once; where that fails as a whole, each by a query
// of its own.
func (in *interpreter) asker(ctx context.Context, set ruleSet, input ast.Value) asker {
	answers, all := in.askAll(ctx, set, input)
	if all != nil {
		return func(r *Rule) (ast.Value, error) { return in.askOne(ctx, r, input) }
	}
	return func(r *Rule) (ast.Value, error) {
		if t := answers.Get(ast.StringTerm(r.ID)); t != nil {
			if list, ok := t.Value.(*ast.Array); ok && list.Len() == 1 {
				return list.Elem(0).Value, nil
			}
		}
		return nil, nil
	}
}

func (in *interpreter) askAll(ctx context.Context, set ruleSet, input ast.Value) (ast.Object, error) {
	v, err := in.ask(ctx, in.sets[set], input, set.own)
	if err != nil {
		return nil, err
	}
	object, ok := v.(ast.Object)
	if !ok {
		object = ast.NewObject() // a set without rules
	}
	return object, nil
}

func (in *interpreter) askOne(ctx context.Context, r *Rule, input ast.Value) (ast.Value, error) {
	query, err := in.prepare(ctx, ast.NewTerm(r.decision))
	if err != nil {
		return nil, err
	}
	return in.ask(ctx, query, input, r.set().own)
}

// ask evaluates a query within its steps; a nil value is an undefined one. Of a user's
// rules a single step may take long, so they have the clock as a last net, too.
func (in *interpreter) ask(ctx context.Context, query rego.PreparedEvalQuery, input ast.Value, own bool) (ast.Value, error) {
	limit := in.limits.Steps
	if own {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(ctx, in.limits.Timeout)
		defer cancel()
		limit = in.limits.OwnSteps
	}
	budget := &steps{ctx: ctx, left: limit}
	type outcome struct {
		results rego.ResultSet
		err     error
	}
	done := make(chan outcome, 1)
	evaluate := func() {
		results, err := query.Eval(ctx, rego.EvalParsedInput(input), rego.EvalExternalCancel(budget))
		done <- outcome{results, cmp.Or(budget.err(limit), err)}
	}
	if !own {
		evaluate()
	} else {
		// A step that does not end, such as a comparison of two values that share their
		// parts, is left behind.
		go evaluate()
		select {
		case o := <-done:
			done <- o
		case <-ctx.Done():
			select {
			case o := <-done:
				done <- o
			case <-time.After(time.Second):
				return nil, fmt.Errorf("%w: stopped by the clock, in one of them", ErrSteps)
			}
		}
	}
	o := <-done
	results, err := o.results, o.err
	switch {
	case err != nil:
		return nil, err
	case len(results) == 0:
		return nil, nil
	case len(results) != 1 || len(results[0].Expressions) != 1:
		return nil, fmt.Errorf("%w: it has several values", ErrShape)
	}
	v, ok := results[0].Expressions[0].Value.(ast.Value)
	if !ok {
		return nil, fmt.Errorf("%w: no value", ErrShape)
	}
	return v, nil
}
