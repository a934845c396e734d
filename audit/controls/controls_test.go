package controls_test

import (
	"bytes"
	"io/fs"
	"net/url"
	"os"
	"path"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/gpuaudit/gpuaudit/attest/strictjson"
	"github.com/gpuaudit/gpuaudit/audit/controls"
	"github.com/gpuaudit/gpuaudit/rules"
)

// TestControls holds the data: each control has a framework, a source that a reader can
// open and rules that there are, and the file has no other member.
func TestControls(t *testing.T) {
	known := ruleIDs(t)
	if _, err := time.Parse(time.DateOnly, controls.Date()); err != nil {
		t.Error(err)
	}
	frameworks := map[string]bool{}
	for _, f := range controls.Frameworks() {
		frameworks[f.ID] = true
		public(t, f.Name, f.Source)
	}
	page, err := os.ReadFile("../../docs/controls.md")
	if err != nil {
		t.Fatal(err)
	}
	seen := map[string]bool{}
	for _, c := range controls.All() {
		name := c.Name()
		if !frameworks[c.Framework] || c.Title == "" || c.Asks == "" || len(c.Rules) == 0 || seen[name] {
			t.Errorf("%s: its framework, a text or its rules are missing, or it is there twice", name)
		}
		seen[name] = true
		public(t, name, c.Source)
		if row := "| [" + name + "](" + c.Source + "), " + c.Title + " | " + c.Asks + " | " + strings.Join(c.Rules, ", ") + " |\n"; !strings.Contains(string(page), row) {
			t.Errorf("docs/controls.md lacks the row\n%s", row)
		}
		if !slices.IsSorted(c.Rules) || len(slices.Compact(slices.Clone(c.Rules))) != len(c.Rules) {
			t.Errorf("%s: its rules are not sorted, or one is there twice", name)
		}
		for _, id := range c.Rules {
			if !known[id] {
				t.Errorf("%s names the rule %s, which there is not", name, id)
			}
			if !slices.ContainsFunc(controls.Of(id), func(o controls.Control) bool { return o.Name() == name }) {
				t.Errorf("%s is not among the controls of %s", name, id)
			}
		}
	}
	if len(seen) < 10 || controls.Of("GA-IR-001") != nil || controls.Of("XX-1") != nil {
		t.Errorf("%d controls; a rule on law and a rule of a user have none", len(seen))
	}
}

func public(t *testing.T, name, source string) {
	t.Helper()
	if u, err := url.Parse(source); err != nil || u.Scheme != "https" || u.Host == "" {
		t.Errorf("%s: %q is no source that a reader can open", name, source)
	}
}

// TestStrict: the file has the members that the types have, and no others.
func TestStrict(t *testing.T) {
	text, err := os.ReadFile("controls.json")
	if err != nil {
		t.Fatal(err)
	}
	var d struct {
		Date       string               `json:"date"`
		Frameworks []controls.Framework `json:"frameworks"`
		Controls   []controls.Control   `json:"controls"`
	}
	if err := strictjson.Unmarshal(bytes.TrimSpace(text), len(text), &d); err != nil {
		t.Error(err)
	}
}

// ruleIDs are the ids of the built-in rules.
func ruleIDs(t *testing.T) map[string]bool {
	t.Helper()
	ids := map[string]bool{}
	id := regexp.MustCompile(`(?m)^# +id: (GA-\S+)$`)
	err := fs.WalkDir(rules.FS(), ".", func(name string, d fs.DirEntry, err error) error {
		if err != nil || path.Base(name) != "rule.rego" {
			return err
		}
		text, err := fs.ReadFile(rules.FS(), name)
		if m := id.FindSubmatch(text); m != nil {
			ids[string(m[1])] = true
		}
		return err
	})
	if err != nil || len(ids) < 100 {
		t.Fatalf("%d rules: %v", len(ids), err)
	}
	return ids
}
