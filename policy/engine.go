// Package policy runs the rules: it compiles Rego modules once, under limits
// that do not let a mistake pass for a verdict, and turns each rule's decision
// into a finding. It holds no rules; the caller hands them over as a file
// system. No other package imports OPA.
package policy

import (
	"cmp"
	"context"
	"encoding/hex"
	"fmt"
	"io/fs"
	"slices"
	"sync"
	"time"
)

// Source is what an engine is made of.
type Source struct {
	// FS holds the rules: every *.rego file that is no test is a module, and
	// every data/NAME.json is data.gpuaudit.data.NAME.
	FS fs.FS
	// User holds further rules of the same form; nil means none. They are held
	// to the same restrictions and can neither change nor replace those of FS.
	User fs.FS
	// Schema is the JSON schema of the input. The compiler checks every path
	// under input against it.
	Schema []byte
	// Plan is what [Plan] made of FS, nil for none: the built-in rules are then run in
	// that form, and FS is only read where OPA is needed. The caller vouches that it was
	// made of the same rules.
	Plan []byte
	// Data are documents in place of data/NAME.json of FS and of the plan, by name.
	Data   map[string][]byte
	Limits Limits
}

// Limits bound what an engine takes in and gives out. A zero field means the
// default, never "unlimited". OPA offers no bound on the memory of a running
// rule: the steps, and the size of input and data, are what holds it.
type Limits struct {
	// Steps bounds the expressions of one evaluation (default 2 million; all built-in
	// rules take some 10,000 on a device). When a rule breaks, each rule is evaluated
	// by itself under the same bound.
	Steps int64
	// OwnSteps is the same for the user's rules (default 250,000): each step can make
	// something that stays in memory.
	OwnSteps int64
	// Timeout is the last net below a user's rules and tests (default 10 s), for one
	// step of them can take long. It does not apply to the built-in rules.
	Timeout time.Duration
	// InputBytes bounds the JSON form of one input (default 8 MiB).
	InputBytes int
	// OutputBytes bounds the texts of one decision (default 64 KiB).
	OutputBytes int
	// SourceBytes bounds all rules and data of one file system (default 4 MiB). A byte of
	// a rule takes some hundred once it is parsed.
	SourceBytes int64
	// RuleBytes bounds the rules and tests among them that are the user's (default 512 KiB).
	RuleBytes int64
	// SourceFiles bounds their number (default 1,000).
	SourceFiles int
}

func (l Limits) withDefaults() Limits {
	set := func(v *int, d int) {
		if *v <= 0 {
			*v = d
		}
	}
	set(&l.InputBytes, 8<<20)
	set(&l.OutputBytes, 64<<10)
	set(&l.SourceFiles, 1000)
	if l.SourceBytes <= 0 {
		l.SourceBytes = 4 << 20
	}
	if l.RuleBytes <= 0 {
		l.RuleBytes = 512 << 10
	}
	if l.Timeout <= 0 {
		l.Timeout = 10 * time.Second
	}
	if l.OwnSteps <= 0 {
		l.OwnSteps = 250_000
		if 0 < l.Steps && l.Steps < l.OwnSteps {
			l.OwnSteps = l.Steps
		}
	}
	if l.Steps <= 0 {
		l.Steps = 2_000_000
	}
	return l
}

// Engine is a compiled set of rules. It is safe for concurrent use.
type Engine struct {
	rules []Rule // sorted by id, without their facts
	// described are the rules with the facts that they look at, which are for
	// people: to follow them is a twentieth of the time to load.
	described func() []Rule
	// reads are the parts of the input that each rule's decision can rest on.
	reads func() map[string][]string
	// planned are the built-in rules as they were planned at build time, nil where OPA
	// interprets them. opa are all rules; they are compiled when they are first needed.
	planned *planned
	opa     func() (*interpreter, error)
	// users are the user's rules and what they reach, where the others are planned; nil
	// where opa holds them.
	users  *interpreter
	handed handed
	// messages are the sentences of the built-in rules; nil in an engine without any.
	messages     func() catalogue
	messagesText []byte // of an engine that was compiled
	own          bool   // there are rules of the user
	ownSHA       string
	limits       Limits
	memo         memo
	kept         *kept // nil: every rule is asked of every model
}

