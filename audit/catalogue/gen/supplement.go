package main

import (
	"fmt"

	"github.com/gpuaudit/gpuaudit/audit/catalogue"
)

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

// apply gives a device its values and returns their sources.
func (f fixes) apply(a *catalogue.Accelerator) ([]string, error) {
	var sources []string
	for _, x := range f[a.VendorID+":"+a.DeviceID] {
		if err := accelerators.Set(a, x.column, x.value); err != nil {
			return nil, fmt.Errorf("supplement for %s:%s: %w", a.VendorID, a.DeviceID, err)
		}
		sources = append(sources, x.column+": "+x.source)
		x.used = true
	}
	return sources, nil
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
