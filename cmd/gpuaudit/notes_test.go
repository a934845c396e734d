package main

import (
	"io"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/gpuaudit/gpuaudit/audit/report"
	"github.com/gpuaudit/gpuaudit/audit/report/signed"
)

// watchedText is a writer that a test may look at meanwhile.
type watchedText struct {
	mu sync.Mutex
	b  strings.Builder
}

func (l *watchedText) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.Write(p)
}

func (l *watchedText) text() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.String()
}

// TestProgress: what takes less than a second says nothing, what takes longer says how
// many of how many are done, once a second, and --quiet keeps it back.
func TestProgress(t *testing.T) {
	t.Parallel()
	var errs watchedText
	a := &app{Stderr: &errs, Now: time.Now}
	stage, done := a.progress()
	count := counting(stage, "judged", 5000)
	for n := range 1000 {
		count(n + 1)
	}
	if got := errs.text(); got != "" {
		t.Errorf("at once: %q", got)
	}
	for end := time.Now().Add(10 * time.Second); errs.text() == "" && time.Now().Before(end); time.Sleep(20 * time.Millisecond) {
	}
	done()
	if got := errs.text(); got != "gpuaudit: judged 1000 of 5000 …\n" {
		t.Errorf("after a second: %q", got)
	}
	quiet := &app{Stderr: &errs, Now: time.Now, quiet: true}
	stage, done = quiet.progress()
	counting(stage, "judged", 2)(1)
	done()
}

// TestLargeReport: a report that no verb reads later is written, and that is said.
func TestLargeReport(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		notice int
		said   bool
	}{{10, false}, {signed.Limit, true}} {
		var errs strings.Builder
		a := &app{Stdout: io.Discard, Stderr: &errs, Now: time.Now}
		r := &report.Report{Notice: strings.Repeat("n", c.notice)}
		if err := a.writeReport(t.Context(), r, &outputs{list: []output{{format: "json", file: "-"}}}); err != nil {
			t.Fatal(err)
		}
		if said := strings.Contains(errs.String(), "take at most 67108864: audit fewer devices at once"); said != c.said {
			t.Errorf("a notice of %d bytes: said %t, want %t: %s", c.notice, said, c.said, errs.String())
		}
	}
}
