package main

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"math"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/gpuaudit/gpuaudit/audit/hosttest"
)

// manyCards captures a machine with so many like cards, each behind a port of its own
// and with a serial number of its own.
func manyCards(t testing.TB, n int) string {
	t.Helper()
	h := hosttest.New()
	for i := range n {
		c := hosttest.GoodCard(fmt.Sprintf("%04x:%02x:00.0", i/128, 0x10+i%128))
		c.Bridges = []hosttest.Bridge{{Address: fmt.Sprintf("%04x:00:%02x.%d", i/128, 1+i%128/8, i%8), Vendor: "1022", Device: "1483"}}
		c.Serial = uint64(0x1000 + i)
		h.Add(c)
	}
	root, file := t.TempDir(), filepath.Join(t.TempDir(), "many.tar.gz")
	if err := h.WriteTo(root); err != nil {
		t.Fatal(err)
	}
	if code, _ := runQuietly(t, "capture", "--quiet", "--root", root, "--output", file); code != 0 {
		t.Fatalf("capture exits with %d", code)
	}
	return file
}

// runQuietly runs a command line in this process.
func runQuietly(t testing.TB, args ...string) (code int, stdout []byte) {
	t.Helper()
	var out bytes.Buffer
	return runQuietlyTo(t, &out, args...), out.Bytes()
}

func runQuietlyTo(t testing.TB, stdout io.Writer, args ...string) (code int) {
	t.Helper()
	var errs bytes.Buffer
	a := &app{Stdin: strings.NewReader(""), Stdout: stdout, Stderr: &errs, Now: time.Now, Getenv: func(string) string { return "" }, unconfined: true, own: ownInTests, quiet: true}
	if code = a.main(t.Context(), args); code == exitUsage {
		t.Fatalf("gpuaudit %s: %s", strings.Join(args, " "), errs.String())
	}
	return code
}

// TestGrowth counts what one more card costs, of a few and of many: the work for a
// machine grows with its cards, and no faster. What is counted is memory that was
// allocated in this process, which no other one disturbs: this test is not for running
// in parallel.
func TestGrowth(t *testing.T) {
	now := time.Date(2026, 11, 29, 0, 0, 0, 0, time.UTC)
	// The least of some runs is without what is made once and kept.
	cost := func(n int) (objects, bytes float64) {
		capture := manyCards(t, n)
		objects, bytes = math.Inf(1), math.Inf(1)
		for range 2 {
			// What was judged at another time is judged again.
			now = now.Add(time.Second)
			args := []string{"scan", "--quiet", "--capture", capture, "-o", "json", "--now", now.Format(time.RFC3339)}
			var before, after runtime.MemStats
			runtime.ReadMemStats(&before)
			runQuietlyTo(t, io.Discard, args...) // a buffer here would double at sizes of its own
			runtime.ReadMemStats(&after)
			objects, bytes = min(objects, float64(after.Mallocs-before.Mallocs)), min(bytes, float64(after.TotalAlloc-before.TotalAlloc))
		}
		return objects, bytes
	}
	const few, many, more = 2, 34, 8
	objects, bytes := cost(few)
	objects2, bytes2 := cost(few + more)
	objects3, bytes3 := cost(many)
	objects4, bytes4 := cost(many + more)
	for _, c := range []struct {
		what        string
		early, late float64
	}{{"objects", objects2 - objects, objects4 - objects3}, {"bytes", bytes2 - bytes, bytes4 - bytes3}} {
		t.Logf("%s for one more card: %.0f of %d, %.0f of %d", c.what, c.early/more, few, c.late/more, many)
		// 1.4 leaves room for tables that double.
		if c.late > 1.4*c.early {
			t.Errorf("one more card takes %.0f %s where there are %d, and %.0f where there are %d", c.early/more, c.what, few, c.late/more, many)
		}
	}
}

// BenchmarkGrowth is the shipped program on machines of many cards: a scan, and policy
// check of as many stored reports of one card each. Metrics: cards per second, and the
// peak memory of one process.
func BenchmarkGrowth(b *testing.B) {
	for _, n := range []int{1, 8, 64, 512} {
		b.Run(fmt.Sprintf("scan/%d", n), func(b *testing.B) {
			turns(b, n, nil, builtProgram(b), "scan", "--quiet", "--capture", manyCards(b, n))
		})
	}
	for _, n := range []int{1, 100, 1000} {
		b.Run(fmt.Sprintf("check/%d", n), func(b *testing.B) {
			turns(b, n, []byte(manyReports(b, n)), builtProgram(b), "policy", "check", "-")
		})
	}
}

// manyReports stores so many reports of like cards, and lists their names.
func manyReports(b *testing.B, n int) string {
	_, text := runQuietly(b, "scan", "--quiet", "--capture", manyCards(b, 1), "-o", "json")
	dir := b.TempDir()
	var names strings.Builder
	for i := range n {
		name := filepath.Join(dir, fmt.Sprintf("%d.json", i))
		serial := fmt.Appendf(nil, "%016x", 0x1000+i)
		if err := os.WriteFile(name, bytes.ReplaceAll(text, []byte("0000000000001000"), serial), 0o600); err != nil {
			b.Fatal(err)
		}
		names.WriteString(name + "\n")
	}
	return names.String()
}

// BenchmarkStart is the start of the shipped program beside that of OPA, found by $OPA
// or in PATH.
func BenchmarkStart(b *testing.B) {
	b.Run("gpuaudit", func(b *testing.B) { turns(b, 1, nil, builtProgram(b), "version") })
	b.Run("opa", func(b *testing.B) {
		opa, err := exec.LookPath("opa")
		if name := os.Getenv("OPA"); name != "" {
			opa, err = name, nil
		}
		if err != nil {
			b.Skip("no opa here: set $OPA")
		}
		turns(b, 1, nil, opa, "version")
	})
}

// turns runs a program for each turn of a benchmark.
func turns(b *testing.B, n int, stdin []byte, program string, args ...string) {
	var peak int64
	var cpu time.Duration
	for b.Loop() {
		cmd := exec.Command(program, args...)
		cmd.Stdin = bytes.NewReader(stdin)
		err := cmd.Run()
		if exit, ok := errors.AsType[*exec.ExitError](err); err != nil && (!ok || exit.ExitCode() == exitUsage) {
			b.Fatal(err)
		}
		usage := cmd.ProcessState.SysUsage().(*syscall.Rusage)
		peak = max(peak, usage.Maxrss)
		cpu += cmd.ProcessState.SystemTime() + cmd.ProcessState.UserTime()
	}
	b.ReportMetric(float64(n*b.N)/b.Elapsed().Seconds(), "cards/s")
	b.ReportMetric(cpu.Seconds()*1000/float64(n*b.N), "cpu-ms/card")
	// A child's peak is never below what this process held when it was started.
	b.ReportMetric(float64(peak)/1024, "MiB-peak")
}
