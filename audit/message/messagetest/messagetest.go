// Package messagetest holds translations to their English: for tests alone.
package messagetest

import (
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"

	"github.com/gpuaudit/gpuaudit/audit/message"
)

// Faults are what is wrong with sentences in French beside the same in English: ids that
// one has alone, other parameters, no text, the English text, and what French does not
// write so. same are the ids of those that are the same in both languages.
func Faults(french, english map[string]string, same ...string) []string {
	var faults []string
	lacks, more := without(english, french), without(french, english)
	if len(lacks) > 0 {
		faults = append(faults, fmt.Sprintf("%d messages have no French: %s", len(lacks), strings.Join(lacks, ", ")))
	}
	if len(more) > 0 {
		faults = append(faults, fmt.Sprintf("%d messages are in French alone: %s", len(more), strings.Join(more, ", ")))
	}
	for _, id := range slices.Sorted(maps.Keys(french)) {
		text, of := french[id], english[id]
		if of == "" {
			continue
		}
		want, _ := message.ParseTemplate(of)
		got, err := message.ParseTemplate(text)
		if err != nil || !slices.Equal(got.Params(), want.Params()) {
			faults = append(faults, fmt.Sprintf("%s has the parameters %v, and %v in English (%v)", id, got.Params(), want.Params(), err))
		}
		if text == of && hasWords(got) && !slices.Contains(same, id) {
			faults = append(faults, fmt.Sprintf("%s is the English text, %q", id, text))
		}
		if fault := Typography(text); fault != "" {
			faults = append(faults, fmt.Sprintf("%s: %s: %q", id, fault, text))
		}
	}
	return faults
}

// without are the ids of a catalogue that another one lacks, sorted.
func without(of, in map[string]string) []string {
	var list []string
	for id := range of {
		if in[id] == "" {
			list = append(list, id)
		}
	}
	slices.Sort(list)
	return list
}

// hasWords says that a sentence has more than parameters, signs and numbers.
func hasWords(t message.Template) bool {
	for i := 0; i < len(t); i += 2 {
		if word.MatchString(t[i].Text) {
			return true
		}
	}
	return false
}

var word = regexp.MustCompile(`\pL{2}`)

// French puts a no-break space before the double signs and inside its quotes. Of the two
// that are in use, U+00A0 stands everywhere: every terminal and every font has it.
var typography = []struct {
	what  string
	wrong *regexp.Regexp
}{
	{"a straight apostrophe", regexp.MustCompile(`\pL'[\pL{]`)},
	{"straight quotes", regexp.MustCompile(`"`)},
	{"U+202F, where U+00A0 is agreed", regexp.MustCompile("\u202f")},
	{"no no-break space before a double sign", regexp.MustCompile(`[^\x{a0}\s;:!?.(][;!?](?:\s|$|[.,)])|[^\x{a0}\s]»|(?:^|[\pL)}»]):(?:\s|$)`)},
	{"a space where a no-break space belongs", regexp.MustCompile(` (?:[;:!?»])(?:\s|$)|«(?:[^\x{a0}])`)},
	{"two spaces", regexp.MustCompile(`[ \x{a0}]{2}`)},
}

// Typography says what French does not write so; "" for nothing.
func Typography(text string) string {
	for _, t := range typography {
		if t.wrong.MatchString(text) {
			return t.what
		}
	}
	return ""
}