// Load reads, checks and compiles the rules, or takes the plan of the built-in ones
// where there are no others. An error is or wraps [ErrCompile] where the rules
// themselves are at fault.
func Load(ctx context.Context, src Source) (*Engine, error) {
	e := &Engine{limits: src.Limits.withDefaults(), own: src.User != nil}
	if src.Plan != nil {
		var err error
		if e.planned, err = readPlan(src.Plan); err != nil {
			return nil, err
		}
		documents, err := parseData(src.Data)
		if err != nil {
			return nil, err
		}
		if len(documents) > 0 {
			if err := e.planned.replaceData(documents); err != nil {
				return nil, err
			}
		}
	}
	if e.planned != nil && !e.own {
		e.rules, e.described, e.reads, e.messages = e.planned.rules, e.planned.described, e.planned.reads, e.planned.messages
		e.kept = newKept(len(e.rules))
		// The rules that ship compile, and a context that ends would fail them for good.
		e.opa = sync.OnceValues(func() (*interpreter, error) {
			_, in, err := compileAll(context.WithoutCancel(ctx), src, e.limits)
			return in, err
		})
		return e, nil
	}
	set, err := readAll(src, e.limits)
	if err != nil {
		return nil, err
	}
	e.rules, e.kept = set.found, newKept(len(set.found))
	if e.planned != nil && !e.planned.same(e.rules) {
		return nil, fmt.Errorf("%w: the plan was made of other rules", ErrCompile)
	}
	if e.planned == nil {
		in, err := interpret(ctx, set, set.found, src.Schema, e.limits)
		if err != nil {
			return nil, err
		}
		e.opa = func() (*interpreter, error) { return in, nil }
	} else {
		if e.users, err = interpret(ctx, set.needed(), usersOf(set.found), src.Schema, e.limits); err != nil {
			return nil, err
		}
		e.opa = sync.OnceValues(func() (*interpreter, error) {
			return interpret(context.WithoutCancel(ctx), set, set.found, src.Schema, e.limits)
		})
	}
	e.messages = func() catalogue { return set.messages }
	e.messagesText = set.messagesText
	e.described = sync.OnceValue(func() []Rule {
		if e.planned == nil {
			return set.withFacts(e.rules)
		}
		own := set.withFacts(usersOf(e.rules))
		all := slices.Concat(e.planned.described(), own)
		slices.SortFunc(all, func(a, b Rule) int { return cmp.Compare(a.ID, b.ID) })
		return all
	})
	e.reads = sync.OnceValue(func() map[string][]string { return set.reads(e.rules) })
	if e.own {
		e.ownSHA = hex.EncodeToString(set.own.Sum(nil))
	}
	return e, nil
}

// compileAll reads the rules of a source and has OPA compile them.
func compileAll(ctx context.Context, src Source, limits Limits) (*sourceSet, *interpreter, error) {
	set, err := readAll(src, limits)
	if err != nil {
		return nil, nil, err
	}
	in, err := interpret(ctx, set, set.found, src.Schema, limits)
	return set, in, err
}

// readAll reads the rules of a source as far as that goes without compiling them.
func readAll(src Source, limits Limits) (*sourceSet, error) {
	set, err := readSource(src, limits)
	if err != nil {
		return nil, err
	}
	documents, err := parseData(src.Data)
	if err != nil {
		return nil, err
	}
	if err := set.replaceData(documents); err != nil {
		return nil, err
	}
	if set.found, err = set.rules(src.User != nil); err != nil {
		return nil, err
	}
	set.inlineMessages()
	return set, nil
}

// Rules returns the rules' metadata, sorted by id.
func (e *Engine) Rules() []Rule { return slices.Clone(e.described()) }

// IDs are those of all rules, in their order.
func (e *Engine) IDs() []string {
	ids := make([]string, len(e.rules))
	for i := range e.rules {
		ids[i] = e.rules[i].ID
	}
	return ids
}

// Prepare makes ready what the first judgement needs: whoever knows that there will be one
// calls it beside other work. What fails here fails there.
func (e *Engine) Prepare() {
	if e.planned != nil {
		_, _ = e.planned.code()
	}
}

// UserSHA256 is the digest over the names and bytes of the user's rules and data;
// "" where there are none.
func (e *Engine) UserSHA256() string { return e.ownSHA }
