package report

import (
	"fmt"
	"strings"

	"github.com/gpuaudit/gpuaudit/audit/finding"
	"github.com/gpuaudit/gpuaudit/audit/inventory"
)

// Status is the verdict of an audit, or of one device in it.
type Status string

const (
	// Passed: devices were audited, and every rule at or above the threshold
	// had its facts and was content.
	Passed Status = "passed"
	// Failed: a rule at or above the threshold failed.
	Failed Status = "failed"
	// Undecided: nothing failed, but a rule at or above the threshold lacked
	// facts. Unknown is not pass.
	Undecided Status = "undecided"
	// Incomplete: the audit itself could not be completed.
	Incomplete Status = "incomplete"
	// Listed: a device that is named and, since nobody asked, not judged.
	Listed Status = "listed"
	// NothingToAudit: the machine has no GPU and no accelerator.
	NothingToAudit Status = "nothing-to-audit"
)

// Verdict is the outcome in one word, with the reasons in sentences.
type Verdict struct {
	Status Status `json:"status"`
	// ExitCode is the exit code of the scan: see docs/exit-codes.md.
	ExitCode int      `json:"exit_code"`
	Counts   Counts   `json:"counts"`
	Reasons  []string `json:"reasons"`
}

// Counts are numbers of findings by status.
type Counts struct {
	Fail          int `json:"fail"`
	Unknown       int `json:"unknown"`
	Pass          int `json:"pass"`
	NotApplicable int `json:"not_applicable"`
	Waived        int `json:"waived"`
	// Disabled counts what rules said that a pack does not want to count.
	Disabled int `json:"disabled,omitempty"`
	// FailAtThreshold and UnknownAtThreshold count those that decide the verdict:
	// of a severity at or above Report.FailOn, or for unknown ones at or above the
	// pack's, or required by the pack.
	FailAtThreshold    int `json:"fail_at_threshold"`
	UnknownAtThreshold int `json:"unknown_at_threshold"`
}

// Exit codes of a scan.
const (
	exitPassed     = 0
	exitFailed     = 1
	exitIncomplete = 3
	exitSignature  = 4
)

// Judge fills in the verdict of the report and of each device from the
// findings and problems. A signature that did not verify decides the exit code
// over everything else; then a failure, then what could not be decided.
func (r *Report) Judge() {
	if r.asked() {
		r.Notice = Notice
	}
	for i := range r.Devices {
		d := &r.Devices[i]
		d.Counts = r.count(func(f finding.Finding) bool { return f.Device == d.Address })
		d.Status = statusOf(d.Counts)
		if d.Role != "" {
			d.Status = Listed
		}
		d.Identity = identify(d.Address, r.Findings)
		d.Restrictions = restrict(d.Address, r.Findings)
	}
	v := Verdict{Counts: r.count(func(finding.Finding) bool { return true })}
	v.Status = statusOf(v.Counts)
	switch {
	case v.Status == Failed:
	case len(r.Problems) > 0:
		v.Status = Incomplete
	case r.judged() == 0:
		v.Status = NothingToAudit
	}
	v.ExitCode = exitCode(v.Status)
	for _, p := range r.Problems {
		if p.Kind == ProblemSignature {
			v.ExitCode = exitSignature
		}
	}
	v.Reasons = r.reasons(v)
	r.Verdict = v
}

// judged counts the devices that were judged.
func (r *Report) judged() int {
	n := 0
	for i := range r.Devices {
		if r.Devices[i].Role == "" {
			n++
		}
	}
	return n
}

// NotAudited is the problem that something which was seen was not audited.
func NotAudited(u *inventory.Unaudited) Problem {
	cause := "seen and not audited: " + u.Detail + " (" + u.Source + ")"
	if u.Kind.Doubts() {
		cause = u.Detail + " (" + u.Source + ")"
	}
	return Problem{Kind: ProblemCoverage, Input: u.Name, Cause: cause}
}

