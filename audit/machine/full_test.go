package machine_test

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/gpuaudit/gpuaudit/audit/machine"
)

func TestPlanFull(t *testing.T) {
	device := filepath.Join(t.TempDir(), "tpm")
	if err := os.WriteFile(device, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	for _, tc := range []struct {
		name     string
		source   machine.Source
		options  machine.FullOptions
		rom, tpm bool
		says     []string // what is touched and what is not read
	}{
		{"root on a machine without NVIDIA", machine.Source{}, machine.FullOptions{ByRoot: true}, true, false, []string{"switched on"}},
		{"not root", machine.Source{}, machine.FullOptions{}, false, false, []string{"run it as root"}},
		{"NVIDIA, asked", machine.Source{}, machine.FullOptions{ByRoot: true, NVML: machine.NVMLPlan{Program: "/x/gpuaudit-nvml"}}, true, false, []string{"switched on", "asked by /x/gpuaudit-nvml"}},
		{"NVIDIA, nothing to ask with", machine.Source{}, machine.FullOptions{ByRoot: true, NVML: machine.NVMLPlan{Why: "is not installed"}}, true, false, []string{"switched on", "is not installed"}},
		{"a TPM of which nothing is known", machine.Source{}, machine.FullOptions{ByRoot: true, TPM: device}, true, false, []string{"switched on", "nobody said which key"}},
		{"a TPM whose key is enrolled", machine.Source{}, machine.FullOptions{ByRoot: true, TPM: device, Enrolled: true}, true, true, []string{"switched on", "the TPM signs"}},
		{"a capture", machine.Source{Capture: "x"}, machine.FullOptions{ByRoot: true}, false, false, []string{"another machine"}},
	} {
		f := machine.PlanFull(tc.source, tc.options)
		said := slices.Concat(f.Touches, f.Without)
		if f.ReadROM != tc.rom || f.AskTPM != tc.tpm || len(said) != len(tc.says) {
			t.Errorf("%s: %+v", tc.name, f)
		}
		for _, want := range tc.says {
			if !slices.ContainsFunc(said, func(s string) bool { return strings.Contains(s, want) }) {
				t.Errorf("%s: %q, want %q", tc.name, said, want)
			}
		}
	}
}
