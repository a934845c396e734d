package report

import (
	"slices"
	"strings"

	"github.com/gpuaudit/gpuaudit/audit/finding"
	"github.com/gpuaudit/gpuaudit/audit/message"
)

// In is the report for readers of a language: a copy whose findings, answers, reasons and
// notice are said in it, where the report holds them as messages. It is for people: a
// report is stored, signed and compared as it was made, in English.
func (r *Report) In(l *message.Language) *Report {
	if l == nil || r.language == l {
		return r
	}
	v := *r
	v.language, v.untranslated = l, map[string]bool{}
	v.Findings = slices.Clone(r.Findings)
	for i := range v.Findings {
		f := &v.Findings[i]
		f.Title, f.Detail, f.Remediation = v.find(titleOf(f)), v.find(detailOf(f)), v.find(doOf(f))
	}
	v.Devices = slices.Clone(r.Devices)
	for i := range v.Devices {
		d := &v.Devices[i]
		d.Answers = slices.Clone(d.Answers)
		for j := range d.Answers {
			d.Answers[j] = v.answerIn(d.Answers[j])
		}
	}
	v.Verdict.Reasons = slices.Clone(r.Verdict.Reasons)
	for i := range v.Verdict.Reasons {
		v.Verdict.Reasons[i] = v.find(message.Said{Text: v.Verdict.Reasons[i], Message: r.Verdict.message(i)})
	}
	if notice := message.Say("law.notice", nil); r.Notice == notice.Text {
		v.Notice = v.find(notice)
	} else if r.Notice != "" { // of another version
		v.untranslated[plainText(r.Notice)] = true
	}
	return &v
}

// message is that of a reason, nil where the report has none.
func (v *Verdict) message(i int) *finding.Message {
	if len(v.Messages) != len(v.Reasons) {
		return nil
	}
	return v.Messages[i]
}

// answerIn is an answer in the language of the report. A short reason without a message is
// the first sentence of the long one.
func (r *Report) answerIn(a Answer) Answer {
	m := a.Messages
	if m == nil {
		m = &AnswerMessages{}
	}
	short, long := a.Short, a.Sentence
	a.Word, a.Sentence = r.find(message.Said{Text: a.Word, Message: m.Word}), r.find(message.Said{Text: long, Message: m.Sentence})
	a.Short, a.Decide = r.find(message.Said{Text: short, Message: m.Short}), r.find(message.Said{Text: a.Decide, Message: m.Decide})
	if m.Short == nil && m.Sentence != nil && short != "" && strings.HasPrefix(long, short) {
		a.Short = firstSentence(a.Sentence)
	}
	return a
}

// find is what was said, in the language of the report; what is not in it is noted.
func (r *Report) find(s message.Said) string {
	text, known := r.language.Find(s)
	if !known && text != "" {
		r.untranslated[plainText(text)] = true
	}
	return text
}

// say is what was said, in the language of the report.
func (r *Report) say(s message.Said) string { return r.language.Of(s) }

// Untranslated says that a text of the report is in English, and its reader's language is
// another one: a screen reader says it so.
func (r *Report) Untranslated(text string) bool { return r.untranslated[plainText(text)] }

func plainText(s string) string { return strings.TrimSpace(Clean(s)) }
