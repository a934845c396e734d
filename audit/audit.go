// Package audit is the one place where an audit is assembled. [Inputs] is all that
// shapes it, [New] makes an [Audit] of them, and that is run on a machine, concluded
// over facts at hand, or repeated for a report that somebody signed. The stages are an
// [Auditor]: collect the facts, compare them with what others state, let the rules
// judge, and put it all in one report. The package prints nothing.
package audit

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/gpuaudit/gpuaudit/audit/catalogue"
	"github.com/gpuaudit/gpuaudit/audit/collect"
	"github.com/gpuaudit/gpuaudit/audit/compare"
	"github.com/gpuaudit/gpuaudit/audit/display"
	"github.com/gpuaudit/gpuaudit/audit/facts"
	"github.com/gpuaudit/gpuaudit/audit/finding"
	"github.com/gpuaudit/gpuaudit/audit/inventory"
	"github.com/gpuaudit/gpuaudit/audit/reference"
	"github.com/gpuaudit/gpuaudit/audit/report"
)

// Judge turns facts into findings: the policy engine. On an error it returns
// the findings it has, with an unknown one for each rule that broke.
type Judge interface {
	Evaluate(ctx context.Context, facts any) ([]finding.Finding, error)
}

// Auditor is the stages of an audit, and what they need besides the machine. All fields but
// Policy, Adjust, Manifests, Progress and Observe are required.
type Auditor struct {
	Tool       report.Tool
	Enumerate  collect.Enumerator
	Collectors []collect.Collector
	// Catalogue looks a device up by vendor, device, subsystem vendor and
	// subsystem device id; an id that could not be read is "".
	Catalogue func(inventory.IDs) catalogue.Facts
	// Rename gives a device names that the embedded list lacks; nil where there are none.
	Rename func(*inventory.Device)
	// Compare compares a device of a machine with the verified manifests.
	Compare func(*inventory.Host, *inventory.Device) facts.Reference
	// Offers compares devices with what a seller said, by address; it may be nil where
	// nobody asks.
	Offers func(text string, devices []*inventory.Device) map[string]*facts.Offer
	// Ran compares a driver that firmware measured with the same manifests; it may
	// be nil where no audit attests.
	Ran func(d *inventory.Device, digest string) facts.Verdict
	// Measured compares what a card signed that it measured with the same manifests; it may
	// be nil where no GPU proves itself, and the proof is nil of a card that gave none.
	Measured func(*inventory.Device, *facts.ProvenDevice) facts.Verdict
	Judge    Judge
	// Policy identifies the user's own rules; nil where there are none.
	Policy *report.RuleSet
	// Adjust makes the findings count as a pack says; nil where there is none.
	Adjust    func(*report.Report)
	DataSets  []DataSet
	Manifests []report.Manifest
	// Catalogues are those of operators, on top of the embedded one.
	Catalogues []report.Catalogue
	// Progress is told what is being done; it may be nil.
	Progress func(stage string)
	// Observe is shown what rules see: of each device that is judged, in their order,
	// and last of the host. It may be nil.
	Observe func(*facts.Facts)
}

// DataSet is a body of reference data that the verdict rests on.
type DataSet = reference.DataSet

// Options are the questions of one audit.
type Options struct {
	// Now is the clock of every judgement.
	Now      time.Time
	Question facts.Purpose
	FailOn   finding.Severity
	// Expect is how many devices there must at least be.
	Expect int
	// Devices limits the audit to these addresses; empty means all, but the adapters
	// that package display lists.
	Devices []string
	// AllDevices judges those adapters as cards, too.
	AllDevices bool
	// Elsewhere says what devices of other machines state of the ids of this one; nil
	// where only this machine is known.
	Elsewhere func(*inventory.Device) compare.Others
	// Seen are devices that somebody else saw in this machine: one that is not
	// found here makes the audit incomplete.
	Seen []Sighting
	// Attest says what the machine's TPM proves of these facts; nil where nobody
	// asked.
	Attest func(*inventory.Inventory) (*facts.Attestation, error)
	// ProveGPUs says what GPUs prove of these facts, after the TPM, whose answer may be
	// nil; nil where nobody asked.
	ProveGPUs func(*inventory.Inventory, *facts.Attestation) (*facts.GPUProof, error)
	// Waive marks findings that somebody accepted; nil where nobody did.
	Waive func(*report.Report)
	// Inputs are the files that were given beside the machine.
	Inputs []report.Input
	// Problems are inputs that the caller already found unusable.
	Problems []report.Problem
}

