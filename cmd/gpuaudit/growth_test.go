package main

import (
	"bytes"
	"fmt"
	"io"
	"math"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/gpuaudit/gpuaudit/audit/hosttest"
)

// manyCards captures a machine with so many like cards, each behind a port of its own, if
// they are not thousands, and with a serial number of its own.
func manyCards(t testing.TB, n int) string {
	t.Helper()
	h := hosttest.New()
	for i := range n {
		c := hosttest.GoodCard(fmt.Sprintf("%04x:%02x:00.0", i/128, 0x10+i%128))
		port := i % 8
		if n > 2048 {
			port = 0 // with a port for each there would be more functions than a capture holds
		}
		c.Bridges = []hosttest.Bridge{{Address: fmt.Sprintf("%04x:00:%02x.%d", i/128, 1+i%128/8, port), Vendor: "1022", Device: "1483"}}
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
	return runQuietlyTo(t, &out, "", args...), out.Bytes()
}

func runQuietlyTo(t testing.TB, stdout io.Writer, stdin string, args ...string) (code int) {
	t.Helper()
	var errs bytes.Buffer
	a := &app{Stdin: strings.NewReader(stdin), Stdout: stdout, Stderr: &errs, Now: time.Now, Getenv: func(string) string { return "" }, unconfined: true, own: ownInTests, quiet: true}
	if code = a.main(t.Context(), args); code == exitUsage {
		t.Fatalf("gpuaudit %s: %s", strings.Join(args, " "), errs.String())
	}
	return code
}

// TestGrowth counts what one more card, or one more report, costs, of a few and of many:
// the work grows with them, and no faster. What is counted is memory that was allocated in
// this process, which no other one disturbs: this test is not for running in parallel. How
// many rules a further card asks, package rules counts.
func TestGrowth(t *testing.T) {
	now := time.Date(2026, 11, 29, 0, 0, 0, 0, time.UTC)
	// What was judged at another time is judged again.
	clock := func() string {
		now = now.Add(time.Second)
		return now.Format(time.RFC3339)
	}
	captures, lists := map[int]string{}, map[int]string{}
	const few, many, more = 2, 34, 8
	for _, n := range []int{few, few + more, many, many + more} {
		captures[n], lists[n] = manyCards(t, n), manyReports(t, n)
	}
	scan := func(form string) func(int) {
		return func(n int) {
			// A buffer here would double at sizes of its own.
			runQuietlyTo(t, io.Discard, "", "scan", "--quiet", "--capture", captures[n], "-o", form, "--now", clock())
		}
	}
	check := func(n int) { runQuietlyTo(t, io.Discard, lists[n], "policy", "check", "-", "--now", clock()) }
	for _, c := range []struct {
		what string
		run  func(n int)
	}{
		{"a card of a scan, in JSON", scan("json")}, {"a card of a scan, in a table", scan("table")}, {"a report of policy check", check},
	} {
		counts := map[int][2]float64{}
		for _, n := range []int{few, few + more, many, many + more} {
			counts[n] = leastOf(t, func() { c.run(n) })
		}
		for i, what := range []string{"objects", "bytes"} {
			early, late := counts[few+more][i]-counts[few][i], counts[many+more][i]-counts[many][i]
			t.Logf("%s, %s: %.0f of %d, %.0f of %d", c.what, what, early/more, few, late/more, many)
			// 1.4 leaves room for tables that double.
			if late > 1.4*early {
				t.Errorf("one more is %s, and takes %.0f %s where there are %d, and %.0f where there are %d", c.what, early/more, what, few, late/more, many)
			}
		}
	}
}

// leastOf is what a run allocates, in objects and in bytes: the least of two, which is
// without what is made once and kept.
func leastOf(t *testing.T, run func()) [2]float64 {
	t.Helper()
	least := [2]float64{math.Inf(1), math.Inf(1)}
	for range 2 {
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		run()
		runtime.ReadMemStats(&after)
		least[0] = min(least[0], float64(after.Mallocs-before.Mallocs))
		least[1] = min(least[1], float64(after.TotalAlloc-before.TotalAlloc))
	}
	return least
}

// manyReports stores so many reports of like cards in as many machines, and lists their
// names.
func manyReports(t testing.TB, n int) string {
	t.Helper()
	_, text := runQuietly(t, "scan", "--quiet", "--capture", manyCards(t, 1), "-o", "json")
	dir := t.TempDir()
	var names strings.Builder
	for i := range n {
		name := filepath.Join(dir, fmt.Sprintf("%d.json", i))
		// Of a real fleet, cards differ in their serial number and their slot, machines in
		// their own numbers.
		anew := strings.NewReplacer("0000000000001000", fmt.Sprintf("%016x", 0x1000+i), "0000:10:00.0", fmt.Sprintf("0000:%02x:00.0", 0x10+i%8),
			"SERIAL-0001", fmt.Sprintf("SERIAL-%d", i), "11111111-2222-3333-4444-555555555555", fmt.Sprintf("11111111-2222-3333-4444-%012x", i))
		if err := os.WriteFile(name, []byte(anew.Replace(string(text))), 0o600); err != nil {
			t.Fatal(err)
		}
		names.WriteString(name + "\n")
	}
	return names.String()
}
