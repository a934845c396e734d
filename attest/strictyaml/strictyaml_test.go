package strictyaml_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/gpuaudit/gpuaudit/attest/strictyaml"
)

type file struct {
	Version int `yaml:"version"`
	List    []struct {
		Name string `yaml:"name"`
	} `yaml:"list"`
}

func TestUnmarshal(t *testing.T) {
	for text, want := range map[string]string{
		"version: 1\nlist:\n  - name: a\n": "",
		"":                                 "empty",
		"version: 1\nother: 2\n":           "line 2: the field other is not known",
		"a list of what to buy":            "line 1: `a list ...` does not belong here",
		"- 1\n":                            "line 1: a list does not belong here",
		"version: {}\nlist: x\n":           "line 1: a mapping does not belong here; line 2: `x` does not belong here",
		"version: 1\nversion: 2\n":         "already defined",
		"version: 1\n---\nversion: 2\n":    "something follows",
		"version: [":                       "line 1",
		"version: 1 # " + strings.Repeat("x", 100): "larger than 100 bytes",
	} {
		var f file
		err := strictyaml.Unmarshal([]byte(text), 100, &f)
		if (err == nil) != (want == "") || err != nil && !strings.Contains(err.Error(), want) {
			t.Errorf("%.30q: %v, want %q", text, err, want)
		}
	}
}

func TestLines(t *testing.T) {
	if got := strictyaml.Lines([]byte("version: 1\nlist:\n  - name: a\n\n  - name: b\n"), "list"); !slices.Equal(got, []int{3, 5}) {
		t.Errorf("lines %v", got)
	}
	if got := strictyaml.Lines([]byte("[]"), "list"); got != nil {
		t.Errorf("lines %v", got)
	}
}