// Sighting is the PCI addresses of GPUs and accelerators, and who saw them.
type Sighting struct {
	By        string
	Addresses []string
}

// ErrNoSuchDevice says that Options.Devices names a device that the machine
// does not have.
var ErrNoSuchDevice = errors.New("no such device")

// Run audits the machine. What goes wrong with one device, one source or one
// rule is in the report; an error means that there is no report.
func (a *Auditor) Run(ctx context.Context, env *collect.Env, opts Options) (*report.Report, error) {
	a.progress("reading devices")
	inv, err := collect.Run(ctx, env, a.Enumerate, a.Collectors)
	if ctx.Err() != nil {
		return nil, fmt.Errorf("collect: %w", ctx.Err())
	}
	if err != nil {
		opts.Problems = append(slices.Clone(opts.Problems), noDevices(err))
	}
	return a.Conclude(ctx, inv, opts)
}

// Conclude is the rest of an audit, over facts that were collected before.
func (a *Auditor) Conclude(ctx context.Context, inv *inventory.Inventory, opts Options) (*report.Report, error) {
	if n := len(inv.Devices); n > inventory.MaxDevices {
		return nil, fmt.Errorf("%d devices, more than the %d that an audit takes", n, inventory.MaxDevices)
	}
	if a.Rename != nil {
		for i := range inv.Devices {
			a.Rename(&inv.Devices[i])
		}
	}
	r := &report.Report{
		Schema: report.Schema, Tool: a.Tool, Now: opts.Now.UTC(), Question: opts.Question, FailOn: opts.FailOn,
		Expect: opts.Expect, Inputs: opts.Inputs, Problems: opts.Problems, DataSets: ageAll(a.DataSets, opts.Now), Manifests: a.Manifests, Policy: a.Policy, Catalogues: a.Catalogues,
		Findings: []finding.Finding{}, Devices: []report.Device{}, Inventory: *inv, Asked: opts.Devices, AllDevices: opts.AllDevices,
	}
	chosen, err := choose(inv.Devices, opts.Devices)
	if err != nil {
		return nil, err
	}
	roles := map[string]display.Role{}
	if len(opts.Devices) == 0 && !opts.AllDevices {
		roles = display.Roles(inv)
	}
	if n := len(chosen) - len(roles); n < opts.Expect {
		r.Problems = append(r.Problems, report.Problem{Kind: report.ProblemCoverage, Input: "devices",
			Cause: fmt.Sprintf("found %d, expected at least %d", n, opts.Expect)})
	}
	r.Problems = append(r.Problems, unseen(inv.Devices, opts.Seen)...)
	r.Problems = append(r.Problems, misplaced(inv.Devices, opts.Inputs)...)
	r.Problems = append(r.Problems, unaudited(r, len(opts.Devices) > 0)...)
	if opts.Attest != nil {
		a.progress("verifying attestation")
		if err := a.attest(r, opts.Attest); err != nil {
			return nil, err
		}
	}
	if opts.ProveGPUs != nil {
		a.progress("verifying GPUs")
		var err error
		if r.GPUProof, err = opts.ProveGPUs(&r.Inventory, r.Attestation); err != nil {
			return nil, fmt.Errorf("verify what GPUs signed: %w", err)
		}
		if r.GPUProof.State == facts.AttestationFailed {
			r.Problems = append(r.Problems, report.Problem{Kind: report.ProblemSignature, Input: "evidence of GPUs", Cause: r.GPUProof.Reason})
		}
	}
	a.progress("judging")
	a.judgeAll(ctx, r, chosen, roles, opts.Elsewhere)
	if ctx.Err() != nil {
		return nil, fmt.Errorf("judge: %w", ctx.Err())
	}
	if a.Adjust != nil {
		a.Adjust(r)
	}
	if opts.Waive != nil {
		opts.Waive(r)
	}
	r.Decide()
	return r, nil
}

