package main

import (
	"fmt"
	"slices"
	"strings"
)

var (
	boardColumns      = []string{"vendor_id", "device_id", "subsystem_vendor_id", "subsystem_device_id", "name"}
	revisionColumns   = []string{"vendor_id", "device_id", "revision", "name"}
	boardMakerColumns = []string{"vendor_id", "name", "brand", "source"}
	makerColumns      = []string{"vendor_id", "name", "hq_country", "source"}
	sourceColumns     = []string{"key", "text", "licence"}
	modColumns        = []string{"vendor_id", "device_id", "id", "title", "genuine_memory_mib", "suspect_min_mib", "suspect_max_mib", "giveaway", "confidence", "source"}
)

func board(r record) ([][]string, error) {
	return [][]string{{r["vendor_id"], r["device_id"], r["subsystem_vendor_id"], r["subsystem_device_id"], r["name"]}}, nil
}

func revision(r record) ([][]string, error) {
	return [][]string{{r["vendor_id"], r["device_id"], r["revision"], r["name"]}}, nil
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

// mods makes the rows of modifications. A case without a source is refused.
type mods struct{}

// collected leaves out what nobody has shown, one case that says that a card is
// genuine, and cases without ids.
func (m *mods) collected(r record) ([][]string, error) {
	if r["confidence"] == "unverified" || r["id"] == "cardexpert-10b0" {
		return nil, nil
	}
	return m.own(r)
}

// own gives one row for each device id of a case.
func (m *mods) own(r record) ([][]string, error) {
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

// merged joins rows that tell of one case at one id: the first one's words stay,
// and the sources of the others are named after its own.
func merged(rows [][]string) [][]string {
	var kept [][]string
	for _, row := range rows {
		i := slices.IndexFunc(kept, func(k []string) bool { return slices.Equal(k[:3], row[:3]) })
		if i < 0 {
			kept = append(kept, row)
			continue
		}
		kept[i][len(row)-1] += "; " + row[len(row)-1]
	}
	return kept
}