func (r *Report) count(of func(finding.Finding) bool) Counts {
	var c Counts
	for _, f := range r.Findings {
		if !of(f) {
			continue
		}
		decides := r.Decides(&f)
		switch f.Status {
		case finding.Fail:
			c.Fail++
			if decides {
				c.FailAtThreshold++
			}
		case finding.Pass:
			c.Pass++
		case finding.NotApplicable:
			c.NotApplicable++
		case finding.Waived:
			c.Waived++
		case finding.Disabled:
			c.Disabled++
		default: // unknown, and anything a rule should not have said
			c.Unknown++
			if decides {
				c.UnknownAtThreshold++
			}
		}
	}
	return c
}

// Decides says that a finding, if it is a failure or unknown, decides the verdict.
func (r *Report) Decides(f *finding.Finding) bool {
	from := r.FailOn
	if f.Status != finding.Fail {
		from = r.unknownFrom()
	}
	switch {
	case f.Effective != nil && r.Now.Before(*f.Effective):
		return false
	case f.Changed != nil && f.Changed.Required:
		return true
	}
	return f.Severity.AtLeast(from)
}

func (r *Report) unknownFrom() finding.Severity {
	if r.Pack != nil {
		return r.Pack.UnknownFrom
	}
	return r.FailOn
}

func statusOf(c Counts) Status {
	switch {
	case c == (Counts{Disabled: c.Disabled}): // no rule spoke: nothing is known, and that is no pass
		return Undecided
	case c.FailAtThreshold > 0:
		return Failed
	case c.UnknownAtThreshold > 0:
		return Undecided
	default:
		return Passed
	}
}

func exitCode(s Status) int {
	switch s {
	case Passed, NothingToAudit:
		return exitPassed
	case Failed:
		return exitFailed
	default:
		return exitIncomplete
	}
}

func (r *Report) reasons(v Verdict) []string {
	reasons, pack := []string{}, r.packReasons()
	required := ""
	if r.Pack != nil {
		required = ", or required,"
	}
	add := func(format string, args ...any) { reasons = append(reasons, fmt.Sprintf(format, args...)) }
	if n := v.Counts.FailAtThreshold; n > 0 {
		add("%s of severity %s or above%s", plural(n, "failed check", "failed checks"), r.FailOn, strings.TrimSuffix(required, ","))
	}
	if n := v.Counts.UnknownAtThreshold; n > 0 {
		add("%s of severity %s or above%s could not be decided", plural(n, "check", "checks"), r.unknownFrom(), required)
	}
	reasons = append(reasons, pack...)
	for _, p := range r.Problems {
		add("%s: %s", p.Input, p.Cause)
	}
	switch {
	case v.Status == NothingToAudit:
		add("no GPU and no accelerator was found: nothing was audited")
	case v.Status == Passed && len(pack) > 0:
		add("no check of severity %s or above failed", r.FailOn)
	case v.Status == Passed:
		add("every check of severity %s or above had its facts and passed", r.FailOn)
	}
	return reasons
}

// packReasons say what a pack kept from deciding.
func (r *Report) packReasons() []string {
	if r.Pack == nil {
		return nil
	}
	var reasons []string
	let := r.count(func(f finding.Finding) bool {
		return f.Status == finding.Unknown && f.Effective == nil && f.Severity.AtLeast(r.FailOn)
	})
	if n := let.Unknown - let.UnknownAtThreshold; n > 0 {
		reasons = append(reasons, fmt.Sprintf("%s of severity %s or above could not be decided either; the pack %s lets that decide from %s on",
			plural(n, "check", "checks"), r.FailOn, r.Pack.Name, r.Pack.UnknownFrom))
	}
	failed := r.count(func(f finding.Finding) bool {
		return f.Status == finding.Disabled && f.Changed != nil && f.Changed.Status == finding.Fail
	})
	if failed.Disabled > 0 {
		reasons = append(reasons, fmt.Sprintf("%s of rules that the pack %s disables", plural(failed.Disabled, "failure", "failures"), r.Pack.Name))
	}
	return reasons
}

func plural(n int, one, many string) string {
	if n == 1 {
		return "1 " + one
	}
	return fmt.Sprintf("%d %s", n, many)
}
