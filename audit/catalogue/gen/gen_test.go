package main

import (
	"bytes"
	"maps"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/gpuaudit/gpuaudit/audit/catalogue"
)

func TestAcceleratorLeavesShareAlikeCellsOut(t *testing.T) {
	row := func(source string) record {
		return record{"vendor_id": "10de", "device_id": "2330", "name": "H100 80GB HBM3", "memory_mib_options": "81920", "die_mm2": "814",
			"tpp": "15832", "pcie_gen": "5.0", "id_confidence": "high", "source": source}
	}
	tests := []struct {
		name, source string
		want         record
	}{
		{"specs and performance", "id:pciids@c1c12547;specs:evokernel-spec@d5(CC-BY-SA-4.0):h100;tpp:published: FP8 dense 1979 x 8; evokernel-spec@d5(CC-BY-SA-4.0)",
			record{"memory_mib": "", "die_mm2": "", "tpp": "", "tpp_basis": "", "source": "id:pciids"}},
		{"performance alone", "id:pciids@c1c12547;specs:rightnow-gpu-db@77fae385(Apache-2.0; TechPowerUp-derived):h100;tpp:published: FP8 dense 1979 x 8; evokernel-spec@d5",
			record{"memory_mib": "81920", "die_mm2": "814", "tpp": "", "dense_tops": "", "source": "id:pciids; specs:rightnow:h100"}},
		{"memory alone", "id:pciids@c1c12547;memory:evokernel-spec@d5 (80 GB)",
			record{"memory_mib": "", "die_mm2": "814"}},
		{"nothing", "id:pciids@c1c12547;tpp:published: FP8 sparse 3958 / 2 x 8; maker's datasheet",
			record{"memory_mib": "81920", "tpp": "15832", "dense_tops": "1979", "bit_length": "8", "pcie_gen": "5", "market": "data-centre"}},
	}
	for _, test := range tests {
		rows, err := (&builder{details: &details{}}).accelerator(row(test.source))
		if err != nil {
			t.Fatal(err)
		}
		for column, got := range cellsOf(t, rows) {
			if want, ok := test.want[column]; ok && got != want {
				t.Errorf("%s: %s is %q, want %q", test.name, column, got, want)
			}
		}
	}
}

// cellsOf is the first row as it is written, by column; one that is left out is blank.
func cellsOf(t *testing.T, rows []catalogue.Accelerator) record {
	t.Helper()
	text, err := accelerators.Write(rows[:1])
	if err != nil {
		t.Fatal(err)
	}
	cells := record{}
	for _, column := range accelerators.Columns() {
		cells[column] = ""
	}
	head, row, _ := strings.Cut(strings.TrimSuffix(text, "\n"), "\n")
	values := strings.Split(row, "\t")
	for i, column := range strings.Split(head, "\t") {
		cells[column] = values[i]
	}
	return cells
}

func TestMarketOf(t *testing.T) {
	for name, want := range map[string]string{
		"GeForce RTX 4090 D": "consumer", "Arc B580": "consumer", "Radeon RX 6650 XT / 6700S / 6800S": "consumer",
		"H20": "data-centre", "L40S": "data-centre", "A100-SXM4-40GB": "data-centre", "Instinct MI300X": "data-centre",
		"RTX PRO 6000 Blackwell Server Edition": "", "RTX A4000": "", "Arc Pro B60": "", "TITAN RTX": "",
		"Radeon RX 7600/7600 XT/7600M XT/7600S/7700S / PRO W7600": "", "MTT S4000": "", "L3000": "",
	} {
		if got := marketOf(name); got != want {
			t.Errorf("%s: got %q, want %q", name, got, want)
		}
	}
}

