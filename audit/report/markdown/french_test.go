package markdown_test

import (
	"strings"
	"testing"

	"github.com/gpuaudit/gpuaudit/audit/message"
	"github.com/gpuaudit/gpuaudit/audit/report/reporttest"
	"github.com/gpuaudit/gpuaudit/rules"
)

// TestFrench: what people read is in the language of the set, tables and lists are the same.
func TestFrench(t *testing.T) {
	french, err := message.Translation("fr", rules.Translation("fr"))
	if err != nil {
		t.Fatal(err)
	}
	r := reporttest.Stored(t, "10-texts")
	english, kinds := encode(t, reporttest.Of(r))
	set := reporttest.Of(r)
	set.Language, set.UnknownFails = french, true
	got, same := encode(t, set)
	for _, want := range []string{"(code de retour ", ", jugé le ", "En échec\u00a0: ", "| question | réponse | pourquoi |", "| contrôle | gravité | résultat | ce qui a été vu |", "| Qu’est-ce\u00a0? |", "Verdict\u00a0: ", "### machine", "| moyenne |", "indécis"} {
		if !strings.Contains(got, want) {
			t.Errorf("%q is not in\n%s", want, got)
		}
	}
	for _, left := range []string{"exit code", "judged", "not decided", "What is it", "| check |", "| medium |", "failed"} {
		if strings.Contains(got, left) {
			t.Errorf("%q is left", left)
		}
		if !strings.Contains(english, left) && left != "failed" {
			t.Errorf("%q is not in the English either: look for another word", left)
		}
	}
	for _, kind := range []string{"Heading", "List", "ListItem", "Table", "TableRow", "TableCell"} {
		if kinds[kind] != same[kind] || kinds[kind] == 0 {
			t.Errorf("%d of %s, %d in English", same[kind], kind, kinds[kind])
		}
	}
}
