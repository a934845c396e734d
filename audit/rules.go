package audit

import (
	"context"
	"fmt"
	"io/fs"
	"sync"

	"github.com/gpuaudit/gpuaudit/audit/input"
	"github.com/gpuaudit/gpuaudit/audit/pack"
	"github.com/gpuaudit/gpuaudit/audit/reference"
	"github.com/gpuaudit/gpuaudit/audit/report"
	"github.com/gpuaudit/gpuaudit/policy"
	"github.com/gpuaudit/gpuaudit/policy/source"
	"github.com/gpuaudit/gpuaudit/rules"
)

// engine is compiled rules.
type engine interface {
	Judge
	Rules() []policy.Rule
	IDs() []string
	Prepare()
	UserSHA256() string
	OwnRules() int
	HandedOver() map[string]string
}

// PolicySource is the built-in rules and those of the user, nil for none.
func PolicySource(user fs.FS) policy.Source {
	return policy.Source{FS: rules.FS(), User: user, Schema: rules.Schema(), Plan: rules.Plan()}
}

// builtIn are the built-in rules alone, compiled once in a process.
var builtIn = sync.OnceValues(func() (*policy.Engine, error) {
	return policy.Load(context.Background(), PolicySource(nil))
})

// loader loads the built-in rules with a user's, which may be nil, and with data in the
// place of their own.
type loader func(ctx context.Context, user fs.FS, data map[string][]byte) (engine, error)

func loadEngine(ctx context.Context, user fs.FS, data map[string][]byte) (engine, error) {
	if user == nil && len(data) == 0 {
		return builtIn()
	}
	src := PolicySource(user)
	src.Data = data
	return policy.Load(ctx, src)
}

// loadInterpreted has OPA run the built-in rules, too.
func loadInterpreted(ctx context.Context, user fs.FS, data map[string][]byte) (engine, error) {
	src := PolicySource(user)
	src.Plan, src.Data = nil, data
	return policy.Load(ctx, src)
}

// compiled are compiled rules, and what a report says of those of the user.
type compiled struct {
	engine
	own *report.RuleSet
}

// compile compiles the built-in rules and the user's, which may be nil.
func compile(ctx context.Context, given *source.Rules, data map[string][]byte, load loader) (*compiled, error) {
	files, err := given.Open()
	if err != nil {
		return nil, err
	}
	e, err := load(ctx, files, data)
	if err != nil {
		return nil, fmt.Errorf("load rules: %w", err)
	}
	c := &compiled{engine: e}
	if given != nil {
		c.own = &report.RuleSet{Source: string(given.Kind), Signed: given.Signed(), Artifact: given.Manifest,
			SHA256: e.UserSHA256(), Rules: e.OwnRules()}
	}
	return c, nil
}

// known refuses a pack that names what does not exist.
func known(p *pack.Pack, e engine, sets []DataSet) error {
	if p == nil {
		return nil
	}
	var names []string
	for _, s := range sets {
		names = append(names, s.Name)
	}
	if err := p.Known(e.IDs(), names); err != nil {
		return fmt.Errorf("--pack: %w", err)
	}
	return nil
}

// Rule is a rule as a pack makes it count. Its severity is the pack's.
type Rule struct {
	policy.Rule
	pack.Count
}

// Rules are the built-in rules and the user's, as a pack makes them count; both may be
// nil.
func Rules(ctx context.Context, given *source.Rules, packFile *input.File) ([]Rule, error) {
	c, err := compile(ctx, given, nil, loadEngine)
	if err != nil {
		return nil, err
	}
	sets := reference.Embedded()
	p, err := pack.Open(packFile)
	if err != nil {
		return nil, err
	}
	if err := known(p, c, sets); err != nil {
		return nil, err
	}
	var list []Rule
	for _, r := range c.Rules() {
		counts := p.Count(r.ID, r.Severity)
		r.Severity = counts.As
		list = append(list, Rule{r, counts})
	}
	return list, nil
}
