package input_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/gpuaudit/gpuaudit/audit/input"
)

func TestNames(t *testing.T) {
	for name, tc := range map[string]struct {
		given []string
		text  string
		want  []string
		err   string
	}{
		"none on standard input": {[]string{"a", "b"}, "c\n", []string{"a", "b"}, ""},
		"in their place":         {[]string{"a", "-", "b"}, "c\r\n\nd e", []string{"a", "c", "d e", "b"}, ""},
		"twice":                  {[]string{"-", "-"}, "c\n", nil, "- is given twice"},
		"named by a line":        {[]string{"-"}, "-\n", nil, "- is given twice"},
		"nothing":                {[]string{"-"}, "\n\n", nil, "names no input"},
		"a report":               {[]string{"-"}, "\n{\n  \"schema\"", nil, "standard input holds a file"},
		"a report on a line":     {[]string{"-"}, `{"schema":1}`, nil, "standard input holds a file"},
		"a capture":              {[]string{"-"}, "\x1f\x8b\x08\x00", nil, "standard input holds a file"},
		"a name with a brace":    {[]string{"-"}, "{a}.json\n", []string{"{a}.json"}, ""},
		"one that has no end":    {[]string{"-"}, strings.Repeat("x", 1<<20), nil, "read the names of inputs"},
	} {
		got, err := input.Names(tc.given, strings.NewReader(tc.text))
		if !slices.Equal(got, tc.want) || tc.err == "" && err != nil || tc.err != "" && (err == nil || !strings.Contains(err.Error(), tc.err)) {
			t.Errorf("%s: %q, %v", name, got, err)
		}
	}
}
