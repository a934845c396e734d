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
	"github.com/gpuaudit/gpuaudit/audit/report"
)

// maxBytes is what GitHub takes as the summary of a step, less what is said in the end.
const maxBytes = 1<<20 - 1024

// Encode writes all reports of a set. What failed and what could not be decided is listed
// check by check; what passed is counted. What is more than GitHub takes is left out, with
// a line that says so: verdicts come first in any case.
func Encode(w io.Writer, s *report.Set) error {
	var b bytes.Buffer
	for i, r := range s.Reports {
		if i > 0 {
			b.WriteByte('\n')
		}
		verdict(&b, &r)
	}
	left := 0
	for _, r := range s.Reports {
		for _, o := range r.Owners() {
			var part bytes.Buffer
			owner(&part, &r, &o, s)
			if b.Len()+part.Len() > maxBytes {
				left++
				continue
			}
			part.WriteTo(&b)
		}
	}
	if left > 0 {
		fmt.Fprintf(&b, "\nCards and hosts left out here, because the text has more than 1 MiB: %d. The verdicts above count them.\n", left)
	}
	_, err := b.WriteTo(w)
	return err
}

// verdict writes what a report comes to.
func verdict(b *bytes.Buffer, r *report.Named) {
	title := "gpuaudit"
	if r.Name != "" {
		title += ": " + safe(r.Name)
	}
	v := r.Verdict
	word := strings.ToUpper(string(v.Status))
	if v.Status == report.Passed {
		word = "passed"
	}
	fmt.Fprintf(b, "## %s\n\n**%s** (exit code %d), judged %s\n\n", title, safe(word), v.ExitCode, r.Now.UTC().Format(time.RFC3339))
	for _, reason := range v.Reasons {
		fmt.Fprintf(b, "- %s\n", safe(reason))
	}
	for _, p := range r.Problems {
		if !p.Decides() { // the others are among the reasons
			fmt.Fprintf(b, "- %s: %s\n", safe(p.Input), safe(p.Cause))
		}
	}
	c := v.Counts
	fmt.Fprintf(b, "\n%d failed, %d could not be decided, %d passed, %d do not apply, %d waived, %d disabled. What could not be decided did not pass.\n",
		c.Fail, c.Unknown, c.Pass, c.NotApplicable, c.Waived, c.Disabled)
}

func owner(b *bytes.Buffer, r *report.Named, o *report.Owner, s *report.Set) {
	heading := safe(o.Title)
	if o.Address != o.Title {
		heading += ", " + safe(o.Address)
	}
	if len(s.Reports) > 1 && r.Name != "" {
		heading = safe(r.Name) + ": " + heading
	}
	fmt.Fprintf(b, "\n### %s\n", heading)
	if d := o.Device; d != nil {
		fmt.Fprintf(b, "\nVerdict: %s\n", safe(string(d.Status)))
		if len(d.Answers) > 0 {
			b.WriteString("\n| question | answer | why |\n| --- | --- | --- |\n")
		}
		for _, a := range d.Answers {
			fmt.Fprintf(b, "| %s | %s | %s |\n", safe(asked(a.Question)), safe(a.Word), safe(a.Sentence))
		}
	}
	rows := 0
	for i := range o.Findings {
		f := &o.Findings[i]
		said := ""
		switch f.Status {
		case finding.Pass, finding.NotApplicable:
			continue
		case finding.Fail:
			said = "failed"
		case finding.Waived, finding.Disabled:
			said = string(f.Status)
		default:
			said = "not decided"
		}
		if r.Decides(f) {
			said = "**" + said + "**"
			if s.UnknownFails && said == "**not decided**" {
				said += " (counts as failed)"
			}
		}
		if rows++; rows == 1 {
			b.WriteString("\n| check | severity | result | what was seen |\n| --- | --- | --- | --- |\n")
		}
		fmt.Fprintf(b, "| %s %s | %s | %s | %s |\n", safe(f.ID), safe(f.Title), safe(string(f.Severity)), said, safe(f.Detail))
	}
	if rows == 0 && len(o.Findings) > 0 {
		b.WriteString("\nNo check failed, and every check had its facts.\n")
	}
	if len(o.Findings) == 0 {
		b.WriteString("\nNo check was made of it.\n")
	}
}

// asked is a question as the report's table asks it.
func asked(q finding.Question) string {
	switch q {
	case finding.WhatIsIt:
		return "What is it?"
	case finding.MakersCode:
		return "Maker's code?"
	case finding.CanItHarm:
		return "Can it harm?"
	case finding.MayIUseIt:
		return "May I use it?"
	case finding.WillItWork:
		return "Will it work?"
	}
	return string(q)
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