// attest puts what the TPM proves into the report. Evidence that does not verify
// is a signature that does not: it decides the exit code.
func (a *Auditor) attest(r *report.Report, of func(*inventory.Inventory) (*facts.Attestation, error)) error {
	var err error
	if r.Attestation, err = of(&r.Inventory); err != nil {
		return fmt.Errorf("verify attestation: %w", err)
	}
	if b := r.Attestation.Boot; b != nil && a.Ran != nil {
		for i := range b.Drivers {
			if d := r.Inventory.Device(b.Drivers[i].Device); d != nil && b.Drivers[i].Digest != "" {
				b.Drivers[i].Reference = new(a.Ran(d, b.Drivers[i].Digest))
			}
		}
	}
	if r.Attestation.State == facts.AttestationFailed {
		r.Problems = append(r.Problems, report.Problem{Kind: report.ProblemSignature, Input: evidenceOf(r), Cause: r.Attestation.Reason})
	}
	return nil
}

// evidenceOf names the evidence: a file that was given, or what the machine brings.
func evidenceOf(r *report.Report) string {
	for _, in := range r.Inputs {
		if in.Kind == report.InputEvidence {
			return "TPM evidence " + in.Name
		}
	}
	return "TPM evidence"
}

// judgeAll compares and judges each device, and the host once; those that have a
// role are compared only. A machine without devices to judge is not judged: there is
// nothing whose host it would be.
func (a *Auditor) judgeAll(ctx context.Context, r *report.Report, devices []*inventory.Device, roles map[string]display.Role, elsewhere func(*inventory.Device) compare.Others) {
	base := facts.Facts{Schema: facts.Schema, Now: r.Now, Question: r.Question, Host: r.Inventory.Host, DataSets: r.DataSets, Attestation: r.Attestation, GPUProof: r.GPUProof.ForRules("")}
	type judged struct {
		findings []finding.Finding
		err      error
	}
	results := make([]judged, len(devices)+1)
	var wg sync.WaitGroup
	// A judgement takes memory while it is made: of thousands of functions no more
	// are judged at once than there are processors.
	slots := make(chan struct{}, runtime.GOMAXPROCS(0))
	judge := func(i int, f facts.Facts) {
		slots <- struct{}{}
		wg.Go(func() {
			defer func() { <-slots }()
			results[i].findings, results[i].err = a.Judge.Evaluate(ctx, &f)
		})
	}
	offers := map[string]*facts.Offer{}
	if said := r.Question.SoldAs; said != nil && a.Offers != nil {
		offers = a.Offers(*said, slices.DeleteFunc(slices.Clone(devices), func(d *inventory.Device) bool { return roles[d.Address] != "" }))
	}
	neighbours := compare.Within(r.Inventory.Devices)
	for i, d := range devices {
		if ctx.Err() != nil {
			break // whoever asked went away; the caller says so
		}
		f := base
		catalogue, reference := a.Catalogue(d.PCI.IDs()), a.Compare(&r.Inventory.Host, d)
		reference.Shared, reference.SharedUnread = neighbours.Shared(d), neighbours.Unread(d)
		reference.Offer = offers[d.Address]
		if r.GPUProof != nil && a.Measured != nil {
			reference.Measurements = a.Measured(d, r.GPUProof.Of(d.Address))
		}
		if elsewhere != nil {
			others := elsewhere(d)
			for _, s := range others.Shared {
				reference.Shared = compare.Merge(reference.Shared, s.Kind, s.With)
			}
			reference.SharedUnread = append(reference.SharedUnread, others.Unread...)
		}
		f.Device, f.Catalogue, f.Reference, f.GPUProof = d, &catalogue, &reference, r.GPUProof.ForRules(d.Address)
		r.Devices = append(r.Devices, report.Device{Address: d.Address, Role: string(roles[d.Address]), Catalogue: catalogue, Reference: reference})
		if roles[d.Address] == "" {
			a.observe(&f)
			judge(i, f)
		}
	}
	if len(roles) == len(devices) || ctx.Err() != nil {
		wg.Wait()
		return
	}
	base.Evidence = compare.Age(r.Inventory.CollectedAt, r.Now)
	a.observe(&base)
	slots <- struct{}{}
	results[len(devices)].findings, results[len(devices)].err = a.Judge.Evaluate(ctx, &base)
	<-slots
	wg.Wait()
	n := 0
	for _, res := range results {
		n += len(res.findings)
	}
	r.Findings = slices.Grow(r.Findings, n)
	for i, res := range results {
		owner := "host"
		if i < len(devices) {
			owner = devices[i].Address
		}
		a.enter(r, owner, res.findings, res.err)
	}
}