func TestSupplementNamesItsSourceAndDevice(t *testing.T) {
	file := filepath.Join(t.TempDir(), "supplement.csv")
	write := func(row string) {
		t.Helper()
		if err := os.WriteFile(file, []byte("vendor_id,device_id,column,value,source\n"+row+"\n"), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	write("10de,2330,tpp,1,")
	if _, err := readSupplement(file); err == nil {
		t.Error("a value without a source was accepted")
	}
	write("10de,ffff,tpp,1,somebody")
	f, err := readSupplement(file)
	if err != nil {
		t.Fatal(err)
	}
	if err := f.unused(); err == nil || !strings.Contains(err.Error(), "10de:ffff") {
		t.Errorf("a value for no device: %v", err)
	}
	write("10de,2330,die_mm2,,the figure is of a package")
	if f, err = readSupplement(file); err != nil {
		t.Fatal(err)
	}
	a := catalogue.Accelerator{VendorID: "10de", DeviceID: "2330", DieMM2: new(1000.0)}
	if sources, err := f.apply(&a); err != nil || a.DieMM2 != nil || len(sources) != 1 {
		t.Errorf("a value that is taken away: %v %v %v", a.DieMM2, sources, err)
	}
	for row, want := range map[string]string{"10de,2330,bus,5120,somebody": "there is no column", "10de,2330,bus_width,wide,somebody": "bus_width: "} {
		write(row)
		if f, err = readSupplement(file); err != nil {
			t.Fatal(err)
		}
		if _, err := f.apply(&a); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v", row, err)
		}
	}
}

// TestCommittedDataAreGenerated: nobody edits the data by hand.
func TestCommittedDataAreGenerated(t *testing.T) {
	from := filepath.Join("..", "..", "..", "..", "shared", "catalog")
	if _, err := os.Stat(from); err != nil {
		t.Skipf("the collected tables are not here: %v", err)
	}
	committed := filepath.Join("..", "data")
	date, err := os.ReadFile(filepath.Join(committed, "date"))
	if err != nil {
		t.Fatal(err)
	}
	out := t.TempDir()
	if err := run(from, ".", out, out, strings.TrimSpace(string(date))); err != nil {
		t.Fatal(err)
	}
	entries, err := os.ReadDir(out)
	if err != nil || len(entries) < 8 {
		t.Fatalf("%d files were made: %v", len(entries), err)
	}
	for _, e := range entries {
		folder := committed
		if filepath.Ext(e.Name()) == ".json" {
			folder = filepath.Join("..", "..", "..", "rules", "data")
		}
		want, err := os.ReadFile(filepath.Join(out, e.Name()))
		if err != nil {
			t.Fatal(err)
		}
		got, err := os.ReadFile(filepath.Join(folder, e.Name()))
		if err != nil || !bytes.Equal(got, want) {
			t.Errorf("%s is not what the generator makes (%v): run go generate ./audit/catalogue", e.Name(), err)
		}
	}
}

func TestSightingRefuses(t *testing.T) {
	good := record{"image_sha256": strings.Repeat("a", 64), "dump_sha256": strings.Repeat("d", 64), "label": "name or chain suggests modification", "source": "o/r@1:patched_Micron_default.rom"}
	if rows, err := (verdicts{}).sighting(good); err != nil || len(rows) != 1 || *rows[0].Modified {
		t.Fatalf("%v, %v", rows, err)
	}
	for column, value := range map[string]string{"image_sha256": "aa", "gop_authenticode_sha256": "x", "dump_sha256": "", "source": "o/r"} {
		bad := maps.Clone(good)
		bad[column] = value
		if _, err := (verdicts{}).sighting(bad); err == nil {
			t.Errorf("%s %q was taken", column, value)
		}
	}
}

// TestVerdictsGoByContent: a word in a name is no verdict, and a verdict has a
// reason and a dump.
func TestVerdictsGoByContent(t *testing.T) {
	v, err := readVerdicts("verdicts.csv")
	if err != nil {
		t.Fatal(err)
	}
	row := func(dump string) record {
		return record{"image_sha256": strings.Repeat("a", 64), "dump_sha256": dump, "source": "o/r@1:stock.rom"}
	}
	counted := map[bool]int{}
	for dump, d := range v {
		rows, err := v.sighting(row(dump))
		if err != nil || d.modified != (len(rows) == 1 && *rows[0].Modified) || !d.used {
			t.Errorf("%s: %v, %v", dump, rows, err)
		}
		counted[d.modified]++
	}
	if counted[true] < 20 || counted[false] == 0 {
		t.Errorf("verdicts: %v", counted)
	}
	if err := v.unused(); err != nil {
		t.Error(err)
	}
	v[strings.Repeat("0", 64)] = &verdictOnDump{}
	if v.unused() == nil {
		t.Error("a verdict on no dump was taken")
	}
	for _, text := range []string{"aa,modified,s,r", strings.Repeat("a", 64) + ",stock,s,r", strings.Repeat("a", 64) + ",modified,s,"} {
		file := filepath.Join(t.TempDir(), "verdicts.csv")
		if err := os.WriteFile(file, []byte("dump_sha256,verdict,source,reason\n"+text+"\n"), 0o600); err != nil {
			t.Fatal(err)
		}
		if _, err := readVerdicts(file); err == nil {
			t.Errorf("%s was taken", text)
		}
	}
}
