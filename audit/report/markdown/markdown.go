// Package markdown writes reports as Markdown with GitHub's tables, for the summary of a CI
// and for comments. What a card says is text alone: no link, no mention, no HTML.
package markdown

import (
	"bytes"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/gpuaudit/gpuaudit/audit/finding"
	"github.com/gpuaudit/gpuaudit/audit/message"
	"github.com/gpuaudit/gpuaudit/audit/report"
)

// maxBytes is what GitHub takes as the summary of a step, less what is said in the end.
const maxBytes = 1<<20 - 1024

// Encode writes all reports of a set. What failed and what could not be decided is listed
// check by check; what passed is counted. What is more than GitHub takes is left out, with
// a line that says so: verdicts come first in any case.
func Encode(w io.Writer, s *report.Set) error {
	var b bytes.Buffer
	e := encoder{s, s.Language.Of}
	reports := make([]report.Named, len(s.Reports))
	for i, r := range s.Reports {
		if i > 0 {
			b.WriteByte('\n')
		}
		reports[i] = report.Named{Name: r.Name, Report: r.In(s.Language)}
		e.verdict(&b, &reports[i])
	}
	left := 0
	for _, r := range reports {
		for _, o := range r.Owners() {
			var part bytes.Buffer
			e.owner(&part, &r, &o)
			if b.Len()+part.Len() > maxBytes {
				left++
				continue
			}
			part.WriteTo(&b)
		}
	}
	if left > 0 {
		fmt.Fprintf(&b, "\n%s\n", e.say(message.Say("markdown.left_out", message.Params{"n": left})))
	}
	_, err := b.WriteTo(w)
	return err
}

// encoder writes a set in its language.
type encoder struct {
	*report.Set
	say func(message.Said) string
}

// verdict writes what a report comes to.
func (e *encoder) verdict(b *bytes.Buffer, r *report.Named) {
	title := "gpuaudit"
	if r.Name != "" {
		title += ": " + safe(r.Name)
	}
	v := r.Verdict
	word := strings.ToUpper(string(v.Status))
	if v.Status == report.Passed {
		word = "passed"
	}
	if e.Language != nil {
		word = e.say(message.Word("status.", string(v.Status)))
	}
	fmt.Fprintf(b, "## %s\n\n%s\n\n", title, e.say(message.Say("markdown.verdict", message.Params{"verdict": safe(word), "code": v.ExitCode, "time": r.Now.UTC().Format(time.RFC3339)})))
	for _, reason := range v.Reasons {
		fmt.Fprintf(b, "- %s\n", safe(reason))
	}
	for _, p := range r.Problems {
		if !p.Decides() { // the others are among the reasons
			fmt.Fprintf(b, "- %s\n", e.say(message.Say("verdict.problem", message.Params{"input": safe(p.Input), "cause": safe(p.Cause)})))
		}
	}
	c := v.Counts
	fmt.Fprintf(b, "\n%s\n", e.say(message.Say("markdown.counts", message.Params{
		"fail": c.Fail, "unknown": c.Unknown, "pass": c.Pass, "not_applicable": c.NotApplicable, "waived": c.Waived, "disabled": c.Disabled})))
}

func (e *encoder) owner(b *bytes.Buffer, r *report.Named, o *report.Owner) {
	heading := safe(o.Title)
	if o.Title == "host" && o.Device == nil {
		heading = e.say(message.Say("label.host", nil))
	}
	if o.Address != o.Title {
		heading += ", " + safe(o.Address)
	}
	if len(e.Reports) > 1 && r.Name != "" {
		heading = safe(r.Name) + ": " + heading
	}
	fmt.Fprintf(b, "\n### %s\n", heading)
	if d := o.Device; d != nil {
		fmt.Fprintf(b, "\n%s\n", e.say(message.Say("markdown.card", message.Params{"status": safe(string(d.Status))})))
		if len(d.Answers) > 0 {
			fmt.Fprintf(b, "\n%s\n| --- | --- | --- |\n", e.say(message.Say("markdown.answers", nil)))
		}
		for _, a := range d.Answers {
			fmt.Fprintf(b, "| %s | %s | %s |\n", safe(e.say(message.Word("ask.", string(a.Question)))), safe(a.Word), safe(a.Sentence))
		}
	}
	rows := 0
	for i := range o.Findings {
		f := &o.Findings[i]
		if f.Status == finding.Pass || f.Status == finding.NotApplicable {
			continue
		}
		if rows++; rows == 1 {
			fmt.Fprintf(b, "\n%s\n| --- | --- | --- | --- |\n", e.say(message.Say("markdown.checks", nil)))
		}
		fmt.Fprintf(b, "| %s %s | %s | %s | %s |\n", safe(f.ID), safe(f.Title), safe(e.say(message.Word("severity.", string(f.Severity)))), e.result(r, f), safe(f.Detail))
	}
	if rows == 0 && len(o.Findings) > 0 {
		fmt.Fprintf(b, "\n%s\n", e.say(message.Say("markdown.none_failed", nil)))
	}
	if len(o.Findings) == 0 {
		fmt.Fprintf(b, "\n%s\n", e.say(message.Say("markdown.no_check", nil)))
	}
}

// result is what a check came to that did not pass.
func (e *encoder) result(r *report.Named, f *finding.Finding) string {
	undecided := false
	said := ""
	switch f.Status {
	case finding.Fail:
		said = e.say(message.Say("label.failed", nil))
	case finding.Waived, finding.Disabled:
		said = e.say(message.Word("label.", string(f.Status)))
	default:
		undecided, said = true, e.say(message.Say("not_decided", nil))
	}
	if !r.Decides(f) {
		return said
	}
	said = "**" + said + "**"
	if undecided && e.UnknownFails {
		said += " " + e.say(message.Say("markdown.counts_as_failed", nil))
	}
	return said
}

// safe writes a text so that it means itself: marks of Markdown and of HTML become
// character references, and what GitHub links without marks (mentions, numbers of issues,
// addresses) is broken by a character of no width.
func safe(s string) string {
	var b strings.Builder
	for _, r := range report.Clean(s) {
		switch {
		case strings.ContainsRune("@#", r):
			fmt.Fprintf(&b, "&#%d;&#8203;", r)
		case strings.ContainsRune("&<>\\`*_{}[]()!|~$^=+\"'", r):
			fmt.Fprintf(&b, "&#%d;", r)
		default:
			b.WriteRune(r)
		}
	}
	text := unlink.Replace(b.String())
	text = strings.TrimSpace(text)
	number := len(text) - len(strings.TrimLeft(text, "0123456789"))
	switch {
	case strings.HasPrefix(text, "-"): // a list, or a line below a heading
		return "&#45;" + text[1:]
	case number > 0 && strings.HasPrefix(text[number:], "."):
		return text[:number] + "&#46;" + text[number+1:]
	}
	return text
}

// unlink breaks what is linked without marks.
var unlink = strings.NewReplacer("://", ":&#8203;//", "www.", "www&#8203;.", "WWW.", "WWW&#8203;.", "mailto:", "mailto&#8203;:", "xmpp:", "xmpp&#8203;:", "GH-", "GH&#8203;-", "gh-", "gh&#8203;-")
