package message_test

import (
	"encoding/json"
	"os"
	"strings"
	"testing"

	"github.com/gpuaudit/gpuaudit/audit/finding"
	"github.com/gpuaudit/gpuaudit/audit/message"
	"github.com/gpuaudit/gpuaudit/audit/message/messagetest"
)

// TestFrench: the program says in French all that it says in English. A message that is
// new in en.json needs its sentence in fr.json.
func TestFrench(t *testing.T) {
	texts := func(name string) map[string]string {
		t.Helper()
		text, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		var m map[string]string
		if err := json.Unmarshal(text, &m); err != nil {
			t.Fatal(err)
		}
		return m
	}
	for _, fault := range messagetest.Faults(texts("fr.json"), texts("en.json"), "label.verdict", "severity.info", "claims.firmware", "label.see", "boot.attestation") {
		t.Errorf("fr.json: %s", fault)
	}
	messagetest.Confirmed(t, "testdata/fr.confirmed", texts("fr.json"), texts("en.json"))
}

// TestEnglishIsPlain: English takes parameters as they are: the rules make it without asking
// how.
func TestEnglishIsPlain(t *testing.T) {
	c, err := message.Parse(message.English())
	if err != nil {
		t.Fatal(err)
	}
	for id, template := range c {
		for _, piece := range template {
			if piece.As != "" {
				t.Errorf("%s: {%s %s}", id, piece.As, piece.Text)
			}
		}
	}
}

func french(t *testing.T) *message.Language {
	t.Helper()
	l, err := message.Translation("fr", []byte(`{"a.title": "Deux {x}", "b.nested": "[{inner x|\u00a0; }]", "c.level": "gravité {severity s}", "d.loop": "{x}"}`))
	if err != nil {
		t.Fatal(err)
	}
	return l
}

// TestLanguage: what was said is said in the language, as it was made and as a stored report
// has it; where a part has no words, the whole is in English.
func TestLanguage(t *testing.T) {
	l := french(t)
	inner := &finding.Message{ID: "a.title", Params: map[string]any{"x": "mots"}}
	deep := map[string]any{"id": "d.loop", "params": map[string]any{"x": "fin"}}
	for range 20 {
		deep = map[string]any{"id": "d.loop", "params": map[string]any{"x": deep}}
	}
	for _, c := range []struct {
		name  string
		m     *finding.Message
		want  string
		known bool
	}{
		{"plain", nil, "English", false},
		{"number", &finding.Message{ID: "a.title", Params: map[string]any{"x": 3}}, "Deux 3", true},
		{"stored number", &finding.Message{ID: "a.title", Params: map[string]any{"x": 3.0}}, "Deux 3", true},
		{"in a sentence", &finding.Message{ID: "b.nested", Params: map[string]any{"x": []any{inner, "Rien du tout.", "TPM"}}}, "[deux mots\u00a0; rien du tout\u00a0; TPM]", true},
		{"texts", &finding.Message{ID: "a.title", Params: map[string]any{"x": []string{"a", "b"}}}, "Deux a, b", true},
		{"word", &finding.Message{ID: "c.level", Params: map[string]any{"s": "high"}}, "gravité élevée", true},
		{"unknown word", &finding.Message{ID: "c.level", Params: map[string]any{"s": "dire"}}, "gravité dire", true},
		{"stored", &finding.Message{ID: "a.title", Params: map[string]any{"x": map[string]any{"id": "a.title", "params": map[string]any{"x": "x"}}}}, "Deux Deux x", true},
		{"unknown id", &finding.Message{ID: "new.fail"}, "English", false},
		{"unknown id within", &finding.Message{ID: "a.title", Params: map[string]any{"x": &finding.Message{ID: "new.fail"}}}, "English", false},
		{"lacking parameter", &finding.Message{ID: "a.title"}, "English", false},
		{"no parameter", &finding.Message{ID: "a.title", Params: map[string]any{"x": true}}, "English", false},
		{"list in list", &finding.Message{ID: "a.title", Params: map[string]any{"x": []any{[]any{"x"}}}}, "English", false},
		{"too deep", &finding.Message{ID: "a.title", Params: map[string]any{"x": deep}}, "English", false},
	} {
		text, known := l.Find(message.Said{Text: "English", Message: c.m})
		if text != c.want || known != c.known {
			t.Errorf("%s: %q, %v", c.name, text, known)
		}
	}
	var none *message.Language
	if text, known := none.Find(message.Said{Text: "English", Message: inner}); text != "English" || !known || none.Code() != "en" || l.Code() != "fr" {
		t.Errorf("%q, %v", text, known)
	}
	if _, err := message.Translation("de"); err == nil || !strings.Contains(err.Error(), `"de"`) {
		t.Error(err)
	}
	if _, err := message.Translation("fr", []byte(`{"a": "{X}"}`)); err == nil {
		t.Error("a catalogue that is none was read")
	}
}

// TestInner: a sentence loses its capital and its full stop within another one, and names in
// capitals keep theirs.
func TestInner(t *testing.T) {
	for text, want := range map[string]string{"L’état de la ROM.": "l’état de la ROM", "État.": "état", "IOMMU": "IOMMU", "À voir": "à voir", "": "", "a": "a", "PCI.": "PCI", "H100 seul": "H100 seul"} {
		if got := message.Inner(text); got != want {
			t.Errorf("%q: %q", text, got)
		}
	}
}

func BenchmarkTranslation(b *testing.B) {
	for b.Loop() {
		if _, err := message.Translation("fr"); err != nil {
			b.Fatal(err)
		}
	}
}
