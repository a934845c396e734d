package main

import (
	"fmt"
	"strings"
)

var (
	boardColumns      = []string{"vendor_id", "device_id", "subsystem_vendor_id", "subsystem_device_id", "name"}
	boardMakerColumns = []string{"vendor_id", "name", "brand", "source"}
	makerColumns      = []string{"vendor_id", "name", "hq_country", "source"}
	sourceColumns     = []string{"key", "text", "licence"}
	modColumns        = []string{"vendor_id", "device_id", "id", "title", "genuine_memory_mib", "suspect_min_mib", "suspect_max_mib", "giveaway", "confidence", "source"}
)

func board(r record) ([][]string, error) {
	return [][]string{{r["vendor_id"], r["device_id"], r["subsystem_vendor_id"], r["subsystem_device_id"], r["name"]}}, nil
}

// boardMaker leaves out the headquarters, which the collection has from memory.
func boardMaker(r record) ([][]string, error) {
	return [][]string{{r["subsystem_vendor_id"], r["pciids_name"], r["brand"], abbreviate(r["source"])}}, nil
}

func maker(r record) ([][]string, error) {
	return [][]string{{r["vendor_id"], r["name"], r["hq_country"], r["source"]}}, nil
}

func source(r record) ([][]string, error) {
	return [][]string{{r["key"], r["text"], r["licence"]}}, nil
}

// mod gives one row for each device id of a case. A case without a source, one
// that says that a card is genuine, and one without ids give none.
func mod(r record) ([][]string, error) {
	if r["confidence"] == "unverified" || r["id"] == "cardexpert-10b0" {
		return nil, nil
	}
	low, high, found := strings.Cut(r["suspect_memory_mib"], "-")
	if !found {
		high = low
	}
	if r["source"] == "" {
		return nil, fmt.Errorf("case %s has no source", r["id"])
	}
	var rows [][]string
	for _, device := range strings.Split(r["device_id"], "|") {
		if device == "" || r["vendor_id"] == "" {
			continue
		}
		rows = append(rows, []string{r["vendor_id"], device, r["id"], r["case"], r["genuine_memory_mib"], low, high,
			r["giveaway"], r["confidence"], abbreviate(r["source"])})
	}
	return rows, nil
}
