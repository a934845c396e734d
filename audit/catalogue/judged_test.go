package catalogue_test

import (
	"context"
	"encoding/json"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/gpuaudit/gpuaudit/audit/catalogue"
	"github.com/gpuaudit/gpuaudit/audit/facts"
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
	question                             facts.Purpose
	want                                 map[string]finding.Status
}

func asks(jurisdiction, profile, origin string) facts.Purpose {
	return facts.Purpose{Jurisdiction: inventory.Fact(jurisdiction), Profile: inventory.Fact(profile), Origin: inventory.Fact(origin)}
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
		t.Run(card.name, func(t *testing.T) {
			t.Parallel()
			facts, readers := card.facts(catalogue), map[string]*policy.Engine{}
			before := judge(t, engine, facts)
			removals := 0
			without(facts, "", func(pointer string) {
				removals++
				root, _, _ := strings.Cut(pointer[1:], "/")
				if readers[root] == nil {
					readers[root] = readersOf(t, engine, "/"+root)
				}
				for id, f := range judge(t, readers[root], facts) {
					if was := before[id].Status; f.Status == finding.Pass && (was == finding.Fail || was == finding.Unknown) {
						t.Errorf("%s was %s and passes without %s", id, was, pointer)
					}
				}
			})
			if removals < 40 {
				t.Errorf("only %d facts were taken away", removals)
			}
		})
	}
}

