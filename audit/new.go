package audit

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/gpuaudit/gpuaudit/attest/tpm"
	"github.com/gpuaudit/gpuaudit/audit/catalogue"
	"github.com/gpuaudit/gpuaudit/audit/collect"
	"github.com/gpuaudit/gpuaudit/audit/country"
	"github.com/gpuaudit/gpuaudit/audit/facts"
	"github.com/gpuaudit/gpuaudit/audit/gpuproof"
	"github.com/gpuaudit/gpuaudit/audit/inventory"
	"github.com/gpuaudit/gpuaudit/audit/machine"
	"github.com/gpuaudit/gpuaudit/audit/offer"
	"github.com/gpuaudit/gpuaudit/audit/pack"
	"github.com/gpuaudit/gpuaudit/audit/purchase"
	"github.com/gpuaudit/gpuaudit/audit/reference"
	"github.com/gpuaudit/gpuaudit/audit/report"
	"github.com/gpuaudit/gpuaudit/audit/suggest"
	"github.com/gpuaudit/gpuaudit/audit/waive"
	"github.com/gpuaudit/gpuaudit/policy/source"
	"github.com/gpuaudit/gpuaudit/rules"
)

// Audit is an audit that was assembled. It is safe for concurrent use.
type Audit struct {
	in        Inputs
	stages    Auditor
	rules     engine
	reference *reference.Reference
	pack      *pack.Pack
	waivers   *waive.Set
	believed  *tpm.Policy
	gpus      *gpuproof.Believed
	// collectors gives those that read one machine.
	collectors func() []collect.Collector
	// ids are all that a finding can have.
	ids []string
	// common is what all audits of these inputs have in common.
	common Options
}

// parts are what an audit is made of beside its inputs. Tests bring others.
type parts struct {
	load      loader
	enumerate func(*catalogue.Catalogue) collect.Enumerator
	// collectors gives them for one machine: some keep what they heard of it.
	collectors func() []collect.Collector
}

// Profiles are the users that rules tell apart.
func Profiles() []string { return rules.Profiles() }

// New parses the inputs and assembles an audit of them. What cannot be used at all is
// an error of a kind (package fault); what the audit can go on without is a problem of
// its report.
func New(ctx context.Context, in Inputs) (*Audit, error) {
	load := loader(loadEngine)
	switch in.Engine {
	case "", EnginePlan:
	case EngineOPA:
		load = loadInterpreted
	default:
		return nil, fmt.Errorf("--engine %s: use plan or opa", in.Engine)
	}
	return assemble(ctx, in, parts{load: load, enumerate: machine.Enumerator, collectors: machine.Collectors})
}

func assemble(ctx context.Context, in Inputs, of parts) (*Audit, error) {
	type loaded struct {
		rules *compiled
		err   error
	}
	// Compiling takes longer than all else together, and so may reading the program. Data
	// of a channel come first: the rules are loaded with them.
	done, program := make(chan loaded, 1), make(chan digested, 1)
	load := func(data map[string][]byte) {
		c, err := compile(ctx, in.Rules, data, of.load)
		done <- loaded{c, err}
	}
	late := in.Reference.Channels != nil && in.Reference.Channels.Data != ""
	if !late {
		go load(nil)
	}
	go func() { program <- in.Program.digest() }()
	a := &Audit{in: in, collectors: of.collectors, common: Options{Now: in.Question.Now, Expect: in.Question.Expect, Devices: in.Question.Devices, AllDevices: in.Question.AllDevices}}
	var err error
	if a.reference, err = reference.Load(ctx, &in.Reference, in.Question.Now); err != nil {
		return nil, err
	}
	a.in.Pack = a.reference.Pack(in.Pack)
	if err := a.ask(); err != nil {
		return nil, err
	}
	if err := a.refer(); err != nil {
		return nil, err
	}
	if late {
		if in.Rules, err = a.ruled(); err != nil {
			return nil, err
		}
		load(a.reference.Data())
	}
	c := <-done
	if c.err != nil {
		return nil, c.err
	}
	a.ids = slices.Concat(c.rules.IDs(), pack.FindingIDs(), waive.FindingIDs())
	a.stages = Auditor{
		Tool: report.Tool{Name: in.Program.Name, Version: in.Program.Version}, Enumerate: preparing(of.enumerate(a.reference.Catalogue), c.rules), Catalogue: a.reference.Lookup,
		Rename: a.reference.Rename, Compare: a.reference.Of, Offers: a.reference.Offers, Ran: a.reference.Ran, Measured: a.reference.Measured, Judge: c.rules, Policy: c.rules.own,
		Manifests: a.reference.Listed(), Catalogues: a.reference.Operators,
	}
	if err := a.basis(c.rules); err != nil {
		return nil, err
	}
	a.rules = c.rules
	file := <-program
	a.stages.Tool.SHA256 = file.sha256
	return a, file.err
}

