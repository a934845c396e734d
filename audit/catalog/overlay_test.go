package catalog

import (
	"flag"
	"slices"
	"strings"
	"testing"

	"github.com/gpuaudit/gpuaudit/audit/schematest"
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
		"use lower-case letters":               func(r *Rows) { r.Name = "Ours" },
		"is no day":                            func(r *Rows) { r.Date = "soon" },
		"it holds no rows":                     func(r *Rows) { *r = Rows{Name: "ours", Date: "2026-11-26"} },
		`"10DE" is no PCI id`:                  func(r *Rows) { r.Accelerators[0].VendorID = "10DE" },
		"accelerators row 0: cell 3: is blank": func(r *Rows) { r.Accelerators[0].Name = "" },
		"cell 28: is blank":                    func(r *Rows) { r.Accelerators[0].Source = "" },
		"a second row for 10de:2684":           func(r *Rows) { r.Accelerators[1] = r.Accelerators[0] },
		"a second row for f00d":                func(r *Rows) { r.Makers = append(r.Makers, r.Makers[0]) },
		"a second row for a board":             func(r *Rows) { r.Boards[1] = r.Boards[0] },
		"a second row for ours-1":              func(r *Rows) { r.Modifications = append(r.Modifications, r.Modifications[0]) },
		"f00d:0001: no maker":                  func(r *Rows) { r.Makers = nil },
		"1 MiB of memory":                      func(r *Rows) { r.Accelerators[0].MemoryMiB = []int{1} },
		"no list of positive numbers":          func(r *Rows) { r.Accelerators[0].MemoryMiB = []int{-1} },
		"TPP and its basis go together":        func(r *Rows) { r.Accelerators[0].TPP = new(100.0) },
		"the factors do not give the TPP":      func(r *Rows) { r.Accelerators[0].DenseTOPS, r.Accelerators[0].BitLength = new(1.0), new(16) },
		"no such PCIe":                         func(r *Rows) { r.Accelerators[0].PCIeLanes = new(3) },
		`confidence "sure"`:                    func(r *Rows) { r.Accelerators[0].IDConfidence = "sure" },
		`market "grey"`:                        func(r *Rows) { r.Accelerators[0].Market = new("grey") },
		`form "tablet"`:                        func(r *Rows) { r.Accelerators[0].Form = new("tablet") },
		`VBIOS prefix "95"`:                    func(r *Rows) { r.Accelerators[0].VBIOSPrefixes = []string{"95.02", "95"} },
		`chip text "AD102"`:                    func(r *Rows) { r.Accelerators[0].ChipTexts = []string{"AD102", "AD102"} },
		`class of a function "audio"`:          func(r *Rows) { r.Accelerators[0].Functions = []string{"audio"} },
		"a whole list of memory sizes":         func(r *Rows) { r.Accelerators[0].MemoryMiB, r.Accelerators[0].MemoryComplete = nil, new(true) },
		"neither a year nor a day":             func(r *Rows) { r.Accelerators[0].LaunchDate = new("June") },
		"designed in FR by a maker in US":      func(r *Rows) { r.Accelerators[0].DesignHQCountry = new("FR") },
		"boards of f00d:0009: no such":         func(r *Rows) { r.Boards[1].DeviceID = "0009" },
		"the subsystem is missing":             func(r *Rows) { r.Boards[0].SubsystemVendorID, r.Boards[0].SubsystemDeviceID = "", "" },
		"half a subsystem":                     func(r *Rows) { r.Boards[0].SubsystemVendorID = "" },
		"mod ours-1 has no source":             func(r *Rows) { r.Modifications[0].Source = nil },
		"no accelerator f00d:0009":             func(r *Rows) { r.Modifications[0].VendorID, r.Modifications[0].DeviceID = "f00d", "0009" },
		"holds control characters":             func(r *Rows) { r.Accelerators[0].Name = "a\x1b[2J" },
	} {
		rows := ours()
		change(rows)
		if _, _, err := base.With(rows, "ops"); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: %v", want, err)
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
