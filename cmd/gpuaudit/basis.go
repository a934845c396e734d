package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"strings"
	"time"

	"github.com/spf13/pflag"

	"github.com/gpuaudit/gpuaudit/audit"
	"github.com/gpuaudit/gpuaudit/audit/finding"
	"github.com/gpuaudit/gpuaudit/audit/pack"
	"github.com/gpuaudit/gpuaudit/audit/report"
	"github.com/gpuaudit/gpuaudit/policy"
	"github.com/gpuaudit/gpuaudit/rules"
)

// basisFlags name what a verdict rests on beside the machine: rules and pack.
type basisFlags struct {
	rules ruleFlags
	pack  string
	// read is the pack, once it was read: the digest that a report names is that of
	// the bytes which it was judged by.
	read *pack.Pack
}

func (f *basisFlags) register(flags *pflag.FlagSet) {
	f.rules.register(flags)
	flags.StringVar(&f.pack, "pack", "", "how the rules count: "+strings.Join(packNames(), ", ")+", or a FILE of your own")
}

// packNames are the packs that ship.
func packNames() []string {
	files, err := fs.Glob(rules.Packs(), "*.yaml")
	if err != nil {
		panic("packs: " + err.Error()) // the pattern is a constant
	}
	for i, f := range files {
		files[i] = strings.TrimSuffix(f, ".yaml")
	}
	return files
}

// loadPack reads the pack that was named; nil means that none was. A name
// without a dot and a slash is one of those that ship.
func (f *basisFlags) loadPack() (*pack.Pack, error) {
	if f.pack == "" || f.read != nil {
		return f.read, nil
	}
	var text []byte
	var err error
	switch {
	case strings.ContainsAny(f.pack, "./"):
		text, err = readFile(f.pack, 1<<20)
	default:
		text, err = fs.ReadFile(rules.Packs(), f.pack+".yaml")
		if errors.Is(err, fs.ErrNotExist) {
			err = fmt.Errorf("there is no pack %q: use %s, or a file such as ./%s.yaml", f.pack, strings.Join(packNames(), ", "), f.pack)
		}
	}
	if err != nil {
		return nil, fmt.Errorf("--pack: %w", err)
	}
	p, err := pack.Parse(text)
	if err != nil {
		return nil, fmt.Errorf("--pack %s: %w", f.pack, err)
	}
	f.read = p
	return p, nil
}

// known refuses a pack that names what does not exist.
func known(p *pack.Pack, engine *policy.Engine, sets []audit.DataSet) error {
	if p == nil {
		return nil
	}
	var ids, names []string
	for _, r := range engine.Rules() {
		ids = append(ids, r.ID)
	}
	for _, s := range sets {
		names = append(names, s.Name)
	}
	if err := p.Known(ids, names); err != nil {
		return fmt.Errorf("--pack: %w", err)
	}
	return nil
}

// adjustment is what the pack does to a report, and the data sets with the pack
// among them: it is an input of the verdict.
func adjustment(p *pack.Pack, engine *policy.Engine, sets []audit.DataSet) (func(*report.Report), []audit.DataSet, error) {
	if p == nil {
		return nil, sets, nil
	}
	if err := known(p, engine, sets); err != nil {
		return nil, nil, err
	}
	return p.Apply, append(sets, audit.DataSet{Name: "pack-" + p.Name, Date: p.Date, SHA256: p.SHA256()}), nil
}

// askPack fills in what the command line leaves to the pack, and returns the
// severity that decides. A command line may be stricter than the pack, never
// weaker: a gate would otherwise be opened by whoever types the command.
func (f *scanFlags) askPack() (finding.Severity, error) {
	p, err := f.basis.loadPack()
	if err != nil {
		return "", err
	}
	failOn := finding.High
	if p != nil {
		failOn = p.FailOn
		if f.jurisdiction == "" {
			f.jurisdiction = p.Question.Jurisdiction
		}
		if f.profile == "" {
			f.profile = p.Question.Profile
		}
	}
	if f.failOn == "" {
		return failOn, nil
	}
	asked, err := finding.ParseSeverity(f.failOn)
	switch {
	case err != nil:
		return "", fmt.Errorf("--fail-on: %w", err)
	case p != nil && asked.Rank() > failOn.Rank():
		return "", fmt.Errorf("--fail-on %s is weaker than %s, which the pack %s demands", asked, failOn, p.Name)
	}
	return asked, nil
}

// counted is a rule as a pack makes it count.
type counted struct {
	policy.Rule
	// Changed says what the pack changed; nil where nothing.
	Changed  *finding.Change `json:"changed,omitempty"`
	Disabled bool            `json:"disabled,omitempty"`
}

// count lists the rules as a pack makes them count; the severity becomes the
// pack's.
func count(rules []policy.Rule, p *pack.Pack) []counted {
	list := make([]counted, len(rules))
	for i, r := range rules {
		list[i].Rule = r
		if p == nil {
			continue
		}
		if c, ok := p.Rules[r.ID]; ok {
			list[i].Changed = &finding.Change{Pack: p.Name, Severity: r.Severity, Required: c.Required, Reason: c.Reason}
			list[i].Disabled = c.Disabled
			list[i].Severity = cmp.Or(c.Severity, r.Severity)
		}
	}
	return list
}

// note says in a few words how a rule counts otherwise than it states.
func (c *counted) note() string {
	var notes []string
	switch x := c.Changed; {
	case x == nil:
	case c.Disabled:
		notes = append(notes, "disabled by the pack "+x.Pack)
	default:
		if x.Severity != c.Severity {
			notes = append(notes, fmt.Sprintf("%s instead of %s by the pack %s", c.Severity, x.Severity, x.Pack))
		}
		if x.Required {
			notes = append(notes, "required by the pack "+x.Pack)
		}
	}
	if c.Effective != nil {
		notes = append(notes, "counts from "+c.Effective.Format(time.DateOnly)+" on")
	}
	return strings.Join(notes, "; ")
}

// listRules are the rules that the flags name, as their pack makes them count.
func (f *basisFlags) listRules(ctx context.Context) ([]counted, error) {
	engine, _, err := loadPolicy(ctx, &f.rules)
	if err != nil {
		return nil, err
	}
	sets, err := dataSets()
	if err != nil {
		return nil, err
	}
	p, err := f.loadPack()
	if err != nil {
		return nil, err
	}
	if err := known(p, engine, sets); err != nil {
		return nil, err
	}
	return count(engine.Rules(), p), nil
}
