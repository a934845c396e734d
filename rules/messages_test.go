package rules_test

import (
	"encoding/json"
	"fmt"
	"io/fs"
	"slices"
	"strings"
	"testing"

	"github.com/gpuaudit/gpuaudit/audit/message"
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
// one, each sentence with the same parameters.
func TestMessagesOfLanguages(t *testing.T) {
	names, err := fs.Glob(rules.FS(), "messages/*.json")
	if err != nil || !slices.Contains(names, "messages/en.json") {
		t.Fatalf("%v, %v", names, err)
	}
	english := messagesIn(t, "messages/en.json")
	for _, name := range names {
		for _, fault := range untranslated(messagesIn(t, name), english) {
			t.Errorf("%s: %s", name, fault)
		}
	}
	// What is wrong with a translation is found.
	half := map[string]string{"a": "{x} de {y}", "b": "rien"}
	if faults := untranslated(half, map[string]string{"a": "{x} of {z}", "b": "nothing", "c": "more"}); len(faults) != 2 {
		t.Errorf("%q", faults)
	}
}

// untranslated says what a catalogue lacks of another one.
func untranslated(catalogue, english map[string]string) []string {
	var faults []string
	for id, text := range english {
		want, _ := message.ParseTemplate(text) // braces in a description are none
		translated, there := catalogue[id]
		switch got, err := message.ParseTemplate(translated); {
		case !there || translated == "":
			faults = append(faults, id+" is not there")
		case err != nil || !slices.Equal(got.Params(), want.Params()):
			faults = append(faults, fmt.Sprintf("%s: %q has the parameters %v, want %v (%v)", id, translated, got.Params(), want.Params(), err))
		}
	}
	for id := range catalogue {
		if _, known := english[id]; !known {
			faults = append(faults, id+" is no message")
		}
	}
	return faults
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
