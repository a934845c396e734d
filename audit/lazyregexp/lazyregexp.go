// Package lazyregexp has regular expressions that are compiled when they are first used:
// the program has a hundred of them, and a run needs few. It does for this program what
// Go's internal/lazyregexp does for Go's own.
package lazyregexp

import (
	"os"
	"regexp"
	"strings"
	"sync"
)

// Regexp is a regular expression; see [regexp.Regexp] for its methods.
type Regexp struct{ compiled func() *regexp.Regexp }

var inTest = len(os.Args) > 0 && strings.HasSuffix(os.Args[0], ".test")

// New makes one. In a test program it is compiled at once, so that a wrong one is found
// by any test.
func New(text string) *Regexp {
	r := &Regexp{sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(text) })}
	if inTest {
		r.compiled()
	}
	return r
}

// MatchString says whether s contains a match.
func (r *Regexp) MatchString(s string) bool { return r.compiled().MatchString(s) }

// Match says whether b contains a match.
func (r *Regexp) Match(b []byte) bool { return r.compiled().Match(b) }

// FindStringSubmatch returns the first match and its groups, nil for none.
func (r *Regexp) FindStringSubmatch(s string) []string { return r.compiled().FindStringSubmatch(s) }

// FindSubmatch returns the first match and its groups, nil for none.
func (r *Regexp) FindSubmatch(b []byte) [][]byte { return r.compiled().FindSubmatch(b) }

// FindString returns the first match, "" for none.
func (r *Regexp) FindString(s string) string { return r.compiled().FindString(s) }

// FindAllString returns up to n matches, all for a negative n.
func (r *Regexp) FindAllString(s string, n int) []string { return r.compiled().FindAllString(s, n) }

// FindAllStringSubmatch returns up to n matches with their groups, all for a negative n.
func (r *Regexp) FindAllStringSubmatch(s string, n int) [][]string {
	return r.compiled().FindAllStringSubmatch(s, n)
}

// ReplaceAllString replaces all matches.
func (r *Regexp) ReplaceAllString(s, by string) string { return r.compiled().ReplaceAllString(s, by) }
