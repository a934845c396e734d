package catalogue

import (
	"os"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/gpuaudit/gpuaudit/audit/inventory"
)

func load(t testing.TB) *Catalogue {
	t.Helper()
	return Load()
}

func TestLookup(t *testing.T) {
	c := load(t)
	f := c.Lookup(cardIDs("10de", "2684", "10b0", "2684"))
	if f.Accelerator == nil || !slices.Equal(f.Accelerator.MemoryMiB, []int{24576}) {
		t.Errorf("RTX 4090: %+v", f.Accelerator)
	}
	if f.Maker == nil || f.Maker.VendorID != "10de" || f.BoardMaker == nil || f.BoardMaker.Name != "CardExpert Technology" {
		t.Errorf("RTX 4090 makers: %+v %+v", f.Maker, f.BoardMaker)
	}
	if len(f.Mods) != 1 || f.Mods[0].ID != "rtx4090-48g" {
		t.Errorf("RTX 4090 mods: %+v", f.Mods)
	}
	if f := c.Lookup(cardIDs("", "", "", "")); f.Accelerator != nil || f.Maker != nil || f.BoardMaker != nil || f.BoardListed != nil || f.Mods != nil {
		t.Errorf("unreadable ids: %+v", f)
	}
	if f := c.Lookup(cardIDs("10DE", "2684", "", "")); f.Accelerator != nil {
		t.Error("ids in upper case are not ids of the inventory and must not match")
	}
}

func TestBoardListed(t *testing.T) {
	c := load(t)
	tests := []struct {
		name                                 string
		vendor, device, subvendor, subdevice string
		want                                 *bool
	}{
		{"named board", "10de", "20b5", "10de", "1533", new(true)},
		{"board that NVIDIA does not name", "10de", "20b5", "10de", "ffff", new(false)},
		{"consumer id, no boards named", "10de", "2684", "1043", "88e2", nil},
		{"named beside others", "10de", "1e90", "1234", "1234", nil},
		{"another vendor", "1002", "744c", "1da2", "e471", nil},
		{"subsystem not read", "10de", "20b5", "", "", nil},
		{"subsystem device not read", "10de", "20b5", "10de", "", nil},
	}
	for _, test := range tests {
		got := c.Lookup(cardIDs(test.vendor, test.device, test.subvendor, test.subdevice)).BoardListed
		if (got == nil) != (test.want == nil) || got != nil && *got != *test.want {
			t.Errorf("%s: got %v, want %v", test.name, show(got), show(test.want))
		}
	}
}

func show(b *bool) string {
	switch {
	case b == nil:
		return "nil"
	case *b:
		return "true"
	}
	return "false"
}

func TestKnownAccelerator(t *testing.T) {
	c := load(t)
	tests := []struct {
		name, vendor, device string
		want                 bool
	}{
		{"Kunlun K200, class 0780 on some hosts", "1d22", "3684", true},
		{"Ascend 910B", "19e5", "d802", true},
		{"Huawei network card", "19e5", "1822", false},
		{"Huawei BMC graphics", "19e5", "1711", false},
		{"Hygon chipset", "1d94", "1450", false},
		{"Hygon DCU", "1d94", "6210", true},
		{"unassigned vendor id", "9999", "4000", false},
		{"id of low confidence", "1d22", "3688", false},
		{"nothing read", "", "", false},
	}
	for _, test := range tests {
		if got := c.KnownAccelerator(test.vendor, test.device); got != test.want {
			t.Errorf("%s: got %v", test.name, got)
		}
	}
}

// TestConsistency holds the data that ship to their schema.
func TestConsistency(t *testing.T) {
	c := load(t)
	if s := c.Stats(); s.Accelerators < 900 || s.Boards < 700 || s.BoardMakers < 25 || s.Makers < 25 || s.Mods < 10 || s.Sightings < 280 {
		t.Errorf("rows are missing: %+v", s)
	}
	if err := c.Check(); err != nil {
		t.Error(err)
	}
	for key, a := range c.tables().accelerators {
		if strings.Contains(a.Source, "CC-BY") || strings.Contains(a.Source, "evokernel") {
			t.Errorf("%s: a share-alike source: %s", key, a.Source)
		}
	}
}

// TestKnownAcceleratorReadsNoRows: most functions of a machine are no accelerators, and to
// say so reads no table. Of each that is one, the rows have the say.
func TestKnownAcceleratorReadsNoRows(t *testing.T) {
	read := 0
	c := &Catalogue{shipped: true, tables: func() *tables { read++; return embeddedTables() }}
	for _, none := range [][2]string{{"8086", "0000"}, {"1af4", "1041"}, {"0000", "0000"}, {"ffff", "ffff"}, {"", ""}, {"10de", ""}, {"10DE", "2684"}, {"10de", "26"}, {"vendor_id", "device_id"}} {
		if c.KnownAccelerator(none[0], none[1]) {
			t.Errorf("%v is an accelerator", none)
		}
	}
	if read != 0 {
		t.Errorf("the rows were read %d times", read)
	}
	for key, a := range c.tables().accelerators {
		if want := a.IDConfidence != "low" && a.VendorID != metaX; c.KnownAccelerator(a.VendorID, a.DeviceID) != want {
			t.Errorf("%s: %v, want %v", key, !want, want)
		}
		if next := a.DeviceID[:3] + string("0123456789abcdef0"[strings.IndexByte("0123456789abcdef", a.DeviceID[3])+1]); hasRow(acceleratorsFile, a.VendorID, next) != (c.tables().accelerators[pair(a.VendorID, next)] != nil) {
			t.Errorf("%s:%s, beside %s", a.VendorID, next, key)
		}
	}
}

