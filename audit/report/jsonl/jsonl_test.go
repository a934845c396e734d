package jsonl_test

import (
	"bytes"
	"encoding/json"
	"strings"
	"testing"
	"unicode"

	validator "github.com/santhosh-tekuri/jsonschema/v6"

	"github.com/gpuaudit/gpuaudit/audit/report"
	"github.com/gpuaudit/gpuaudit/audit/report/jsonl"
	"github.com/gpuaudit/gpuaudit/audit/report/reporttest"
	"github.com/gpuaudit/gpuaudit/audit/schematest"
)

const schemaFile = "../../../docs/schema/line.v1.json"

// TestPublishedSchema: the schema in docs is the one of the Go types.
func TestPublishedSchema(t *testing.T) {
	schematest.Schema{Files: []string{schemaFile}, Of: &jsonl.Line{}, ID: jsonl.Schema, Title: "gpuaudit line"}.Check(t, reporttest.Updating())
}

func encode(t *testing.T, s *report.Set) []byte {
	t.Helper()
	var b bytes.Buffer
	if err := jsonl.Encode(&b, s); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// TestLines: each line meets the schema, and nothing of the report is left out.
func TestLines(t *testing.T) {
	schema, err := validator.NewCompiler().Compile(schemaFile)
	if err != nil {
		t.Fatal(err)
	}
	sets := map[string]*report.Set{
		"fleet":   {Reports: []report.Named{reporttest.Stored(t, "3-pack"), reporttest.Stored(t, "5-inputs")}},
		"one":     reporttest.Of(reporttest.Stored(t, "9-messages")),
		"nothing": reporttest.Of(reporttest.Nothing()),
	}
	for _, text := range reporttest.HostileTexts {
		sets["hostile "+text] = &report.Set{Reports: []report.Named{reporttest.Hostile(text)}}
	}
	for name, set := range sets {
		t.Run(name, func(t *testing.T) {
			got, want := map[jsonl.Kind]int{}, map[jsonl.Kind]int{}
			for _, r := range set.Reports {
				want[jsonl.KindReport]++
				for kind, n := range map[jsonl.Kind]int{jsonl.KindProblem: len(r.Problems), jsonl.KindDevice: len(r.Devices), jsonl.KindFinding: len(r.Findings)} {
					if n > 0 {
						want[kind] += n
					}
				}
			}
			for text := range bytes.Lines(encode(t, set)) {
				doc, err := validator.UnmarshalJSON(bytes.NewReader(text))
				if err == nil {
					err = schema.Validate(doc)
				}
				if err != nil {
					t.Fatalf("%v: %s", err, text)
				}
				var line jsonl.Line
				if err := json.Unmarshal(text, &line); err != nil {
					t.Fatal(err)
				}
				got[line.Kind]++
				if i := strings.IndexFunc(strings.TrimSuffix(string(text), "\n"), unicode.IsControl); i >= 0 {
					t.Errorf("a control character in %q", text)
				}
			}
			for kind := range want {
				if got[kind] != want[kind] {
					t.Errorf("%d lines of kind %s, want %d", got[kind], kind, want[kind])
				}
			}
		})
	}
}

// TestDecides: the lines that say so are those that the verdict counts.
func TestDecides(t *testing.T) {
	for _, name := range []string{"3-pack", "9-messages", "5-inputs"} {
		r := reporttest.Stored(t, name)
		n := 0
		for text := range bytes.Lines(encode(t, reporttest.Of(r))) {
			var line jsonl.Line
			if err := json.Unmarshal(text, &line); err != nil {
				t.Fatal(err)
			}
			if line.Finding != nil && line.Finding.Decides {
				n++
			}
		}
		if c := r.Verdict.Counts; n != c.FailAtThreshold+c.UnknownAtThreshold {
			t.Errorf("%s: %d lines decide, the verdict counts %d and %d", name, n, c.FailAtThreshold, c.UnknownAtThreshold)
		}
	}
}

func TestGolden(t *testing.T) {
	reporttest.Golden(t, "3-pack.jsonl", encode(t, reporttest.Of(reporttest.Stored(t, "3-pack"))))
}
