package rules_test

import (
	"encoding/json"
	"io/fs"
	"slices"
	"strings"
	"testing"

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
// one, and each sentence the same parameters.
func TestMessagesOfLanguages(t *testing.T) {
	names, err := fs.Glob(rules.FS(), "messages/*.json")
	if err != nil || !slices.Contains(names, "messages/en.json") {
		t.Fatalf("%v, %v", names, err)
	}
	english := messagesIn(t, "messages/en.json")
	for _, name := range names {
		other := messagesIn(t, name)
		for id, text := range english {
			want, err := policy.MessageParams(text)
			if err != nil {
				t.Errorf("en: %s: %v", id, err)
			}
			if got, err := policy.MessageParams(other[id]); err != nil || other[id] == "" || !slices.Equal(got, want) {
				t.Errorf("%s: %s: %q has the parameters %v, want %v (%v)", name, id, other[id], got, want, err)
			}
		}
		if len(other) != len(english) {
			t.Errorf("%s: %d messages, and %d in English", name, len(other), len(english))
		}
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
