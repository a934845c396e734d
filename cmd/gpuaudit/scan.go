package main

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"github.com/gpuaudit/gpuaudit/audit"
	"github.com/gpuaudit/gpuaudit/audit/facts"
	"github.com/gpuaudit/gpuaudit/audit/fault"
	"github.com/gpuaudit/gpuaudit/audit/machine"
	"github.com/gpuaudit/gpuaudit/audit/report"
	"github.com/gpuaudit/gpuaudit/audit/report/forms"
)

type scanFlags struct {
	source  sourceFlags
	inputs  inputFlags
	outputs outputFlags
	watch   watchFlag
}

func (a *app) scanCommand() *cobra.Command {
	var f scanFlags
	cmd := &cobra.Command{
		Use:   "scan",
		Short: "Audit this machine, a capture or a root directory",
		Long: `Scan reads what can be read of every GPU and accelerator, compares it with signed
manifests and the catalogue, judges it by the rules and prints a report: for each card
the answers to five questions, then the verdict and what to do next. --details shows
every check behind them.

Without root it says what it could not read and what that leaves undecided.`,
		Example: `  sudo gpuaudit scan --full
  gpuaudit scan --capture card.tar.gz -o table -o json=report.json
  gpuaudit scan --manifests manifests/ --trust trust.yaml --expect 8`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			f.outputs.screen.verdict = a.quiet && !cmd.Flags().Changed("output")
			return a.scan(cmd.Context(), &f)
		},
	}
	flags := cmd.Flags()
	f.source.register(flags, &f.inputs.beside)
	f.source.registerTPM(flags, &f.inputs.tpm.nonce, &a.tpmDevice)
	f.inputs.beside.registerWitnesses(flags, "")
	f.inputs.tpm.register(flags)
	f.inputs.gpu.register(flags)
	flags.BoolVar(&f.source.full, "full", false, "read all that this machine and these rights allow: ROMs, and the TPM where its key is enrolled; says what it touches and what it cannot read")
	f.inputs.registerQuestion(flags)
	flags.StringSliceVar(&f.inputs.question.Devices, "device", nil, "audit only the device at this PCI address (repeatable)")
	flags.BoolVar(&f.inputs.question.AllDevices, "all-devices", false, "judge displays of management controllers and of virtual machines as cards, too")
	f.outputs.register(flags, "table, json, "+strings.Join(forms.Names(), ", ")+" (docs/formats.md), facts (what rules see, a line of JSON for each card and the host), or with --sign-key bundle")
	flags.StringVar(&f.outputs.signKey, "sign-key", "", "to sign the report with, for -o bundle=FILE: "+keyHelp)
	f.watch.register(flags)
	a.passphraseFlag(flags) // --tpm is there: of the evidence, and of the key
	return judging(cmd)
}

func (a *app) scan(ctx context.Context, f *scanFlags) error {
	out, err := a.openOutputs(&f.outputs)
	if err != nil {
		return err
	}
	defer out.abort()
	in, err := f.inputs.read(ctx, a)
	if err != nil {
		return err
	}
	defer in.Close()
	if f.watch != 0 {
		return a.watch(ctx, f, in, out)
	}
	if out.named() {
		in.Program.File = a.ownFile()
	}
	r, err := a.audit(ctx, f, in, out)
	if err != nil {
		return err
	}
	if err := a.writeReport(ctx, r, out); err != nil {
		return unwritten(err)
	}
	return verdict(r)
}

// unwritten says of which kind an error is that kept a report from being written. To
// ask for what it does not have is a mistake of who asked.
func unwritten(err error) error {
	if errors.Is(err, report.ErrNoFinding) {
		return err
	}
	return fault.AsIncomplete(err)
}

// audit opens the machine that the flags mean and audits it. The rules are compiled
// meanwhile: that takes about as long as opening a capture.
func (a *app) audit(ctx context.Context, f *scanFlags, in audit.Inputs, out *outputs) (*report.Report, error) {
	s, err := a.meant(ctx, &f.source, &in)
	if err != nil {
		return nil, err
	}
	stage, done := a.progress()
	defer done()
	assembled := begin(func() (*audit.Audit, error) { return audit.New(ctx, in) })
	m, err := a.open(ctx, s, in.Question.Now)
	audited, problem := assembled()
	if err != nil {
		return nil, err
	}
	defer m.Close()
	if problem != nil {
		return nil, problem
	}
	for _, id := range out.screen.explain {
		if err := audited.KnowsRule(id); err != nil {
			return nil, fmt.Errorf("--explain: %w", err)
		}
	}
	a.remarks(audited.Notes())
	audited.Progress(stage)
	if out.observed() {
		audited.Observe(func(f *facts.Facts) { _ = report.EncodeJSON(&out.facts, f, "") }) // into memory
	}
	a.confine(append(m.Rights(), machine.Writable(out.folders()...))...)
	r, err := audited.Run(ctx, m)
	if err != nil {
		return nil, err
	}
	done()
	a.remarks(audited.HandedOver())
	for _, p := range r.Problems {
		a.warn("%s: %s", p.Input, p.Cause)
	}
	a.remarkOnDumps(&r.Inventory)
	return r, nil
}

// begin does something beside, and returns how to wait for it.
func begin[T any](work func() (T, error)) (wait func() (T, error)) {
	type result struct {
		value T
		err   error
	}
	done := make(chan result, 1)
	go func() {
		v, err := work()
		done <- result{v, err}
	}()
	return func() (T, error) {
		r := <-done
		return r.value, r.err
	}
}

// verdict is the exit code that a report asks for.
func verdict(r *report.Report) error {
	if r.Verdict.ExitCode == 0 {
		return nil
	}
	return answered(r.Verdict.ExitCode)
}
