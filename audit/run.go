package audit

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/gpuaudit/gpuaudit/audit/boot"
	"github.com/gpuaudit/gpuaudit/audit/collect"
	"github.com/gpuaudit/gpuaudit/audit/collect/witness"
	"github.com/gpuaudit/gpuaudit/audit/compare"
	"github.com/gpuaudit/gpuaudit/audit/facts"
	"github.com/gpuaudit/gpuaudit/audit/fault"
	"github.com/gpuaudit/gpuaudit/audit/finding"
	"github.com/gpuaudit/gpuaudit/audit/input"
	"github.com/gpuaudit/gpuaudit/audit/inventory"
	"github.com/gpuaudit/gpuaudit/audit/machine"
	"github.com/gpuaudit/gpuaudit/audit/report"
)

// Case is a machine whose facts are at hand.
type Case struct {
	Inventory *inventory.Inventory
	// Problems are what was wrong with reading them.
	Problems []report.Problem
	// Attestation is what a report says of evidence that it does not hold, Proof is
	// evidence to be verified; nil where there is none.
	Attestation *facts.Attestation
	Proof       *machine.Proof
	// GPUProof is what a report says of evidence of GPUs that it does not hold, NVML the
	// answers of NVIDIA's library, which may hold such evidence.
	GPUProof *facts.GPUProof
	NVML     []byte
	// Elsewhere says what devices of other machines state of the ids of a device; nil
	// where only this machine is known.
	Elsewhere func(*inventory.Device) compare.Others
}

// Run audits a machine. What goes wrong with one device, one source or one rule is in
// the report; an error means that there is no report.
func (a *Audit) Run(ctx context.Context, m *machine.Machine) (*report.Report, error) {
	return a.run(ctx, m, a.common)
}

func (a *Audit) run(ctx context.Context, m *machine.Machine, opts Options) (*report.Report, error) {
	if err := m.Bring(&a.in.Beside); err != nil {
		return nil, err
	}
	nvml, addresses := m.NVML(ctx)
	answers := answersOf(nvml)
	switch {
	case a.in.Evidence != nil:
		m.ProveBy(a.in.Evidence.Data)
	case a.asksTPM(answers) && !m.Proves():
		m.ProveBy(nil)
	}
	m.Cover(a.in.Program.Version)
	opts.Problems = append(problemsOf(m), opts.Problems...)
	if m.Proves() {
		opts.Attest = func(inv *inventory.Inventory) (*facts.Attestation, error) {
			p, err := m.Proof() // now that the facts were read
			if err != nil {
				return nil, err
			}
			return a.verify(p, inv)
		}
	}
	stages := a.stages
	stages.Collectors = slices.Clip(a.collectors())
	if heard := a.hear(&opts); len(heard) > 0 {
		stages.Collectors = append(stages.Collectors, witness.Collector(heard))
	}
	if addresses != nil {
		opts.Seen = append(opts.Seen, Sighting{By: "NVML", Addresses: addresses})
	}
	opts.ProveGPUs = a.proveGPUs(answers, func() string { return unanswered(ctx, m) })
	opts.Inputs = append(a.beside(nvml), opts.Inputs...)
	if c := m.Capture; c != nil {
		opts.Inputs = append([]report.Input{{Kind: report.InputCapture, Name: c.Name, SHA256: c.SHA256}}, opts.Inputs...)
	}
	r, err := stages.Run(ctx, m.Env, opts)
	if ctx.Err() != nil && err != nil {
		return nil, fault.AsIncomplete(err)
	}
	return r, err
}

// Conclude judges facts that were gathered before.
func (a *Audit) Conclude(ctx context.Context, c Case) (*report.Report, error) {
	opts := a.common
	opts.Problems = slices.Concat(opts.Problems, c.Problems)
	opts.Elsewhere = c.Elsewhere
	switch {
	case c.Attestation != nil:
		opts.Attest = func(*inventory.Inventory) (*facts.Attestation, error) { return c.Attestation, nil }
	case c.Proof != nil:
		opts.Attest = func(inv *inventory.Inventory) (*facts.Attestation, error) { return a.verify(c.Proof, inv) }
	}
	opts.ProveGPUs = a.proveGPUs(answersOf(c.NVML), func() string { return "they were not asked" })
	if c.GPUProof != nil {
		opts.ProveGPUs = func(*inventory.Inventory, *facts.Attestation) (*facts.GPUProof, error) { return c.GPUProof, nil }
	}
	return a.stages.Conclude(ctx, c.Inventory, opts)
}

