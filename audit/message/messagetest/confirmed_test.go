package messagetest

import (
	"strings"
	"testing"
)

// TestUnconfirmed: a sentence that is new, was reworded or is gone is named until somebody
// confirms it, and confirming one leaves the others.
func TestUnconfirmed(t *testing.T) {
	english := map[string]string{"a": "one", "b": "two", "c": "three"}
	french := map[string]string{"a": "un", "b": "deux", "c": "trois"}
	list := digests("")
	accept(list, []string{"all"}, french, english)
	if got := unconfirmed(digests(string(listed(list))), french, english); len(got) != 0 {
		t.Fatal(got)
	}
	english["a"], english["b"], english["d"], french["d"] = "an other one", "two of them", "four", "quatre"
	delete(french, "c")
	names := func(wants ...string) {
		t.Helper()
		got := unconfirmed(list, french, english)
		if len(got) != len(wants) {
			t.Fatalf("%q", got)
		}
		for i, want := range wants {
			if !strings.HasPrefix(got[i], want) {
				t.Errorf("%q, want %q", got[i], want)
			}
		}
	}
	names("the English of a was reworded", "the English of b was reworded", "d is new", "c is gone")
	accept(list, []string{"a"}, french, english)
	names("the English of b was reworded", "d is new")
	accept(list, []string{"b", "d"}, french, english)
	names()
}
