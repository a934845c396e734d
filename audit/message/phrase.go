package message

import (
	_ "embed"
	"encoding/json"
	"maps"
	"slices"
	"strings"
)

// The reasons that package compare gives are facts, in English, and stand in sentences as
// they are. A translation has them, too: each English reason with its words in the
// language, where a parameter stands for what differs.
//
//go:embed phrases_fr.json
var frenchPhrases []byte

// phrase is what a language says for an English text.
type phrase struct{ english, own Template }

// readPhrases reads a language's phrases, the longest first: what two fit is said by the
// one that says more.
func readPhrases(text []byte) ([]phrase, error) {
	var texts map[string]string
	if err := json.Unmarshal(text, &texts); err != nil {
		return nil, err
	}
	var list []phrase
	for _, english := range slices.Sorted(maps.Keys(texts)) {
		var p phrase
		var err error
		if p.english, err = ParseTemplate(english); err != nil {
			return nil, err
		}
		if p.own, err = ParseTemplate(texts[english]); err != nil {
			return nil, err
		}
		list = append(list, p)
	}
	slices.SortStableFunc(list, func(a, b phrase) int { return b.english.length() - a.english.length() })
	return list, nil
}

// length is that of a template's own text.
func (t Template) length() int {
	n := 0
	for i := 0; i < len(t); i += 2 {
		n += len(t[i].Text)
	}
	return n
}

// longestPhrase caps the texts that are looked for: those of compare are shorter, and what
// is longer is somebody else's.
const longestPhrase = 1000

// phrase says an English reason in the language, or several that a semicolon joins. known
// is false where one of them has no words.
func (l *Language) phrase(text string) (own string, known bool) {
	if len(text) > longestPhrase {
		return "", false
	}
	for _, p := range l.phrases {
		if params, fits := p.english.match(text); fits {
			return l.fill(p.own, params), true
		}
	}
	parts := strings.Split(text, "; ")
	if len(parts) == 1 {
		return "", false
	}
	for i, part := range parts {
		i2, known := l.phrase(part)
		if !known {
			return "", false
		}
		parts[i] = i2
	}
	return strings.Join(parts, "\u00a0; "), true
}

// match takes a text apart as a template makes it. No parameter is empty.
func (t Template) match(text string) (params map[string]string, fits bool) {
	rest, fits := strings.CutPrefix(text, t[0].Text)
	if !fits || len(t) == 1 {
		return nil, fits && rest == ""
	}
	params = map[string]string{}
	for i := 1; i < len(t); i += 2 {
		after := t[i+1].Text
		at := strings.Index(rest, after)
		if i+2 == len(t) { // the last: to the end
			if at = len(rest) - len(after); at < 0 || rest[at:] != after {
				return nil, false
			}
		}
		if at <= 0 {
			return nil, false
		}
		params[t[i].Text], rest = rest[:at], rest[at+len(after):]
	}
	return params, true
}

// fill puts what was found in a text into the language's.
func (l *Language) fill(t Template, params map[string]string) string {
	var b strings.Builder
	for i, piece := range t {
		value := piece.Text
		if i%2 == 1 {
			value = params[piece.Text]
			if own, known := l.phrase(value); piece.As == "phrase" && known {
				value = own
			}
		}
		b.WriteString(value)
	}
	return b.String()
}
