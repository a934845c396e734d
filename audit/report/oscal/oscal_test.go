package oscal_test

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	validator "github.com/santhosh-tekuri/jsonschema/v6"

	"github.com/gpuaudit/gpuaudit/audit/controls"
	"github.com/gpuaudit/gpuaudit/audit/finding"
	"github.com/gpuaudit/gpuaudit/audit/report"
	"github.com/gpuaudit/gpuaudit/audit/report/oscal"
	"github.com/gpuaudit/gpuaudit/audit/report/reporttest"
)

// published are NIST's schemas of assessment results. They are no part of the project, and no
// module that it has holds them: GPUAUDIT_OSCAL_SCHEMAS names a folder with one or several,
// such as those of the releases 1.1.2 and 1.2.1 of OSCAL.
func published(t *testing.T) map[string]*validator.Schema {
	t.Helper()
	dir := os.Getenv("GPUAUDIT_OSCAL_SCHEMAS")
	if dir == "" {
		t.Skip("GPUAUDIT_OSCAL_SCHEMAS names no folder with oscal_assessment-results_schema*.json of NIST: the schema was not asked")
	}
	files, err := filepath.Glob(filepath.Join(dir, "oscal_assessment-results_schema*.json"))
	if err != nil || len(files) == 0 {
		t.Fatalf("%s holds no oscal_assessment-results_schema*.json", dir)
	}
	schemas := map[string]*validator.Schema{}
	for _, name := range files {
		c := validator.NewCompiler()
		c.AssertFormat()
		if schemas[filepath.Base(name)], err = c.Compile(name); err != nil {
			t.Fatal(err)
		}
	}
	return schemas
}

func encode(t *testing.T, s *report.Set) []byte {
	t.Helper()
	var b bytes.Buffer
	if err := oscal.Encode(&b, s); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// TestSchema: documents of reports of all kinds meet NIST's schemas, and the schemas refuse
// what is none.
func TestSchema(t *testing.T) {
	sets := []*report.Set{reporttest.Of(reporttest.Nothing()), {Reports: []report.Named{reporttest.Stored(t, "3-pack"), reporttest.Stored(t, "9-messages")}}}
	for _, text := range reporttest.HostileTexts {
		sets = append(sets, &report.Set{Reports: []report.Named{reporttest.Hostile(text), reporttest.Hostile(text)}})
	}
	for name, schema := range published(t) {
		for _, set := range sets {
			doc, err := validator.UnmarshalJSON(bytes.NewReader(encode(t, set)))
			if err == nil {
				err = schema.Validate(doc)
			}
			if err != nil {
				t.Fatalf("%s: %v", name, err)
			}
		}
		doc, _ := validator.UnmarshalJSON(strings.NewReader(`{"assessment-results": {"uuid": "1"}}`))
		if schema.Validate(doc) == nil {
			t.Errorf("%s takes half a document", name)
		}
	}
}

// document is what the tests read of one.
type document struct {
	Results struct {
		UUID    string `json:"uuid"`
		Results []struct {
			Observations []struct {
				UUID  string `json:"uuid"`
				Props []struct{ Name, Value string }
			}
			Risks []struct {
				Status  string
				Related []struct {
					UUID string `json:"observation-uuid"`
				} `json:"related-observations"`
			}
			Findings []struct {
				Target struct {
					ID     string `json:"target-id"`
					Status struct{ State, Reason string }
				}
			}
		}
	} `json:"assessment-results"`
}

// TestUnknownIsNoPass: each check is an observation, each that did not pass a risk, and no
// control is called satisfied.
func TestUnknownIsNoPass(t *testing.T) {
	for _, name := range []string{"3-pack", "5-inputs", "9-messages"} {
		r := reporttest.Stored(t, name)
		var doc document
		if err := json.Unmarshal(encode(t, reporttest.Of(r)), &doc); err != nil {
			t.Fatal(err)
		}
		result := doc.Results.Results[0]
		c := r.Verdict.Counts
		if len(result.Observations) != len(r.Findings) || len(result.Risks) != c.Fail+c.Unknown+c.Waived+c.Disabled {
			t.Errorf("%s: %d observations of %d findings, %d risks", name, len(result.Observations), len(r.Findings), len(result.Risks))
		}
		want := map[string]bool{}
		for _, f := range r.Findings {
			for _, control := range controls.Of(f.ID) {
				if control.Framework == "nist-800-53" && f.Status != finding.Pass && f.Status != finding.NotApplicable {
					want[control.ID] = true
				}
			}
		}
		if len(result.Findings) != len(want) {
			t.Errorf("%s: %d controls are not satisfied, want %v", name, len(result.Findings), want)
		}
		for _, f := range result.Findings {
			if f.Target.Status.State != "not-satisfied" {
				t.Errorf("%s: %s is %s", name, f.Target.ID, f.Target.Status.State)
			}
		}
	}
}

// TestStable: the same reports give the same bytes, and no UUID is there for two things.
func TestStable(t *testing.T) {
	set := &report.Set{Reports: []report.Named{reporttest.Stored(t, "3-pack"), reporttest.Stored(t, "3-pack"), reporttest.Stored(t, "9-messages")}}
	text := encode(t, set)
	if !bytes.Equal(text, encode(t, set)) {
		t.Error("two times two texts")
	}
	seen := map[string]bool{}
	for _, line := range strings.Split(string(text), "\n") {
		if uuid, ok := strings.CutPrefix(strings.TrimSpace(line), `"uuid": `); ok {
			if seen[uuid] {
				t.Errorf("%s is there twice", uuid)
			}
			seen[uuid] = true
		}
	}
	if len(seen) < 200 {
		t.Errorf("%d UUIDs", len(seen))
	}
}

func TestGolden(t *testing.T) {
	reporttest.Golden(t, "9-messages.oscal.json", encode(t, reporttest.Of(reporttest.Stored(t, "9-messages"))))
}
