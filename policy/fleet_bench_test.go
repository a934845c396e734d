package policy_test

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"testing/fstest"

	"github.com/gpuaudit/gpuaudit/audit/finding"
	"github.com/gpuaudit/gpuaudit/policy"
)

// fleetUnit is a device of the benchmark, some 750 bytes in JSON.
type fleetUnit struct {
	Now    string      `json:"now"`
	Device fleetDevice `json:"device"`
}

type fleetDevice struct {
	Vendor       string   `json:"vendor"`
	Device       string   `json:"device"`
	Subsystem    string   `json:"subsystem"`
	Address      string   `json:"address"`
	Serial       string   `json:"serial"`
	Driver       string   `json:"driver"`
	Version      int      `json:"version"`
	ROM          string   `json:"rom"`
	Memory       int      `json:"memory"`
	Width        int      `json:"width"`
	Capabilities []string `json:"capabilities"`
	Functions    []string `json:"functions"`
}

func (u *fleetUnit) Model() any {
	m := *u
	m.Device.Serial = "-"
	return &m
}

func (u *fleetUnit) Identity() string {
	return u.Device.Vendor + ":" + u.Device.Device + ":" + u.Device.Serial
}

// newFleetUnit is the i-th device of a fleet of so many models.
func newFleetUnit(i, models int) *fleetUnit {
	m := i % models
	d := fleetDevice{
		Vendor: "10de", Device: fmt.Sprintf("%04x", 0x2000+m%0x1000), Subsystem: fmt.Sprintf("1043:%04x", m%0x10000),
		Address: fmt.Sprintf("0000:%02x:00.0", m%8), Serial: fmt.Sprintf("GPU-%032x", i), Driver: "nvidia",
		Version: 500 + m%90, ROM: fmt.Sprintf("%064x", m), Memory: 1 << (m % 8), Width: 16,
		Functions: []string{"040300", "0c0330"},
	}
	for c := range 16 {
		d.Capabilities = append(d.Capabilities, fmt.Sprintf("%02x-capability-%02d", c, (m+c)%40))
	}
	return &fleetUnit{Now: "2026-11-24T00:00:00Z", Device: d}
}

// fleetRules are thirty rules of six kinds: equality, a number held against a
// limit, membership in a list of 300, a loop over capabilities, a prefix, a set.
func fleetRules() fstest.MapFS {
	fsys := tree()
	branches := [...]string{
		`verdict.fail("vendor", ["/device/vendor"]) if input.device.vendor == "%04x"`,
		`verdict.fail("old driver", ["/device/version"]) if input.device.version < %[1]d + 500`,
		`verdict.fail("listed", ["/device/device"]) if input.device.device in data.gpuaudit.data.list_%[1]d`,
		`verdict.fail("capability", ["/device/capabilities"]) if {
	some c in input.device.capabilities
	endswith(c, "-%02d")
	startswith(c, "0f")
}`,
		`verdict.fail("subsystem", ["/device/subsystem"]) if startswith(input.device.subsystem, "1043:%03x")`,
		`verdict.fail("function", ["/device/functions"]) if {
	some f in input.device.functions
	f in {"0c03%02x", "0200%02[1]x"}
}`,
	}
	for i := range 30 {
		branch := fmt.Sprintf(branches[i%len(branches)], i)
		name := fmt.Sprintf("rule_%02d", i)
		text := string(rule(fmt.Sprintf("GA-BD-%03d", i), name, branch+" else := "+`verdict.pass("fine", ["/device"]) if input.device.vendor`).Data)
		fsys[name+".rego"] = &fstest.MapFile{Data: []byte(text)}
		if i%len(branches) == 2 {
			var ids []string
			for k := range 300 {
				ids = append(ids, fmt.Sprintf("%04x", 0x2000+i+13*k))
			}
			list, err := json.Marshal(ids)
			if err != nil {
				panic(err)
			}
			fsys[fmt.Sprintf("data/list_%d.json", i)] = &fstest.MapFile{Data: list}
		}
	}
	return fsys
}

