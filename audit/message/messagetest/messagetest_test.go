package messagetest_test

import (
	"strings"
	"testing"

	"github.com/gpuaudit/gpuaudit/audit/message/messagetest"
)

// TestFaults: what is wrong with a translation is found, and named.
func TestFaults(t *testing.T) {
	english := map[string]string{"a": "{x} of {y}", "b": "nothing", "c": "more", "d": "TPM {x}", "e": "{x}: {y}", "f": "same"}
	french := map[string]string{"a": "{x} de {z}", "b": "rien", "d": "TPM {x}", "e": "{x}\u00a0: {y}", "f": "same", "g": "seul"}
	got := strings.Join(messagetest.Faults(french, english, "d"), "\n")
	for _, want := range []string{"1 messages have no French: c", "1 messages are in French alone: g", "a has the parameters [x z], and [x y]", "f is the English text"} {
		if !strings.Contains(got, want) {
			t.Errorf("%q is not among\n%s", want, got)
		}
	}
	if n := strings.Count(got, "\n") + 1; n != 4 {
		t.Errorf("%d faults:\n%s", n, got)
	}
}

func TestTypography(t *testing.T) {
	for _, text := range []string{"l'IOMMU", `dit "oui"`, "oui\u202f!", "non ; oui", "non; oui", "quoi?", "fin :", "dit: non", "« oui\u00a0»", "«\u00a0oui »", "a  b", "{x}: {y}", "de l'{x}"} {
		if messagetest.Typography(text) == "" {
			t.Errorf("%q is taken for French", text)
		}
	}
	for _, text := range []string{"l’IOMMU", "«\u00a0oui\u00a0»", "non\u00a0; oui", "fin\u00a0:", "l’ACS (D:1, sha256:{sha256}, https://example.org/a?b)", "{vendor}:{device}", "Ajoutez jq '.a'", "{a|\u00a0; }", "Quoi\u00a0?"} {
		if fault := messagetest.Typography(text); fault != "" {
			t.Errorf("%q: %s", text, fault)
		}
	}
}
