package manifest_test

import (
	"bytes"
	"encoding/json"
	"flag"
	"os"
	"testing"

	"github.com/invopop/jsonschema"
	validator "github.com/santhosh-tekuri/jsonschema/v6"

	"github.com/gpuaudit/gpuaudit/audit/manifest"
)

var update = flag.Bool("update", false, "write the published schemas anew")

// TestPublishedSchemas: the schemas in docs are those of the Go types, and a
// manifest meets its schema while one with another field does not.
func TestPublishedSchemas(t *testing.T) {
	for file, v := range map[string]any{"manifest.v1.json": &manifest.Predicate{}, "trust.v1.json": &manifest.TrustFile{}} {
		r := &jsonschema.Reflector{Anonymous: true}
		schema := r.Reflect(v)
		schema.ID = jsonschema.ID("gpuaudit." + file[:len(file)-len(".json")])
		want, err := json.MarshalIndent(schema, "", "  ")
		if err != nil {
			t.Fatal(err)
		}
		want = append(want, '\n')
		path := "../../docs/schema/" + file
		if *update {
			if err := os.WriteFile(path, want, 0o644); err != nil {
				t.Fatal(err)
			}
		}
		if got, err := os.ReadFile(path); err != nil || !bytes.Equal(got, want) {
			t.Errorf("%s is not the schema of the types (%v): run go test ./audit/manifest -update", path, err)
		}
	}
	schema, err := validator.NewCompiler().Compile("../../docs/schema/manifest.v1.json")
	if err != nil {
		t.Fatal(err)
	}
	p := predicate()
	text, err := json.Marshal(p)
	if err != nil {
		t.Fatal(err)
	}
	check := func(text []byte) error {
		doc, err := validator.UnmarshalJSON(bytes.NewReader(text))
		if err != nil {
			t.Fatal(err)
		}
		return schema.Validate(doc)
	}
	if err := check(text); err != nil {
		t.Error(err)
	}
	if err := check(append([]byte(`{"surprise":1,`), text[1:]...)); err == nil {
		t.Error("a manifest with an unknown field meets the schema")
	}
}
