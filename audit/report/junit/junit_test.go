package junit_test

import (
	"bytes"
	"encoding/xml"
	"fmt"
	"io"
	"strings"
	"testing"

	peer "github.com/joshdk/go-junit"

	"github.com/gpuaudit/gpuaudit/audit/finding"
	"github.com/gpuaudit/gpuaudit/audit/report"
	"github.com/gpuaudit/gpuaudit/audit/report/junit"
	"github.com/gpuaudit/gpuaudit/audit/report/reporttest"
)

// dialect is what each element may hold, by the schema of Jenkins' xUnit plug-in
// (junit-10.xsd), of what is written.
var dialect = map[string]struct {
	parent string
	attrs  string
}{
	"testsuites": {"", "name tests failures errors skipped"},
	"testsuite":  {"testsuites", "name tests failures errors skipped timestamp"},
	"testcase":   {"testsuite", "classname name"},
	"failure":    {"testcase", "message type"},
	"error":      {"testcase", "message type"},
	"skipped":    {"testcase", "message"},
}

// encode writes a set and reads it back, as XML and as a CI does.
func encode(t *testing.T, s *report.Set) ([]byte, []peer.Suite) {
	t.Helper()
	var b bytes.Buffer
	if err := junit.Encode(&b, s); err != nil {
		t.Fatal(err)
	}
	within := []string{""}
	for d := xml.NewDecoder(bytes.NewReader(b.Bytes())); ; {
		token, err := d.Token()
		if err == io.EOF {
			break
		}
		if err != nil {
			t.Fatalf("%v in\n%s", err, &b)
		}
		switch e := token.(type) {
		case xml.StartElement:
			rule, known := dialect[e.Name.Local]
			if !known || rule.parent != within[len(within)-1] {
				t.Fatalf("<%s> in <%s>", e.Name.Local, within[len(within)-1])
			}
			for _, a := range e.Attr {
				if !strings.Contains(" "+rule.attrs+" ", " "+a.Name.Local+" ") {
					t.Fatalf("<%s %s=>", e.Name.Local, a.Name.Local)
				}
			}
			within = append(within, e.Name.Local)
		case xml.EndElement:
			within = within[:len(within)-1]
		}
	}
	list, err := peer.Ingest(b.Bytes())
	if err != nil {
		t.Fatal(err)
	}
	return b.Bytes(), list
}

func totals(list []peer.Suite) (all peer.Totals) {
	for _, s := range list {
		all.Tests += s.Totals.Tests
		all.Passed += s.Totals.Passed
		all.Skipped += s.Totals.Skipped
		all.Failed += s.Totals.Failed
		all.Error += s.Totals.Error
	}
	return all
}

// TestTotals: what a CI counts follows from the verdict: passed is what passed alone.
func TestTotals(t *testing.T) {
	for _, name := range []string{"3-pack", "5-inputs", "9-messages"} {
		r := reporttest.Stored(t, name)
		_, list := encode(t, reporttest.Of(r))
		got, c := totals(list), r.Verdict.Counts
		passed, failed := c.Pass, c.FailAtThreshold
		switch r.Verdict.Status {
		case report.Passed:
			passed++
		case report.Failed:
			failed++
		}
		if got.Passed != passed || got.Failed != failed || got.Tests < len(r.Findings)+1+len(r.Problems) {
			t.Errorf("%s: %+v, counts %+v", name, got, c)
		}
		if (got.Error > 0) != (r.Verdict.Status == report.Incomplete) {
			t.Errorf("%s: %d errors, verdict %s", name, got.Error, r.Verdict.Status)
		}
	}
}

// TestUnknown: what lacks its facts is skipped with the reason, or failed by the option.
func TestUnknown(t *testing.T) {
	r := reporttest.Many(2, func(i int) string { return fmt.Sprintf("0000:%02x:00.0", i+1) })
	r.Findings = append(r.Findings[1:2], r.Findings[3], finding.Finding{ID: "GA-XX-003", Severity: finding.Low, Status: finding.Unknown, Device: "0000:01:00.0", Detail: "Low."},
		finding.Finding{ID: "GA-XX-004", Severity: finding.High, Status: "odd", Device: "0000:01:00.0", Detail: "Odd."})
	r.Decide()
	set := reporttest.Of(r)
	text, list := encode(t, set)
	if got := totals(list); got.Skipped != 5 || got.Failed != 0 || got.Passed != 0 {
		t.Errorf("%+v", got)
	}
	if !bytes.Contains(text, []byte(`<skipped message="not decided, severity high: It is not known."`)) {
		t.Errorf("no reason in %s", text)
	}
	set.UnknownFails = true
	_, list = encode(t, set)
	if got := totals(list); got.Skipped != 1 || got.Failed != 4 || got.Passed != 0 {
		t.Errorf("with the option: %+v", got)
	}
}

// TestNothing: the file of a machine without a card is not empty and not green.
func TestNothing(t *testing.T) {
	text, list := encode(t, reporttest.Of(reporttest.Nothing()))
	if got := totals(list); got.Tests != 1 || got.Skipped != 1 || !bytes.Contains(text, []byte("nothing was audited")) {
		t.Errorf("%+v %s", got, text)
	}
}

// TestHostileTexts: no text of a card is an element, and none adds or hides a case.
func TestHostileTexts(t *testing.T) {
	_, plain := encode(t, &report.Set{Reports: []report.Named{reporttest.Hostile("plain")}})
	for _, hostile := range reporttest.HostileTexts {
		_, list := encode(t, &report.Set{Reports: []report.Named{reporttest.Hostile(hostile)}})
		// An empty text is no severity, and its failure decides nothing.
		if got, want := totals(list), totals(plain); got != want {
			t.Errorf("%q: %+v, want %+v", hostile, got, want)
		}
	}
}

func TestGolden(t *testing.T) {
	text, _ := encode(t, reporttest.Of(reporttest.Stored(t, "3-pack")))
	reporttest.Golden(t, "3-pack.xml", text)
}
