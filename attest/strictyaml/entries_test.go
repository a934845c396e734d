package strictyaml_test

import (
	"reflect"
	"strings"
	"testing"

	"github.com/gpuaudit/gpuaudit/attest/strictyaml"
)

func TestEntries(t *testing.T) {
	got, err := strictyaml.Entries([]byte("# ours\nfail-on: medium\nexpect: 8\nrom:\n  - a=b\n  - c=d\ndevice: []\n"), 100)
	want := []strictyaml.Entry{
		{Name: "fail-on", Line: 2, Values: []string{"medium"}}, {Name: "expect", Line: 3, Values: []string{"8"}},
		{Name: "rom", Line: 4, Values: []string{"a=b", "c=d"}, List: true}, {Name: "device", Line: 7, Values: []string{}, List: true},
	}
	if err != nil || !reflect.DeepEqual(got, want) {
		t.Errorf("%+v, %v", got, err)
	}
	if got, err := strictyaml.Entries([]byte("# nothing yet\n"), 100); got != nil || err != nil {
		t.Errorf("comments alone: %v, %v", got, err)
	}
}

func TestEntriesRefuses(t *testing.T) {
	for text, want := range map[string]string{
		"a: 1\na: 2\n":                   `line 2: "a" is there already, on line 1`,
		"a: {b: 1}\n":                    "line 1: a takes a value or a list",
		"a:\n- [b]\n":                    "line 2: a takes a value or a list",
		"a:\n":                           "line 1: a has no value",
		"a: ~\n":                         "has no value",
		"- a\n":                          "NAME: VALUE",
		"a: &x 1\nb: *x\n":               "line 2: b takes a value",
		"{? [a] : 1}\n":                  "begins with its name",
		"a: 1\n---\nb: 2\n":              "something follows",
		"a: [":                           "line 1",
		"a: " + strings.Repeat("x", 200): "larger than 100 bytes",
	} {
		if _, err := strictyaml.Entries([]byte(text), 100); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%.20q: %v, want %q", text, err, want)
		}
	}
}

func FuzzEntries(f *testing.F) {
	f.Add([]byte("a: 1\nb: [c, d]\n"))
	f.Add([]byte("a: &x [1]\nb: *x\n"))
	f.Fuzz(func(t *testing.T, text []byte) {
		list, err := strictyaml.Entries(text, 1<<12)
		if err == nil && len(text) > 1<<12 {
			t.Error("beyond the limit")
		}
		for _, e := range list {
			if e.Line < 1 || !e.List && len(e.Values) != 1 {
				t.Errorf("%+v", e)
			}
		}
	})
}
