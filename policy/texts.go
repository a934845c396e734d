package policy

import (
	"encoding/json"
	"fmt"
	"strings"
)

// Texts say what a failure of a rule means to somebody who does not know the field.
type Texts struct {
	// Description is all of it: the text of a rule's metadata, or the three below.
	Description string `json:"description"`
	// Seen is what was seen, Means what follows from it, and NeedNot what does not.
	Seen    string `json:"seen,omitempty"`
	Means   string `json:"what_it_means,omitempty"`
	NeedNot string `json:"what_it_need_not_mean,omitempty"`
}

// textParts are what follows a rule's name in the ids of its texts.
var textParts = [...]string{"title", "seen", "means", "need_not", "do"}

// TextIDs are the ids of a built-in rule's texts in the catalogue of messages.
func TextIDs(name string) []string {
	ids := make([]string, len(textParts))
	for i, part := range textParts {
		ids[i] = name + "." + part
	}
	return ids
}

// takeTexts gives a rule its texts from the catalogue of messages, where that has any of
// its name. A text that is in the metadata as well would be written twice.
func (r *Rule) takeTexts(messages catalogue) error {
	name := r.Package[strings.LastIndexByte(r.Package, '.')+1:]
	var texts [len(textParts)]string
	missing := ""
	for i, id := range TextIDs(name) {
		if texts[i] = plain(messages, id); texts[i] == "" {
			missing = id
		}
	}
	switch {
	case texts == [len(textParts)]string{}:
		return nil
	case missing != "":
		return fmt.Errorf("%s lacks the message %s, or it has parameters", messagesFile, missing)
	case r.Title != "" || r.Description != "" || r.Remediation != "":
		return fmt.Errorf("title, description and custom.remediation are the messages %s.title and so on of %s: take them out of the metadata", name, messagesFile)
	}
	r.Name, r.Title, r.Remediation = name, texts[0], texts[4]
	r.Seen, r.Texts.Means, r.NeedNot = texts[1], texts[2], texts[3]
	r.Description = strings.Join(texts[1:4], " ")
	return nil
}

func plain(messages catalogue, id string) string {
	if t, known := messages[id]; known {
		return t.Plain()
	}
	return ""
}

// withoutTexts is a catalogue without the texts of rules, which a plan holds with the
// rules themselves.
func withoutTexts(text []byte, rules []Rule) ([]byte, error) {
	if len(text) == 0 {
		return nil, nil
	}
	var texts map[string]string
	if err := json.Unmarshal(text, &texts); err != nil {
		return nil, compileError(messagesFile, "%w", err)
	}
	for i := range rules {
		if rules[i].Name == "" {
			continue
		}
		for _, id := range TextIDs(rules[i].Name) {
			delete(texts, id)
		}
	}
	return json.Marshal(texts)
}
