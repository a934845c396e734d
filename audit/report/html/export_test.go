package html

import "testing"

// Texts are the texts of a language.
func Texts(t testing.TB, language string) map[string]string {
	t.Helper()
	texts, err := textsOf(language)
	if err != nil {
		t.Fatal(err)
	}
	return texts.by
}
