package stored

import (
	"bytes"
	"context"
	"os"
	"path/filepath"
	"reflect"
	"testing"
	"time"

	"github.com/gpuaudit/gpuaudit/audit/collect"
	"github.com/gpuaudit/gpuaudit/audit/fault"
	"github.com/gpuaudit/gpuaudit/audit/machine"
	"github.com/gpuaudit/gpuaudit/audit/report"
	"github.com/gpuaudit/gpuaudit/audit/report/signed"
)

func noError(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

const reports = "../../testdata/stored/"

// TestReport: where somebody says whom to believe, what nobody signed is no report.
func TestReport(t *testing.T) {
	s, err := Report(reports+"10-texts.json", nil)
	if err != nil || s.Signed || s.Report == nil {
		t.Errorf("%+v %v", s, err)
	}
	if s, err = Report(reports+"10-texts.sigstore.json", nil); err != nil || !s.Signed || s.Verified != nil {
		t.Errorf("%+v %v", s, err)
	}
	for _, name := range []string{"10-texts.json", "10-texts.sigstore.json", "card.tar.gz"} {
		if _, err := Report(reports+name, &signed.Policy{}); err == nil || fault.Of(err) != fault.Signature {
			t.Errorf("%s, and nobody is believed: %v", name, err)
		}
	}
	if _, err := Report(reports+"none.json", nil); err == nil || fault.Of(err) != fault.Usage {
		t.Errorf("%v", err)
	}
}

// TestReadDemands: with a demand for signatures no capture and no bare report is read, and
// without one the devices of a capture are found.
func TestReadDemands(t *testing.T) {
	demands := &Reader{Signed: true}
	for _, name := range []string{"10-texts.json", "card.tar.gz"} {
		if _, err := demands.Read(t.Context(), reports+name); err == nil || fault.Of(err) != fault.Signature {
			t.Errorf("%s: %v", name, err)
		}
	}
	found := 0
	r := &Reader{Opening: func() machine.Options { return machine.Options{Now: time.Date(2026, 11, 24, 0, 0, 0, 0, time.UTC)} },
		Enumerate: func(ctx context.Context, env *collect.Env) (collect.Seen, error) { found++; return collect.Seen{}, nil }}
	if in, err := r.Read(t.Context(), reports+"card.tar.gz"); err != nil || in.Signature != "" || in.Inventory == nil || found != 1 {
		t.Errorf("%+v %v, asked %d times", in, err, found)
	}
}

// TestFacts: of a report's problems those of its reading stay, and no judgement.
func TestFacts(t *testing.T) {
	r := &report.Report{Problems: []report.Problem{{Kind: report.ProblemInput, Input: "a"}, {Kind: report.ProblemOutdated, Input: "b"}, {Kind: report.ProblemCoverage, Input: "c"}}}
	if in := Facts(r, "verified"); len(in.Problems) != 2 || in.Problems[1].Input != "c" || in.Signature != "verified" || in.Inventory != &r.Inventory {
		t.Errorf("%+v", in)
	}
}

// TestWhatIsKeptIsWhatWasRead: what is handed out of a report for the second time is what
// reading it gave, signed or not, and where there is no room it is read, and checked,
// again.
func TestWhatIsKeptIsWhatWasRead(t *testing.T) {
	t.Chdir("../../testdata/stored")
	for _, room := range []int{0, Room} {
		s := &Reader{Room: room}
		for _, file := range []string{"10-texts.json", "10-texts.sigstore.json", "5-inputs.json", "none.json"} {
			first, err := s.Read(t.Context(), file)
			s.Keep(file, first, err)
			if _, kept := s.kept[file]; kept != (room > 0 || err != nil) {
				t.Errorf("room for %d: %s is kept: %v", room, file, kept)
			}
			second, again := s.Read(t.Context(), file)
			if err != nil {
				if again == nil || again.Error() != err.Error() {
					t.Errorf("%s: %v, and again %v", file, err, again)
				}
				continue
			}
			noError(t, again)
			if !reflect.DeepEqual(first.Case, second.Case) || first.Signature != second.Signature {
				t.Errorf("room for %d: %s is another case the second time", room, file)
			}
		}
	}
}

// TestAReportThatChangesIsCheckedAgain: of a fleet for which there is no room, what came
// in between two readings is read as what came before was.
func TestAReportThatChangesIsCheckedAgain(t *testing.T) {
	text, err := os.ReadFile("../../testdata/stored/10-texts.json")
	noError(t, err)
	file := filepath.Join(t.TempDir(), "r.json")
	s := &Reader{} // without room
	twice := bytes.Replace(text, []byte(`"findings"`), []byte(`"notice": "a", "notice": "b", "findings"`), 1)
	for i, again := range [][]byte{text, text, twice, text} {
		noError(t, os.WriteFile(file, again, 0o600))
		st, err := s.Read(t.Context(), file)
		s.Keep(file, st, err)
		delete(s.kept, file) // the error
		if (err != nil) != (i == 2) {
			t.Errorf("reading %d: %v", i+1, err)
		}
	}
}

// TestFleet: one input has nobody to be compared with, and of several each is read, whatever
// is wrong with another.
func TestFleet(t *testing.T) {
	r := &Reader{Room: Room}
	for _, inputs := range [][]string{{"none.json"}, {reports + "10-texts.json", reports + "none.json", reports + "5-inputs.json"}} {
		all, err := r.Fleet(t.Context(), inputs)
		if err != nil || all == nil {
			t.Errorf("%q: %v", inputs, err)
		}
	}
	if len(r.kept) != 3 || r.kept[reports+"none.json"].err == nil {
		t.Errorf("kept %d", len(r.kept))
	}
	if _, err := r.Fleet(t.Context(), []string{reports + "10-texts.json", reports + "10-texts.json"}); err == nil {
		t.Error("one input was taken for two")
	}
}
