package machine

import (
	"context"
	"errors"
	"fmt"
	"io/fs"

	"github.com/gpuaudit/gpuaudit/audit/input"
)

// PlanFull is how all of a machine is read from here. A process that sees nothing of the
// machine was told by the one that does.
func (a *Access) PlanFull(s Source, o FullOptions) Full {
	if a != nil && a.Full != nil {
		return *a.Full
	}
	return PlanFull(s, o)
}

// PlanNVML is how NVIDIA's library is asked about a machine: not where another one is
// meant, where its answers are given, or where somebody declined.
func (a *Access) PlanNVML(s Source, beside *Beside) NVMLPlan {
	switch {
	case s.Elsewhere() || beside.NVML != nil || beside.NoNVML:
		return NVMLPlan{}
	case a != nil:
		return a.NVMLPlan
	}
	return PlanNVML("/", Programs())
}

// AskNVML puts what NVIDIA's library says beside the machine, or why it says nothing. With a
// nonce, GPUs are asked to sign what they measured. The error is that of the context.
func (a *Access) AskNVML(ctx context.Context, plan NVMLPlan, beside *Beside, nonce []byte) error {
	switch {
	case plan.Refused:
		beside.NVMLFailed = errors.New(plan.Why)
	case plan.Program == "":
		return nil
	default:
		beside.NVML, beside.NVMLFailed = a.Answers(ctx, plan.Program, nonce)
	}
	if errors.Is(beside.NVMLFailed, fs.ErrNotExist) {
		// What was asked and found something missing is not what nobody asked.
		beside.NVMLFailed = errors.New(beside.NVMLFailed.Error())
	}
	return ctx.Err()
}

// Answers starts the program that asks NVIDIA's library.
func (a *Access) Answers(ctx context.Context, program string, nonce []byte) (*input.File, error) {
	var answers *input.File
	var err error
	if a == nil {
		answers, err = AskNVML(ctx, program, nonce)
	} else {
		var text []byte
		text, err = a.NVML(ctx, nonce)
		answers = NVMLAnswers(text)
	}
	if err != nil {
		return nil, err
	}
	if err := CheckNVML(answers); err != nil {
		return nil, fmt.Errorf("%s: %w", program, err)
	}
	return answers, nil
}
