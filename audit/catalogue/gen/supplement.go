package main

import "fmt"

// fixes are the cells of supplement.csv by "vendor:device".
type fixes map[string][]*fix

type fix struct {
	column, value, source string
	used                  bool
}

func readSupplement(name string) (fixes, error) {
	records, err := readCSV(name)
	if err != nil {
		return nil, err
	}
	f := fixes{}
	for i, r := range records {
		if r["source"] == "" || r["column"] == "" {
			return nil, fmt.Errorf("%s row %d: no column or no source", name, i+2)
		}
		key := r["vendor_id"] + ":" + r["device_id"]
		f[key] = append(f[key], &fix{column: r["column"], value: r["value"], source: r["source"]})
	}
	return f, nil
}

// apply writes a device's cells and returns their sources.
func (f fixes) apply(cells record) []string {
	var sources []string
	for _, x := range f[cells["vendor_id"]+":"+cells["device_id"]] {
		cells[x.column] = x.value
		sources = append(sources, x.column+": "+x.source)
		x.used = true
	}
	return sources
}

// unused reports a cell of a device that the catalogue does not have.
func (f fixes) unused() error {
	for key, list := range f {
		for _, x := range list {
			if !x.used {
				return fmt.Errorf("supplement: no device %s for column %s", key, x.column)
			}
		}
	}
	return nil
}
