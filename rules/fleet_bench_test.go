package rules_test

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/gpuaudit/gpuaudit/audit/facts"
	"github.com/gpuaudit/gpuaudit/audit/finding"
	"github.com/gpuaudit/gpuaudit/audit/inventory"
	"github.com/gpuaudit/gpuaudit/policy"
	"github.com/gpuaudit/gpuaudit/rules"
)

// BenchmarkFleet judges devices by the rules that ship, in this process and by opa eval,
// which $OPA names or PATH has: units of one model in eight slots, and devices that are all
// of another model. Both count the failures, which are the same. Metrics: processor time of
// each, and the ratio.
func BenchmarkFleet(b *testing.B) {
	for _, n := range []int{1, 100, 1000} {
		for _, kind := range []string{"units", "models"} {
			b.Run(fmt.Sprintf("%d/%s", n, kind), func(b *testing.B) { benchFleet(b, n, kind == "models") })
		}
	}
}

// BenchmarkKnownModel judges units of one model in eight slots, many more than BenchmarkFleet
// does beside OPA: the processor time of each once the model is known.
func BenchmarkKnownModel(b *testing.B) {
	const n = 10_000
	e, err := loadPlan()
	if err != nil {
		b.Fatal(err)
	}
	fleet := make([]*facts.Facts, n)
	for i := range fleet {
		fleet[i] = unit(i, false)
	}
	begun := used(b, syscall.RUSAGE_SELF)
	for b.Loop() {
		for _, f := range fleet {
			if _, err := e.Evaluate(context.Background(), f); err != nil {
				b.Fatal(err)
			}
		}
	}
	b.ReportMetric((used(b, syscall.RUSAGE_SELF)-begun).Seconds()*1e6/float64(n*b.N), "cpu-us/each")
}

// unit is the i-th device of a fleet.
func unit(i int, models bool) *facts.Facts {
	f := honest()
	f.Device.Address = fmt.Sprintf("0000:%02x:00.0", 0x10+i%8)
	f.Device.Identity = []inventory.IdentityClaim{{Kind: "gpu-uuid", Value: fmt.Sprintf("GPU-%08x-0000-0000-0000-000000000000", i)}}
	if models {
		f.Device.PCI.DeviceID = new(fmt.Sprintf("%04x", 0x2000+i))
		f.Device.Firmware.ROMs[0].SHA256 = fmt.Sprintf("%064x", i)
	}
	return f
}

func benchFleet(b *testing.B, n int, models bool) {
	opa := os.Getenv("OPA")
	if opa == "" {
		opa = "opa"
	}
	opa, err := exec.LookPath(opa)
	if err != nil {
		b.Skip("no opa here: set $OPA")
	}
	dir, fleet := b.TempDir(), make([]*facts.Facts, n)
	for i := range fleet {
		fleet[i] = unit(i, models)
	}
	writeForOPA(b, dir, fleet)
	var ours, theirs time.Duration
	for b.Loop() {
		begun := used(b, syscall.RUSAGE_SELF)
		failed := 0
		e, err := loadPlan()
		if err != nil {
			b.Fatal(err)
		}
		for _, f := range fleet {
			findings, err := e.Evaluate(context.Background(), f)
			if err != nil {
				b.Fatal(err)
			}
			for i := range findings {
				if findings[i].Status == finding.Fail {
					failed++
				}
			}
		}
		ours += used(b, syscall.RUSAGE_SELF) - begun
		cmd := exec.Command(opa, "eval", "-d", filepath.Join(dir, "rules"), "-i", filepath.Join(dir, "fleet.json"), "data.main.total", "--format", "raw")
		var stderr bytes.Buffer
		cmd.Stderr = &stderr
		out, err := cmd.Output()
		if err != nil {
			b.Fatalf("%v: %s%.1000s", err, stderr.Bytes(), out)
		}
		if got := strings.TrimSpace(string(out)); got != fmt.Sprint(failed) {
			b.Fatalf("OPA finds %s failures, and the engine %d", got, failed)
		}
		theirs += cmd.ProcessState.UserTime() + cmd.ProcessState.SystemTime()
	}
	b.ReportMetric(ours.Seconds()*1000/float64(n*b.N), "cpu-ms/device")
	b.ReportMetric(theirs.Seconds()*1000/float64(n*b.N), "opa-cpu-ms/device")
	b.ReportMetric(float64(ours)/float64(theirs), "of-opa")
}

// used is the processor time that was used so far.
func used(b *testing.B, who int) time.Duration {
	b.Helper()
	var u syscall.Rusage
	if err := syscall.Getrusage(who, &u); err != nil {
		b.Fatal(err)
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

// writeForOPA writes the rules with their data, a rule that counts what fails, and the
// devices.
func writeForOPA(b *testing.B, dir string, fleet []*facts.Facts) {
	b.Helper()
	data := map[string]json.RawMessage{}
	write := func(name string, text []byte) {
		b.Helper()
		name = filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(name), 0o755); err != nil {
			b.Fatal(err)
		}
		if err := os.WriteFile(name, text, 0o644); err != nil {
			b.Fatal(err)
		}
	}
	err := fs.WalkDir(rules.FS(), ".", func(name string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		text, err := fs.ReadFile(rules.FS(), name)
		switch stem, isData := strings.CutPrefix(name, "data/"); {
		case isData && strings.HasSuffix(name, ".json"):
			data[strings.TrimSuffix(stem, ".json")] = text
		case strings.HasSuffix(name, ".rego") && !strings.HasSuffix(name, "_test.rego"):
			write("rules/"+name, text)
		}
		return err
	})
	if err != nil {
		b.Fatal(err)
	}
	text, err := json.Marshal(map[string]any{"gpuaudit": map[string]any{"data": data}})
	if err != nil {
		b.Fatal(err)
	}
	write("rules/all.json", text)
	main := "package main\n\ntotal := count([1 | some d in input; some _ in failed with input as d])\n"
	for _, r := range load(b).Rules() {
		if r.Scope == policy.ScopeDevice {
			main += fmt.Sprintf("\nfailed contains %q if data.%s.decision.status == \"fail\"\n", r.ID, r.Package)
		}
	}
	write("rules/main.rego", []byte(main))
	if text, err = json.Marshal(fleet); err != nil {
		b.Fatal(err)
	}
	write("fleet.json", text)
}