const fleetSchema = `{"type": "object", "properties": {"now": {"type": "string"}, "device": {"type": "object", "properties": {
	"vendor": {"type": "string"}, "device": {"type": "string"}, "subsystem": {"type": "string"}, "address": {"type": "string"},
	"serial": {"type": "string"}, "driver": {"type": "string"}, "version": {"type": "integer"}, "rom": {"type": "string"},
	"name": {"type": "string"}, "memory": {"type": "integer"}, "width": {"type": "integer"},
	"capabilities": {"type": "array", "items": {"type": "string"}}, "functions": {"type": "array", "items": {"type": "string"}}}}}}`

// peerRules ask the same thirty rules in the peers' words.
const peerRules = `package main

deny contains name if {
	some name, _ in data.gpuaudit.rules.backdoor
	data.gpuaudit.rules.backdoor[name].decision.status == "fail"
}

total := count([1 | some d in input; some _ in deny with input as d])
`

// BenchmarkFleet reads a file of devices, judges each by thirty rules and counts
// the failures, in a process of its own: this engine, with few models and with
// as many models as devices, conftest and opa eval. The peers are found by
// $CONFTEST and $OPA or in PATH. Metrics: devices per second, peak memory.
func BenchmarkFleet(b *testing.B) {
	for _, n := range [...]int{1, 1000, 100_000} {
		for _, models := range [...]int{200, 100_000} {
			if n < models && models != 200 {
				continue
			}
			kind := map[bool]string{true: "models", false: "all-different"}[models == 200]
			b.Run(fmt.Sprintf("%d/%s", n, kind), func(b *testing.B) { benchFleet(b, n, models) })
		}
	}
}

func benchFleet(b *testing.B, n, models int) {
	dir := b.TempDir()
	lines, array := filepath.Join(dir, "fleet.jsonl"), filepath.Join(dir, "fleet.json")
	writeFleet(b, lines, array, n, models)
	policyDir := filepath.Join(dir, "policy")
	if err := os.CopyFS(policyDir, fleetRules()); err != nil {
		b.Fatal(err)
	}
	for name, text := range map[string]string{"main.rego": peerRules, "peerdata.json": peerData(b)} {
		if err := os.WriteFile(filepath.Join(policyDir, name), []byte(text), 0o644); err != nil {
			b.Fatal(err)
		}
	}
	if err := os.RemoveAll(filepath.Join(policyDir, "data")); err != nil {
		b.Fatal(err)
	}
	failures := -1
	agree := func(b *testing.B, got int) {
		if failures >= 0 && got != failures {
			b.Fatalf("%d failures, others found %d", got, failures)
		}
		failures = got
	}
	b.Run("gpuaudit", func(b *testing.B) {
		peer(b, n, []string{"FLEET=" + lines}, os.Args[0], "-test.run=^TestFleetChild$", "-test.v")(func(out []byte) {
			_, count, _ := bytes.Cut(out, []byte("failures "))
			agree(b, number(b, count))
		})
	})
	b.Run("opa-eval", func(b *testing.B) {
		peer(b, n, nil, tool(b, "opa"), "eval", "-d", policyDir, "-i", array, "data.main.total", "--format", "raw")(func(out []byte) {
			agree(b, number(b, out))
		})
	})
	b.Run("conftest", func(b *testing.B) {
		peer(b, n, nil, tool(b, "conftest"), "test", "-p", policyDir, "-d", filepath.Join(policyDir, "peerdata.json"), "--no-fail", "--quiet", "-o", "json", array)(func(out []byte) {
			agree(b, bytes.Count(out, []byte(`"msg":`)))
		})
	})
}

// tool is a peer's path.
func tool(b *testing.B, name string) string {
	path := os.Getenv(strings.ToUpper(name))
	if path == "" {
		path = name
	}
	path, err := exec.LookPath(path)
	if err != nil {
		b.Skipf("no %s here: set $%s", name, strings.ToUpper(name))
	}
	return path
}

