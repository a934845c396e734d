package main

import (
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/gpuaudit/gpuaudit/audit/catalogue"
)

func TestSizes(t *testing.T) {
	for _, test := range []struct {
		there, own []int
		only       bool
		want       []int
	}{
		{[]int{24576}, []int{49152}, false, []int{24576, 49152}},
		{[]int{8192, 16384}, []int{8192}, false, []int{8192, 16384}},
		{[]int{8192, 16384}, []int{8192}, true, []int{8192}},
		{[]int{98304}, nil, true, nil},
		{nil, []int{4096, 512}, false, []int{512, 4096}},
	} {
		m := &detail{row: catalogue.Accelerator{MemoryMiB: test.own}, only: test.only}
		if got := sizes(test.there, m); !slices.Equal(got, test.want) {
			t.Errorf("%v and %v (only %v): %v, want %v", test.there, test.own, test.only, got, test.want)
		}
	}
}

// said is what a row of a table states.
func said(t *testing.T, r record) *detail {
	t.Helper()
	d, err := readDetail(r)
	if err != nil {
		t.Fatal(err)
	}
	return d
}

// TestOwnTables: the project's own tables fill and correct the collected rows,
// and functions are those of cards alone.
func TestOwnTables(t *testing.T) {
	d := &details{
		memory: map[string]*detail{"10de:1e30": said(t, record{"memory_mib": "24576;49152", "effect": "only", "memory_complete": "true", "card_mib": "98304", "source": "the maker's list"})},
		forms:  map[string]*detail{"10de:1e90": said(t, record{"form": "laptop", "source": "nvnames"})},
		chips:  map[string]*detail{"10de:TU102": said(t, record{"vbios_prefixes": "90.02", "source": "dumps"})},
		texts:  map[string]*detail{},
		limits: map[string]*detail{"10de:1e30": said(t, record{"fastest_line_mbps": "14000", "board_power_w": "260", "source": "rightnow"})},
	}
	folder := t.TempDir()
	for _, name := range []string{"memory.csv", "forms.csv", "chip_texts.csv", "limits.csv", "chips.csv"} {
		writeFile(t, folder, name, "vendor_id,device_id,chip,source\n")
	}
	writeFile(t, folder, "functions.csv", "vendor_id,chips,name,functions,source\n10de,TU102|TU104,^(Quadro|GeForce),0403;0c03,recordings\n")
	read, err := readDetails(folder)
	if err != nil {
		t.Fatal(err)
	}
	d.families = read.families
	desktop := catalogue.Accelerator{VendorID: "10de", DeviceID: "1e30", Chip: known("TU102"), Name: "Quadro RTX 6000", MemoryMiB: []int{24576}}
	sources := d.apply(&desktop)
	cells := cellsOf(t, []catalogue.Accelerator{desktop})
	for column, want := range map[string]string{"memory_mib": "24576;49152", "memory_complete": "true", "memory_sizes": `[{"unit":"card","mib":[98304]}]`, "vbios_prefixes": "90.02", "functions": "0403;0c03", "form": "", "fastest_line_mbps": "14000", "board_power_w": "260"} {
		if cells[column] != want {
			t.Errorf("%s is %q, want %q", column, cells[column], want)
		}
	}
	if !slices.Equal(sources, []string{"memory: the maker's list", "clocks and power: rightnow", "firmware and functions: observed"}) {
		t.Errorf("sources: %q", sources)
	}
	laptop := catalogue.Accelerator{VendorID: "10de", DeviceID: "1e90", Chip: known("TU104"), Name: "GeForce RTX 2080"}
	if d.apply(&laptop); laptop.Form == nil || *laptop.Form != "laptop" || laptop.Functions != nil {
		t.Errorf("laptop: %+v", laptop)
	}
	server := catalogue.Accelerator{VendorID: "10de", DeviceID: "1eb8", Chip: known("TU104"), Name: "Quadro in a server", Market: known("data-centre")}
	if d.apply(&server); server.Functions != nil {
		t.Errorf("server: %+v", server)
	}
	if err := d.unused(); err != nil {
		t.Error(err)
	}
	d.forms["10de:ffff"] = said(t, record{"form": "laptop"})
	if err := d.unused(); err == nil || !strings.Contains(err.Error(), "10de:ffff") {
		t.Errorf("a form of no device: %v", err)
	}
}