// preparing has the rules made ready beside the collectors, once there is a device that they
// will be asked about.
func preparing(enumerate collect.Enumerator, e engine) collect.Enumerator {
	return func(ctx context.Context, env *collect.Env) (collect.Seen, error) {
		seen, err := enumerate(ctx, env)
		if len(seen.Devices) > 0 {
			go e.Prepare()
		}
		return seen, err
	}
}

// ask fills in the question: what the command line leaves to the pack, and what the
// purchase record states.
func (a *Audit) ask() error {
	q := &a.in.Question
	var err error
	if a.pack, err = pack.Open(a.in.Pack); err != nil {
		return err
	}
	if a.common.FailOn, err = a.pack.Threshold(q.FailOn); err != nil {
		return err
	}
	asked := a.pack.Asked(pack.Question{Jurisdiction: q.Jurisdiction, Profile: q.Profile})
	q.Jurisdiction, q.Profile = asked.Jurisdiction, asked.Profile
	if q.Profile != "" && !slices.Contains(Profiles(), q.Profile) {
		return fmt.Errorf("--profile: unknown profile %q: use %s%s", q.Profile, strings.Join(Profiles(), ", "), suggest.Meant(q.Profile, Profiles()))
	}
	for _, c := range [...]struct{ flag, code string }{{"--jurisdiction", q.Jurisdiction}, {"--origin", q.Origin}} {
		if err := country.Check(c.code); c.code != "" && err != nil {
			return fmt.Errorf("%s: %w", c.flag, err)
		}
	}
	if q.Expect < 0 {
		return fmt.Errorf("--expect: %d is no number of devices", q.Expect)
	}
	a.common.Question, err = a.in.purpose()
	return err
}

// purpose is what the user said about the use of the device, by flags and by the
// purchase record. Where both state the origin, they have to agree.
func (in *Inputs) purpose() (facts.Purpose, error) {
	q := facts.Purpose{Jurisdiction: inventory.Fact(in.Question.Jurisdiction), Profile: inventory.Fact(in.Question.Profile), Origin: inventory.Fact(in.Question.Origin),
		SoldAs: inventory.Fact(in.Question.SoldAs)}
	if q.SoldAs != nil && !offer.Readable(*q.SoldAs) {
		return q, fmt.Errorf("--sold-as: give the seller's words, at most %d printable characters", offer.Limit)
	}
	if in.Purchase == nil {
		return q, nil
	}
	p, err := purchase.Parse(in.Purchase.Data, in.Question.Now)
	if err != nil {
		return q, fmt.Errorf("--purchase %s: %w", in.Purchase.Name, err)
	}
	if p.Origin != "" && q.Origin != nil && p.Origin != *q.Origin {
		return q, fmt.Errorf("--origin says %s and --purchase %s says %s: correct one of them", *q.Origin, in.Purchase.Name, p.Origin)
	}
	if p.SoldAs != "" && q.SoldAs != nil && p.SoldAs != *q.SoldAs {
		return q, fmt.Errorf("--sold-as says %q and --purchase %s says %q: correct one of them", *q.SoldAs, in.Purchase.Name, p.SoldAs)
	}
	if q.Origin == nil {
		q.Origin = inventory.Fact(p.Origin)
	}
	if q.SoldAs == nil {
		q.SoldAs = inventory.Fact(p.SoldAs)
	}
	q.Purchase = new(p.Facts())
	return q, nil
}

