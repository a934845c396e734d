// Package message makes sentences of messages: an id and parameters, which a catalogue
// has in each language. A catalogue is a JSON object of sentences by their ids; those
// that the rules make are in rules/messages, and those of the program itself here.
package message

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
)

// Catalogue are the sentences of one language, by their ids.
type Catalogue map[string]Template

// Template is a sentence in pieces: text and parameter by turns, text first and last. A
// sentence names its parameters in braces, as in "{open} of {all} bridges"; what stands
// between the elements of a list follows a bar, as in "{causes|; }", and is a comma
// without. A translation says before the name how it puts a parameter that English takes
// as it is: {inner x} is a sentence within another one, without capital and full stop,
// and {severity x} the message severity.WORD for a word of a report.
type Template []Piece

// Piece is a text, or the name of a parameter, what joins it where it is a list, and how
// it is put: as it is where As is "".
type Piece struct{ Text, Join, As string }

// inner is how a sentence stands within another one.
const inner = "inner"

// ParseTemplate takes a sentence apart.
func ParseTemplate(text string) (Template, error) {
	var t Template
	for {
		before, rest, found := strings.Cut(text, "{")
		if strings.Contains(before, "}") {
			return nil, fmt.Errorf("a brace closes that was not opened")
		}
		t = append(t, Piece{Text: before})
		if !found {
			return t, nil
		}
		param, after, closed := strings.Cut(rest, "}")
		name, join, joined := strings.Cut(param, "|")
		if !joined {
			join = ", "
		}
		as, last, put := strings.Cut(name, " ")
		if !put {
			as, last = "", name
		}
		if !closed || !isParam(last) || put && !isParam(as) {
			return nil, fmt.Errorf("{%.20s is no parameter: a name in lower case, in braces", param)
		}
		t, text = append(t, Piece{last, join, as}), after
	}
}

// isParam says that a name is one of a parameter: it begins with a letter, and has
// lower-case letters, digits and _.
func isParam(name string) bool {
	for i, r := range name {
		if (r < 'a' || r > 'z') && (i == 0 || r != '_' && (r < '0' || r > '9')) {
			return false
		}
	}
	return name != ""
}

// Params are the names in a sentence, sorted.
func (t Template) Params() []string {
	names := map[string]bool{}
	for i := 1; i < len(t); i += 2 {
		names[t[i].Text] = true
	}
	return slices.Sorted(maps.Keys(names))
}

// Plain is the sentence of a template without parameters, and "" of another.
func (t Template) Plain() string {
	if len(t) != 1 {
		return ""
	}
	return t[0].Text
}

// Parse reads a catalogue of English, in which sentences are made: there a parameter stands
// as it is.
func Parse(text []byte) (Catalogue, error) {
	c, err := parseTranslation(text)
	if err != nil {
		return nil, err
	}
	for id, t := range c {
		for _, p := range t {
			if p.As != "" {
				return nil, fmt.Errorf("message %s: {%.20s %.20s} is no parameter: how one stands is for a translation to say", id, p.As, p.Text)
			}
		}
	}
	return c, nil
}

// parseTranslation reads a catalogue of another language.
func parseTranslation(text []byte) (Catalogue, error) {
	var texts map[string]string
	if err := json.Unmarshal(text, &texts); err != nil {
		return nil, err
	}
	c := make(Catalogue, len(texts))
	for id, sentence := range texts {
		t, err := ParseTemplate(sentence)
		if err != nil {
			return nil, fmt.Errorf("message %s: %w", id, err)
		}
		c[id] = t
	}
	return c, nil
}
