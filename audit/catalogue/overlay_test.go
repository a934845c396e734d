package catalogue

import (
	"flag"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/gpuaudit/gpuaudit/audit/schematest"

	"github.com/gpuaudit/gpuaudit/audit/inventory"
)

var update = flag.Bool("update", false, "write the published schema anew")

// TestPublishedSchema: the schema in docs is that of the Go types.
func TestPublishedSchema(t *testing.T) {
	schematest.Schema{Files: []string{"../../docs/schema/catalogue.v1.json"}, Of: &Rows{}, ID: "gpuaudit.catalogue.v1"}.Check(t, *update)
}

// ours replaces one accelerator, adds one of a maker that is added too, a board
// maker, boards and a modification.
func ours() *Rows {
	return &Rows{
		Name: "ours", Date: "2026-11-26",
		Accelerators: []Accelerator{
			{VendorID: "10de", DeviceID: "2684", Name: "RTX 4090, as measured", MemoryMiB: []int{24576, 49152}, IDConfidence: "high", Source: "our lab"},
			{VendorID: "f00d", DeviceID: "0001", Name: "Prototype", IDConfidence: "medium", Source: "contract"},
		},
		Makers:        []Maker{{VendorID: "f00d", Name: "Start-up", Source: "contract"}},
		BoardMakers:   []BoardMaker{{VendorID: "f00d", Name: "Start-up", Source: "contract"}},
		Boards:        []Board{{"10de", "20b5", "10de", "abcd", "a sample"}, {"f00d", "0001", "f00d", "0002", "Prototype"}},
		Modifications: []Mod{{VendorID: "10de", DeviceID: "2684", ID: "ours-1", Title: "cut heat sink", Giveaway: "look at it", Confidence: "high", Source: new("our lab")}},
	}
}

func TestWith(t *testing.T) {
	base := load(t)
	c, replaced, err := base.With(ours(), "ops")
	if err != nil {
		t.Fatal(err)
	}
	if !slices.Equal(replaced, []string{"accelerator 10de:2684"}) {
		t.Errorf("replaced %v", replaced)
	}
	f := c.Lookup(cardIDs("10de", "2684", "1043", "88e2"))
	if !slices.Equal(f.Accelerator.MemoryMiB, []int{24576, 49152}) || f.Accelerator.Source != "our lab (catalogue ours by ops)" {
		t.Errorf("replaced row: %+v", f.Accelerator)
	}
	if f.Accelerator.TPP != nil {
		t.Error("a cell of the row that was replaced is still there")
	}
	if len(f.Mods) != 2 || !strings.Contains(*f.Mods[1].Source, "by ops") {
		t.Errorf("modifications: %+v", f.Mods)
	}
	if !c.KnownAccelerator("f00d", "0001") || base.KnownAccelerator("f00d", "0001") {
		t.Error("the device that was added is not known, or is known to the embedded catalogue")
	}
	if f := c.Lookup(cardIDs("10de", "20b5", "10de", "abcd")); f.BoardListed == nil || !*f.BoardListed || f.BoardBy == nil || *f.BoardBy != "ours" {
		t.Errorf("board that was added: %+v", f)
	}
	if f := c.Lookup(cardIDs("10de", "20b5", "10de", "1533")); f.BoardBy != nil {
		t.Errorf("the vendor's own board: %+v", *f.BoardBy)
	}
	if f := c.Lookup(cardIDs("f00d", "0001", "f00d", "ffff")); f.BoardListed != nil {
		t.Error("a list with one board of ours is taken for a whole one")
	}
	if f := base.Lookup(cardIDs("10de", "2684", "", "")); strings.Contains(f.Accelerator.Source, "ops") || len(f.Mods) != 1 {
		t.Error("the embedded catalogue was changed")
	}
	if s, b := c.Stats(), base.Stats(); s.Accelerators != b.Accelerators+1 || s.Makers != b.Makers+1 || s.Boards != b.Boards+2 || s.Mods != b.Mods+1 {
		t.Errorf("%+v, was %+v", s, b)
	}
}

