package catalog_test

import (
	"context"
	"encoding/json"
	"strings"
	"testing"
	"time"

	"github.com/gpuaudit/gpuaudit/audit/catalog"
	"github.com/gpuaudit/gpuaudit/audit/compare"
	"github.com/gpuaudit/gpuaudit/audit/finding"
	"github.com/gpuaudit/gpuaudit/audit/inventory"
	"github.com/gpuaudit/gpuaudit/policy"
	"github.com/gpuaudit/gpuaudit/rules"
)

// judged is a card of the catalogue, what the user asks, and what the rules
// that ship must say of it.
type judged struct {
	name                                 string
	vendor, device, subvendor, subdevice string
	memoryMiB                            uint64
	question                             compare.Question
	want                                 map[string]finding.Status
}

func asks(jurisdiction, profile, origin string) compare.Question {
	given := func(s string) *string {
		if s == "" {
			return nil
		}
		return &s
	}
	return compare.Question{Jurisdiction: given(jurisdiction), Profile: given(profile), Origin: given(origin)}
}

var cards = [...]judged{
	{"RTX 4090 with 48 GB", "10de", "2684", "0000", "0000", 49140, asks("US", "exporter", "CN"), map[string]finding.Status{
		"GA-PR-005": finding.Fail, "GA-PR-008": finding.Fail, "GA-PR-010": finding.Fail, "GA-PR-014": finding.Fail,
		"GA-IR-003": finding.Fail, "GA-IR-009": finding.Unknown}},
	{"RTX 4090 from an unusual board maker", "10de", "2684", "10b0", "2684", 24564, asks("", "", ""), map[string]finding.Status{
		"GA-PR-006": finding.Pass, "GA-PR-007": finding.NotApplicable, "GA-PR-008": finding.Pass, "GA-PR-014": finding.Pass,
		"GA-IR-001": finding.NotApplicable, "GA-IR-003": finding.NotApplicable}},
	{"RTX 4090 D", "10de", "2685", "1043", "889d", 24564, asks("US", "exporter", ""), map[string]finding.Status{
		"GA-IR-003": finding.Pass, "GA-IR-004": finding.Pass}},
	{"H100", "10de", "2330", "10de", "16c1", 81559, asks("US", "exporter", "TW"), map[string]finding.Status{
		"GA-PR-007": finding.Pass, "GA-IR-001": finding.Pass, "GA-IR-003": finding.Fail, "GA-IR-004": finding.NotApplicable, "GA-IR-008": finding.Pass}},
	{"H200", "10de", "2335", "10de", "18be", 143771, asks("US", "company", "TW"), map[string]finding.Status{
		"GA-IR-003": finding.NotApplicable, "GA-IR-008": finding.Fail, "GA-IR-009": finding.Pass}},
	{"H20 in China", "10de", "2329", "10de", "198b", 97871, asks("CN", "company", ""), map[string]finding.Status{
		"GA-IR-003": finding.Pass, "GA-IR-004": finding.Pass, "GA-IR-005": finding.NotApplicable, "GA-IR-010": finding.Fail}},
	{"MI325X", "1002", "74a5", "1002", "74a5", 262128, asks("US", "company", ""), map[string]finding.Status{
		"GA-IR-008": finding.Fail}},
	{"A100", "10de", "20b2", "10de", "1463", 81920, asks("US", "exporter", ""), map[string]finding.Status{
		"GA-IR-003": finding.Fail, "GA-IR-004": finding.NotApplicable}},
	{"B200 in China", "10de", "2901", "10de", "0000", 0, asks("CN", "company", ""), map[string]finding.Status{
		"GA-IR-003": finding.Fail, "GA-IR-005": finding.Fail, "GA-IR-017": finding.Unknown, "GA-IR-020": finding.Unknown}},
	{"H200 in Macau", "10de", "2335", "10de", "18be", 143771, asks("MO", "company", ""), map[string]finding.Status{
		"GA-IR-003": finding.Fail, "GA-IR-005": finding.Pass}},
	{"MI300X, outside the duty bands by its bandwidth", "1002", "74a1", "1002", "74a1", 196592, asks("US", "company", ""), map[string]finding.Status{
		"GA-IR-008": finding.Pass}},
	{"RTX 5090", "10de", "2b85", "1043", "89e3", 32607, asks("US", "exporter", ""), map[string]finding.Status{
		"GA-IR-003": finding.Fail}},
	{"RTX 5090 D, of the same die and capped", "10de", "2b87", "1043", "89e3", 32607, asks("US", "exporter", ""), map[string]finding.Status{
		"GA-IR-003": finding.Pass, "GA-IR-004": finding.Pass}},
	{"L40S", "10de", "26b9", "10de", "1851", 46068, asks("US", "exporter", ""), map[string]finding.Status{
		"GA-IR-003": finding.Fail}},
	{"L40, of the same die", "10de", "26b5", "10de", "17da", 46068, asks("US", "exporter", ""), map[string]finding.Status{
		"GA-IR-003": finding.Pass, "GA-IR-004": finding.Fail}},
	{"MTT S4000, a native card with 48 GB", "1ed5", "0323", "1ed5", "0001", 49152, asks("US", "company", "CN"), map[string]finding.Status{
		"GA-PR-003": finding.Pass, "GA-PR-008": finding.Pass, "GA-PR-009": finding.Pass, "GA-IR-001": finding.Fail}},
	{"Ascend 910B", "19e5", "d802", "19e5", "0001", 65536, asks("US", "federal-contractor", "CN"), map[string]finding.Status{
		"GA-IR-001": finding.Fail, "GA-IR-002": finding.Fail, "GA-IR-006": finding.Fail, "GA-IR-007": finding.Fail}},
	{"Kunlun, on one list and not on the other", "1d22", "3684", "1d22", "0001", 16384, asks("US", "federal-contractor", ""), map[string]finding.Status{
		"GA-IR-001": finding.Unknown, "GA-IR-006": finding.Fail}},
	{"ids that nobody holds", "dead", "beef", "dead", "beef", 49152, asks("US", "exporter", ""), map[string]finding.Status{
		"GA-PR-003": finding.Fail, "GA-PR-004": finding.Fail, "GA-PR-006": finding.Fail, "GA-PR-009": finding.Unknown,
		"GA-IR-001": finding.Unknown, "GA-IR-003": finding.Unknown, "GA-IR-012": finding.Fail}},
	{"laptop chip in a rack", "10de", "2717", "1043", "beef", 16376, asks("", "", ""), map[string]finding.Status{
		"GA-PR-015": finding.Fail}},
	{"P102-100 with doubled memory", "10de", "1b07", "0000", "0000", 11264, asks("", "", ""), map[string]finding.Status{
		"GA-PR-011": finding.Pass, "GA-PR-014": finding.Fail, "GA-PR-015": finding.NotApplicable}},
}

