package message

import (
	_ "embed"
	"fmt"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/gpuaudit/gpuaudit/audit/finding"
)

//go:embed fr.json
var french []byte

// translations are the program's sentences in other languages than English, by their code
// (ISO 639-1).
func translations(code string) []byte {
	if code == "fr" {
		return french
	}
	return nil
}

// maxDepth is how deep messages lie in messages: the rules make four levels and the answers
// put three around them. A stored report may bring more, which nobody follows.
const maxDepth = 10

// Language says messages in another language than English. A nil one says them as they were
// made, in English.
type Language struct {
	code    string
	of      Catalogue
	phrases []phrase
}

// Translation is a language other than English: the program's sentences in it, and those of
// further catalogues. It is read when it is asked for: who reads English pays nothing.
func Translation(code string, more ...[]byte) (*Language, error) {
	own := translations(code)
	if own == nil {
		return nil, fmt.Errorf("the program has no sentences in the language %.20q", code)
	}
	phrases, err := readPhrases(frenchPhrases)
	if err != nil {
		return nil, fmt.Errorf("language %s: phrases: %w", code, err)
	}
	l := &Language{code: code, of: Catalogue{}, phrases: phrases}
	for _, text := range append([][]byte{own}, more...) {
		c, err := parseTranslation(text)
		if err != nil {
			return nil, fmt.Errorf("language %s: %w", code, err)
		}
		for id, t := range c {
			l.of[id] = t
		}
	}
	return l, nil
}

// Code is the language's code (ISO 639-1).
func (l *Language) Code() string {
	if l == nil {
		return "en"
	}
	return l.code
}

// Of is what was said, in the language; in English where it has no words for it.
func (l *Language) Of(s Said) string {
	text, _ := l.Find(s)
	return text
}

// Find is [Language.Of]; known says that the text is in the language.
func (l *Language) Find(s Said) (text string, known bool) {
	if l == nil {
		return s.Text, true
	}
	if s.Message != nil {
		if text, known := l.say(s.Message, 0); known {
			return text, true
		}
	}
	return s.Text, false
}

// say makes the sentence of a message; known is false where the language lacks it, or the
// message a parameter of it: part of a sentence would say something else.
func (l *Language) say(m *finding.Message, depth int) (text string, known bool) {
	t, known := l.of[m.ID]
	if !known || depth == maxDepth {
		return "", false
	}
	if len(t) == 1 {
		return t[0].Text, true
	}
	var b strings.Builder
	for i, piece := range t {
		if i%2 == 0 {
			b.WriteString(piece.Text)
			continue
		}
		value, given := m.Params[piece.Text]
		if !given {
			return "", false
		}
		text, known := l.value(value, piece, depth)
		if !known {
			return "", false
		}
		b.WriteString(text)
	}
	return b.String(), true
}

// value is a parameter in words, as it was made or as a stored report has it.
func (l *Language) value(v any, p Piece, depth int) (text string, known bool) {
	switch v := v.(type) {
	case string:
		return l.put(v, p), true
	case int:
		return strconv.Itoa(v), true
	case int64:
		return strconv.FormatInt(v, 10), true
	case float64:
		return strconv.FormatFloat(v, 'f', -1, 64), true
	case *finding.Message:
		text, known = l.say(v, depth+1)
		return l.put(text, p), known
	case map[string]any:
		m := finding.Message{}
		m.ID, _ = v["id"].(string)
		m.Params, _ = v["params"].(map[string]any)
		text, known = l.say(&m, depth+1)
		return l.put(text, p), known
	case []string:
		texts := make([]string, len(v))
		for i := range v {
			texts[i] = l.put(v[i], p)
		}
		return strings.Join(texts, p.Join), true
	case []any:
		texts := make([]string, len(v))
		for i := range v {
			if _, nested := v[i].([]any); nested {
				return "", false
			}
			if texts[i], known = l.value(v[i], p, depth); !known {
				return "", false
			}
		}
		return strings.Join(texts, p.Join), true
	}
	return "", false
}

// put is a text as a sentence wants it.
func (l *Language) put(text string, p Piece) string {
	switch p.As {
	case "":
		if own, known := l.phrase(text); known && strings.Contains(text, " ") {
			return own
		}
		return text
	case inner:
		return Inner(text)
	}
	if t, known := l.of[p.As+"."+text]; known && len(t) == 1 {
		return t[0].Text
	}
	return text // a word that this version does not know
}

// Inner lets a sentence stand within another one: without its capital, but for names in
// capitals, and without its full stop.
func Inner(s string) string {
	s = strings.TrimSuffix(s, ".")
	first, n := utf8.DecodeRuneInString(s)
	second, _ := utf8.DecodeRuneInString(s[n:])
	if n == 0 || unicode.IsUpper(second) || unicode.IsDigit(second) {
		return s
	}
	return string(unicode.ToLower(first)) + s[n:]
}
