package message

import (
	_ "embed"
	"fmt"
	"strconv"
	"strings"
	"sync"

	"github.com/gpuaudit/gpuaudit/audit/finding"
)

//go:embed en.json
var english []byte

// program are the sentences of the program itself, in English.
var program = sync.OnceValue(func() Catalogue {
	c, err := Parse(english)
	if err != nil {
		panic("message: " + err.Error()) // it is built in, and held by a test
	}
	return c
})

// English is the file of the program's sentences, for who translates it.
func English() []byte { return english }

// Said is a text in English, and the message that it was made of: nil where it is a
// name, a number, or the words of somebody else.
type Said struct {
	Text    string
	Message *finding.Message
}

// Plain is a text that no catalogue has.
func Plain(text string) Said { return Said{Text: text} }

// Params are the parameters of a message: texts, whole numbers, what was said, and lists
// of texts and of what was said.
type Params map[string]any

// Say makes the sentence with an id. That the catalogue has it, with these parameters, is
// held by a test over all calls; an id that it lacks stands for itself.
func Say(id string, params Params) Said {
	t, known := program()[id]
	if !known {
		return Plain(id)
	}
	m := &finding.Message{ID: id}
	if len(t) == 1 {
		return Said{t[0].Text, m}
	}
	m.Params = make(map[string]any, len(t)/2)
	var b strings.Builder
	for i, piece := range t {
		if i%2 == 0 {
			b.WriteString(piece.Text)
			continue
		}
		text, value := valueOf(params[piece.Text], piece.Join)
		b.WriteString(text)
		m.Params[piece.Text] = value
	}
	return Said{b.String(), m}
}

// Word is the sentence that a family of messages has for a word of a report. A stored report
// may have one that this version does not know: it stands for itself.
func Word(family, word string) Said {
	if _, known := program()[family+word]; !known {
		return Plain(word)
	}
	return Say(family+word, nil)
}

// Count is Say with the number of something, in the form for one or for many: the
// message has the id with .one or .many behind it, and the number as {n}.
func Count(n int, id string, params Params) Said {
	all := Params{"n": n}
	for name, value := range params {
		all[name] = value
	}
	if n == 1 {
		return Say(id+".one", all)
	}
	return Say(id+".many", all)
}

// valueOf is a parameter in words, and as a report has it.
func valueOf(v any, join string) (string, any) {
	switch v := v.(type) {
	case string:
		return v, v
	case int:
		return strconv.Itoa(v), v
	case Said:
		if v.Message == nil {
			return v.Text, v.Text
		}
		return v.Text, v.Message
	case []string:
		return strings.Join(v, join), v
	case []Said:
		texts, values := make([]string, len(v)), make([]any, len(v))
		for i := range v {
			texts[i], values[i] = valueOf(v[i], join)
		}
		return strings.Join(texts, join), values
	}
	return fmt.Sprint(v), fmt.Sprint(v)
}
