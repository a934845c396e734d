package rules_test

import (
	"flag"
	"testing"

	"github.com/gpuaudit/gpuaudit/audit/facts"
	"github.com/gpuaudit/gpuaudit/audit/schematest"
)

var update = flag.Bool("update", false, "write the schema of the facts anew")

// TestFactsSchema: the published schema, and its copy that the compiler of the
// rules gets, are those of the Go type. Nothing is referenced and no property
// may be added, for that is what OPA's type checker understands.
func TestFactsSchema(t *testing.T) {
	schematest.Schema{
		Files: []string{"schema/facts.json", "../docs/schema/facts.v1.json"}, Of: &facts.Facts{},
		ID: facts.Schema, Title: "gpuaudit facts: the input of every rule", Flat: true,
	}.Check(t, *update)
}
