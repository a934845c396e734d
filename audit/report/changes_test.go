package report_test

import (
	"bytes"
	"strings"
	"testing"
	"time"

	"github.com/gpuaudit/gpuaudit/audit/facts"
	"github.com/gpuaudit/gpuaudit/audit/report"
)

func TestUnlike(t *testing.T) {
	day := time.Date(2026, 11, 24, 0, 0, 0, 0, time.UTC)
	of := func(version, data string, now time.Time) *report.Report {
		return &report.Report{Tool: report.Tool{Name: "gpuaudit", Version: version}, DataSets: []facts.DataSet{{Name: "law", SHA256: data, AgeDays: now.Day()}}, Now: now}
	}
	for name, tc := range map[string]struct {
		before, after *report.Report
		want          []string
	}{
		"alike, a day later": {of("1", "a", day), of("1", "a", day.AddDate(0, 0, 1)), nil},
		"another program":    {of("1", "a", day), of("2", "a", day), []string{"different programs"}},
		"other data":         {of("1", "a", day), of("1", "b", day), []string{"different programs"}},
		"in a wrong order":   {of("1", "a", day.AddDate(0, 0, 1)), of("1", "a", day), []string{"OLD is of 2026-11-25T00:00:00Z, later than"}},
	} {
		got := report.Unlike(tc.before, tc.after)
		for i, want := range tc.want {
			if i >= len(got) || !strings.Contains(got[i], want) {
				t.Errorf("%s: %q", name, got)
			}
		}
		if len(got) != len(tc.want) {
			t.Errorf("%s: %q", name, got)
		}
	}
}

func TestChanges(t *testing.T) {
	var b bytes.Buffer
	sum := strings.Repeat("0123456789abcdef", 4)
	err := report.Changes(&b, []report.Change{{Owner: "0000:01:00.0", What: "rom", Old: sum, New: ""}, {Owner: "0000:01:00.0", What: "GA-BD-001", Old: "pass", New: "fail\x1b[2J", Title: "Title", Severity: "high"}}, english)
	text := b.String()
	if err != nil || !strings.Contains(text, "0123456789abcdef… -> none") || !strings.Contains(text, "Title (high)") || strings.ContainsRune(text, '\x1b') || strings.Count(text, "\n") != 2 {
		t.Errorf("%v\n%q", err, text)
	}
	b.Reset()
	if err := report.Changes(&b, nil, english); err != nil || b.String() != "nothing changed\n" {
		t.Errorf("%v %q", err, b.String())
	}
}

func english(text string) string { return text }
