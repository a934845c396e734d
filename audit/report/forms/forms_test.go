package forms_test

import (
	"bytes"
	"testing"

	"github.com/gpuaudit/gpuaudit/audit/report"
	"github.com/gpuaudit/gpuaudit/audit/report/forms"
	"github.com/gpuaudit/gpuaudit/audit/report/reporttest"
)

// Every form has a name of its own, writes a whole fleet as one document, and says what it
// is where no card was audited.
func TestEveryForm(t *testing.T) {
	seen := map[string]bool{}
	for _, name := range forms.Names() {
		f := forms.Named(name)
		if f == nil || f.Name != name || seen[name] {
			t.Fatalf("%s: %+v, seen %v", name, f, seen[name])
		}
		seen[name] = true
		if f.Nothing == "" {
			t.Errorf("%s: nobody says what it is of a machine without a card", name)
		}
		one, two := encoded(t, f, 1), encoded(t, f, 2)
		if len(one) == 0 || bytes.Equal(one, two) {
			t.Errorf("%s: a second report changes nothing of %d bytes", name, len(one))
		}
	}
	if forms.Named("pdf") != nil {
		t.Error("a form that nobody writes has an encoder")
	}
}

func encoded(t *testing.T, f *forms.Form, reports int) []byte {
	t.Helper()
	set := &report.Set{}
	for i := range reports {
		set.Reports = append(set.Reports, report.Named{Name: string(rune('a' + i)), Report: reporttest.Stored(t, "9-messages").Report})
	}
	var b bytes.Buffer
	if err := f.Encode(&b, set); err != nil {
		t.Fatalf("%s: %v", f.Name, err)
	}
	return b.Bytes()
}