// TestWithRefuses: each check that the embedded rows meet.
func TestWithRefuses(t *testing.T) {
	base := load(t)
	for want, change := range map[string]func(*Rows){
		"use lower-case letters":            func(r *Rows) { r.Name = "Ours" },
		"is no day":                         func(r *Rows) { r.Date = "soon" },
		"it holds no rows":                  func(r *Rows) { *r = Rows{Name: "ours", Date: "2026-11-26"} },
		`"10DE" is no PCI id`:               func(r *Rows) { r.Accelerators[0].VendorID = "10DE" },
		"accelerators row 0: name is blank": func(r *Rows) { r.Accelerators[0].Name = "" },
		"source is blank":                   func(r *Rows) { r.Accelerators[0].Source = "" },
		"a second row for 10de:2684":        func(r *Rows) { r.Accelerators[1] = r.Accelerators[0] },
		"a second row for f00d":             func(r *Rows) { r.Makers = append(r.Makers, r.Makers[0]) },
		"a second row for a board":          func(r *Rows) { r.Boards[1] = r.Boards[0] },
		"a second row for ours-1":           func(r *Rows) { r.Modifications = append(r.Modifications, r.Modifications[0]) },
		"f00d:0001: no maker":               func(r *Rows) { r.Makers = nil },
		"1 MiB of memory":                   func(r *Rows) { r.Accelerators[0].MemoryMiB = []int{1} },
		"-1 MiB of memory":                  func(r *Rows) { r.Accelerators[0].MemoryMiB = []int{-1} },
		"TPP and its basis go together":     func(r *Rows) { r.Accelerators[0].TPP = new(100.0) },
		"the factors do not give the TPP":   func(r *Rows) { r.Accelerators[0].DenseTOPS, r.Accelerators[0].BitLength = new(1.0), new(16) },
		"no such PCIe width: 3":             func(r *Rows) { r.Accelerators[0].PCIeLanes = new(3) },
		`confidence "sure"`:                 func(r *Rows) { r.Accelerators[0].IDConfidence = "sure" },
		`market "grey"`:                     func(r *Rows) { r.Accelerators[0].Market = new("grey") },
		`form "tablet"`:                     func(r *Rows) { r.Accelerators[0].Form = new("tablet") },
		`VBIOS prefix "95"`:                 func(r *Rows) { r.Accelerators[0].VBIOSPrefixes = []string{"95.02", "95"} },
		`chip text "AD102"`:                 func(r *Rows) { r.Accelerators[0].ChipTexts = []string{"AD102", "AD102"} },
		`class of a function "audio"`:       func(r *Rows) { r.Accelerators[0].Functions = []string{"audio"} },
		"a whole list of memory sizes":      func(r *Rows) { r.Accelerators[0].MemoryMiB, r.Accelerators[0].MemoryComplete = nil, new(true) },
		"neither a year nor a day":          func(r *Rows) { r.Accelerators[0].LaunchDate = new("June") },
		"designed in FR by a maker in US":   func(r *Rows) { r.Accelerators[0].DesignHQCountry = new("FR") },
		"boards of f00d:0009: no such":      func(r *Rows) { r.Boards[1].DeviceID = "0009" },
		"the subsystem is missing":          func(r *Rows) { r.Boards[0].SubsystemVendorID, r.Boards[0].SubsystemDeviceID = "", "" },
		"half a subsystem":                  func(r *Rows) { r.Boards[0].SubsystemVendorID = "" },
		"mod ours-1 has no source":          func(r *Rows) { r.Modifications[0].Source = nil },
		"no accelerator f00d:0009":          func(r *Rows) { r.Modifications[0].VendorID, r.Modifications[0].DeviceID = "f00d", "0009" },
		"the list of the die is empty":      func(r *Rows) { r.Accelerators[0].MemorySizes = []MemorySizes{{Unit: "die"}} },
		"the list of the card":              func(r *Rows) { r.Accelerators[0].MemorySizes = []MemorySizes{card(8192), card(16384)} },
		`unit "slice" is none of`:           func(r *Rows) { r.Accelerators[0].MemorySizes = []MemorySizes{{Unit: "slice", MiB: []int{8192}}} },
		"give the bandwidth": func(r *Rows) {
			r.Accelerators[0].BusWidth, r.Accelerators[0].MemoryGbps, r.Accelerators[0].BandwidthGBs = new(384), new(21.0), new(500.0)
		},
		"bandwidth of the interconnect": func(r *Rows) {
			r.Accelerators[0].InterconnectLinks, r.Accelerators[0].InterconnectLinkGBs = new(18), new(50.0)
		},
		"bars: number 7":             func(r *Rows) { r.Accelerators[0].BARs = []BAR{{Index: 7, Bytes: []int64{16}}} },
		"24 bytes is no size":        func(r *Rows) { r.Accelerators[0].BARs = []BAR{{Index: 0, Bytes: []int64{24}}} },
		`class code "AI"`:            func(r *Rows) { r.Accelerators[0].ClassCodes = []string{"AI"} },
		`cells: "price" is no field`: func(r *Rows) { r.Accelerators[0].Cells = map[string]Origin{"price": {"shop", "primary"}} },
		`degree "sure" is none of`:   func(r *Rows) { r.Accelerators[0].Cells = map[string]Origin{"tpp": {"datasheet", "sure"}} },
		"holds control characters":   func(r *Rows) { r.Accelerators[0].Name = "a\x1b[2J" },
	} {
		rows := ours()
		change(rows)
		if _, _, err := base.With(rows, "ops"); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: %v", want, err)
		}
	}
}

