// Package suggest finds what somebody meant who misspelt a name.
package suggest

import (
	"strings"

	"github.com/agnivade/levenshtein"
)

// longest is where looking for a name ends: what is longer is no misspelt name.
const longest = 64

// Nearest is the name of a list that is nearest to a word: one in another case, one
// that the word begins, or one that differs in two letters, or in a letter of three. It
// is "" where none is near.
func Nearest(word string, names []string) string {
	if word == "" || len(word) > longest {
		return ""
	}
	word = strings.ToLower(word)
	best, least := "", 2
	if len(word) > 3 {
		least = max(2, len(word)/3) + 1
	}
	for _, name := range names {
		distance := levenshtein.ComputeDistance(word, strings.ToLower(name))
		if len(word) > 2 && strings.HasPrefix(strings.ToLower(name), word) {
			distance = min(distance, 1)
		}
		if distance < least {
			best, least = name, distance
		}
	}
	return best
}

// Meant is a sentence's end that asks whether the nearest name was meant; "" where none
// is near.
func Meant(word string, names []string) string {
	name := Nearest(word, names)
	if name == "" {
		return ""
	}
	return "; did you mean " + name + "?"
}
