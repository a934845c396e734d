package manifest_test

import (
	"encoding/json"
	"flag"
	"strings"
	"testing"

	validator "github.com/santhosh-tekuri/jsonschema/v6"

	"github.com/gpuaudit/gpuaudit/audit/manifest"
	"github.com/gpuaudit/gpuaudit/audit/schematest"
)

var update = flag.Bool("update", false, "write the published schemas anew")

// TestPublishedSchemas: the schemas in docs are those of the Go types.
func TestPublishedSchemas(t *testing.T) {
	for file, v := range map[string]any{"manifest.v1.json": &manifest.Predicate{}, "trust.v1.json": &manifest.TrustFile{}} {
		name := strings.TrimSuffix(file, ".json")
		schematest.Schema{Files: []string{"../../docs/schema/" + file}, Of: v, ID: "gpuaudit." + name}.Check(t, *update)
	}
}

// TestSchemasRefuseWhatTheReaderRefuses: a vendor who checks a manifest with
// its schema alone is told of the same faults.
func TestSchemasRefuseWhatTheReaderRefuses(t *testing.T) {
	p := predicate()
	p.Functions = &[]manifest.Function{{VendorID: "1002", DeviceID: "ab28", ClassCode: "040300"}}
	text, err := json.Marshal(p)
	if err != nil {
		t.Fatal(err)
	}
	trust := asJSON(t, newIssuer(t))
	for _, tc := range []struct {
		name, schema, text, old, new string
		good                         bool
	}{
		{"good", "manifest.v1.json", string(text), "", "", true},
		{"unknown field", "manifest.v1.json", string(text), `{"name"`, `{"surprise":1,"name"`, false},
		{"short digest", "manifest.v1.json", string(text), digest("a"), digest("a")[1:], false},
		{"digest in capitals", "manifest.v1.json", string(text), digest("a"), digest("A"), false},
		{"unknown status", "manifest.v1.json", string(text), `"active"`, `"fine"`, false},
		{"unknown kind of firmware", "manifest.v1.json", string(text), `"option-rom"`, `"bios"`, false},
		{"no device id", "manifest.v1.json", string(text), `"device_id":"73ff"`, `"revision_id":"c1"`, false},
		{"class of a function", "manifest.v1.json", string(text), `"040300"`, `"0403"`, false},
		{"good", "trust.v1.json", trust, "", "", true},
		{"vendor id in capitals", "trust.v1.json", trust, `"1002"`, `"10DE"`, false},
		{"unknown kind of key", "trust.v1.json", trust, `"vendor"`, `"boss"`, false},
		{"no key", "trust.v1.json", trust, `"public_key"`, `"parts"`, false},
	} {
		t.Run(tc.schema+" "+tc.name, func(t *testing.T) {
			schema, err := validator.NewCompiler().Compile("../../docs/schema/" + tc.schema)
			if err != nil {
				t.Fatal(err)
			}
			doc, err := validator.UnmarshalJSON(strings.NewReader(strings.Replace(tc.text, tc.old, tc.new, 1)))
			if err != nil {
				t.Fatal(err)
			}
			if err := schema.Validate(doc); (err == nil) != tc.good {
				t.Errorf("error is %v", err)
			}
		})
	}
}
