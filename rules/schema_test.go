package rules_test

import (
	"bytes"
	"encoding/json"
	"flag"
	"os"
	"testing"

	"github.com/invopop/jsonschema"

	"github.com/gpuaudit/gpuaudit/audit/compare"
)

var update = flag.Bool("update", false, "write the schema of the facts anew")

// TestFactsSchema: the published schema, and its copy that the compiler of the
// rules gets, are those of the Go type. Nothing is referenced and no property
// may be added, for that is what OPA's type checker understands.
func TestFactsSchema(t *testing.T) {
	r := &jsonschema.Reflector{Anonymous: true, DoNotReference: true}
	schema := r.Reflect(&compare.Facts{})
	schema.ID = compare.FactsSchema
	schema.Title = "gpuaudit facts: the input of every rule"
	want, err := json.MarshalIndent(schema, "", "  ")
	if err != nil {
		t.Fatal(err)
	}
	want = append(want, '\n')
	for _, file := range []string{"schema/facts.json", "../docs/schema/facts.v1.json"} {
		if *update {
			if err := os.WriteFile(file, want, 0o644); err != nil {
				t.Fatal(err)
			}
		}
		got, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		if !bytes.Equal(got, want) {
			t.Errorf("%s is not the schema of the types: run go generate ./rules", file)
		}
	}
}