func TestOwnTablesRefuse(t *testing.T) {
	for name, rows := range map[string]string{
		"no source":           "10de,1e30,24576,\n",
		"a second row for 10": "10de,1e30,24576,x\n10de,1e30,49152,x\n",
		"is no whole number":  "10de,1e30,much,x\n",
	} {
		folder := t.TempDir()
		writeFile(t, folder, "memory.csv", "vendor_id,device_id,memory_mib,source\n"+rows)
		if _, err := readDetails(folder); err == nil || !strings.Contains(err.Error(), name) {
			t.Errorf("%s: %v", name, err)
		}
	}
	b := &builder{details: &details{}, makers: map[string]record{"1e60": {"name": "Hailo"}}}
	if _, err := b.addition(record{"vendor_id": "dead", "device_id": "0001", "source": "x"}); err == nil {
		t.Error("a row without a maker was taken")
	}
	if _, err := b.addition(record{"vendor_id": "1e60", "device_id": "2864"}); err == nil {
		t.Error("a row without a source was taken")
	}
	rows, err := b.addition(record{"vendor_id": "1e60", "device_id": "2864", "name": "Hailo-8", "id_confidence": "high", "source": "id:pciids"})
	if err != nil || rows[0].Name != "Hailo-8" || rows[0].Source != "id:pciids" {
		t.Errorf("%v, %v", rows, err)
	}
}

func TestModsOfOneCaseAreOne(t *testing.T) {
	row := func(device, id, source string) catalogue.Mod {
		return catalogue.Mod{VendorID: "10de", DeviceID: device, ID: id, Title: "t", Giveaway: "g", Confidence: "verified", Source: &source}
	}
	rows := merged([]catalogue.Mod{row("1e07", "a", "one"), row("1e04", "a", "two"), row("1e07", "a", "three"), row("1e07", "b", "four")})
	if len(rows) != 3 || *rows[0].Source != "one; three" || *rows[1].Source != "two" || *rows[2].Source != "four" {
		t.Errorf("%+v", rows)
	}
}

func TestModsAreOfEachID(t *testing.T) {
	r := record{"vendor_id": "10de", "device_id": "1e07||1e04", "id": "a", "case": "t", "suspect_memory_mib": "100-200", "giveaway": "g", "confidence": "verified", "source": "x"}
	rows, err := ownMods(r)
	if err != nil || len(rows) != 2 || rows[0].DeviceID != "1e07" || rows[1].DeviceID != "1e04" || *rows[1].SuspectMinMiB != 100 || *rows[1].SuspectMaxMiB != 200 || rows[0].GenuineMemoryMiB != nil {
		t.Errorf("%+v %v", rows, err)
	}
	r["confidence"] = "unverified"
	if rows, err := collectedMods(r); err != nil || len(rows) > 0 {
		t.Errorf("what nobody has shown: %+v %v", rows, err)
	}
	for column, value := range map[string]string{"source": "", "genuine_memory_mib": "much"} {
		bad := maps.Clone(r)
		bad[column] = value
		if _, err := ownMods(bad); err == nil {
			t.Errorf("%s %q was taken", column, value)
		}
	}
}

// TestOwnSizesHaveTwoSources: no row of memory.csv rests on republished databases
// or on a public file of unknown address alone.
func TestOwnSizesHaveTwoSources(t *testing.T) {
	records, err := readCSV("memory.csv")
	if err != nil {
		t.Fatal(err)
	}
	weak := []string{"rightnow", "a log in a public file"}
	for _, r := range records {
		_, list, found := strings.Cut(r["source"], "; ")
		if !found {
			list = r["source"]
		}
		strong := r["memory_mib"] == "" || r["memory_complete"] == "true"
		for source := range strings.SplitSeq(list, ", ") {
			strong = strong || !slices.Contains(weak, source)
		}
		if !strong && !(strings.Contains(list, weak[0]) && strings.Contains(list, weak[1])) {
			t.Errorf("%s:%s rests on %s", r["vendor_id"], r["device_id"], r["source"])
		}
	}
}

func writeFile(t *testing.T, folder, name, text string) {
	t.Helper()
	if err := os.WriteFile(filepath.Join(folder, name), []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}
