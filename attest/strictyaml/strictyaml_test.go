package strictyaml_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

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

// TestBounds: what is small as a text and large once it is decoded is refused, in a
// moment.
func TestBounds(t *testing.T) {
	const limit = 1 << 20
	laughs := "x0: &x0 [a,a,a,a,a,a,a,a,a]\n"
	for i := range 8 {
		laughs += fmt.Sprintf("x%d: &x%d [%s]\n", i+1, i+1, strings.TrimSuffix(strings.Repeat(fmt.Sprintf("*x%d,", i), 9), ","))
	}
	names := strings.Builder{}
	for i := range 50_000 {
		fmt.Fprintf(&names, "n%d: 1\n", i)
	}
	for _, tc := range []struct{ name, text, want string }{
		{"names", names.String(), "more than 4096 names"},
		{"values", "x: [" + strings.Repeat("a,", 400_000) + "]\n", "more than 200000 values"},
		{"depth", "x: " + strings.Repeat("[", 40) + strings.Repeat("]", 40) + "\n", "nested deeper than 32"},
		{"far too deep", "x: " + strings.Repeat("[", limit/2), "depth"},
		{"aliases", laughs, "aliases"},
		{"an alias of itself", "x: &x [*x]\n", "nested deeper than 32"},
		{"many aliases", "x: &x 1\ny: [" + strings.Repeat("*x,", 2000) + "]\n", "more than 1024 aliases"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			start := time.Now()
			if err := strictyaml.Unmarshal([]byte(tc.text), limit, new(map[string]any)); err == nil || !strings.Contains(err.Error(), tc.want) {
				t.Errorf("Unmarshal: %v, want %q", err, tc.want)
			}
			if _, err := strictyaml.Entries([]byte(tc.text), limit); err == nil || !strings.Contains(err.Error(), tc.want) {
				t.Errorf("Entries: %v, want %q", err, tc.want)
			}
			if lines := strictyaml.Lines([]byte(tc.text), "x"); lines != nil {
				t.Errorf("Lines: %d", len(lines))
			}
			if d := time.Since(start); d > 20*time.Second {
				t.Errorf("took %v", d)
			}
		})
	}
	few := "x: &x {a: 1}\ny: [*x, *x]\n"
	if err := strictyaml.Unmarshal([]byte(few), limit, new(map[string]any)); err != nil {
		t.Errorf("a few aliases: %v", err)
	}
}