// ruled are the rules of the user's, or those of the channel that somebody switched on.
func (a *Audit) ruled() (*source.Rules, error) {
	files := a.reference.Rules()
	switch {
	case files == nil:
		return a.in.Rules, nil
	case a.in.Rules != nil:
		return nil, errors.New("--channel-rules and --policy both give rules: give one of them")
	}
	return &source.Rules{Path: reference.ChannelPrefix + a.in.Reference.Channels.Data, Kind: source.Channel, Files: files}, nil
}

// refer verifies the waivers, and whose TPM is believed.
func (a *Audit) refer() error {
	now := a.in.Question.Now
	var err error
	if a.in.Waivers != nil {
		if a.waivers, _, err = a.in.Waivers.Open(Demands(a.pack), a.reference.Trust, now); err != nil {
			return err
		}
		a.common.Waive = a.waive(a.in.Waivers.Fleet)
	}
	if a.gpus, err = a.in.GPU.Open(a.in.Question.Now); err != nil {
		return err
	}
	if a.believed, err = a.in.TPM.Policy(); err != nil {
		return err
	}
	a.common.Problems = a.reference.Problems
	a.common.Inputs = a.in.named(a.reference.Rejected)
	return nil
}

// Demands are what a pack asks of a waiver file; the pack may be nil.
func Demands(p *pack.Pack) waive.Demands {
	if p == nil {
		return waive.Demands{}
	}
	return waive.Demands{MaxDays: p.Waivers.MaxDays, TwoPerson: p.Waivers.TwoPerson, Signed: p.Waivers.Signed}
}

func (a *Audit) waive(fleet string) func(*report.Report) {
	return func(r *report.Report) { a.waivers.Apply(r, fleet) }
}

// basis puts the data sets together, with the pack among them: it is an input of the
// verdict.
func (a *Audit) basis(e engine) error {
	sets := append(a.reference.Bodies(), a.reference.Catalogues.DataSets()...)
	if c := a.gpus.Collateral; c != nil {
		sets = append(sets, DataSet{Name: facts.CollateralSet, Date: c.Packed[:len(time.DateOnly)], SHA256: c.SHA256})
	}
	if err := known(a.pack, e, sets); err != nil {
		return err
	}
	if a.pack != nil {
		a.stages.Adjust = a.pack.Apply
		sets = append(sets, DataSet{Name: "pack-" + a.pack.Name, Date: a.pack.Date, SHA256: a.pack.SHA256()})
	}
	a.stages.DataSets = append(sets, a.reference.Channels()...)
	return nil
}

// Progress lets somebody be told what is being done.
func (a *Audit) Progress(stage func(string)) { a.stages.Progress = stage }

// Observe lets somebody see what rules see, one device after the other and last the
// host.
func (a *Audit) Observe(look func(*facts.Facts)) { a.stages.Observe = look }

// Notes are remarks on the inputs that decide nothing.
func (a *Audit) Notes() []string {
	if t := a.in.Reference.Trust; t != nil && !a.in.trusts() {
		return []string{fmt.Sprintf("--trust %s: nothing that was given is signed (--manifests, --channels, --catalogue, --waivers): it vouches for nothing here", t.Name)}
	}
	return nil
}

// HandedOver says for which rules OPA was asked, because their planned form had no
// answer; OPA's counts. It never should be, and the answer is the same.
func (a *Audit) HandedOver() []string {
	var notes []string
	handed := a.rules.HandedOver()
	for _, id := range slices.Sorted(maps.Keys(handed)) {
		notes = append(notes, fmt.Sprintf("the planned form of rule %s had no answer, and OPA gave one; please report this: %s", id, handed[id]))
	}
	return notes
}

// KnowsRule refuses an id that no finding of this audit can have.
func (a *Audit) KnowsRule(id string) error {
	if slices.ContainsFunc(a.ids, func(known string) bool { return strings.EqualFold(known, id) }) {
		return nil
	}
	return fmt.Errorf("there is no rule %.40s%s (gpuaudit policy list names all)", id, suggest.Meant(id, a.ids))
}

// Enumerator finds the devices that this audit is about.
func (a *Audit) Enumerator() collect.Enumerator { return a.stages.Enumerate }
