package rules_test

import (
	"encoding/json"
	"io/fs"
	"strings"
	"testing"

	"github.com/gpuaudit/gpuaudit/audit/finding"
	"github.com/gpuaudit/gpuaudit/audit/message"
	"github.com/gpuaudit/gpuaudit/audit/message/messagetest"
	"github.com/gpuaudit/gpuaudit/rules"
)

// TestLaws: what each law means for somebody has French, which stands in the sentences of the
// rules, and none is left of what the data say no longer.
func TestLaws(t *testing.T) {
	var french map[string]string
	if err := json.Unmarshal(rules.Laws("fr"), &french); err != nil {
		t.Fatal(err)
	}
	text, err := fs.ReadFile(rules.FS(), "data/restrictions.json")
	if err != nil {
		t.Fatal(err)
	}
	var data struct {
		Rules map[string]struct {
			Who map[string]string `json:"who"`
		} `json:"rules"`
	}
	if err := json.Unmarshal(text, &data); err != nil {
		t.Fatal(err)
	}
	l, err := message.Translation("fr", rules.Translation("fr"), rules.Laws("fr"))
	if err != nil {
		t.Fatal(err)
	}
	said := map[string]bool{}
	for id, law := range data.Rules {
		for who, english := range law.Who {
			said["meaning."+english] = true
			want := french["meaning."+english]
			if want == "" {
				t.Errorf("%s, %s: %q has no French: give it one in laws/fr.json", id, who, english)
				continue
			}
			one := &finding.Message{ID: "law.for_one", Params: map[string]any{"sentence": english}}
			two := &finding.Message{ID: "law.for_two", Params: map[string]any{"private": english, "company": english}}
			if got := l.Of(message.Said{Message: one}); got != want+" " {
				t.Errorf("%q: %q", english, got)
			}
			if got := l.Of(message.Said{Message: two}); strings.Count(got, want) < 2 {
				t.Errorf("%q: %q", english, got)
			}
		}
	}
	for id, text := range french {
		if !said[id] {
			t.Errorf("laws/fr.json has French for %q, which no law says any more", id)
		}
		if fault := messagetest.Typography(text); fault != "" {
			t.Errorf("%s: %s: %q", id, fault, text)
		}
	}
	if len(said) < 100 || rules.Laws("en") != nil {
		t.Errorf("%d texts", len(said))
	}
}
