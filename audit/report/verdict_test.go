package report_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/gpuaudit/gpuaudit/audit/finding"
	"github.com/gpuaudit/gpuaudit/audit/inventory"
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
		{"an older edition set aside", card, []finding.Finding{find(finding.High, finding.Pass)}, []report.ProblemKind{report.ProblemOutdated}, report.Passed, 0},
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
			r.Decide()
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
	r.Decide()
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

// TestThePassSentence: "every check had its facts and passed" is said only
// where no check at the threshold was waived, disabled or let off; otherwise
// the reasons say which were.
func TestThePassSentence(t *testing.T) {
	const every = "every check of severity high or above had its facts and passed"
	waived := func(severity finding.Severity, was finding.Status) finding.Finding {
		f := find(severity, finding.Waived)
		f.Waiver = &finding.Waiver{Reason: "r", Expires: time.Date(2027, 2, 1, 0, 0, 0, 0, time.UTC), Status: was}
		return f
	}
	disabled := func(severity finding.Severity, was finding.Status) finding.Finding {
		f := find(severity, finding.Disabled)
		f.Changed = &finding.Change{Pack: "ours", Status: was}
		return f
	}
	for _, tc := range []struct {
		name string
		of   finding.Finding
		want string
	}{
		{"nothing aside", find(finding.High, finding.Pass), every},
		{"a waived failure below the threshold", waived(finding.Low, finding.Fail), every},
		{"a waived failure", waived(finding.High, finding.Fail), "1 failed check of severity high or above was waived (GA-XX-001), until 2027-01-31"},
		{"a waived unknown", waived(finding.Critical, finding.Unknown), "1 check without its facts of severity high or above was waived (GA-XX-001), until 2027-01-31"},
		{"a waiver of an older report", waived(finding.High, ""), "1 check of severity high or above was waived (GA-XX-001), until 2027-01-31"},
		{"a disabled failure", disabled(finding.High, finding.Fail), "1 failure of rules that the pack ours disables"},
		{"a disabled unknown", disabled(finding.High, finding.Unknown), "1 check without facts of rules that the pack ours disables"},
		{"a disabled pass", disabled(finding.High, finding.Pass), every},
	} {
		t.Run(tc.name, func(t *testing.T) {
			r := &report.Report{FailOn: finding.High, Devices: []report.Device{{Address: "0000:01:00.0"}},
				Findings: []finding.Finding{find(finding.High, finding.Pass), tc.of}}
			if tc.of.Changed != nil {
				r.Pack = &report.Pack{Name: "ours", UnknownFrom: finding.High}
			}
			r.Decide()
			if r.Verdict.Status != report.Passed {
				t.Fatalf("verdict %s", r.Verdict.Status)
			}
			if r.Verdict.Reasons[0] != tc.want || (tc.want != every) != (len(r.Verdict.Reasons) == 2) {
				t.Errorf("reasons: %q, want %q first", r.Verdict.Reasons, tc.want)
			}
			if tc.want != every && slices.Contains(r.Verdict.Reasons, every) {
				t.Errorf("%q is said beside it", every)
			}
		})
	}
}

// TestDevicesThatNobodyAskedAbout: a pass of one card out of two says so.
func TestDevicesThatNobodyAskedAbout(t *testing.T) {
	r := &report.Report{FailOn: finding.High, Asked: []string{"0000:01:00.0"}, Devices: []report.Device{{Address: "0000:01:00.0"}},
		Findings: []finding.Finding{find(finding.High, finding.Pass)}}
	r.Inventory.Devices = []inventory.Device{{Address: "0000:01:00.0"}, {Address: "0000:02:00.0"}}
	r.Decide()
	if r.Verdict.Status != report.Passed || r.Verdict.Reasons[0] != "1 other device was not asked about and not audited: 0000:02:00.0" || len(r.Verdict.Reasons) != 2 {
		t.Errorf("%s: %q", r.Verdict.Status, r.Verdict.Reasons)
	}
}
