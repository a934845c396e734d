package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"strings"

	"github.com/gpuaudit/gpuaudit/audit"
	"github.com/gpuaudit/gpuaudit/audit/input"
	"github.com/gpuaudit/gpuaudit/audit/machine"
)

// meant is the machine that the flags mean, and how it is read. With --full, all is read
// that the machine and the rights of this process allow, and it is said before what that
// touches.
func (a *app) meant(ctx context.Context, f *sourceFlags, in *audit.Inputs) (machine.Source, error) {
	named := machine.Source{Root: f.root, Capture: f.capture}
	nvml := a.planNVML(named, &in.Beside)
	if !f.full {
		s, err := f.source(&in.TPM, in.Evidence != nil)
		if err != nil {
			return s, err
		}
		return s, a.askProofs(ctx, f.attest, &s, in, nvml)
	}
	chosen := *f
	plan := a.planFull(named, machine.FullOptions{TPM: *f.device, Enrolled: in.TPM.Enrolled != nil || in.TPM.AK != "", NVML: nvml})
	if plan.AskTPM && in.Evidence == nil {
		chosen.attest = map[string]string{"": "tpm", "gpu": "tpm,gpu"}[f.attest]
		if chosen.attest == "" {
			chosen.attest = f.attest
		}
	}
	s, err := chosen.source(&in.TPM, in.Evidence != nil)
	if err != nil {
		return s, err
	}
	s.ReadROM = s.ReadROM || plan.ReadROM
	a.announce(plan)
	return s, a.askProofs(ctx, chosen.attest, &s, in, nvml)
}

// planFull is how all of a machine is read from here. A process that sees nothing of the
// machine was told by the one that does.
func (a *app) planFull(s machine.Source, o machine.FullOptions) machine.Full {
	if a.access != nil && a.access.Full != nil {
		return *a.access.Full
	}
	o.ByRoot = a.byRoot
	return machine.PlanFull(s, o)
}

// announce says what a full reading touches and what it leaves.
func (a *app) announce(plan machine.Full) {
	for _, what := range plan.Touches {
		a.remark("touches: %s", what)
	}
	for _, what := range plan.Without {
		a.remark("not read: %s", what)
	}
}

// planNVML is how NVIDIA's library is asked about a machine: not where another one is
// meant, where its answers are given, or where somebody declined.
func (a *app) planNVML(s machine.Source, beside *machine.Beside) machine.NVMLPlan {
	switch {
	case s.Elsewhere() || beside.NVML != nil || beside.NoNVML:
		return machine.NVMLPlan{}
	case a.access != nil:
		return a.access.NVMLPlan
	}
	return machine.PlanNVML("/", machine.Programs())
}

// askNVML puts what NVIDIA's library says beside the machine, or why it says nothing. The
// report says what that leaves undecided.
// With a nonce, GPUs are asked to sign what they measured.
func (a *app) askNVML(ctx context.Context, plan machine.NVMLPlan, beside *machine.Beside, nonce []byte) error {
	switch {
	case plan.Refused:
		beside.NVMLFailed = errors.New(plan.Why)
	case plan.Program == "":
		return nil
	default:
		beside.NVML, beside.NVMLFailed = a.answersOf(ctx, plan.Program, nonce)
	}
	if errors.Is(beside.NVMLFailed, fs.ErrNotExist) {
		// What was asked and found something missing is not what nobody asked.
		beside.NVMLFailed = errors.New(beside.NVMLFailed.Error())
	}
	if beside.NVMLFailed != nil {
		a.warn("not read: the answers of NVIDIA's library: %s", oneLine(beside.NVMLFailed))
	}
	return ctx.Err()
}

// answersOf starts the program that asks NVIDIA's library.
func (a *app) answersOf(ctx context.Context, program string, nonce []byte) (*input.File, error) {
	var answers *input.File
	var err error
	if a.access == nil {
		answers, err = machine.AskNVML(ctx, program, nonce)
	} else {
		var text []byte
		text, err = a.access.NVML(ctx, nonce)
		answers = machine.NVMLAnswers(text)
	}
	if err != nil {
		return nil, err
	}
	if err := machine.CheckNVML(answers); err != nil {
		return nil, fmt.Errorf("%s: %w", program, err)
	}
	return answers, nil
}

// conclude ends what doctor says: one sentence, and one command.
func (a *app) conclude(s machine.Source, refused, sources int) {
	plan := a.planFull(s, machine.FullOptions{NVML: a.planNVML(s, &machine.Beside{})})
	sentence, command := "All that this machine offers can be read.", "gpuaudit scan --full"
	switch {
	case s.Capture != "":
		sentence, command = "What can be read of this machine is what its capture holds.", "gpuaudit scan --capture "+s.Capture
	case s.Root != "":
		sentence, command = "What can be read of this machine is what its directory holds.", "gpuaudit scan --root "+s.Root
	case !plan.ReadROM:
		sentence = fmt.Sprintf("%d of %d sources are refused to this user, and the ROMs of the cards: root reads more.", refused, sources)
		command = "sudo gpuaudit scan --full"
	case len(plan.Without) > 0:
		sentence = "All that this machine offers can be read, but for " + strings.TrimPrefix(plan.Without[0], "the ") + "."
	}
	fmt.Fprintf(a.Stdout, "\n%s\n  %s\n", sentence, command)
}
