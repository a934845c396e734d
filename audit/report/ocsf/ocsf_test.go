package ocsf_test

import (
	"bytes"
	"encoding/json"
	"strings"
	"testing"

	validator "github.com/santhosh-tekuri/jsonschema/v6"

	"github.com/gpuaudit/gpuaudit/audit/report"
	"github.com/gpuaudit/gpuaudit/audit/report/ocsf"
	"github.com/gpuaudit/gpuaudit/audit/report/reporttest"
)

func lines(t *testing.T, s *report.Set) []string {
	t.Helper()
	var b bytes.Buffer
	if err := ocsf.Encode(&b, s); err != nil {
		t.Fatal(err)
	}
	return strings.Split(strings.TrimSuffix(b.String(), "\n"), "\n")
}

// event is what the tests read of one.
type event struct {
	Class      int   `json:"class_uid"`
	Severity   int   `json:"severity_id"`
	Alert      *bool `json:"is_alert"`
	Compliance struct {
		Status int `json:"status_id"`
	} `json:"compliance"`
	Info struct {
		UID   string `json:"uid"`
		Title string `json:"title"`
	} `json:"finding_info"`
}

func events(t *testing.T, s *report.Set) []event {
	t.Helper()
	var list []event
	for _, line := range lines(t, s) {
		var e event
		if err := json.Unmarshal([]byte(line), &e); err != nil {
			t.Fatal(err)
		}
		list = append(list, e)
	}
	return list
}

// TestUnknownIsNoPass: a check that passed is the only one with that status, and what lacked
// its facts has that of missing information.
func TestUnknownIsNoPass(t *testing.T) {
	for _, name := range []string{"3-pack", "5-inputs", "9-messages"} {
		r := reporttest.Stored(t, name)
		count := map[int]int{}
		detections := 0
		for i, e := range events(t, reporttest.Of(r)) {
			switch {
			case i == 0:
				if e.Info.Title != "Verdict of the audit" {
					t.Errorf("%s: the first event is %+v", name, e)
				}
			case e.Class == 2003:
				count[e.Compliance.Status]++
			case e.Class == 2004:
				detections++
			}
		}
		c := r.Verdict.Counts
		if count[1] != c.Pass || count[2]+count[3] != c.Fail+c.Unknown+c.Waived+c.Disabled || count[2] < c.Unknown || count[3] < c.Fail || detections > count[3] {
			t.Errorf("%s: statuses %v, %d detections, of %+v", name, count, detections, c)
		}
	}
}

// TestNothing: the events of a machine without a card are the verdict, which is no pass.
func TestNothing(t *testing.T) {
	list := events(t, reporttest.Of(reporttest.Nothing()))
	if len(list) != 1 || list[0].Compliance.Status != 2 {
		t.Errorf("%+v", list)
	}
}

// TestSchema: events of reports of all kinds meet OCSF's schema, and the schema refuses others.
func TestSchema(t *testing.T) {
	schemas := classes(t)
	sets := []*report.Set{reporttest.Of(reporttest.Nothing())}
	for _, name := range []string{"1-first", "3-pack", "5-inputs", "9-messages"} {
		sets = append(sets, reporttest.Of(reporttest.Stored(t, name)))
	}
	for _, text := range reporttest.HostileTexts {
		sets = append(sets, &report.Set{Reports: []report.Named{reporttest.Hostile(text)}})
	}
	seen := map[int]int{}
	for _, set := range sets {
		for i, e := range events(t, set) {
			doc, err := validator.UnmarshalJSON(strings.NewReader(lines(t, set)[i]))
			if err == nil {
				err = schemas[e.Class].Validate(doc)
			}
			if err != nil {
				t.Fatalf("%v\n%.600s", err, lines(t, set)[i])
			}
			seen[e.Class]++
		}
	}
	if seen[2003] < 100 || seen[2004] == 0 {
		t.Errorf("%v events were seen", seen)
	}
	for _, bad := range []string{`{}`, `{"class_uid": 2003}`} {
		doc, _ := validator.UnmarshalJSON(strings.NewReader(bad))
		if schemas[2003].Validate(doc) == nil {
			t.Errorf("the schema takes %s", bad)
		}
	}
	good := lines(t, reporttest.Of(reporttest.Nothing()))[0]
	for _, change := range [][2]string{{`"status_id":2`, `"status_id":7`}, {`"class_name"`, `"klass_name"`}, {`"time":`, `"time":"x","_":`}} {
		doc, _ := validator.UnmarshalJSON(strings.NewReader(strings.Replace(good, change[0], change[1], 1)))
		if schemas[2003].Validate(doc) == nil {
			t.Errorf("the schema takes %s in the place of %s", change[1], change[0])
		}
	}
}

// TestHostileTexts: each event is one line that a terminal does not obey.
func TestHostileTexts(t *testing.T) {
	for _, hostile := range reporttest.HostileTexts {
		for _, line := range lines(t, &report.Set{Reports: []report.Named{reporttest.Hostile(hostile)}}) {
			if !json.Valid([]byte(line)) || report.Clean(line) != line {
				t.Errorf("%q gives %s", hostile, line)
			}
		}
	}
}

func TestGolden(t *testing.T) {
	reporttest.Golden(t, "9-messages.ocsf.jsonl", []byte(strings.Join(lines(t, reporttest.Of(reporttest.Stored(t, "9-messages"))), "\n")+"\n"))
}