func TestTableRefuses(t *testing.T) {
	const header = "vendor_id\tname\thq_country\tsource\n"
	for _, test := range []struct{ name, file, want string }{
		{"too few cells", header + "10de\n", "makers.tsv line 2: wrong number of cells"},
		{"too many cells", header + "10de\tNVIDIA\tUS\tpciids\tmore\n", "number of cells"},
		{"upper case", header + "10DE\tNVIDIA\tUS\tpciids\n", "no PCI id"},
		{"blank name", header + "10de\t\tUS\tpciids\n", "name is blank"},
		{"twice", header + "10de\tNVIDIA\tUS\tpciids\n10de\tNVIDIA\tUS\tpciids\n", "line 3: a second row for 10de"},
		{"no header", "", "no column vendor_id"},
		{"a column is missing", "vendor_id\tname\thq_country\n", "no column source"},
		{"another column", "vendor_id\tname\tseat\tsource\n", `column "seat" is not known`},
		{"a column twice", "vendor_id\tname\tname\tsource\n", "comes twice"},
		{"another order", "name\tvendor_id\tsource\n", "another order"},
	} {
		if err := Makers().read(test.file, empty().addMaker); err == nil || !strings.Contains(err.Error(), test.want) {
			t.Errorf("%s: got %v", test.name, err)
		}
	}
	for column, cells := range map[string][]string{
		"memory_mib": {"8192;", "8 GB", "8192.5"}, "tpp": {"much", "1e400"}, "memory_complete": {"yes"}, "pcie_lanes": {"x16"},
		"bars": {"16", "{}", `[{"index":0,"bytes":[16],"kind":"io"}]`, `[] []`}, "cells": {"[]", `{"tpp":"us"}`},
	} {
		for _, cell := range cells {
			if _, err := Accelerators().Row(map[string]string{column: cell}); err == nil || !strings.HasPrefix(err.Error(), column+": ") {
				t.Errorf("%s %q: got %v", column, cell, err)
			}
		}
	}
	if _, err := Makers().Row(map[string]string{"vendor_id": "10de", "name": "NVIDIA", "source": "pciids", "seat": "US"}); err == nil {
		t.Error("a cell of no column was taken")
	}
	if _, err := Makers().Write([]Maker{{VendorID: "10de", Name: "a\tb", Source: "pciids"}}); err == nil {
		t.Error("a tab in a cell was written")
	}
}

// TestShippedTables: what ships is what the tables write of it, so no file holds
// a column without data, or a figure in another spelling.
func TestShippedTables(t *testing.T) {
	rewritten(t, Accelerators(), acceleratorsFile)
	rewritten(t, Makers(), makersFile)
	rewritten(t, BoardMakers(), boardMakersFile)
	rewritten(t, Boards(), boardsFile)
	rewritten(t, Revisions(), revisionsFile)
	rewritten(t, Mods(), modsFile)
	rewritten(t, SightingRows(), sightingsFile)
	rewritten(t, Sources(), sourcesFile)
}

func rewritten[T any](t *testing.T, table Table[T], file string) {
	t.Helper()
	var rows []T
	if err := table.read(file, func(row *T) error { rows = append(rows, *row); return nil }); err != nil {
		t.Fatal(err)
	}
	if text, err := table.Write(rows); err != nil || text != file {
		t.Errorf("%s is not what is written of its rows (%v)", table.Name, err)
	}
}

func TestIdentity(t *testing.T) {
	c := load(t)
	if _, err := time.Parse(time.DateOnly, c.Date()); err != nil {
		t.Error(err)
	}
	if c.SHA256() != load(t).SHA256() || len(c.SHA256()) != 64 {
		t.Error("the digest of the catalogue is not stable")
	}
	if len(c.Sources()) < 4 {
		t.Errorf("sources: %v", c.Sources())
	}
	entries, err := os.ReadDir("data")
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range entries {
		if !slices.ContainsFunc(files(), func(f embedded) bool { return f.name == e.Name() }) {
			t.Errorf("%s is not embedded, and not part of the digest", e.Name())
		}
	}
}

func BenchmarkLoad(b *testing.B) {
	for b.Loop() {
		load(b)
	}
}

func cardIDs(vendor, device, subvendor, subdevice string) inventory.IDs {
	return inventory.IDs{Vendor: vendor, Device: device, SubsystemVendor: subvendor, SubsystemDevice: subdevice}
}

// TestSet: one field by its column, of every kind, and a blank cell makes it unknown.
func TestSet(t *testing.T) {
	table := Accelerators()
	for column, cell := range map[string]string{"name": "A", "chip": "GH100", "memory_mib": "1;2", "tpp": "12.5", "memory_complete": "true", "bars": `[{"index":0,"bytes":[16]}]`} {
		var a Accelerator
		if err := table.Set(&a, column, cell); err != nil {
			t.Fatal(err)
		}
		if reflect.ValueOf(a).IsZero() {
			t.Errorf("%s was not set", column)
		}
		if err := table.Set(&a, column, ""); err != nil || !reflect.ValueOf(a).IsZero() {
			t.Errorf("%s stayed: %+v %v", column, a, err)
		}
	}
	var a Accelerator
	if table.Set(&a, "price", "1") == nil || table.Set(&a, "tpp", "much") == nil {
		t.Error("no column, or no value, was taken")
	}
}
