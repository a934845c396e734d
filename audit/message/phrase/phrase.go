// Package phrase says English texts in another language, found by the text itself: the help
// of commands, and what stands on standard error. Their English stays in the code where it is
// used, as Go formats; a book has the same text in its language.
//
// A text of a book has the parameters of its English by the same verbs, in their order or by
// number (%[2]s). What the English of a verb became is put as it is by %s; %w says it in the
// language, too, where the book knows it, and %W is for what it has to know, so that no
// sentence is in two languages; %m is the question whether another name was meant, or
// nothing; %l is a list of names, and %u words of a line of usage.
package phrase

import (
	_ "embed"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
)

//go:embed fr.json
var french []byte

// longest is what of a note is looked up: a longer one holds somebody else's text.
const longest = 1024

// Sections are the texts of a book by what they are for.
type Sections struct {
	// Help are paragraphs of help: those of commands, flags and headings.
	Help map[string]string `json:"help"`
	// Terms are words of lines of usage, and signs.
	Terms map[string]string `json:"terms"`
	// Notes are errors and remarks, by the format that makes them.
	Notes map[string]string `json:"notes"`
	// Library are errors of the libraries that read a command line.
	Library map[string]string `json:"library"`
}

// Book is the texts of a language. A nil one leaves everything in English.
type Book struct {
	terms map[string]string
	texts map[string]string
	forms []*form
}

// Read is the sections of the book of a language (ISO 639-1).
func Read(code string) (*Sections, error) {
	if code != "fr" {
		return nil, fmt.Errorf("there is no book of phrases in the language %.20q", code)
	}
	var s Sections
	if err := json.Unmarshal(french, &s); err != nil {
		return nil, err
	}
	return &s, nil
}

// Open is the book of a language. It is read when it is asked for: who reads English pays
// nothing.
func Open(code string) (*Book, error) {
	s, err := Read(code)
	if err != nil {
		return nil, err
	}
	return bookOf(s)
}

func bookOf(s *Sections) (*Book, error) {
	b := &Book{terms: s.Terms, texts: map[string]string{}}
	for _, section := range []map[string]string{s.Library, s.Notes, s.Help} {
		for english, text := range section {
			if !verb.MatchString(english) {
				b.texts[english] = text
				continue
			}
			f, err := newForm(english, text)
			if err != nil {
				return nil, err
			}
			b.forms = append(b.forms, f)
		}
	}
	slices.SortFunc(b.forms, func(a, b *form) int { return strings.Compare(a.english, b.english) })
	return b, nil
}

// Term is a word of a line of usage, or a sign, in the language.
func (b *Book) Term(english string) string {
	if b == nil {
		return english
	}
	if text, known := b.terms[english]; known {
		return text
	}
	return english
}

// Usage is a line of usage with its words in the language; names of commands and flags are
// the same in all.
func (b *Book) Usage(line string) string {
	if b == nil {
		return line
	}
	return word.ReplaceAllStringFunc(line, b.Term)
}

// Help is a text of a help in the language, paragraph by paragraph.
func (b *Book) Help(text string) string {
	if b == nil {
		return text
	}
	list := Paragraphs(text)
	for i, p := range list {
		list[i], _ = b.Find(p)
	}
	return strings.Join(list, "\n\n")
}

// Paragraphs are those of a text, each on one line. A line that begins with a space, as a
// command does, is one of its own.
func Paragraphs(text string) (list []string) {
	var open []string
	end := func() {
		if len(open) > 0 {
			list, open = append(list, strings.Join(open, " ")), nil
		}
	}
	for line := range strings.SplitSeq(strings.TrimRight(text, "\n"), "\n") {
		switch {
		case strings.TrimSpace(line) == "":
			end()
		case line[0] == ' ':
			end()
			list = append(list, line)
		default:
			open = append(open, line)
		}
	}
	end()
	return list
}

// Find is a whole text in the language; known is false where the book does not have it.
func (b *Book) Find(english string) (text string, known bool) {
	if b == nil {
		return english, true
	}
	if text, known := b.texts[english]; known {
		return text, true
	}
	best := b.reader().formed(english)
	return best.text, best.letters > 0
}

// Note is an error or a remark in the language. Where the book does not know it as a whole,
// what stands before a colon is what it speaks of, such as a file, and stays as it is. What
// the book knows nothing of is in English.
func (b *Book) Note(english string) string {
	if b == nil || len(english) > longest {
		return english
	}
	return b.reader().note(english).text
}
