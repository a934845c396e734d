package report_test

import (
	"bytes"
	"flag"
	"testing"
	"time"

	validator "github.com/santhosh-tekuri/jsonschema/v6"

	"github.com/gpuaudit/gpuaudit/audit/facts"
	"github.com/gpuaudit/gpuaudit/audit/finding"
	"github.com/gpuaudit/gpuaudit/audit/inventory"
	"github.com/gpuaudit/gpuaudit/audit/report"
	"github.com/gpuaudit/gpuaudit/audit/schematest"
)

var update = flag.Bool("update", false, "write the published schema and the golden files anew")

const schemaFile = "../../docs/schema/report.v1.json"

// TestPublishedSchema: the schema in docs is the one of the Go types.
func TestPublishedSchema(t *testing.T) {
	schematest.Schema{Files: []string{schemaFile}, Of: &report.Report{}, ID: report.Schema, Title: "gpuaudit report"}.Check(t, *update)
}

// TestReportsMeetTheSchema, and a report with an unknown field does not.
func TestReportsMeetTheSchema(t *testing.T) {
	compiler := validator.NewCompiler()
	schema, err := compiler.Compile(schemaFile)
	if err != nil {
		t.Fatal(err)
	}
	r := &report.Report{
		Schema: report.Schema, Now: time.Unix(0, 0).UTC(), FailOn: finding.High,
		Findings: []finding.Finding{find(finding.High, finding.Fail)}, Devices: []report.Device{{Address: "0000:01:00.0"}},
		Inventory: inventory.Inventory{Schema: inventory.Schema, Devices: []inventory.Device{{Address: "0000:01:00.0", PCI: inventory.PCI{DRMNodes: []string{}}}}, Collectors: []inventory.CollectorStatus{}},
		Manifests: []report.Manifest{},
	}
	r.Decide()
	if err := validate(t, schema, r, nil); err == nil {
		t.Error("a report whose data_sets are null meets the schema")
	}
	r.DataSets = []facts.DataSet{{Name: "catalogue", Date: "2026-11-01", AgeDays: 23, SHA256: "00"}}
	if err := validate(t, schema, r, nil); err != nil {
		t.Errorf("a report does not meet the schema: %v", err)
	}
	if err := validate(t, schema, r, map[string]any{"surprise": 1}); err == nil {
		t.Error("a report with an unknown field meets the schema")
	}
}

func validate(t *testing.T, schema *validator.Schema, r *report.Report, extra map[string]any) error {
	t.Helper()
	var b bytes.Buffer
	if err := report.JSON(&b, r); err != nil {
		t.Fatal(err)
	}
	doc, err := validator.UnmarshalJSON(&b)
	if err != nil {
		t.Fatal(err)
	}
	for k, v := range extra {
		doc.(map[string]any)[k] = v
	}
	return schema.Validate(doc)
}
