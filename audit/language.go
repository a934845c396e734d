package audit

import (
	"slices"

	"github.com/gpuaudit/gpuaudit/audit/finding"
	"github.com/gpuaudit/gpuaudit/audit/message"
	"github.com/gpuaudit/gpuaudit/audit/report"
	"github.com/gpuaudit/gpuaudit/policy"
	"github.com/gpuaudit/gpuaudit/rules"
)

// Language is what the program and its rules say in a language, by its code; nil for
// English, in which everything is made.
func Language(code string) (*message.Language, error) {
	if code == "en" {
		return nil, nil
	}
	return message.Translation(code, rules.Translation(code), rules.Laws(code))
}

// About says what a failure of a built-in rule means, in a language; nil where there is no
// such rule.
func About(l *message.Language) func(id string) *report.About {
	return func(id string) *report.About {
		e, err := builtIn()
		if err != nil {
			return nil
		}
		rules := e.Rules()
		i := slices.IndexFunc(rules, func(r policy.Rule) bool { return r.ID == id })
		if i < 0 {
			return nil
		}
		r := &rules[i]
		said := func(text, part string) string {
			return l.Of(message.Said{Text: text, Message: &finding.Message{ID: r.Name + "." + part}})
		}
		return &report.About{Seen: said(r.Seen, "seen"), Means: said(r.Texts.Means, "means"), NeedNot: said(r.NeedNot, "need_not")}
	}
}
