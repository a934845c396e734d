package policy

import (
	"context"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"slices"

	"github.com/open-policy-agent/opa/v1/ast"

	"github.com/gpuaudit/gpuaudit/policy/irvm"
)

// planned are rules as they were planned at build time: what they say of themselves,
// and a program for package irvm.
type planned struct {
	head    planHead
	program *irvm.Program
	data    *ast.Term
}

// planHead is what a stored plan begins with.
type planHead struct {
	// SHA256 is the digest of the rules, the data and the schema that it was made of.
	SHA256 string              `json:"sha256"`
	Rules  []Rule              `json:"rules"`
	Reads  map[string][]string `json:"reads"`
}

// Plan compiles the rules of a source, without those of a user, to a plan that [Load]
// takes in their place. It is for the build: what [Source.Plan] holds is what it gave.
func Plan(ctx context.Context, src Source) ([]byte, error) {
	src.User, src.Plan = nil, nil
	e, err := Load(ctx, src)
	if err != nil {
		return nil, err
	}
	in, err := e.opa()
	if err != nil {
		return nil, err
	}
	var query ast.Body
	for _, set := range ruleSets {
		if !set.own {
			query.Append(ast.NewExpr(ast.NewTerm(set.ref())))
		}
	}
	policy, err := irvm.Compile(ctx, in.compiler, query)
	if err != nil {
		return nil, err
	}
	policy.Plans.Plans = nil // rules are called by their functions
	program, err := irvm.Load(policy, planMayCall)
	if err != nil {
		return nil, err
	}
	for i := range e.rules {
		if !program.Has(e.rules[i].entry()) {
			return nil, fmt.Errorf("plan the rules: rule %s has no function", e.rules[i].ID)
		}
	}
	head := planHead{Rules: e.Rules(), Reads: e.Reads()}
	if head.SHA256, err = sourceDigest(src); err != nil {
		return nil, err
	}
	data, err := ast.InterfaceToValue(in.document)
	if err != nil {
		return nil, fmt.Errorf("plan the rules: %w", err)
	}
	text, err := json.Marshal(head)
	if err != nil {
		return nil, fmt.Errorf("plan the rules: %w", err)
	}
	code, err := irvm.Encode(program, data)
	if err != nil {
		return nil, fmt.Errorf("plan the rules: %w", err)
	}
	out := binary.AppendUvarint(nil, uint64(len(text)))
	return append(append(out, text...), code...), nil
}

// PlanSHA256 is the digest of what a plan was made of, to be held against the rules.
func PlanSHA256(plan []byte) (string, error) {
	head, _, err := readHead(plan)
	return head.SHA256, err
}

func readHead(plan []byte) (head planHead, code []byte, err error) {
	n, at := binary.Uvarint(plan)
	if at <= 0 || n > uint64(len(plan)-at) {
		return head, nil, errors.New("read the planned rules: they are cut off")
	}
	end := at + int(n)
	if err := json.Unmarshal(plan[at:end], &head); err != nil {
		return head, nil, fmt.Errorf("read the planned rules: %w", err)
	}
	return head, plan[end:], nil
}

func readPlan(plan []byte) (*planned, error) {
	head, code, err := readHead(plan)
	if err != nil {
		return nil, err
	}
	p := &planned{head: head}
	for i := range p.head.Rules {
		r := &p.head.Rules[i]
		path, err := ast.ParseRef("data." + r.Package)
		if err != nil {
			return nil, fmt.Errorf("read the planned rules: %w", err)
		}
		r.decision = path.Append(ast.StringTerm(decisionRule))
	}
	program, data, err := irvm.Decode(code, planMayCall)
	if err != nil {
		return nil, fmt.Errorf("read the planned rules: %w", err)
	}
	p.program, p.data = program, ast.NewTerm(data)
	return p, nil
}

// entry is the name that OPA's planner gives to the function of a rule's decision.
func (r *Rule) entry() string { return "g0." + r.decision.String() }

// asker asks the rules one by one, of one input. What the program cannot do goes to
// OPA, for that rule alone; how many steps are taken is the program's own count.
func (p *planned) asker(ctx context.Context, e *Engine, input ast.Value) asker {
	run := p.program.NewRun(ctx, ast.NewTerm(input), p.data, irvm.Options{Steps: e.limits.Steps})
	return func(r *Rule) (ast.Value, error) {
		v, err := run.Call(r.entry())
		switch {
		case err == nil:
			return v, nil
		case errors.Is(err, irvm.ErrSteps):
			return nil, fmt.Errorf("%w: stopped after %d steps", ErrSteps, e.limits.Steps)
		case ctx.Err() != nil:
			return nil, ctx.Err()
		}
		e.handed.note(r.ID, err)
		in, err := e.opa()
		if err != nil {
			return nil, err
		}
		return in.askOne(ctx, r, input)
	}
}

// sourceDigest is over the names and bytes of all rules and data of a source, and its
// schema; tests are left out.
func sourceDigest(src Source) (string, error) {
	limits := src.Limits.withDefaults()
	h, budget := sha256.New(), limits.SourceBytes
	err := fs.WalkDir(src.FS, ".", func(name string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || !isSource(name) || isTest(name) {
			return err
		}
		text, err := readAtMost(src.FS, name, budget)
		budget -= int64(len(text))
		fmt.Fprintf(h, "%d:%s;%d:%s", len(name), name, len(text), text)
		return err
	})
	if err != nil {
		return "", fmt.Errorf("read rules: %w", err)
	}
	fmt.Fprintf(h, "%d:%s", len(src.Schema), src.Schema)
	return hex.EncodeToString(h.Sum(nil)), nil
}

// same says that the planned rules are the built-in ones of a source, which was read
// with those of a user.
func (p *planned) same(rules []Rule) bool {
	ids := map[string]bool{}
	for i := range rules {
		if !Users(rules[i].File) {
			ids[rules[i].ID+" "+rules[i].Package] = true
		}
	}
	for i := range p.head.Rules {
		delete(ids, p.head.Rules[i].ID+" "+p.head.Rules[i].Package)
	}
	return len(ids) == 0
}

// HandedOver lists the rules that the planned form had no answer for, with the reason;
// OPA was asked instead, and its answer counts.
func (e *Engine) HandedOver() map[string]string {
	e.handed.mu.Lock()
	defer e.handed.mu.Unlock()
	return maps.Clone(e.handed.why)
}

// note keeps the first reason of each rule.
func (h *handed) note(id string, err error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.why == nil {
		h.why = map[string]string{}
	}
	if h.why[id] == "" {
		h.why[id] = err.Error()
	}
}

// rules are copies, for an engine that changes none of them.
func (p *planned) rules() []Rule { return slices.Clone(p.head.Rules) }