// Unread is the report of an input that could not be judged: it says why, and is
// incomplete. A signature that does not verify is a problem of its own kind.
func (a *Audit) Unread(input, cause string, signature bool) *report.Report {
	kind := report.ProblemInput
	if signature {
		kind = report.ProblemSignature
	}
	r := &report.Report{
		Schema: report.Schema, Tool: a.stages.Tool, Now: a.common.Now.UTC(), Question: a.common.Question, FailOn: a.common.FailOn,
		Problems: []report.Problem{{Kind: kind, Input: input, Cause: cause}}, DataSets: ageAll(a.stages.DataSets, a.common.Now), Manifests: a.stages.Manifests,
		Findings: []finding.Finding{}, Devices: []report.Device{}, Inventory: inventory.Inventory{Schema: inventory.Schema, Devices: []inventory.Device{}},
	}
	r.Decide()
	return r
}

// verify compares what a TPM says with the facts.
func (a *Audit) verify(p *machine.Proof, inv *inventory.Inventory) (*facts.Attestation, error) {
	q := boot.Input{Evidence: p.Evidence, Recording: p.Recording, Collected: p.Collected, Policy: *a.believed}
	q.Policy.Now = a.in.Question.Now
	if p.Evidence == nil {
		q.Missing = collect.ReasonOf(p.Missing)
	}
	return boot.Verify(q, inv)
}

// hear parses what other programs said, so that every device is held against it. A
// recording that does not parse is a problem of the report: a witness who was called
// and is not understood has confirmed nothing.
func (a *Audit) hear(opts *Options) []*witness.Statement {
	var statements []*witness.Statement
	for _, r := range a.in.Beside.Witnesses {
		s, err := r.Parse()
		if err != nil {
			opts.Problems = append(opts.Problems, report.Problem{Kind: report.ProblemInput, Input: "--witness", Cause: err.Error()})
			continue
		}
		statements = append(statements, s)
		opts.Seen = append(opts.Seen, Sighting{By: s.Name + " in " + s.File, Addresses: s.GPUs()})
	}
	return statements
}

// beside names the files that speak of the machine. What a capture brings itself, such
// as the answers of NVML, is named as where it is given beside it: the report of a
// capture is that of its machine.
func (a *Audit) beside(nvml []byte) []report.Input {
	var list []report.Input
	for _, r := range a.in.Beside.Witnesses {
		list = append(list, report.Input{Kind: report.InputWitness, Name: r.Base(), SHA256: r.SHA256()})
	}
	roms := slices.SortedFunc(slices.Values(a.in.Beside.ROMs), func(x, y machine.Dump) int {
		return cmp.Or(strings.Compare(x.Address, y.Address), strings.Compare(x.Flag(), y.Flag()))
	})
	for _, r := range roms {
		list = append(list, report.Input{Kind: report.InputKind(r.Flag()), Name: r.Base(), Device: r.Address, SHA256: r.SHA256()})
	}
	if nvml != nil {
		list = append(list, report.Input{Kind: report.InputNVML, SHA256: input.SHA256(nvml)})
	}
	if f := a.in.Evidence; f != nil {
		list = append(list, report.Input{Kind: report.InputEvidence, Name: f.Base(), SHA256: f.SHA256()})
	}
	return list
}

// problemsOf are those of opening a machine, as a report has them.
func problemsOf(m *machine.Machine) []report.Problem {
	var list []report.Problem
	for _, p := range m.Problems {
		list = append(list, report.Problem{Kind: report.ProblemInput, Input: p.Input, Cause: p.Cause})
	}
	return list
}

// Gather makes a case of a machine: its facts, what was wrong with reading them, and
// what its TPM says. An error means that there are no facts.
func Gather(ctx context.Context, m *machine.Machine, enumerate collect.Enumerator) (Case, error) {
	inv, err := collect.Run(ctx, m.Env, enumerate, machine.Collectors())
	if inv == nil {
		return Case{}, err
	}
	c := Case{Inventory: inv, Problems: problemsOf(m)}
	if err != nil {
		c.Problems = append(c.Problems, noDevices(err))
	}
	c.NVML, _ = m.NVML(ctx)
	c.Proof, err = m.Proof()
	return c, err
}

func noDevices(err error) report.Problem {
	return report.Problem{Kind: report.ProblemInput, Input: "PCI devices", Cause: err.Error()}
}

// Facts gathers the facts of a machine without judging them, for verbs that ask
// nothing else of it.
func Facts(ctx context.Context, m *machine.Machine, enumerate collect.Enumerator) (*inventory.Inventory, error) {
	for _, p := range m.Problems {
		return nil, fault.AsIncomplete(fmt.Errorf("%s: %s", p.Input, p.Cause))
	}
	return collect.Run(ctx, m.Env, enumerate, machine.Collectors())
}
