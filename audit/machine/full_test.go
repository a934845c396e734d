package machine_test

import (
	"context"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/gpuaudit/gpuaudit/audit/machine"
)

// program writes a program that asks NVIDIA's library, as a shell script.
func program(t *testing.T, mode os.FileMode, text string) (dir, name string) {
	t.Helper()
	dir = t.TempDir()
	name = filepath.Join(dir, "gpuaudit-nvml")
	if err := os.WriteFile(name, []byte("#!/bin/sh\n"+text), mode); err != nil {
		t.Fatal(err)
	}
	if err := os.Chmod(name, mode); err != nil {
		t.Fatal(err)
	}
	return dir, name
}

func TestPlanFull(t *testing.T) {
	nvidia := t.TempDir()
	if err := os.MkdirAll(filepath.Join(nvidia, "sys/bus/pci/drivers/nvidia/0000:01:00.0"), 0o755); err != nil {
		t.Fatal(err)
	}
	good, name := program(t, 0o755, "echo {}\n")
	open, _ := program(t, 0o777, "echo {}\n")
	device := filepath.Join(t.TempDir(), "tpm")
	if err := os.WriteFile(device, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	for _, tc := range []struct {
		name           string
		source         machine.Source
		options        machine.FullOptions
		rom, nvml, tpm bool
		without        []string
	}{
		{"root on a machine without NVIDIA", machine.Source{}, machine.FullOptions{Root: t.TempDir(), ByRoot: true}, true, false, false, nil},
		{"not root", machine.Source{}, machine.FullOptions{Root: t.TempDir()}, false, false, false, []string{"run it as root"}},
		{"NVIDIA, asked", machine.Source{}, machine.FullOptions{Root: nvidia, ByRoot: true, Programs: []string{t.TempDir(), good}}, true, true, false, nil},
		{"NVIDIA, answers given", machine.Source{}, machine.FullOptions{Root: nvidia, ByRoot: true, NVML: true}, true, false, false, nil},
		{"NVIDIA, nothing to ask with", machine.Source{}, machine.FullOptions{Root: nvidia, ByRoot: true, Programs: []string{t.TempDir()}}, true, false, false, []string{"is not installed"}},
		{"NVIDIA, a program that others may write", machine.Source{}, machine.FullOptions{Root: nvidia, ByRoot: true, Programs: []string{open}}, true, false, false, []string{"others than its owner may write it"}},
		{"a TPM of which nothing is known", machine.Source{}, machine.FullOptions{Root: t.TempDir(), ByRoot: true, TPM: device}, true, false, false, []string{"nobody said which key"}},
		{"a TPM whose key is enrolled", machine.Source{}, machine.FullOptions{Root: t.TempDir(), ByRoot: true, TPM: device, Enrolled: true}, true, false, true, nil},
		{"a capture", machine.Source{Capture: "x"}, machine.FullOptions{ByRoot: true}, false, false, false, []string{"another machine"}},
	} {
		f := machine.PlanFull(tc.source, tc.options)
		if f.ReadROM != tc.rom || (f.NVML != "") != tc.nvml || f.AskTPM != tc.tpm || len(f.Without) != len(tc.without) {
			t.Errorf("%s: %+v", tc.name, f)
		}
		for _, want := range tc.without {
			if !slices.ContainsFunc(f.Without, func(s string) bool { return strings.Contains(s, want) }) {
				t.Errorf("%s: %v, want %q", tc.name, f.Without, want)
			}
		}
		if touched := len(f.Touches) > 0; touched != (tc.rom || tc.nvml || tc.tpm) {
			t.Errorf("%s: it touches %v", tc.name, f.Touches)
		}
		if tc.nvml && f.NVML != name {
			t.Errorf("%s: %s", tc.name, f.NVML)
		}
	}
}

func TestAskNVML(t *testing.T) {
	_, name := program(t, 0o755, "echo '{\"gpus\":[]}'\n")
	f, err := machine.AskNVML(t.Context(), name)
	if err != nil || string(f.Data) != "{\"gpus\":[]}\n" {
		t.Errorf("%v, %+v", err, f)
	}
	_, name = program(t, 0o755, "echo no library >&2\nexit 3\n")
	if _, err := machine.AskNVML(t.Context(), name); err == nil || !strings.Contains(err.Error(), "no library") {
		t.Errorf("one that fails: %v", err)
	}
	_, name = program(t, 0o755, "while :; do echo 0123456789012345678901234567890123456789012345678901234567890123456789; done | head -c 40000000\n")
	if _, err := machine.AskNVML(t.Context(), name); err == nil || !strings.Contains(err.Error(), "more than") {
		t.Errorf("one that does not end: %v", err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := machine.AskNVML(ctx, name); err == nil {
		t.Error("one that nobody waits for")
	}
}
