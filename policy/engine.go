// Package policy runs the rules: it compiles Rego modules once, under limits
// that do not let a mistake pass for a verdict, and turns each rule's decision
// into a finding. It holds no rules; the caller hands them over as a file
// system. No other package imports OPA.
package policy

import (
	"context"
	"encoding/hex"
	"fmt"
	"io/fs"
	"slices"
	"sync"
	"time"

	"github.com/open-policy-agent/opa/v1/ast"
	"github.com/open-policy-agent/opa/v1/rego"
	"github.com/open-policy-agent/opa/v1/storage"
	"github.com/open-policy-agent/opa/v1/storage/inmem"
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
	// Timeout is the last net below a user's rules and tests (default 1 min), for one
	// step of them can take long. It does not apply to the built-in rules.
	Timeout time.Duration
	// InputBytes bounds the JSON form of one input (default 8 MiB).
	InputBytes int
	// OutputBytes bounds the texts of one decision (default 64 KiB).
	OutputBytes int
	// SourceBytes bounds all rules and data of one file system (default 16 MiB).
	SourceBytes int64
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
		l.SourceBytes = 16 << 20
	}
	if l.Timeout <= 0 {
		l.Timeout = time.Minute
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
	reads    func() map[string][]string
	compiler *ast.Compiler
	store    storage.Store
	sets     map[ruleSet]rego.PreparedEvalQuery
	own      bool // there are rules of the user
	ownSHA   string
	limits   Limits
	memo     memo
}

// Load reads, checks and compiles the rules. An error is or wraps [ErrCompile]
// where the rules themselves are at fault.
func Load(ctx context.Context, src Source) (*Engine, error) {
	limits := src.Limits.withDefaults()
	set, err := readSource(src, limits)
	if err != nil {
		return nil, err
	}
	rules, err := set.rules(src.User != nil)
	if err != nil {
		return nil, err
	}
	index := indexModule(rules)
	set.modules[indexFile] = index
	compiler, err := compile(set, src.Schema, allowed())
	if err != nil {
		return nil, err
	}
	e := &Engine{
		rules: rules, compiler: compiler, limits: limits, sets: map[ruleSet]rego.PreparedEvalQuery{}, own: src.User != nil,
		store: inmem.NewFromObjectWithOpts(set.document(), inmem.OptRoundTripOnWrite(false), inmem.OptReturnASTValuesOnRead(true)),
	}
	e.described = sync.OnceValue(func() []Rule { return set.withFacts(rules) })
	e.reads = sync.OnceValue(func() map[string][]string { return set.reads(rules) })
	if e.own {
		e.ownSHA = hex.EncodeToString(set.own.Sum(nil))
	}
	for _, set := range ruleSets {
		if set.own && !e.own {
			continue
		}
		if e.sets[set], err = e.prepare(ctx, ast.NewTerm(set.ref())); err != nil {
			return nil, fmt.Errorf("prepare the %s rules: %w", set.scope, err)
		}
	}
	return e, nil
}

// Rules returns the rules' metadata, sorted by id.
func (e *Engine) Rules() []Rule { return slices.Clone(e.described()) }

// UserSHA256 is the digest over the names and bytes of the user's rules and data;
// "" where there are none.
func (e *Engine) UserSHA256() string { return e.ownSHA }

// prepare makes a query for the value of a term. Results stay OPA's own
// values, so that their size is checked before they are converted.
func (e *Engine) prepare(ctx context.Context, term *ast.Term) (rego.PreparedEvalQuery, error) {
	return rego.New(
		rego.ParsedQuery(ast.NewBody(ast.NewExpr(term))),
		rego.Compiler(e.compiler),
		rego.Store(e.store),
		rego.StrictBuiltinErrors(true),
		rego.GenerateJSON(func(t *ast.Term, _ *rego.EvalContext) (any, error) { return t.Value, nil }),
	).PrepareForEval(ctx)
}
