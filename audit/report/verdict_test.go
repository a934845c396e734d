package report_test

import (
	"strings"
	"testing"

	"github.com/gpuaudit/gpuaudit/audit/finding"
	"github.com/gpuaudit/gpuaudit/audit/report"
)

func find(severity finding.Severity, status finding.Status) finding.Finding {
	return finding.Finding{ID: "GA-XX-001", Severity: severity, Status: status, Device: "0000:01:00.0", Title: "t", Detail: "d"}
}

func TestVerdict(t *testing.T) {
	card := []report.Device{{Address: "0000:01:00.0"}}
	for _, tc := range []struct {
		name     string
		devices  []report.Device
		findings []finding.Finding
		problems []report.ProblemKind
		status   report.Status
		code     int
	}{
		{"all passed", card, []finding.Finding{find(finding.Critical, finding.Pass)}, nil, report.Passed, 0},
		{"a failure below the threshold", card, []finding.Finding{find(finding.Medium, finding.Fail)}, nil, report.Passed, 0},
		{"a failure at the threshold", card, []finding.Finding{find(finding.High, finding.Fail)}, nil, report.Failed, 1},
		{"unknown is not pass", card, []finding.Finding{find(finding.Critical, finding.Pass), find(finding.High, finding.Unknown)}, nil, report.Undecided, 3},
		{"unknown below the threshold", card, []finding.Finding{find(finding.Low, finding.Unknown)}, nil, report.Passed, 0},
		{"a failure stands over an unknown", card, []finding.Finding{find(finding.Critical, finding.Unknown), find(finding.High, finding.Fail)}, nil, report.Failed, 1},
		{"a status no rule may give counts as unknown", card, []finding.Finding{find(finding.High, "fine")}, nil, report.Undecided, 3},
		{"a waived failure", card, []finding.Finding{find(finding.High, finding.Waived)}, nil, report.Passed, 0},
		{"no rule spoke", card, nil, nil, report.Undecided, 3},
		{"nothing to audit", nil, nil, nil, report.NothingToAudit, 0},
		{"fewer devices than expected", nil, nil, []report.ProblemKind{report.ProblemCoverage}, report.Incomplete, 3},
		{"damaged input", card, []finding.Finding{find(finding.High, finding.Pass)}, []report.ProblemKind{report.ProblemInput}, report.Incomplete, 3},
		{"damaged input and a failure", card, []finding.Finding{find(finding.High, finding.Fail)}, []report.ProblemKind{report.ProblemInput}, report.Failed, 1},
		{"a signature that did not verify", card, []finding.Finding{find(finding.High, finding.Pass)}, []report.ProblemKind{report.ProblemSignature}, report.Incomplete, 4},
		{"a signature and a failure", card, []finding.Finding{find(finding.High, finding.Fail)}, []report.ProblemKind{report.ProblemSignature}, report.Failed, 4},
	} {
		t.Run(tc.name, func(t *testing.T) {
			r := &report.Report{FailOn: finding.High, Devices: tc.devices, Findings: tc.findings}
			for _, kind := range tc.problems {
				r.Problems = append(r.Problems, report.Problem{Kind: kind, Input: "x", Cause: "y"})
			}
			r.Judge()
			if r.Verdict.Status != tc.status || r.Verdict.ExitCode != tc.code {
				t.Errorf("verdict is %s (%d), want %s (%d)", r.Verdict.Status, r.Verdict.ExitCode, tc.status, tc.code)
			}
			if len(r.Verdict.Reasons) == 0 && tc.name != "no rule spoke" {
				t.Error("the verdict gives no reason")
			}
		})
	}
}

// TestNothingIsNeverPassed: the table of an empty machine must not hold the
// word that a gate or a reader looks for.
func TestNothingIsNeverPassed(t *testing.T) {
	r := &report.Report{FailOn: finding.High}
	r.Judge()
	var b strings.Builder
	if err := report.Table(&b, r, report.TableOptions{}); err != nil {
		t.Fatal(err)
	}
	if strings.Contains(strings.ToLower(b.String()), "pass") || !strings.Contains(b.String(), "nothing") {
		t.Errorf("the table of an empty machine reads:\n%s", b.String())
	}
}

// TestACardCannotWriteToTheTerminal: escape sequences, line breaks and
// direction overrides in texts from devices are shown, not obeyed.
func TestACardCannotWriteToTheTerminal(t *testing.T) {
	for in, want := range map[string]string{
		"RTX 4090":                "RTX 4090",
		"\x1b[2J\x1b[32mpassed":   "\uFFFD[2J\uFFFD[32mpassed",
		"a\r\nverdict  passed":    "a\uFFFD verdict  passed",
		"abc\u202Edef\u2066":      "abc\uFFFDdef\uFFFD",
		"bad \xff utf-8":          "bad \uFFFD utf-8",
		"\u9b5a GPU \u00fc\u00df": "\u9b5a GPU \u00fc\u00df",
	} {
		if got := report.Clean(in); got != want {
			t.Errorf("Clean(%q) = %q, want %q", in, got, want)
		}
	}
}
