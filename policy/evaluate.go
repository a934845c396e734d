package policy

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/open-policy-agent/opa/v1/ast"
	"github.com/open-policy-agent/opa/v1/util"

	"github.com/gpuaudit/gpuaudit/audit/finding"
)

// Unit is an input of which many differ in nothing but the names of one card
// and one machine, as those of a fleet do. What the built-in rules say of one,
// they say of all: it is worked out once.
type Unit interface {
	// Model is the input without those names; nil for the input itself.
	Model() any
	// Identity tells the unit again in a later audit; see [finding.Fingerprint].
	Identity() string
}

// Evaluate judges one input: the device's rules when it holds a device, else
// the host's rules. Findings are in the order of the rules' ids; their Device
// is left to the caller. A rule that breaks gives a finding that is unknown,
// and its [RuleError] is part of the returned error; the others are not
// touched by it.
func (e *Engine) Evaluate(ctx context.Context, input any) ([]finding.Finding, error) {
	var model any
	unit, _ := input.(Unit)
	if unit != nil {
		model = unit.Model()
	}
	if model == nil {
		return e.evaluateWhole(ctx, input)
	}
	built, err := e.judgeModel(ctx, model)
	if err != nil {
		return nil, err
	}
	parts := []*judged{built}
	if e.own {
		// The user's rules may well ask for a serial number.
		text, err := e.encode(input)
		if err != nil {
			return nil, err
		}
		own, err := e.judge(ctx, text, true)
		if err != nil {
			return nil, err
		}
		parts = append(parts, own)
	}
	return e.findings(unit.Identity(), parts...)
}

// evaluateWhole judges an input that is no unit, or has no names to leave out. An
// audit gives units only; this is what tests hold the judgement of models against,
// and it finds the identity for itself.
func (e *Engine) evaluateWhole(ctx context.Context, input any) ([]finding.Finding, error) {
	text, err := e.encode(input)
	if err != nil {
		return nil, err
	}
	value, err := parseInput(text)
	if err != nil {
		return nil, err
	}
	var parts []*judged
	for _, own := range [...]bool{false, true} {
		if own && !e.own {
			continue
		}
		j, err := e.judgeValue(ctx, value, own)
		if err != nil {
			return nil, err
		}
		parts = append(parts, j)
	}
	return e.findings(identity(value), parts...)
}

// judged is what the built-in rules, or the user's, say of an input.
type judged struct {
	now time.Time
	// answers has an element for each rule of the engine: nil where it was not
	// asked.
	answers []answer
}

type answer struct {
	*decision
	err error
}

// findings joins the answers in the order of the rules.
func (e *Engine) findings(identity string, parts ...*judged) ([]finding.Finding, error) {
	var errs []error
	findings := make([]finding.Finding, 0, len(e.rules))
	pointers := room(parts)
	for i := range e.rules {
		for _, part := range parts {
			a := part.answers[i]
			if a.decision == nil {
				continue
			}
			if a.err != nil {
				errs = append(errs, &RuleError{ID: e.rules[i].ID, Err: a.err})
			}
			f := e.rules[i].finding(a.decision, identity, part.now)
			f.Evidence, pointers = hand(a.evidence, pointers)
			f.Missing, pointers = hand(a.missing, pointers)
			findings = append(findings, f)
		}
	}
	return findings, errors.Join(errs...)
}

// room is for all pointers of the answers: what a caller gets is its own, and one
// allocation for all is cheaper than two for each rule.
func room(parts []*judged) []string {
	n := 0
	for _, part := range parts {
		for _, a := range part.answers {
			if a.decision != nil {
				n += len(a.evidence) + len(a.missing)
			}
		}
	}
	return make([]string, n)
}

// hand copies a list into room, and returns what is left of that.
func hand(list, room []string) (copied, left []string) {
	if list == nil {
		return nil, room
	}
	n := copy(room, list)
	return room[:n:n], room[n:]
}

// judge asks the built-in rules, or the user's own.
func (e *Engine) judge(ctx context.Context, text []byte, own bool) (*judged, error) {
	value, err := parseInput(text)
	if err != nil {
		return nil, err
	}
	return e.judgeValue(ctx, value, own)
}

func (e *Engine) judgeValue(ctx context.Context, value ast.Value, own bool) (*judged, error) {
	set := ruleSet{ScopeHost, own}
	if lookup(value, "device") != nil {
		set.scope = ScopeDevice
	}
	j := &judged{answers: make([]answer, len(e.rules))}
	var err error
	if j.now, err = clock(value); err != nil {
		return nil, err
	}
	judgement, err := e.begin(ctx, set, value)
	if err != nil {
		return nil, err
	}
	for i := range e.rules {
		r := &e.rules[i]
		if r.set() != set {
			continue
		}
		d, err := judgement.answer(i)
		if err != nil {
			d = &decision{status: finding.Unknown, detail: "The rule could not be evaluated: " + err.Error() + "."}
		}
		j.answers[i] = answer{d.keyByFirmware(value), err}
	}
	if ctx.Err() != nil {
		return nil, fmt.Errorf("evaluate rules: %w", ctx.Err())
	}
	return j, nil
}

// encode is the JSON form of an input, which is what the size limit and the
// schema speak of.
func (e *Engine) encode(input any) ([]byte, error) {
	text, err := json.Marshal(input)
	if err != nil {
		return nil, fmt.Errorf("encode the input of the rules: %w", err)
	}
	if len(text) > e.limits.InputBytes {
		return nil, fmt.Errorf("input of the rules has %d bytes: %w of %d", len(text), ErrTooLarge, e.limits.InputBytes)
	}
	return text, nil
}

func parseInput(text []byte) (ast.Value, error) {
	var raw any
	if err := util.UnmarshalJSON(text, &raw); err != nil {
		return nil, fmt.Errorf("read the input of the rules: %w", err)
	}
	return ast.InterfaceToValue(raw)
}

// finding joins what the rule says of itself with what it decided; evidence and
// missing facts are left to the caller.
func (r *Rule) finding(d *decision, identity string, now time.Time) finding.Finding {
	f := finding.Finding{
		ID: r.ID, Rule: r.Name, Category: r.Category, Severity: r.Severity, Status: d.status, Title: r.Title, Detail: d.detail, Message: d.message,
		Remediation: r.Remediation, References: r.References, Identity: r.Identity, Question: r.Question, Means: r.Means, Lead: r.Lead, Fingerprint: finding.Fingerprint(r.ID, identity, d.key),
	}
	// What a rule saw may weigh less than the worst that it looks for, never more.
	if d.severity != "" && d.severity.Rank() < r.Severity.Rank() {
		f.Severity = d.severity
	}
	// Before its day a rule warns: neither what it says nor what it lacks decides.
	if r.Effective != nil && now.Before(*r.Effective) && (d.status == finding.Fail || d.status == finding.Unknown) {
		f.Severity, f.Effective = finding.Info, r.Effective
		f.Detail += fmt.Sprintf(" This rule counts from %s on.", r.Effective.Format(time.DateOnly))
	}
	return f
}
