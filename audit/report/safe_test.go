package report_test

import (
	"bytes"
	"encoding/json"
	"reflect"
	"strings"
	"testing"
	"time"
	"unicode"

	"github.com/gpuaudit/gpuaudit/audit/report"
)

// hostile holds what a terminal obeys or shows as something else than it is: an escape
// sequence, DEL, a C1 control, marks of direction, separators, a byte order mark, a tag.
const hostile = "a\x1b]0;x\x07\r\x7f\u009b31m\u202e\u2066\u200e\u2028\u2029\ufeff\U000e0041z"

// obeyed is the first character of a text that a terminal would obey.
func obeyed(text string) rune {
	for _, r := range text {
		if r != '\n' && (unicode.IsControl(r) || unicode.In(r, unicode.Cf, unicode.Zl, unicode.Zp)) {
			return r
		}
	}
	return 0
}

// fill puts the hostile text into every string of a value.
func fill(v reflect.Value, depth int) {
	if depth > 12 || !v.CanSet() {
		return
	}
	switch v.Kind() {
	case reflect.String:
		v.SetString(hostile)
	case reflect.Pointer:
		v.Set(reflect.New(v.Type().Elem()))
		fill(v.Elem(), depth+1)
	case reflect.Slice:
		if v.Type().Elem().Kind() == reflect.Uint8 {
			return
		}
		v.Set(reflect.MakeSlice(v.Type(), 1, 1))
		fill(v.Index(0), depth+1)
	case reflect.Map:
		key, value := reflect.New(v.Type().Key()).Elem(), reflect.New(v.Type().Elem()).Elem()
		fill(key, depth+1)
		fill(value, depth+1)
		v.Set(reflect.MakeMap(v.Type()))
		v.SetMapIndex(key, value)
	case reflect.Struct:
		if v.Type() == reflect.TypeFor[time.Time]() {
			return
		}
		for i := range v.NumField() {
			fill(v.Field(i), depth+1)
		}
	}
}

// TestAReportCannotWriteToTheTerminal: whatever a report holds, of whoever's making,
// its table and its JSON hold nothing that a terminal obeys, and JSON says the same.
func TestAReportCannotWriteToTheTerminal(t *testing.T) {
	var r report.Report
	fill(reflect.ValueOf(&r).Elem(), 0)
	var table, text bytes.Buffer
	if err := report.Table(&table, &r, report.TableOptions{All: true}); err != nil {
		t.Fatal(err)
	}
	if c := obeyed(table.String()); c != 0 {
		t.Errorf("the table holds %U:\n%q", c, table.String())
	}
	if err := report.JSON(&text, &r); err != nil {
		t.Fatal(err)
	}
	if c := obeyed(text.String()); c != 0 {
		t.Errorf("the JSON holds %U", c)
	}
	var back struct {
		Verdict struct{ Reasons []string }
	}
	if err := json.Unmarshal(text.Bytes(), &back); err != nil || len(back.Verdict.Reasons) != 1 || back.Verdict.Reasons[0] != hostile {
		t.Errorf("the JSON says %q, %v", back.Verdict.Reasons, err)
	}
}

// TestSafe: what is hidden becomes an escape, also where a text is no UTF-8; of the
// sequences for colours those of the table pass, and where there are none, none.
func TestSafe(t *testing.T) {
	for _, tc := range []struct {
		in     string
		colour bool
		want   string
	}{
		{"plain\ttext\n", false, "plain\ttext\n"},
		{"\x1b[2J\x9b\u009b\u202e\U000e0041", false, `\u001b[2J` + "\uFFFD" + `\u009b\u202e\udb40\udc41`},
		{"\x1b[31mred\x1b[0m\x1b[8m", true, "\x1b[31mred\x1b[0m" + `\u001b[8m`},
		{"\x1b[31mred", false, `\u001b[31mred`},
	} {
		var b strings.Builder
		n, err := report.Safe(&b, tc.colour).Write([]byte(tc.in))
		if b.String() != tc.want || n != len(tc.in) || err != nil {
			t.Errorf("%q: %q, %d, %v; want %q", tc.in, b.String(), n, err, tc.want)
		}
	}
}
