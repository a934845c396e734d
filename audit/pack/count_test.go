package pack_test

import (
	"testing"

	"github.com/gpuaudit/gpuaudit/audit/finding"
	"github.com/gpuaudit/gpuaudit/audit/pack"
)

// TestThreshold: whoever types a command may ask for more than the pack, and for
// nothing less.
func TestThreshold(t *testing.T) {
	medium := &pack.Pack{File: pack.File{Name: "ours", FailOn: finding.Medium}}
	for _, tc := range []struct {
		pack  *pack.Pack
		asked string
		want  finding.Severity
		fails bool
	}{
		{nil, "", finding.High, false}, {nil, "critical", finding.Critical, false}, {nil, "severe", "", true},
		{medium, "", finding.Medium, false}, {medium, "medium", finding.Medium, false}, {medium, "low", finding.Low, false},
		{medium, "high", "", true}, {medium, "critical", "", true}, {medium, "severe", "", true},
	} {
		got, err := tc.pack.Threshold(tc.asked)
		if got != tc.want || (err != nil) != tc.fails {
			t.Errorf("%v with --fail-on %q: %q %v", tc.pack, tc.asked, got, err)
		}
	}
}

func TestAsked(t *testing.T) {
	p := &pack.Pack{File: pack.File{Question: pack.Question{Jurisdiction: "US", Profile: "company"}}}
	if q := p.Asked(pack.Question{Jurisdiction: "DE"}); q != (pack.Question{Jurisdiction: "DE", Profile: "company"}) {
		t.Errorf("%+v", q)
	}
	if q := (*pack.Pack)(nil).Asked(pack.Question{Profile: "private"}); q != (pack.Question{Profile: "private"}) {
		t.Errorf("without a pack: %+v", q)
	}
}

func TestCount(t *testing.T) {
	p := &pack.Pack{File: pack.File{Name: "ours", Rules: map[string]pack.Rule{
		"A": {Severity: finding.Low, Required: true, Reason: "why"}, "B": {Disabled: true, Reason: "not here"},
	}}}
	for id, want := range map[string]string{"A": "low instead of high by the pack ours; required by the pack ours", "B": "disabled by the pack ours", "C": ""} {
		c := p.Count(id, finding.High)
		if c.Note() != want || (c.Changed == nil) != (want == "") {
			t.Errorf("%s: %q %+v", id, c.Note(), c)
		}
	}
	if c := (*pack.Pack)(nil).Count("A", finding.High); c != (pack.Count{As: finding.High}) {
		t.Errorf("without a pack: %+v", c)
	}
}

func TestShipped(t *testing.T) {
	for _, name := range pack.Names() {
		f, err := pack.Read(name)
		if err != nil {
			t.Fatal(err)
		}
		if p, err := pack.Open(f); err != nil || p.Name != name || p.SHA256() != f.SHA256() {
			t.Errorf("%s: %v", name, err)
		}
	}
	if _, err := pack.Read("none"); err == nil {
		t.Error("a pack that does not ship was read")
	}
	if f, err := pack.Read(""); f != nil || err != nil {
		t.Errorf("no name: %v %v", f, err)
	}
}