// enter puts findings into the report, with their owner and with pointers that
// a reader of the report can follow.
func (a *Auditor) enter(r *report.Report, owner string, findings []finding.Finding, err error) {
	place := r.Place(owner)
	for i := range findings {
		f := &findings[i]
		f.Device = owner
		f.Evidence, f.Missing = place(f.Evidence), place(f.Missing)
	}
	r.Findings = append(r.Findings, findings...)
	if err != nil {
		r.Problems = append(r.Problems, report.Problem{Kind: report.ProblemRule, Input: "rules on " + owner, Cause: err.Error()})
	}
}

func (a *Auditor) observe(f *facts.Facts) {
	if a.Observe != nil {
		a.Observe(f)
	}
}

func (a *Auditor) progress(stage string) {
	if a.Progress != nil {
		a.Progress(stage)
	}
}

// choose picks the devices that were asked for, in the order of the inventory.
func choose(devices []inventory.Device, addresses []string) ([]*inventory.Device, error) {
	var chosen []*inventory.Device
	have := make([]string, len(devices))
	for i := range devices {
		have[i] = devices[i].Address
		if len(addresses) == 0 || slices.Contains(addresses, have[i]) {
			chosen = append(chosen, &devices[i])
		}
	}
	for _, address := range addresses {
		if !slices.Contains(have, address) {
			return nil, fmt.Errorf("%w: %q; this machine has: %s", ErrNoSuchDevice, address, listOr(have, "no GPU and no accelerator"))
		}
	}
	return chosen, nil
}

// misplaced are the files that were given for a device that the machine does not have:
// what they hold was not judged.
func misplaced(devices []inventory.Device, inputs []report.Input) (list []report.Problem) {
	have := make([]string, len(devices))
	for i := range devices {
		have[i] = devices[i].Address
	}
	for _, in := range inputs {
		if in.Device != "" && !slices.Contains(have, in.Device) {
			list = append(list, report.Problem{Kind: report.ProblemInput, Input: fmt.Sprintf("--%s %s=%s", in.Kind, in.Device, in.Name),
				Cause: fmt.Sprintf("%v; this machine has: %s", ErrNoSuchDevice, listOr(have, "no GPU and no accelerator"))})
		}
	}
	return list
}

// unseen are the devices that somebody else saw and that were not found.
func unseen(devices []inventory.Device, seen []Sighting) []report.Problem {
	var problems []report.Problem
	for _, s := range seen {
		var lost []string
		for _, address := range s.Addresses {
			if !slices.ContainsFunc(devices, func(d inventory.Device) bool { return d.Address == address }) {
				lost = append(lost, address)
			}
		}
		if len(lost) > 0 {
			problems = append(problems, report.Problem{Kind: report.ProblemCoverage, Input: s.By,
				Cause: "lists GPUs that were not found: " + strings.Join(lost, ", ") + "; it is of another machine or time, or they hide"})
		}
	}
	return problems
}

// unaudited are what was seen beside the devices. Somebody who asks for one device
// asks for no other; what casts doubt on the list of devices counts all the same. A
// stored report has the problems that it was made with.
func unaudited(r *report.Report, selected bool) []report.Problem {
	var problems []report.Problem
	for _, u := range r.Inventory.Unaudited {
		p := report.NotAudited(&u)
		if selected && !u.Kind.Doubts() || slices.Contains(r.Problems, p) {
			continue
		}
		problems = append(problems, p)
	}
	return problems
}

func listOr(list []string, none string) string {
	if len(list) == 0 {
		return none
	}
	return strings.Join(list, ", ")
}

// ageAll dates the data sets at the clock of the audit. A date that does not
// parse gives an age that no rule accepts as fresh.
func ageAll(sets []DataSet, now time.Time) []facts.DataSet {
	dated := make([]facts.DataSet, 0, len(sets))
	for _, s := range sets {
		age := unknownAge
		if day, err := time.Parse(time.DateOnly, s.Date); err == nil {
			age = int(now.Sub(day).Hours() / 24)
		}
		dated = append(dated, facts.DataSet{Name: s.Name, Date: s.Date, AgeDays: age, SHA256: s.SHA256, From: s.From, Channel: s.Channel})
	}
	return dated
}

// unknownAge is older than any data set may be.
const unknownAge = 1 << 20
