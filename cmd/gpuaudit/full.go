package main

import (
	"context"
	"fmt"
	"strings"

	"github.com/gpuaudit/gpuaudit/audit"
	"github.com/gpuaudit/gpuaudit/audit/input"
	"github.com/gpuaudit/gpuaudit/audit/machine"
)

// meant is the machine that the flags mean, and how it is read. With --full, all is read
// that the machine and the rights of this process allow, and it is said before what that
// touches.
func (a *app) meant(ctx context.Context, f *sourceFlags, in *audit.Inputs) (machine.Source, error) {
	if !f.full {
		return f.source(&in.TPM, in.Evidence != nil)
	}
	chosen := *f
	plan := a.planFull(machine.Source{Root: f.root, Capture: f.capture}, machine.FullOptions{TPM: *f.device,
		Enrolled: in.TPM.Enrolled != nil || in.TPM.AK != "", NVML: in.Beside.NVML != nil || in.Beside.NoNVML})
	if plan.AskTPM && f.attest == "" && in.Evidence == nil {
		chosen.attest = "tpm"
	}
	s, err := chosen.source(&in.TPM, in.Evidence != nil)
	if err != nil {
		return s, err
	}
	s.ReadROM = s.ReadROM || plan.ReadROM
	return s, a.readFull(ctx, plan, &in.Beside)
}

// planFull is how all of a machine is read from here. A process that sees nothing of the
// machine was told by the one that does.
func (a *app) planFull(s machine.Source, o machine.FullOptions) machine.Full {
	if a.access != nil && a.access.Full != nil {
		return *a.access.Full
	}
	o.Programs, o.ByRoot = machine.Programs(), a.byRoot
	return machine.PlanFull(s, o)
}

// readFull says what a full reading touches and what it leaves, and asks NVIDIA's driver.
func (a *app) readFull(ctx context.Context, plan machine.Full, beside *machine.Beside) error {
	for _, what := range plan.Touches {
		a.remark("touches: %s", what)
	}
	for _, what := range plan.Without {
		a.remark("not read: %s", what)
	}
	if plan.NVML == "" {
		return nil
	}
	answers, err := a.askNVML(ctx, plan.NVML)
	if err != nil {
		a.warn("not read: %s", oneLine(err)) // the report says what that leaves undecided
		return ctx.Err()
	}
	beside.NVML = answers
	return nil
}

func (a *app) askNVML(ctx context.Context, program string) (*input.File, error) {
	if a.access == nil {
		return machine.AskNVML(ctx, program)
	}
	text, err := a.access.NVML(ctx)
	if err != nil {
		return nil, err
	}
	return machine.NVMLAnswers(text), nil
}

// conclude ends what doctor says: one sentence, and one command.
func (a *app) conclude(s machine.Source, refused, sources int) {
	plan := a.planFull(s, machine.FullOptions{})
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
