package main

import (
	"cmp"
	"fmt"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/gpuaudit/gpuaudit/audit/catalogue"
)

// details are what the project's own tables add to the collected rows: memory.csv,
// forms.csv, chips.csv, chip_texts.csv, limits.csv and functions.csv. Each value names its
// source, and each row must find its device.
type details struct {
	memory, forms, texts, limits map[string]*detail // by "vendor:device"
	chips                        map[string]*detail // by "vendor:chip"
	families                     []*cardFamily
}

// detail is what a row of such a table says of devices.
type detail struct {
	// row has the fields that the table states.
	row catalogue.Accelerator
	// only says that its memory sizes are all that are right, and card are those of a board
	// with several GPUs.
	only   bool
	card   []int
	source string
	used   bool
}

// cardFamily says which functions the desktop cards of a family have.
type cardFamily struct {
	detail
	vendor string
	chips  []string
	name   *regexp.Regexp
}

func readDetails(own string) (*details, error) {
	d := &details{}
	for _, t := range []struct {
		file, key string
		into      *map[string]*detail
	}{
		{"memory.csv", "device_id", &d.memory}, {"forms.csv", "device_id", &d.forms},
		{"chip_texts.csv", "device_id", &d.texts}, {"limits.csv", "device_id", &d.limits}, {"chips.csv", "chip", &d.chips},
	} {
		file := filepath.Join(own, t.file)
		records, err := readCSV(file)
		if err != nil {
			return nil, err
		}
		*t.into = map[string]*detail{}
		for i, r := range records {
			key := r["vendor_id"] + ":" + r[t.key]
			if r["source"] == "" || (*t.into)[key] != nil {
				return nil, fmt.Errorf("%s row %d: no source, or a second row for %s", file, i+2, key)
			}
			if (*t.into)[key], err = readDetail(r); err != nil {
				return nil, fmt.Errorf("%s row %d: %w", file, i+2, err)
			}
		}
	}
	records, err := readCSV(filepath.Join(own, "functions.csv"))
	if err != nil {
		return nil, err
	}
	for i, r := range records {
		name, err := regexp.Compile(r["name"])
		if err != nil || r["source"] == "" {
			return nil, fmt.Errorf("functions.csv row %d: no source, or a name that is no expression: %v", i+2, err)
		}
		said, err := readDetail(record{"functions": r["functions"], "source": r["source"]})
		if err != nil {
			return nil, fmt.Errorf("functions.csv row %d: %w", i+2, err)
		}
		d.families = append(d.families, &cardFamily{detail: *said, vendor: r["vendor_id"], chips: strings.Split(r["chips"], "|"), name: name})
	}
	return d, nil
}

// readDetail reads the fields that a row states, and how they count.
func readDetail(r record) (*detail, error) {
	cells := record{}
	for _, c := range accelerators.Columns() {
		cells[c] = r[c]
	}
	row, err := accelerators.Decode(cells)
	if err != nil {
		return nil, err
	}
	d := &detail{row: row, only: r["effect"] == "only", source: r["source"]}
	if r["card_mib"] == "" {
		return d, nil
	}
	for cell := range strings.SplitSeq(r["card_mib"], ",") {
		n, err := strconv.Atoi(cell)
		if err != nil {
			return nil, fmt.Errorf("card_mib: %w", err)
		}
		d.card = append(d.card, n)
	}
	return d, nil
}

// apply fills a device's fields and returns their sources.
func (d *details) apply(a *catalogue.Accelerator) []string {
	var sources []string
	key := a.VendorID + ":" + a.DeviceID
	if m := d.memory[key]; m != nil {
		m.used = true
		a.MemoryMiB = sizes(a.MemoryMiB, m)
		a.MemoryComplete, a.MemoryUnified = cmp.Or(m.row.MemoryComplete, a.MemoryComplete), cmp.Or(m.row.MemoryUnified, a.MemoryUnified)
		if len(m.card) > 0 {
			a.MemorySizes = []catalogue.MemorySizes{{Unit: "card", MiB: m.card}}
		}
		sources = append(sources, "memory: "+m.source)
	}
	if f := d.forms[key]; f != nil {
		f.used = true
		a.Form = f.row.Form
		sources = append(sources, "form: "+f.source)
	}
	if l := d.limits[key]; l != nil {
		l.used = true
		a.FastestLineMbps, a.BoardPowerW = l.row.FastestLineMbps, l.row.BoardPowerW
		sources = append(sources, "clocks and power: "+l.source)
	}
	observed := false
	if a.Chip != nil {
		if c := d.chips[a.VendorID+":"+*a.Chip]; c != nil {
			c.used, observed = true, true
			a.VBIOSPrefixes = c.row.VBIOSPrefixes
		}
	}
	if t := d.texts[key]; t != nil {
		t.used, observed = true, true
		a.ChipTexts = t.row.ChipTexts
	}
	if f := d.cardFamily(a); f != nil {
		f.used, observed = true, true
		a.Functions = f.row.Functions
	}
	if observed {
		sources = append(sources, "firmware and functions: observed")
	}
	return sources
}

// cardFamily is that of a desktop card; parts for laptops, mining and data centres
// have other functions.
func (d *details) cardFamily(a *catalogue.Accelerator) *cardFamily {
	if a.Form != nil || a.Market != nil && *a.Market == "data-centre" || a.Chip == nil {
		return nil
	}
	for _, f := range d.families {
		if f.vendor == a.VendorID && slices.Contains(f.chips, *a.Chip) && f.name.MatchString(a.Name) {
			return f
		}
	}
	return nil
}

// sizes adds a row's sizes to those that are there, or puts them in their place
// where the row says that only they are right.
func sizes(there []int, m *detail) []int {
	list := slices.Clone(m.row.MemoryMiB)
	if !m.only {
		list = append(list, there...)
	}
	slices.Sort(list)
	return slices.Compact(list)
}

// unused reports a row that found no device.
func (d *details) unused() error {
	for file, table := range map[string]map[string]*detail{"memory.csv": d.memory, "forms.csv": d.forms, "chip_texts.csv": d.texts, "limits.csv": d.limits} {
		for key, x := range table {
			if !x.used {
				return fmt.Errorf("%s: no device %s", file, key)
			}
		}
	}
	for _, f := range d.families {
		if !f.used {
			return fmt.Errorf("functions.csv: no card of %s", f.name)
		}
	}
	return nil
}

// addition is a row that the collected table lacks, of a maker in makers.csv.
func (b *builder) addition(r record) ([]catalogue.Accelerator, error) {
	maker, ok := b.makers[r["vendor_id"]]
	if !ok || r["source"] == "" {
		return nil, fmt.Errorf("%s:%s has no maker or no source", r["vendor_id"], r["device_id"])
	}
	cells := record{}
	for _, column := range []string{"vendor_id", "device_id", "name", "memory_unified", "id_confidence"} {
		cells[column] = r[column]
	}
	a, err := accelerators.Decode(cells)
	if err != nil {
		return nil, err
	}
	a.Market, a.DesignHQCountry = known(marketOf(a.Name)), known(maker["hq_country"])
	return b.finish(a, []string{r["source"]})
}