func card(mib ...int) MemorySizes { return MemorySizes{Unit: "card", MiB: mib} }

// TestWholeRow: a row with every field comes through a table and through JSON
// unchanged, and a text that cannot be printed is refused in each of its fields.
func TestWholeRow(t *testing.T) {
	row := Accelerator{
		VendorID: "10de", DeviceID: "2330", Name: "a card", Architecture: new("Hopper"), Chip: new("GH100"), MemoryMiB: []int{81920}, MemoryComplete: new(true),
		MemorySizes:   []MemorySizes{card(81920), {Unit: "partition", MiB: []int{9856, 19968}, Complete: new(false), SubsystemVendorID: "10de", SubsystemDeviceID: "16c1"}},
		MemoryUnified: new(false), MemoryType: new("HBM3"), BusWidth: new(5120), DieMM2: new(814.0), TPP: new(15832.0), TPPBasis: new("published"),
		DenseTOPS: new(1979.0), BitLength: new(8), BandwidthGBs: new(3352.0), MemoryGbps: new(5.2375), FastestLineMbps: new(5240), BoardPowerW: new(700), Interconnect: new("NVLink 4"), InterconnectGBs: new(900.0),
		InterconnectLinks: new(18), InterconnectLinkGBs: new(50.0), Market: new("data-centre"), PCIeGen: new(5), PCIeLanes: new(16), Form: new("mining"),
		Engineering: new(true), ClassCodes: []string{"0302"}, VBIOSPrefixes: []string{"96.00"}, ChipTexts: []string{"GH100"}, Functions: []string{"0403", "0c03"},
		BARs: []BAR{{0, []int64{16 << 20}}, {2, []int64{64 << 30, 128 << 30}}}, LaunchDate: new("2022-03-22"), DesignHQCountry: new("US"), FabCountry: new("TW"),
		IDConfidence: "high", Source: "a test", Cells: map[string]Origin{"tpp": {"datasheet", "primary"}, "bars": {"lspci", "measured"}},
	}
	v := reflect.ValueOf(row)
	for i := range v.NumField() {
		if v.Field(i).IsZero() {
			t.Errorf("%s is not part of this test", v.Type().Field(i).Name)
		}
	}
	text, err := Accelerators().Write([]Accelerator{row})
	if err != nil {
		t.Fatal(err)
	}
	if err := Accelerators().read(text, func(got *Accelerator) error {
		if !reflect.DeepEqual(*got, row) {
			t.Errorf("read %+v", got)
		}
		return nil
	}); err != nil {
		t.Error(err)
	}
	if c, _, err := load(t).With(&Rows{Name: "ours", Date: "2026-11-26", Accelerators: []Accelerator{row}}, "ops"); err != nil {
		t.Error(err)
	} else if got := c.Lookup(inventory.IDs{Vendor: "10de", Device: "2330"}).Accelerator; got.Source != "a test (catalogue ours by ops)" || !reflect.DeepEqual(got.Cells, row.Cells) {
		t.Errorf("operator's row: %+v", got)
	}
	for i := range v.NumField() {
		bad := row
		switch f := reflect.ValueOf(&bad).Elem().Field(i); f.Interface().(type) {
		case string:
			f.SetString("a\x1b[2J")
		case *string:
			f.Set(reflect.ValueOf(new("a\x1b[2J")))
		case []string:
			f.Set(reflect.ValueOf([]string{"a\x1b[2J"}))
		default:
			continue
		}
		if checkAccelerator(&bad) == nil {
			t.Errorf("%s: control characters were taken", v.Type().Field(i).Name)
		}
	}
}