// readersOf is an engine of the rules that read something of a root of the input: no
// other can change its mind. What the rules on backdoors say is held in their folder.
func readersOf(t *testing.T, engine *policy.Engine, root string) *policy.Engine {
	t.Helper()
	var ids []string
	for id, reads := range engine.Reads() {
		if !strings.HasPrefix(id, "GA-BD-") && slices.ContainsFunc(reads, func(p string) bool { return p == "" || p == root || strings.HasPrefix(p, root+"/") }) {
			ids = append(ids, id)
		}
	}
	some, err := engine.Only(context.Background(), ids)
	if err != nil {
		t.Fatal(err)
	}
	return some
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

// compiled are the rules that ship, as they ship, loaded once for all tests.
var compiled = sync.OnceValues(func() (*policy.Engine, error) {
	return policy.Load(context.Background(), policy.Source{FS: rules.FS(), Schema: rules.Schema(), Plan: rules.Plan()})
})

func setUp(t *testing.T) (*policy.Engine, *catalogue.Catalogue) {
	t.Helper()
	engine, err := compiled()
	if err != nil {
		t.Fatal(err)
	}
	catalogue := catalogue.Load()
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
func (c judged) facts(catalogue *catalogue.Catalogue) map[string]any {
	known := catalogue.Lookup(inventory.IDs{Vendor: c.vendor, Device: c.device, SubsystemVendor: c.subvendor, SubsystemDevice: c.subdevice})
	device := inventory.Device{Address: "0000:01:00.0", Kind: inventory.KindDisplay}
	device.PCI = inventory.PCI{
		VendorID: &c.vendor, DeviceID: &c.device, SubsystemVendorID: &c.subvendor, SubsystemDeviceID: &c.subdevice, ClassCode: new("030200"),
		BARs: []inventory.BAR{{Index: 1, Bytes: 32 << 30, Kind: "memory"}},
		Link: &inventory.Link{MaxSpeedGTs: new(2.5), MaxWidth: new(4)},
	}
	device.Memory = []inventory.MemoryClaim{{Source: "driver", Bytes: c.memoryMiB << 20}}
	device.Firmware.Versions = []inventory.VersionClaim{{Source: "driver", Version: "1.2"}}
	device.Firmware.ROMs = []inventory.ROM{{Source: "sysfs", Version: new("1.3"), Part: new("G001"), SubsystemVendorID: new("1462"), SubsystemDeviceID: new("0001")}}
	raw, err := json.Marshal(facts.Facts{
		Schema: facts.Schema, Now: time.Date(2026, 11, 24, 0, 0, 0, 0, time.UTC), Question: c.question,
		Host: inventory.Host{DMI: inventory.DMI{ChassisType: new(23)}}, Device: &device, Catalogue: &known,
		Reference: &facts.Reference{Firmware: facts.Verdict{State: facts.NotCovered, Reason: "no manifest"}},
		DataSets:  []facts.DataSet{},
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

// TestModifiedAndHonestSizes runs the rules over sizes of cards that were sold
// modified, and of honest ones with the larger, smaller or reduced memory: the data
// and the rules together accuse the former and none of the latter.
func TestModifiedAndHonestSizes(t *testing.T) {
	engine, catalogue := setUp(t)
	accusers := []string{"GA-PR-008", "GA-PR-014"}
	for _, c := range []struct {
		what, vendor, device, subvendor, subdevice string
		mib                                        uint64
		modified                                   bool
	}{
		{"RTX 4090 1.5 times", "10de", "2684", "1043", "889c", 36864, true}, {"RTX 4090 twice", "10de", "2684", "1043", "889c", 49140, true},
		{"RTX 4090 four times", "10de", "2684", "1043", "889c", 98304, true}, {"RTX 4090 D twice", "10de", "2685", "1043", "889d", 49140, true},
		{"RTX 3090 twice", "10de", "2204", "1043", "87b3", 49152, true}, {"RTX 3080 twice", "10de", "2206", "1043", "87b0", 20480, true},
		{"RTX 3080 LHR twice", "10de", "2216", "1043", "87b0", 20480, true}, {"RTX 3070 twice", "10de", "2484", "1043", "87b8", 16384, true},
		{"RTX 2080 Ti twice", "10de", "1e07", "1043", "8667", 22528, true}, {"RTX 2080 Ti four times", "10de", "1e07", "1043", "8667", 45056, true},
		{"RTX 5090 three times", "10de", "2b85", "1043", "89e3", 98304, true}, {"RTX 4080 SUPER twice", "10de", "2702", "1043", "8900", 32760, true},
		{"CMP 170HX eight times", "10de", "20c2", "10de", "1585", 65536, true}, {"CMP 170HX four times", "10de", "2082", "10de", "1557", 40960, true},
		{"CMP 50HX twice", "10de", "1e09", "10de", "0000", 20480, true}, {"P40 twice", "10de", "1b38", "10de", "11d9", 49152, true},

		{"MI50 32 GB", "1002", "66a1", "1002", "0834", 32752, false}, {"Quadro RTX 8000", "10de", "1e30", "10de", "129e", 49152, false},
		{"Quadro RTX 8000 passive", "10de", "1e78", "10de", "13d9", 49152, false}, {"Tesla M40 24 GB", "10de", "17fd", "10de", "1173", 22939, false},
		{"GTX 960 4 GB", "10de", "1401", "1043", "8520", 4035, false}, {"GTX 1660 Ti, old driver", "10de", "2182", "1043", "86a5", 5912, false},
		{"RX 580 2048SP 8 GB", "1002", "6fdf", "148c", "2379", 8192, false}, {"RTX 3080 Laptop 16 GB", "10de", "249c", "1043", "1a8f", 16384, false},
		{"RTX A2000 12 GB", "10de", "2571", "10de", "1611", 12282, false}, {"GT 1030 4 GB", "10de", "1d01", "1043", "8621", 4096, false},
		{"GTX 750 Ti 4 GB", "10de", "1380", "1043", "8505", 4096, false}, {"RX 6500 XT 8 GB", "1002", "743f", "148c", "2412", 8176, false},
		{"A770 8 GB", "8086", "56a0", "8086", "1020", 8192, false}, {"H20-3e", "10de", "232c", "10de", "198b", 143771, false},
		{"MI250X, one die", "1002", "7408", "1002", "0b0c", 65520, false}, {"MI300A", "1002", "74a0", "1002", "74a0", 131072, false},
		{"W7800 48 GB", "1002", "7449", "1002", "0e0d", 49136, false}, {"RTX PRO 5000 72 GB", "10de", "2bb3", "10de", "204b", 73728, false},
		{"L40S with ECC", "10de", "26b9", "10de", "1851", 46068, false}, {"T4 with ECC", "10de", "1eb8", "10de", "12a2", 15360, false},
		{"B200", "10de", "2901", "10de", "1999", 183359, false}, {"B300", "10de", "3182", "10de", "20e6", 275040, false},
		{"940MX 4 GB", "10de", "134d", "103c", "8319", 4046, false}, {"MX250 4 GB", "10de", "1d13", "1043", "10c0", 4042, false},
		{"GTX 1050 Mobile 4 GB", "10de", "1c8d", "1043", "1930", 4042, false}, {"RX 560 4 GB", "1002", "67ff", "1043", "04be", 4096, false},
		{"RTX 2080 Ti, old driver", "10de", "1e07", "1043", "8667", 11019, false}, {"RTX 4090", "10de", "2684", "1043", "889c", 24564, false},
	} {
		t.Run(c.what, func(t *testing.T) {
			card := judged{name: c.what, vendor: c.vendor, device: c.device, subvendor: c.subvendor, subdevice: c.subdevice, memoryMiB: c.mib}
			got := judge(t, engine, card.facts(catalogue))
			accused := ""
			for _, id := range accusers {
				if f := got[id]; f.Status == finding.Fail && f.Severity.AtLeast(finding.High) {
					accused = id + ": " + f.Detail
				}
			}
			if (accused != "") != c.modified {
				t.Errorf("accused %q; 008 says %s (%s), 014 %s", accused, got["GA-PR-008"].Status, got["GA-PR-008"].Detail, got["GA-PR-014"].Status)
			}
			if f := got["GA-PR-009"]; f.Status == finding.Fail && !c.modified {
				t.Errorf("GA-PR-009 fails: %s", f.Detail)
			}
		})
	}
}
