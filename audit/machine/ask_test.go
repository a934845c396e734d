package machine_test

import (
	"context"
	"errors"
	"io/fs"
	"testing"

	"github.com/gpuaudit/gpuaudit/audit/input"
	"github.com/gpuaudit/gpuaudit/audit/machine"
)

// TestAccessAsks: a process without rights asks through the one that has them, as that
// planned it, and what found something missing is not what nobody asked.
func TestAccessAsks(t *testing.T) {
	said, failure := []byte(nil), error(&fs.PathError{Op: "open", Path: "/dev/nvidiactl", Err: fs.ErrNotExist})
	a := &machine.Access{NVMLPlan: machine.NVMLPlan{Program: "/p"}, Full: &machine.Full{ReadROM: true},
		NVML: func(context.Context, []byte) ([]byte, error) { return said, failure }}
	here, elsewhere := machine.Source{}, machine.Source{Root: "/mnt"}
	given := &machine.Beside{NVML: &input.File{}}
	if !a.PlanFull(here, machine.FullOptions{}).ReadROM || a.PlanNVML(here, &machine.Beside{}).Program != "/p" {
		t.Error("it was not done as it was planned outside")
	}
	for name, plan := range map[string]machine.NVMLPlan{"elsewhere": a.PlanNVML(elsewhere, &machine.Beside{}), "given": a.PlanNVML(here, given), "declined": a.PlanNVML(here, &machine.Beside{NoNVML: true})} {
		if plan != (machine.NVMLPlan{}) {
			t.Errorf("%s: %+v", name, plan)
		}
	}
	for name, tc := range map[string]struct {
		plan   machine.NVMLPlan
		failed bool
	}{"nothing to ask": {machine.NVMLPlan{}, false}, "refused": {machine.NVMLPlan{Refused: true, Why: "it belongs to somebody"}, true}, "missing": {a.NVMLPlan, true}} {
		var b machine.Beside
		if err := a.AskNVML(t.Context(), tc.plan, &b, nil); err != nil || (b.NVMLFailed != nil) != tc.failed || errors.Is(b.NVMLFailed, fs.ErrNotExist) || b.NVML != nil {
			t.Errorf("%s: %+v %v", name, b, err)
		}
	}
	said, failure = []byte("no answers"), nil
	if answers, err := a.Answers(t.Context(), "/p", nil); err == nil || answers != nil {
		t.Errorf("what is no answer of the library was taken: %v", err)
	}
	ended, cancel := context.WithCancel(t.Context())
	cancel()
	if err := a.AskNVML(ended, a.NVMLPlan, &machine.Beside{}, nil); !errors.Is(err, context.Canceled) {
		t.Errorf("%v", err)
	}
}
