package html

import (
	"embed"
	"encoding/json"
	"fmt"
	"html/template"
	"strings"

	"github.com/gpuaudit/gpuaudit/audit/report"
)

//go:embed messages/*.json
var messages embed.FS

// texts are what the page says itself, by id, in one language.
type texts struct {
	language string
	by       map[string]string
	// report is the one that the page is at.
	report *report.Report
}

// textsOf reads the texts of a language; "" is English.
func textsOf(language string) (*texts, error) {
	t := &texts{language: orElse(language, "en")}
	file, err := messages.ReadFile("messages/" + t.language + ".json")
	if err != nil {
		return nil, fmt.Errorf("the page has no texts in the language %q", t.language)
	}
	return t, json.Unmarshal(file, &t.by)
}

// of is a text with its parameters, which are given by name and value in turn. An id that
// the language lacks is shown as it is; a test holds that there is none.
func (t *texts) of(id string, params ...any) string {
	text, known := t.by[id]
	if !known {
		return id
	}
	if len(params) == 0 {
		return text
	}
	pairs := make([]string, 0, len(params))
	for i := 0; i+1 < len(params); i += 2 {
		pairs = append(pairs, fmt.Sprintf("{%v}", params[i]), fmt.Sprint(params[i+1]))
	}
	return strings.NewReplacer(pairs...).Replace(text)
}

// or is the text of an id, or what is given where there is none: a word that a stored report
// has and no version knows.
func (t *texts) or(id, other string) string {
	if text, known := t.by[id]; known {
		return text
	}
	return clean(other)
}

// english marks a place in the page that is in English where the page is not: a screen
// reader says it so. Of a text that the report may hold as a message it is told the text.
func (t *texts) english(text ...string) template.HTMLAttr {
	if t.language == "en" || len(text) > 0 && (t.report == nil || !t.report.Untranslated(text[0])) {
		return ""
	}
	return `lang="en"`
}

// Languages are those that the page can be in.
func Languages() []string {
	files, err := messages.ReadDir("messages")
	if err != nil {
		panic("html: " + err.Error()) // embedded at build
	}
	var list []string
	for _, f := range files {
		list = append(list, strings.TrimSuffix(f.Name(), ".json"))
	}
	return list
}

func (t *texts) status(s report.Status) string { return t.or("status."+string(s), string(s)) }
