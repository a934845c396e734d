package report_test

import (
	"bytes"
	"encoding/json"
	"strings"
	"testing"

	"github.com/gpuaudit/gpuaudit/audit/report"
)

// TestOtherSpaces: a stored report is written with other white space and is else what it
// was, to the letter of its numbers and escapes; what a terminal would obey is escaped.
func TestOtherSpaces(t *testing.T) {
	text := ` {"a" : [ ] , "b":{ }, "n": [1.0, 1e5, -0, 12345678901234567890], "s":"\u0041<&>\/ \u00e9é", "a":null, "t":[{"x":[[true]]}], "":false } ` + "\n"
	var indented, compact, want bytes.Buffer
	if err := report.Indent(&indented, []byte(text)); err != nil {
		t.Fatal(err)
	}
	if err := report.Compact(&compact, []byte(text)); err != nil {
		t.Fatal(err)
	}
	if err := json.Indent(&want, bytes.TrimSpace([]byte(text)), "", "  "); err != nil {
		t.Fatal(err)
	}
	if got := indented.String(); got != want.String()+"\n" {
		t.Errorf("%s", got)
	}
	want.Reset()
	if err := json.Compact(&want, []byte(text)); err != nil {
		t.Fatal(err)
	}
	if got := compact.String(); got != want.String()+"\n" {
		t.Errorf("%s", got)
	}
	indented.Reset()
	if err := report.Indent(&indented, []byte("[\"a\u009b\u202eb\x7f\"]")); err != nil || strings.ContainsAny(indented.String(), "\u009b\u202e\x7f") {
		t.Errorf("%q %v", indented.String(), err)
	}
	for _, broken := range []string{"", "{", `{"a"}`, `["a",]`, `{"a":1}}`} {
		if err := report.Indent(&indented, []byte(broken)); err == nil && broken != "" {
			t.Errorf("%q was written", broken)
		}
	}
}
