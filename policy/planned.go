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
	"strings"
	"sync"

	"github.com/open-policy-agent/opa/v1/ast"

	"github.com/gpuaudit/gpuaudit/audit/message"
	"github.com/gpuaudit/gpuaudit/policy/irvm"
)

// planned are rules as they were planned at build time: what they say of themselves,
// and a program for package irvm.
type planned struct {
	rules    []Rule // without their facts
	details  func() planDetails
	messages func() catalogue
	// code is decoded when the first input is judged: of a machine without a GPU, none is.
	code func() (*code, error)
}

// code is the program and the data that it reads.
type code struct {
	program *irvm.Program
	data    *ast.Term
}

// planHead is what a stored plan begins with.
type planHead struct {
	// SHA256 is the digest of the rules, the data and the schema that it was made of.
	SHA256 string `json:"sha256"`
	Rules  []Rule `json:"rules"`
}

// planDetails are what no judgement needs: they are read when somebody asks.
type planDetails struct {
	Facts map[string][]string `json:"facts"`
	Texts map[string]Texts    `json:"texts"`
	Reads map[string][]string `json:"reads"`
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
	head, details := planHead{Rules: slices.Clone(e.rules)}, planDetails{Facts: map[string][]string{}, Texts: map[string]Texts{}, Reads: e.Reads()}
	for _, r := range e.Rules() {
		details.Facts[r.ID], details.Texts[r.ID] = r.Facts, r.Texts
	}
	for i := range head.Rules {
		head.Rules[i].Texts = Texts{}
	}
	if head.SHA256, err = sourceDigest(src); err != nil {
		return nil, err
	}
	sentences, err := withoutTexts(e.messagesText, e.rules)
	if err != nil {
		return nil, err
	}
	return storePlan(head, details, sentences, program, in.document)
}

// storePlan puts the parts one after the other, each behind its length.
func storePlan(head planHead, details planDetails, messages []byte, program *irvm.Program, document any) ([]byte, error) {
	var out []byte
	for _, part := range []any{head, details} {
		text, err := json.Marshal(part)
		if err != nil {
			return nil, fmt.Errorf("store the planned rules: %w", err)
		}
		out = append(binary.AppendUvarint(out, uint64(len(text))), text...)
	}
	out = append(binary.AppendUvarint(out, uint64(len(messages))), messages...)
	data, err := ast.InterfaceToValue(document)
	if err != nil {
		return nil, fmt.Errorf("store the planned rules: %w", err)
	}
	code, err := irvm.Encode(program, data)
	if err != nil {
		return nil, fmt.Errorf("store the planned rules: %w", err)
	}
	return append(binary.AppendUvarint(out, uint64(len(code))), code...), nil
}

// errPlan says that a stored plan is damaged.
var errPlan = errors.New("the planned rules are damaged")

// planPart takes the first part off a stored plan.
func planPart(plan []byte) (part, rest []byte, err error) {
	n, at := binary.Uvarint(plan)
	if at <= 0 || n > uint64(len(plan)-at) {
		return nil, nil, errPlan
	}
	return plan[at : at+int(n)], plan[at+int(n):], nil
}

func readPlan(plan []byte) (*planned, error) {
	var parts [4][]byte
	for i := range parts {
		var err error
		if parts[i], plan, err = planPart(plan); err != nil {
			return nil, err
		}
	}
	var head planHead
	if err := json.Unmarshal(parts[0], &head); err != nil {
		return nil, fmt.Errorf("%w: %w", errPlan, err)
	}
	p := &planned{rules: head.Rules}
	for i := range p.rules {
		r := &p.rules[i]
		r.decision = ast.Ref{ast.DefaultRootDocument}
		for name := range strings.SplitSeq(r.Package+"."+decisionRule, ".") {
			r.decision = append(r.decision, ast.StringTerm(name))
		}
	}
	p.details = sync.OnceValue(func() (d planDetails) {
		if err := json.Unmarshal(parts[1], &d); err != nil {
			panic("policy: " + err.Error()) // made at build time, held by a test
		}
		return d
	})
	p.messages = sync.OnceValue(func() catalogue {
		if len(parts[2]) == 0 {
			return catalogue{}
		}
		c, err := message.Parse(parts[2])
		if err != nil {
			panic("policy: " + err.Error()) // made at build time, held by a test
		}
		return catalogue(c)
	})
	p.code = sync.OnceValues(func() (*code, error) {
		program, data, err := irvm.Decode(parts[3], planMayCall)
		if err != nil {
			return nil, fmt.Errorf("%w: %w", errPlan, err)
		}
		return &code{program, ast.NewTerm(data)}, nil
	})
	return p, nil
}

// described are the rules with what is for people: the facts that they look at, and what
// their failure means.
func (p *planned) described() []Rule {
	rules := slices.Clone(p.rules)
	for i := range rules {
		rules[i].Facts, rules[i].Texts = p.details().Facts[rules[i].ID], p.details().Texts[rules[i].ID]
	}
	return rules
}

// reads: see [Engine.Reads].
func (p *planned) reads() map[string][]string { return p.details().Reads }

// entry is the name that OPA's planner gives to the function of a rule's decision.
func (r *Rule) entry() string { return "g0." + r.decision.String() }

// asker asks the rules one by one, of one input. What the program cannot do goes to
// OPA, for that rule alone; how many steps are taken is the program's own count.
func (p *planned) asker(ctx context.Context, e *Engine, run *irvm.Run, input ast.Value) asker {
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
	messages, _, err := readMessages(src.FS, budget)
	if err != nil {
		return "", err
	}
	fmt.Fprintf(h, "%d:%s;%d:%s", len(src.Schema), src.Schema, len(messages), messages)
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
	for i := range p.rules {
		delete(ids, p.rules[i].ID+" "+p.rules[i].Package)
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
