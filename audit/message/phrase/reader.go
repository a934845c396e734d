package phrase

import (
	"regexp"
	"strings"
)

// most is how many parts of one note are looked up. Who named a file could have made a name
// of which there are many readings.
const most = 100

// meant ends an error about a misspelt name.
var meant = regexp.MustCompile(`; did you mean [^;?]+\?\z`)

// said is a text in the language, and how many letters of its English the book knew: of two
// readings, the one that leaves less in English counts.
type said struct {
	text    string
	letters int
}

// reader says one note.
type reader struct {
	*Book
	known map[string]said
	left  int
}

func (b *Book) reader() *reader { return &reader{b, map[string]said{}, most} }

func (r *reader) note(english string) said {
	if s, known := r.known[english]; known {
		return s
	}
	if text, known := r.texts[english]; known {
		return said{text, letters(english)}
	}
	if r.left--; r.left < 0 {
		return said{text: english}
	}
	best := r.formed(english)
	if at := meant.FindStringIndex(english); at != nil && at[0] > 0 {
		of, asked := r.note(english[:at[0]]), r.formed(english[at[0]:])
		if of.letters > 0 && of.letters+asked.letters > best.letters {
			best = said{of.text + asked.text, of.letters + asked.letters}
		}
	}
	if of, what, cut := strings.Cut(english, ": "); cut {
		if what := r.note(what); what.letters > 0 {
			of := r.note(of)
			if n := of.letters + what.letters; n > best.letters {
				best = said{of.text + r.Term(":") + " " + what.text, n}
			}
		}
	}
	r.known[english] = best
	return best
}

// formed is a text by the form that says most of it.
func (r *reader) formed(english string) said {
	best := said{text: english}
	for _, f := range r.forms {
		args := f.match(english)
		if args == nil {
			continue
		}
		if s, fits := r.put(f, args); fits && s.letters > best.letters {
			best = s
		}
	}
	return best
}

// put is the text of a form with what its English holds; fits is false where that has to be
// known and is not.
func (r *reader) put(f *form, args []string) (s said, fits bool) {
	s.letters, fits = f.letters, true
	next := 0
	s.text = verb.ReplaceAllStringFunc(f.text, func(v string) string {
		if v == "%%" {
			return "%"
		}
		if n := numbered(v); n > 0 {
			next = n
		} else {
			next++
		}
		arg := args[next-1] // a form has no other: newForm holds that
		switch v[len(v)-1] {
		case 'w', 'W', 'm':
			inner := r.note(arg)
			fits = fits && (inner.letters > 0 || arg == "" || v[len(v)-1] != 'W')
			s.letters += inner.letters
			return inner.text
		case 'l':
			return strings.Replace(arg, " or ", " "+r.Term("or")+" ", 1)
		case 'u':
			return r.Usage(arg)
		}
		return arg
	})
	return s, fits
}
