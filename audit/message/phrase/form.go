package phrase

import (
	"fmt"
	"regexp"
	"strconv"
	"strings"
	"sync"
	"unicode"
)

var (
	// word is one of a line of usage that a language has its own for.
	word = regexp.MustCompile(`\[flags\]|\p{Lu}{2,}`)
	verb = regexp.MustCompile(`%(?:\[(\d+)\])?[-+ #0]*\d*(?:\.\d+)?[a-zA-Z]|%%`)
)

// form is a text with parameters: how its English is told, and the text.
type form struct {
	english, text string
	// plain are the pieces between the parameters, for a first look.
	plain []string
	// letters is how many of it are in no parameter.
	letters int
	// args is which parameter each group of the pattern is, from 1, and count how many
	// there are.
	args    []int
	count   int
	pattern func() *regexp.Regexp
}

// newForm reads a format and its text.
func newForm(english, text string) (*form, error) {
	f := &form{english: english, text: text}
	put, err := f.puts()
	if err != nil {
		return nil, err
	}
	places := verb.FindAllStringIndex(english, -1)
	var pattern strings.Builder
	pattern.WriteString(`\A`)
	at, next := 0, 0
	for _, p := range places {
		v := english[p[0]:p[1]]
		f.add(english[at:p[0]], &pattern)
		at = p[1]
		if v == "%%" {
			pattern.WriteString("%")
			continue
		}
		if n := numbered(v); n > 0 {
			next = n
		} else {
			next++
		}
		f.args, f.count = append(f.args, next), max(f.count, next)
		pattern.WriteString(value(v[len(v)-1], put[next]))
	}
	f.add(english[at:], &pattern)
	pattern.WriteString(`\z`)
	// Most are never needed: to compile all of them takes longer than what is said.
	f.pattern = sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(pattern.String()) })
	for n := range put {
		if n > f.count {
			return nil, fmt.Errorf("phrase %q: %q puts a parameter %d", english, text, n)
		}
	}
	return f, nil
}

// add adds a piece that is no parameter.
func (f *form) add(plain string, pattern *strings.Builder) {
	f.plain = append(f.plain, plain)
	f.letters += letters(plain)
	pattern.WriteString(regexp.QuoteMeta(plain))
}

// puts is by which verb the text puts each parameter.
func (f *form) puts() (map[int]byte, error) {
	put, next := map[int]byte{}, 0
	for _, v := range verb.FindAllString(f.text, -1) {
		if v == "%%" {
			continue
		}
		if n := numbered(v); n > 0 {
			next = n
		} else {
			next++
		}
		put[next] = v[len(v)-1]
		if !strings.ContainsRune("swWmlu", rune(put[next])) {
			return nil, fmt.Errorf("phrase %q: %q has the verb %s", f.english, f.text, v)
		}
	}
	return put, nil
}

// letters counts those of a text.
func letters(text string) (n int) {
	for _, r := range text {
		if unicode.IsLetter(r) {
			n++
		}
	}
	return n
}

// numbered is the number in a verb such as %[2]s; 0 for one without.
func numbered(v string) int {
	open, rest, ok := strings.Cut(v, "[")
	if !ok || open != "%" {
		return 0
	}
	digits, _, _ := strings.Cut(rest, "]")
	n, _ := strconv.Atoi(digits) // the pattern of verbs has digits alone there
	return n
}

// value is the pattern of what a verb makes, which is put by another one.
func value(made, put byte) string {
	if put == 'm' {
		return `((?:; did you mean .*\?)?)`
	}
	switch made {
	case 'd':
		return `(-?\d+)`
	case 'q':
		return `("(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)+')` // the second is of a letter
	case 'o', 'x':
		return `([0-9a-f]+)`
	}
	return `(.*?)`
}

// match is what the parameters of a text are; nil where it has another form.
func (f *form) match(english string) []string {
	if last := f.plain[len(f.plain)-1]; !strings.HasPrefix(english, f.plain[0]) || !strings.HasSuffix(english, last) {
		return nil
	}
	rest := english[len(f.plain[0]):]
	for _, plain := range f.plain[1:] {
		_, behind, there := strings.Cut(rest, plain)
		if !there {
			return nil
		}
		rest = behind
	}
	found := f.pattern().FindStringSubmatch(english)
	if found == nil {
		return nil
	}
	args := make([]string, f.count)
	for i, n := range f.args {
		args[n-1] = found[i+1]
	}
	return args
}