// TestJudged runs the rules that ship over cards of the catalogue that ships.
func TestJudged(t *testing.T) {
	engine, catalogue := setUp(t)
	for _, card := range cards {
		t.Run(card.name, func(t *testing.T) {
			got := judge(t, engine, card.facts(catalogue))
			for id, want := range card.want {
				if f := got[id]; f.Status != want {
					t.Errorf("%s: got %q, want %q: %s", id, f.Status, want, f.Detail)
				}
			}
			for id, f := range got {
				if strings.HasPrefix(id, "GA-IR-") && f.Status == finding.Fail && !strings.Contains(f.Detail, "This is not legal advice.") {
					t.Errorf("%s does not say that it is no legal advice: %s", id, f.Detail)
				}
			}
		})
	}
}

// TestMissingFactIsNoPass: whichever single fact is taken away, what failed or
// was unknown does not pass.
func TestMissingFactIsNoPass(t *testing.T) {
	engine, catalogue := setUp(t)
	for _, card := range cards {
		facts := card.facts(catalogue)
		before := judge(t, engine, facts)
		removals := 0
		without(facts, "", func(pointer string) {
			removals++
			for id, f := range judge(t, engine, facts) {
				if was := before[id].Status; f.Status == finding.Pass && (was == finding.Fail || was == finding.Unknown) && !strings.HasPrefix(id, "GA-BD-") {
					t.Errorf("%s: %s was %s and passes without %s", card.name, id, was, pointer)
				}
			}
		})
		if removals < 40 {
			t.Errorf("%s: only %d facts were taken away", card.name, removals)
		}
	}
}

