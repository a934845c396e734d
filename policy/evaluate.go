package policy

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/open-policy-agent/opa/v1/ast"
	"github.com/open-policy-agent/opa/v1/rego"
	"github.com/open-policy-agent/opa/v1/topdown"
	"github.com/open-policy-agent/opa/v1/util"

	"github.com/gpuaudit/gpuaudit/audit/finding"
)

// Evaluate judges one input: the device's rules when it holds a device, else
// the host's rules. Findings are in the order of the rules' ids; their Device
// is left to the caller. A rule that breaks gives a finding that is unknown,
// and its [RuleError] is part of the returned error; the others are not
// touched by it.
func (e *Engine) Evaluate(ctx context.Context, input any) ([]finding.Finding, error) {
	value, err := e.parse(input)
	if err != nil {
		return nil, err
	}
	scope := ScopeHost
	if lookup(value, "device") != nil {
		scope = ScopeDevice
	}
	now, err := clock(value)
	if err != nil {
		return nil, err
	}
	answers, all := e.askAll(ctx, scope, value)
	if ctx.Err() != nil {
		return nil, fmt.Errorf("evaluate rules: %w", ctx.Err())
	}
	who := identity(value)
	var findings []finding.Finding
	var errs []error
	for i := range e.rules {
		r := &e.rules[i]
		if r.Scope != scope {
			continue
		}
		d, err := e.answer(ctx, r, answers, all, value)
		if err != nil {
			errs = append(errs, &RuleError{ID: r.ID, Err: err})
			d = &decision{status: finding.Unknown, detail: "The rule could not be evaluated: " + err.Error() + "."}
		}
		findings = append(findings, r.finding(d, who, now))
	}
	return findings, errors.Join(errs...)
}

// answer is a rule's decision: from the common answer, or, where that failed
// as a whole, from a query of its own.
func (e *Engine) answer(ctx context.Context, r *Rule, answers ast.Object, all error, input ast.Value) (*decision, error) {
	var v ast.Value
	if all == nil {
		if t := answers.Get(ast.StringTerm(r.ID)); t != nil {
			v = t.Value
		}
	} else {
		query, err := e.prepare(ctx, r.decision)
		if err != nil {
			return nil, err
		}
		if v, err = e.ask(ctx, query, input); err != nil {
			return nil, err
		}
	}
	if v == nil {
		return nil, ErrUndefined
	}
	return decide(v, e.limits.OutputBytes)
}

func (e *Engine) askAll(ctx context.Context, scope Scope, input ast.Value) (ast.Object, error) {
	v, err := e.ask(ctx, e.scopes[scope], input)
	if err != nil {
		return nil, err
	}
	object, ok := v.(ast.Object)
	if !ok {
		object = ast.NewObject() // a scope without rules
	}
	return object, nil
}

// ask evaluates a query within the deadline; a nil value is an undefined one.
func (e *Engine) ask(ctx context.Context, query rego.PreparedEvalQuery, input ast.Value) (ast.Value, error) {
	ctx, cancel := context.WithTimeout(ctx, e.limits.Timeout)
	defer cancel()
	results, err := query.Eval(ctx, rego.EvalParsedInput(input))
	switch {
	case topdown.IsCancel(err) || err != nil && ctx.Err() != nil:
		return nil, fmt.Errorf("%w: stopped after %v", ErrDeadline, e.limits.Timeout)
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

// parse makes OPA's form of an input, through its JSON form, which is what the
// size limit and the schema speak of.
func (e *Engine) parse(input any) (ast.Value, error) {
	text, err := json.Marshal(input)
	if err != nil {
		return nil, fmt.Errorf("encode the input of the rules: %w", err)
	}
	if len(text) > e.limits.InputBytes {
		return nil, fmt.Errorf("input of the rules has %d bytes: %w of %d", len(text), ErrTooLarge, e.limits.InputBytes)
	}
	var raw any
	if err := util.UnmarshalJSON(text, &raw); err != nil {
		return nil, fmt.Errorf("read the input of the rules: %w", err)
	}
	return ast.InterfaceToValue(raw)
}

// finding joins what the rule says of itself with what it decided.
func (r *Rule) finding(d *decision, identity string, now time.Time) finding.Finding {
	f := finding.Finding{
		ID: r.ID, Category: r.Category, Severity: r.Severity, Status: d.status, Title: r.Title, Detail: d.detail,
		Evidence: d.evidence, Missing: d.missing, Remediation: r.Remediation, References: r.References, Identity: r.Identity,
		Fingerprint: finding.Fingerprint(r.ID, identity, d.key),
	}
	if r.Effective != nil && now.Before(*r.Effective) && d.status == finding.Fail {
		f.Severity = finding.Info
		f.Detail += fmt.Sprintf(" This rule counts from %s on.", r.Effective.Format(time.DateOnly))
	}
	return f
}
