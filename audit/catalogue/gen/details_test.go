package main

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

func TestSizes(t *testing.T) {
	for _, test := range []struct{ there, own, effect, want string }{
		{"24576", "49152", "add", "24576;49152"},
		{"8192;16384", "8192", "add", "8192;16384"},
		{"8192;16384", "8192", "only", "8192"},
		{"98304", "", "only", ""},
		{"", "4096;512", "add", "512;4096"},
	} {
		if got := sizes(test.there, record{"memory_mib": test.own, "effect": test.effect}); got != test.want {
			t.Errorf("%s and %s (%s): %q, want %q", test.there, test.own, test.effect, got, test.want)
		}
	}
}

// TestOwnTables: the project's own tables fill and correct the collected rows,
// and functions are those of cards alone.
func TestOwnTables(t *testing.T) {
	d := &details{
		memory: map[string]*detail{"10de:1e30": {record: record{"memory_mib": "24576;49152", "effect": "only", "memory_complete": "true", "source": "the maker's list"}}},
		forms:  map[string]*detail{"10de:1e90": {record: record{"form": "laptop", "source": "nvnames"}}},
		chips:  map[string]*detail{"10de:TU102": {record: record{"vbios_prefixes": "90.02", "source": "dumps"}}},
		texts:  map[string]*detail{},
		limits: map[string]*detail{"10de:1e30": {record: record{"fastest_line_mbps": "14000", "board_power_w": "260", "source": "rightnow"}}},
	}
	folder := t.TempDir()
	for _, name := range []string{"memory.csv", "forms.csv", "chip_texts.csv", "limits.csv", "chips.csv"} {
		write(t, folder, name, "vendor_id,device_id,chip,source\n")
	}
	write(t, folder, "functions.csv", "vendor_id,chips,name,functions,source\n10de,TU102|TU104,^(Quadro|GeForce),0403;0c03,recordings\n")
	read, err := readDetails(folder)
	if err != nil {
		t.Fatal(err)
	}
	d.families = read.families
	desktop := record{"vendor_id": "10de", "device_id": "1e30", "chip": "TU102", "name": "Quadro RTX 6000", "memory_mib": "24576"}
	sources := d.apply(desktop)
	for column, want := range map[string]string{"memory_mib": "24576;49152", "memory_complete": "true", "vbios_prefixes": "90.02", "functions": "0403;0c03", "form": "", "fastest_line_mbps": "14000", "board_power_w": "260"} {
		if desktop[column] != want {
			t.Errorf("%s is %q, want %q", column, desktop[column], want)
		}
	}
	if !slices.Equal(sources, []string{"memory: the maker's list", "clocks and power: rightnow", "firmware and functions: observed"}) {
		t.Errorf("sources: %q", sources)
	}
	laptop := record{"vendor_id": "10de", "device_id": "1e90", "chip": "TU104", "name": "GeForce RTX 2080"}
	if d.apply(laptop); laptop["form"] != "laptop" || laptop["functions"] != "" {
		t.Errorf("laptop: %v", laptop)
	}
	server := record{"vendor_id": "10de", "device_id": "1eb8", "chip": "TU104", "name": "Quadro in a server", "market": "data-centre"}
	if d.apply(server); server["functions"] != "" {
		t.Errorf("server: %v", server)
	}
	if err := d.unused(); err != nil {
		t.Error(err)
	}
	d.forms["10de:ffff"] = &detail{record: record{"form": "laptop"}}
	if err := d.unused(); err == nil || !strings.Contains(err.Error(), "10de:ffff") {
		t.Errorf("a form of no device: %v", err)
	}
}

func TestOwnTablesRefuse(t *testing.T) {
	for name, rows := range map[string]string{
		"no source":           "10de,1e30,24576,\n",
		"a second row for 10": "10de,1e30,24576,x\n10de,1e30,49152,x\n",
	} {
		folder := t.TempDir()
		write(t, folder, "memory.csv", "vendor_id,device_id,memory_mib,source\n"+rows)
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
	if err != nil || rows[0][2] != "Hailo-8" || rows[0][slices.Index(acceleratorColumns, "source")] != "id:pciids" {
		t.Errorf("%v, %v", rows, err)
	}
}

func TestModsOfOneCaseAreOne(t *testing.T) {
	row := func(device, id, source string) []string {
		return []string{"10de", device, id, "t", "", "", "", "g", "verified", source}
	}
	rows := merged([][]string{row("1e07", "a", "one"), row("1e04", "a", "two"), row("1e07", "a", "three"), row("1e07", "b", "four")})
	if len(rows) != 3 || rows[0][9] != "one; three" || rows[1][9] != "two" || rows[2][9] != "four" {
		t.Errorf("%q", rows)
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

func write(t *testing.T, folder, name, text string) {
	t.Helper()
	if err := os.WriteFile(filepath.Join(folder, name), []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}
