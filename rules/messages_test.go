package rules_test

import (
	"encoding/json"
	"io/fs"
	"slices"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/gpuaudit/gpuaudit/audit/message"
	"github.com/gpuaudit/gpuaudit/audit/message/messagetest"
	"github.com/gpuaudit/gpuaudit/policy"
	"github.com/gpuaudit/gpuaudit/rules"
)

// TestMessages: every sentence of the built-in rules is a message that the catalogue has
// with these parameters (the compiler holds that), none is there that no rule makes, and
// each reads like a sentence or a part of one.
func TestMessages(t *testing.T) {
	m, err := policy.MessagesOf(source())
	if err != nil {
		t.Fatal(err)
	}
	for _, place := range m.Plain {
		t.Errorf("%s: the detail is a text: make it a message, verdict.msg(ID, PARAMETERS)", place)
	}
	used, files := map[string]bool{}, map[string]bool{}
	for _, u := range m.Uses {
		used[u.ID], files[u.File] = true, true
	}
	for _, r := range load(t).Rules() {
		if r.Name == "" {
			t.Errorf("%s (%s): title, description and remediation are to be messages of its name", r.ID, r.File)
		}
		for _, id := range policy.TextIDs(r.Name) {
			used[id] = true
		}
	}
	for id, text := range m.Texts {
		if !used[id] {
			t.Errorf("message %s is made by no rule", id)
		}
		if text == "" || strings.Contains(text, "  ") || strings.Contains(text, "%") && !strings.Contains(text, " %") {
			t.Errorf("message %s: %q", id, text)
		}
	}
	for _, r := range load(t).Rules() {
		if !files[r.File] {
			t.Errorf("%s (%s) makes no message", r.ID, r.File)
		}
	}
	if len(m.Uses) < 500 {
		t.Errorf("%d uses of messages were found", len(m.Uses))
	}
}

// TestMessagesOfLanguages: a catalogue of another language has the ids of the English
// one, each sentence with the same parameters. A message that is new in en.json needs its
// sentence in fr.json: docs/rules.md says how.
func TestMessagesOfLanguages(t *testing.T) {
	names, err := fs.Glob(rules.FS(), "messages/*.json")
	if err != nil || !slices.Equal(names, []string{"messages/en.json", "messages/fr.json"}) {
		t.Fatalf("%v, %v", names, err)
	}
	english := messagesIn(t, "messages/en.json")
	for _, fault := range messagetest.Faults(messagesIn(t, "messages/fr.json"), english, "part_above.b", "threshold.product", "threshold.stated") {
		t.Errorf("messages/fr.json: %s", fault)
	}
	messagetest.Confirmed(t, "testdata/fr.confirmed", messagesIn(t, "messages/fr.json"), english)
	for id, text := range english {
		template, _ := message.ParseTemplate(text) // braces in a description are none
		for _, piece := range template {
			if piece.As != "" {
				t.Errorf("messages/en.json: %s: English takes {%s} as it is", id, piece.Text)
			}
		}
	}
	if rules.Translation("fr") == nil || rules.Translation("en") != nil || rules.Translation("../data/pci") != nil {
		t.Error("translations are by the code of a language other than English")
	}
}

// TestDigestIsOfEnglish: the digest of the rules that a report names covers the sentences
// that the report holds, and no translation of them.
func TestDigestIsOfEnglish(t *testing.T) {
	tree := fstest.MapFS{"lib/lib.rego": {Data: []byte("package lib")}, "messages/en.json": {Data: []byte(`{"a": "one"}`)}}
	digest := func() string {
		t.Helper()
		sum, err := rules.DigestOf(tree)
		if err != nil {
			t.Fatal(err)
		}
		return sum
	}
	before := digest()
	tree["messages/fr.json"] = &fstest.MapFile{Data: []byte(`{"a": "un"}`)}
	if digest() != before {
		t.Error("a translation makes other rules")
	}
	tree["messages/en.json"] = &fstest.MapFile{Data: []byte(`{"a": "two"}`)}
	if digest() == before {
		t.Error("other sentences make the same rules")
	}
}

func messagesIn(t *testing.T, name string) map[string]string {
	t.Helper()
	text, err := fs.ReadFile(rules.FS(), name)
	if err != nil {
		t.Fatal(err)
	}
	var m map[string]string
	if err := json.Unmarshal(text, &m); err != nil {
		t.Fatalf("%s: %v", name, err)
	}
	return m
}
