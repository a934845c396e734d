package report

import (
	"slices"
	"strings"
	"time"

	"github.com/gpuaudit/gpuaudit/audit/finding"
	"github.com/gpuaudit/gpuaudit/audit/inventory"
	"github.com/gpuaudit/gpuaudit/audit/message"
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
	// Messages are the reasons by ids and parameters, for readers in another language:
	// one for each; nil in reports of older versions.
	Messages []*finding.Message `json:"messages,omitempty"`
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

// Exit codes of a verdict (docs/exit-codes.md); 2 is that of wrong usage.
const (
	ExitPassed     = 0
	ExitFailed     = 1
	ExitIncomplete = 3
	ExitSignature  = 4
)

// Decide fills in the verdict of the report and of each device from the
// findings and problems. A signature that did not verify decides the exit code
// over everything else; then a failure, then what could not be decided.
func (r *Report) Decide() {
	if r.asked() || slices.ContainsFunc(r.Findings, func(f finding.Finding) bool {
		return f.Category == finding.ImportRestriction && f.Status == finding.Fail
	}) {
		r.Notice = message.Say("law.notice", nil).Text
	}
	of, facts := byOwner(r.Findings), byAddress(&r.Inventory)
	for i := range r.Devices {
		d := &r.Devices[i]
		d.Counts = r.tally(of[d.Address])
		d.Status = statusOf(d.Counts)
		if d.Role != "" {
			d.Status = Listed
		}
		d.Identity = identify(d.Address, of[d.Address])
		d.Restrictions = restrict(d.Address, of[d.Address])
		d.Answers = nil
		if d.Role == "" {
			d.Answers = r.answers(d, facts[d.Address], of[d.Address], of["host"])
		}
	}
	v := Verdict{Counts: r.tally(r.Findings)}
	v.Status = statusOf(v.Counts)
	switch {
	case v.Status == Failed:
	case slices.ContainsFunc(r.Problems, Problem.Decides):
		v.Status = Incomplete
	case r.judged() == 0:
		v.Status = NothingToAudit
	}
	v.ExitCode = exitCode(v.Status)
	for _, p := range r.Problems {
		if p.Kind == ProblemSignature {
			v.ExitCode = ExitSignature
		}
	}
	v.Reasons = []string{}
	for _, reason := range r.reasons(v) {
		v.Reasons, v.Messages = append(v.Reasons, reason.Text), append(v.Messages, reason.Message)
	}
	r.Verdict = v
}

// reason is the problem as a verdict gives it.
func (p Problem) reason() message.Said {
	return message.Say("verdict.problem", message.Params{"input": p.Input, "cause": p.Cause})
}

// Decides says that a verdict cannot be reached beside the problem.
func (p Problem) Decides() bool { return p.Kind != ProblemOutdated }

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

// count tallies the findings that are meant.
func (r *Report) count(of func(finding.Finding) bool) Counts {
	return r.tally(slices.DeleteFunc(slices.Clone(r.Findings), func(f finding.Finding) bool { return !of(f) }))
}

func (r *Report) tally(findings []finding.Finding) Counts {
	var c Counts
	for _, f := range findings {
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

// Decides says that a finding decides the verdict: a failure, or one without an answer, that
// counts from its severity on.
func (r *Report) Decides(f *finding.Finding) bool {
	switch f.Status {
	case finding.Pass, finding.NotApplicable, finding.Waived, finding.Disabled:
		return false
	}
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
		return ExitPassed
	case Failed:
		return ExitFailed
	default:
		return ExitIncomplete
	}
}

func (r *Report) reasons(v Verdict) []message.Said {
	var reasons []message.Said
	set := r.setAside()
	or := ""
	if r.Pack != nil {
		or = "_or_required"
	}
	if n := v.Counts.FailAtThreshold; n > 0 {
		reasons = append(reasons, message.Count(n, "verdict.failed"+or, message.Params{"severity": string(r.FailOn)}))
	}
	if n := v.Counts.UnknownAtThreshold; n > 0 {
		reasons = append(reasons, message.Count(n, "verdict.undecided"+or, message.Params{"severity": string(r.unknownFrom())}))
	}
	reasons = append(reasons, set...)
	for _, p := range r.Problems {
		if p.Decides() {
			reasons = append(reasons, p.reason())
		}
	}
	severity := message.Params{"severity": string(r.FailOn)}
	switch {
	case v.Status == NothingToAudit:
		reasons = append(reasons, message.Say("verdict.nothing", nil))
	case v.Status == Passed && len(set) > 0:
		reasons = append(reasons, message.Say("verdict.no_other", severity))
	case v.Status == Passed:
		reasons = append(reasons, message.Say("verdict.every", severity))
	}
	return reasons
}

// left lists the devices of the machine that nobody asked about.
func (r *Report) left() []string {
	var list []string
	for i := range r.Inventory.Devices {
		address := r.Inventory.Devices[i].Address
		if r.result(address) < 0 {
			list = append(list, address)
		}
	}
	return list
}

// setAside says in sentences which checks at or above the threshold did not get
// to decide: a pass that rests on them is none of every check.
func (r *Report) setAside() []message.Said {
	var reasons []message.Said
	add := func(n int, id string, params message.Params) {
		if n > 0 {
			reasons = append(reasons, message.Count(n, id, params))
		}
	}
	for _, was := range [...]struct {
		status finding.Status
		id     string
	}{{finding.Fail, "verdict.waived_failed"}, {finding.Unknown, "verdict.waived_unknown"}, {"", "verdict.waived"}} {
		ids, until := r.waived(was.status)
		add(len(ids), was.id, message.Params{"severity": string(r.FailOn), "ids": listed(ids), "day": until})
	}
	if len(r.Asked) > 0 {
		left := r.left()
		add(len(left), "verdict.not_asked_about", message.Params{"devices": listed(left)})
	}
	if r.Pack == nil {
		return reasons
	}
	let := r.count(func(f finding.Finding) bool {
		return f.Status == finding.Unknown && f.Effective == nil && f.Severity.AtLeast(r.FailOn)
	})
	add(let.Unknown-let.UnknownAtThreshold, "verdict.let_off", message.Params{"severity": string(r.FailOn), "pack": r.Pack.Name, "from": string(r.Pack.UnknownFrom)})
	add(r.disabled(finding.Fail), "verdict.disabled_failed", message.Params{"pack": r.Pack.Name})
	add(r.disabled(finding.Unknown), "verdict.disabled_unknown", message.Params{"pack": r.Pack.Name})
	return reasons
}

// waived lists the rules at or above the threshold whose findings of a status
// somebody accepted, and the day until which the first of the waivers counts.
func (r *Report) waived(was finding.Status) (ids []string, until string) {
	for i := range r.Findings {
		f := r.Findings[i]
		if f.Status != finding.Waived || f.Waiver == nil || f.Waiver.Status != was {
			continue
		}
		if f.Status = was; !r.Decides(&f) {
			continue
		}
		ids = append(ids, f.ID)
		// The day that an expiry at midnight ends.
		if day := f.Waiver.Expires.Add(-time.Second).UTC().Format(time.DateOnly); until == "" || day < until {
			until = day
		}
	}
	return ids, until
}

// disabled counts what rules that a pack disables said of a status, at or above
// the threshold.
func (r *Report) disabled(was finding.Status) int {
	n := 0
	for _, f := range r.Findings {
		if f.Status == finding.Disabled && f.Changed != nil && f.Changed.Status == was && f.Severity.AtLeast(r.FailOn) {
			n++
		}
	}
	return n
}

// listed names each id once, and at most eight of them.
func listed(ids []string) message.Said {
	slices.Sort(ids)
	ids = slices.Compact(ids)
	if n := len(ids); n > 8 {
		return message.Say("listed.more", message.Params{"ids": ids[:8], "n": n - 8})
	}
	return message.Plain(strings.Join(ids, ", "))
}
