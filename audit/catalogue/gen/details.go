package main

import (
	"fmt"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// details are what the project's own tables add to the collected rows: memory.csv,
// forms.csv, chips.csv, chip_texts.csv, limits.csv and functions.csv. Each value names its
// source, and each row must find its device.
type details struct {
	memory, forms, texts, limits map[string]*detail // by "vendor:device"
	chips                        map[string]*detail // by "vendor:chip"
	families                     []*cardFamily
}

type detail struct {
	record
	used bool
}

// cardFamily says which functions the desktop cards of a family have.
type cardFamily struct {
	record
	chips []string
	name  *regexp.Regexp
	used  bool
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
			(*t.into)[key] = &detail{record: r}
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
		d.families = append(d.families, &cardFamily{record: r, chips: strings.Split(r["chips"], "|"), name: name})
	}
	return d, nil
}

// apply fills a device's cells and returns their sources.
func (d *details) apply(cells record) []string {
	var sources []string
	key := cells["vendor_id"] + ":" + cells["device_id"]
	if m := d.memory[key]; m != nil {
		m.used = true
		cells["memory_mib"] = sizes(cells["memory_mib"], m.record)
		for _, column := range []string{"memory_complete", "memory_unified"} {
			if m.record[column] != "" {
				cells[column] = m.record[column]
			}
		}
		if all := m.record["card_mib"]; all != "" { // of a board with several GPUs
			cells["memory_sizes"] = fmt.Sprintf(`[{"unit":"card","mib":[%s]}]`, all)
		}
		sources = append(sources, "memory: "+m.record["source"])
	}
	if f := d.forms[key]; f != nil {
		f.used = true
		cells["form"] = f.record["form"]
		sources = append(sources, "form: "+f.record["source"])
	}
	if l := d.limits[key]; l != nil {
		l.used = true
		cells["fastest_line_mbps"], cells["board_power_w"] = l.record["fastest_line_mbps"], l.record["board_power_w"]
		sources = append(sources, "clocks and power: "+l.record["source"])
	}
	observed := false
	if c := d.chips[cells["vendor_id"]+":"+cells["chip"]]; c != nil {
		c.used, observed = true, true
		cells["vbios_prefixes"] = c.record["vbios_prefixes"]
	}
	if t := d.texts[key]; t != nil {
		t.used, observed = true, true
		cells["chip_texts"] = t.record["chip_texts"]
	}
	if f := d.cardFamily(cells); f != nil {
		f.used, observed = true, true
		cells["functions"] = f.record["functions"]
	}
	if observed {
		sources = append(sources, "firmware and functions: observed")
	}
	return sources
}

// cardFamily is that of a desktop card; parts for laptops, mining and data centres
// have other functions.
func (d *details) cardFamily(cells record) *cardFamily {
	if cells["form"] != "" || cells["market"] == "data-centre" {
		return nil
	}
	for _, f := range d.families {
		if f.record["vendor_id"] == cells["vendor_id"] && slices.Contains(f.chips, cells["chip"]) && f.name.MatchString(cells["name"]) {
			return f
		}
	}
	return nil
}

// sizes adds a row's sizes to those that are there, or puts them in their place
// where the row says that only they are right.
func sizes(there string, m record) string {
	list := strings.Split(m["memory_mib"], ";")
	if m["effect"] != "only" {
		list = append(list, strings.Split(there, ";")...)
	}
	list = slices.DeleteFunc(list, func(s string) bool { return s == "" })
	number := func(s string) int {
		n, err := strconv.Atoi(s)
		if err != nil {
			return 0 // the reader of the table refuses it
		}
		return n
	}
	slices.SortFunc(list, func(a, b string) int { return number(a) - number(b) })
	return strings.Join(slices.Compact(list), ";")
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
			return fmt.Errorf("functions.csv: no card of %s", f.record["name"])
		}
	}
	return nil
}

// addition is a row that the collected table lacks, of a maker in makers.csv.
func (b *builder) addition(r record) ([][]string, error) {
	maker, ok := b.makers[r["vendor_id"]]
	if !ok || r["source"] == "" {
		return nil, fmt.Errorf("%s:%s has no maker or no source", r["vendor_id"], r["device_id"])
	}
	cells := record{"market": marketOf(r["name"]), "design_hq_country": maker["hq_country"]}
	for _, column := range []string{"vendor_id", "device_id", "name", "memory_unified", "id_confidence"} {
		cells[column] = r[column]
	}
	return b.finish(cells, []string{r["source"]})
}
