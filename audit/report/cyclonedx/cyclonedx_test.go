package cyclonedx_test

import (
	"bytes"
	"os"
	"os/exec"
	"path"
	"path/filepath"
	"strings"
	"testing"

	cdx "github.com/CycloneDX/cyclonedx-go"
	validator "github.com/santhosh-tekuri/jsonschema/v6"

	"github.com/gpuaudit/gpuaudit/audit/report"
	"github.com/gpuaudit/gpuaudit/audit/report/cyclonedx"
	"github.com/gpuaudit/gpuaudit/audit/report/reporttest"
)

// folder is where module cyclonedx-go keeps the published schemas.
type folder string

// Load gives a schema by its name. What the module lacks, the names of algorithms, is
// anything: no component here is cryptographic.
func (f folder) Load(url string) (any, error) {
	name := strings.Replace(path.Base(url), "jsf-0.82.schema.json", "jsf-0.82.schemax.json", 1)
	text, err := os.ReadFile(filepath.Join(string(f), name))
	if os.IsNotExist(err) {
		text, err = []byte(`{"definitions": {"algorithmFamiliesEnum": {}, "ellipticCurvesEnum": {}}}`), nil
	}
	if err != nil {
		return nil, err
	}
	return validator.UnmarshalJSON(bytes.NewReader(text))
}

func published(t *testing.T) *validator.Schema {
	t.Helper()
	dir, err := exec.Command("go", "list", "-m", "-f", "{{.Dir}}", "github.com/CycloneDX/cyclonedx-go").Output()
	file := filepath.Join(strings.TrimSpace(string(dir)), "schema")
	if _, there := os.Stat(filepath.Join(file, "bom-1.7.schema.json")); err != nil || there != nil {
		t.Skip("the schema of CycloneDX is in the folder of module cyclonedx-go, which is not here:", err, there)
	}
	c := validator.NewCompiler()
	c.AssertFormat()
	c.UseLoader(folder(file))
	schema, err := c.Compile("http://cyclonedx.org/schema/bom-1.7.schema.json")
	if err != nil {
		t.Fatal(err)
	}
	return schema
}

func encode(t *testing.T, schema *validator.Schema, s *report.Set) ([]byte, *cdx.BOM) {
	t.Helper()
	var b bytes.Buffer
	if err := cyclonedx.Encode(&b, s); err != nil {
		t.Fatal(err)
	}
	doc, err := validator.UnmarshalJSON(bytes.NewReader(b.Bytes()))
	if err == nil {
		err = schema.Validate(doc)
	}
	if err != nil {
		t.Fatalf("%v", err)
	}
	var bom cdx.BOM
	if err := cdx.NewBOMDecoder(bytes.NewReader(b.Bytes()), cdx.BOMFileFormatJSON).Decode(&bom); err != nil {
		t.Fatal(err)
	}
	return b.Bytes(), &bom
}

// TestSchemaRefuses: the schema that the tests hold documents to is one.
func TestSchemaRefuses(t *testing.T) {
	doc, err := validator.UnmarshalJSON(strings.NewReader(`{"bomFormat": "CycloneDX", "specVersion": "1.7", "components": [{"name": "x"}]}`))
	if err != nil {
		t.Fatal(err)
	}
	if published(t).Validate(doc) == nil {
		t.Error("a component without a type meets the schema")
	}
}

// TestBill: each card is a component, each failure and each unknown a vulnerability.
func TestBill(t *testing.T) {
	schema := published(t)
	set := &report.Set{}
	want := 0
	for _, name := range []string{"3-pack", "5-inputs", "9-messages"} {
		r := reporttest.Stored(t, name)
		set.Reports = append(set.Reports, r)
		want += r.Verdict.Counts.Fail + r.Verdict.Counts.Unknown + r.Verdict.Counts.Waived
	}
	_, bom := encode(t, schema, set)
	if len(*bom.Vulnerabilities) != want {
		t.Errorf("%d vulnerabilities, want %d", len(*bom.Vulnerabilities), want)
	}
	for i, machine := range *bom.Components {
		if n := len(*machine.Components); n != len(set.Reports[i].Devices) {
			t.Errorf("%s: %d cards", machine.Name, n)
		}
	}
	rom := (*(*(*bom.Components)[2].Components)[0].Components)[0]
	if rom.Type != cdx.ComponentTypeFirmware || (*rom.Hashes)[0].Value != set.Reports[2].Inventory.Devices[0].Firmware.ROMs[0].SHA256 {
		t.Errorf("the firmware is %+v", rom)
	}
}

// TestNothing: the bill of a machine without a card says that nothing was audited.
func TestNothing(t *testing.T) {
	if text, _ := encode(t, published(t), reporttest.Of(reporttest.Nothing())); !bytes.Contains(text, []byte("nothing was audited")) {
		t.Errorf("%s", text)
	}
}

// TestHostileTexts: the bill stays valid, whatever a card says.
func TestHostileTexts(t *testing.T) {
	schema := published(t)
	for _, hostile := range reporttest.HostileTexts {
		text, _ := encode(t, schema, &report.Set{Reports: []report.Named{reporttest.Hostile(hostile), reporttest.Hostile(hostile)}})
		if one := strings.ReplaceAll(string(text), "\n", " "); report.Clean(one) != one {
			t.Errorf("%q gives %s", hostile, text)
		}
	}
}

func TestGolden(t *testing.T) {
	text, _ := encode(t, published(t), reporttest.Of(reporttest.Stored(t, "9-messages")))
	reporttest.Golden(t, "9-messages.cdx.json", text)
}