// without takes each key of each object away in turn, and puts it back.
func without(v any, pointer string, visit func(pointer string)) {
	switch v := v.(type) {
	case map[string]any:
		for key, value := range v {
			below := pointer + "/" + key
			if below != "/now" && below != "/device" { // the clock and the scope are no facts
				delete(v, key)
				visit(below)
				v[key] = value
			}
			without(value, below, visit)
		}
	case []any:
		for _, value := range v {
			without(value, pointer+"/-", visit)
		}
	}
}

func setUp(t *testing.T) (*policy.Engine, *catalog.Catalogue) {
	t.Helper()
	engine, err := policy.Load(context.Background(), policy.Source{FS: rules.FS(), Schema: rules.Schema()})
	if err != nil {
		t.Fatal(err)
	}
	catalogue, err := catalog.Load()
	if err != nil {
		t.Fatal(err)
	}
	return engine, catalogue
}

func judge(t *testing.T, engine *policy.Engine, facts any) map[string]finding.Finding {
	t.Helper()
	list, err := engine.Evaluate(context.Background(), facts)
	if err != nil {
		t.Fatal(err)
	}
	byID := map[string]finding.Finding{}
	for _, f := range list {
		byID[f.ID] = f
	}
	return byID
}

// facts is the card in a rack server, on a slow link, with a ROM of another
// board, in the JSON form that rules see.
func (c judged) facts(catalogue *catalog.Catalogue) map[string]any {
	known := catalogue.Lookup(c.vendor, c.device, c.subvendor, c.subdevice)
	device := inventory.Device{Address: "0000:01:00.0", Kind: inventory.KindDisplay}
	device.PCI = inventory.PCI{
		VendorID: &c.vendor, DeviceID: &c.device, SubsystemVendorID: &c.subvendor, SubsystemDeviceID: &c.subdevice, ClassCode: new("030200"),
		BARs: []inventory.BAR{{Index: 1, Bytes: 32 << 30, Kind: "memory"}},
		Link: &inventory.Link{MaxSpeedGTs: new(2.5), MaxWidth: new(4)},
	}
	device.Memory = []inventory.MemoryClaim{{Source: "driver", Bytes: c.memoryMiB << 20}}
	device.Firmware.Versions = []inventory.VersionClaim{{Source: "driver", Version: "1.2"}}
	device.Firmware.ROMs = []inventory.ROM{{Source: "sysfs", Version: new("1.3"), Part: new("G001"), SubsystemVendorID: new("1462"), SubsystemDeviceID: new("0001")}}
	raw, err := json.Marshal(compare.Facts{
		Schema: compare.FactsSchema, Now: time.Date(2026, 11, 24, 0, 0, 0, 0, time.UTC), Question: c.question,
		Host: inventory.Host{DMI: inventory.DMI{ChassisType: new(23)}}, Device: &device, Catalogue: &known,
		Reference: &compare.Reference{Firmware: compare.Verdict{State: compare.NotCovered, Reason: "no manifest"}},
		DataSets:  []compare.DataSet{},
	})
	if err != nil {
		panic(err) // plain values
	}
	facts := map[string]any{}
	if err := json.Unmarshal(raw, &facts); err != nil {
		panic(err) // it was just marshalled
	}
	return facts
}