// TestTwoOperators: two that state one thing are refused, two that do not are
// taken together.
func TestTwoOperators(t *testing.T) {
	c, _, err := load(t).With(ours(), "ops")
	if err != nil {
		t.Fatal(err)
	}
	again := ours()
	if _, _, err := c.With(again, "lab"); err == nil || !strings.Contains(err.Error(), "also stated by the catalogue ours") {
		t.Errorf("the same rows: %v", err)
	}
	boards := &Rows{Name: "ours", Date: "2026-11-26", Boards: []Board{{"10de", "20b5", "10de", "eeee", "b"}}}
	if _, _, err := c.With(boards, "lab"); err == nil || !strings.Contains(err.Error(), "another catalogue of this name") {
		t.Errorf("the same name: %v", err)
	}
	boards.Name = "more"
	if c, _, err = c.With(boards, "lab"); err != nil {
		t.Fatal(err)
	}
	for _, board := range []string{"abcd", "eeee"} {
		if f := c.Lookup(cardIDs("10de", "20b5", "10de", board)); f.BoardListed == nil || !*f.BoardListed {
			t.Errorf("board %s: %+v", board, f)
		}
	}
}

// TestWithSightings: sightings of others are laid on the program's, which are not written
// to, and say whose they are.
func TestWithSightings(t *testing.T) {
	base := load(t)
	var known string
	for sum := range base.tables().sightings {
		known = max(known, sum)
	}
	before := len(base.Sightings(known))
	unknown, yes := strings.Repeat("ab", 32), true
	rows := []SightingRow{{Image: known, Modified: &yes, Place: "a/b@c:d"}, {Image: known, Modified: &yes, Place: "a/b@c:e"}, {Image: unknown, Driver: &known, Modified: &yes, Place: "a/b@c:f"}}
	c, err := base.WithSightings(rows, "channel:x")
	if err != nil {
		t.Fatal(err)
	}
	if got := c.Sightings(known); len(got) != before+3 || got[before].Place != "a/b@c:d (channel:x)" || !got[before].Modified {
		t.Errorf("%+v", got)
	}
	if len(c.Sightings(unknown)) != 1 || len(c.Dump("a/b@c:f (channel:x)")) != 1 || c.Stats().Sightings != base.Stats().Sightings+3 {
		t.Errorf("%+v", c.Stats())
	}
	if len(base.Sightings(known)) != before || base.Sightings(unknown) != nil || base.Dump("a/b@c:f (channel:x)") != nil {
		t.Error("the program's own were written to")
	}
	for name, row := range map[string]SightingRow{
		"no digest": {Image: "ab", Modified: &yes, Place: "x"}, "no verdict": {Image: unknown, Place: "x"}, "no place": {Image: unknown, Modified: &yes},
		"a place that cannot be printed": {Image: unknown, Modified: &yes, Place: "x\x1b[2J"}, "no digest of a driver": {Image: unknown, Driver: new("cd"), Modified: &yes, Place: "x"},
	} {
		if _, err := base.WithSightings([]SightingRow{row}, "x"); err == nil {
			t.Errorf("%s is taken", name)
		}
	}
	for _, n := range []int{0, maxSightings + 1} {
		if _, err := base.WithSightings(make([]SightingRow, n), "x"); err == nil {
			t.Errorf("%d sightings are taken", n)
		}
	}
}