// peer runs a command for each turn of the benchmark, and hands its output over.
func peer(b *testing.B, n int, env []string, command string, args ...string) func(func([]byte)) {
	return func(check func([]byte)) {
		var peak int64
		for b.Loop() {
			cmd := exec.Command(command, args...)
			cmd.Env = append(os.Environ(), env...)
			var stderr bytes.Buffer
			cmd.Stderr = &stderr
			out, err := cmd.Output()
			if err != nil {
				b.Fatalf("%s: %v\n%s%.2000s", command, err, stderr.Bytes(), out)
			}
			peak = max(peak, cmd.ProcessState.SysUsage().(*syscall.Rusage).Maxrss)
			check(out)
		}
		b.ReportMetric(float64(n)*float64(b.N)/b.Elapsed().Seconds(), "devices/s")
		b.ReportMetric(float64(peak)/1024, "MiB-peak")
	}
}

func number(b *testing.B, text []byte) int {
	line, _, _ := strings.Cut(strings.TrimSpace(string(text)), "\n")
	n, err := strconv.Atoi(line)
	if err != nil {
		b.Fatal(err)
	}
	return n
}

// writeFleet writes the devices as lines and as an array. It keeps none: Linux
// counts what this process held as the peak of those that it starts.
func writeFleet(b *testing.B, lines, array string, n, models int) {
	b.Helper()
	var files [2]*bufio.Writer
	for i, name := range [...]string{lines, array} {
		f, err := os.Create(name)
		if err != nil {
			b.Fatal(err)
		}
		defer f.Close()
		files[i] = bufio.NewWriter(f)
	}
	for i := range n {
		text, err := json.Marshal(newFleetUnit(i, models))
		if err != nil {
			b.Fatal(err)
		}
		fmt.Fprintf(files[0], "%s\n", text)
		fmt.Fprintf(files[1], "%s%s", map[bool]string{true: "[", false: ",\n"}[i == 0], text)
	}
	files[1].WriteString("]\n")
	for _, f := range files {
		if err := f.Flush(); err != nil {
			b.Fatal(err)
		}
	}
}

// peerData is the rules' data under the root that the engine gives it.
func peerData(b *testing.B) string {
	lists := map[string]json.RawMessage{}
	for name, f := range fleetRules() {
		if stem, ok := strings.CutPrefix(name, "data/"); ok {
			lists[strings.TrimSuffix(stem, ".json")] = f.Data
		}
	}
	text, err := json.Marshal(map[string]any{"gpuaudit": map[string]any{"data": lists}})
	if err != nil {
		b.Fatal(err)
	}
	return string(text)
}

// TestFleetChild is this engine as a process of the benchmark.
func TestFleetChild(t *testing.T) {
	path := os.Getenv("FLEET")
	if path == "" {
		t.Skip("BenchmarkFleet runs this")
	}
	e, err := policy.Load(context.Background(), policy.Source{FS: fleetRules(), Schema: []byte(fleetSchema)})
	if err != nil {
		t.Fatal(err)
	}
	f, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	lines := make(chan []byte, 64)
	var failures atomic.Int64
	var wg sync.WaitGroup
	for range runtime.GOMAXPROCS(0) {
		wg.Go(func() {
			for line := range lines {
				failures.Add(failuresOf(t, e, line))
			}
		})
	}
	scan := bufio.NewScanner(f)
	for scan.Scan() {
		lines <- bytes.Clone(scan.Bytes())
	}
	close(lines)
	wg.Wait()
	if err := scan.Err(); err != nil {
		t.Fatal(err)
	}
	fmt.Println("failures", failures.Load())
}

func failuresOf(t *testing.T, e *policy.Engine, line []byte) (n int64) {
	var u fleetUnit
	if err := json.Unmarshal(line, &u); err != nil {
		t.Error(err)
		return 0
	}
	findings, err := e.Evaluate(context.Background(), &u)
	if err != nil {
		t.Error(err)
	}
	for _, f := range findings {
		if f.Status == finding.Fail {
			n++
		}
	}
	return n
}
