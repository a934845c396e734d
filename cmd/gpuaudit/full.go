package main

import (
	"context"
	"fmt"

	"github.com/gpuaudit/gpuaudit/audit"
	"github.com/gpuaudit/gpuaudit/audit/machine"
)

// meant is the machine that the flags mean, and how it is read. With --full, all is read
// that the machine and the rights of this process allow, and it is said before what that
// touches.
func (a *app) meant(ctx context.Context, f *sourceFlags, in *audit.Inputs) (machine.Source, error) {
	named := machine.Source{Root: f.root, Capture: f.capture}
	nvml := a.access.PlanNVML(named, &in.Beside)
	if !f.full {
		s, err := f.source(&in.TPM, in.Evidence != nil)
		if err != nil {
			return s, err
		}
		return s, a.askProofs(ctx, f.attest, &s, in, nvml)
	}
	chosen := *f
	plan := a.access.PlanFull(named, machine.FullOptions{ByRoot: a.byRoot, TPM: *f.device, Enrolled: in.TPM.Enrolled != nil || in.TPM.AK != "", NVML: nvml})
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

// announce says what a full reading touches and what it leaves.
func (a *app) announce(plan machine.Full) {
	for _, what := range plan.Touches {
		a.remark("touches: %s", what)
	}
	for _, what := range plan.Without {
		a.remark("not read: %s", what)
	}
}

// askNVML puts what NVIDIA's library says beside the machine, or why it says nothing. The
// report says what that leaves undecided.
func (a *app) askNVML(ctx context.Context, plan machine.NVMLPlan, beside *machine.Beside, nonce []byte) error {
	err := a.access.AskNVML(ctx, plan, beside, nonce)
	if beside.NVMLFailed != nil {
		a.warn("not read: the answers of NVIDIA's library: %s", oneLine(beside.NVMLFailed))
	}
	return err
}

// conclude ends what doctor says: one sentence, and one command.
func (a *app) conclude(s machine.Source, refused, sources int) {
	plan := a.access.PlanFull(s, machine.FullOptions{ByRoot: a.byRoot, NVML: a.access.PlanNVML(s, &machine.Beside{})})
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
		sentence = "All that this machine offers can be read, but for this: " + plan.Without[0] + "."
	}
	fmt.Fprintf(a.Stdout, "\n%s\n  %s\n", a.words.Note(sentence), command)
}
