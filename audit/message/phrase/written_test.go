package phrase_test

import (
	"testing"

	"github.com/gpuaudit/gpuaudit/audit/message/messagetest"
	"github.com/gpuaudit/gpuaudit/audit/message/phrase"
)

// TestTypography: each text is written as French is.
func TestTypography(t *testing.T) {
	s, err := phrase.Read("fr")
	if err != nil {
		t.Fatal(err)
	}
	for _, section := range []map[string]string{s.Help, s.Notes, s.Library} {
		for english, text := range section {
			if fault := messagetest.Typography(text); fault != "" {
				t.Errorf("%q: %s: %q", english, fault, text)
			}
		}
	}
}
