package main

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/gpuaudit/gpuaudit/audit/catalogue"
)

func board(r record) ([]catalogue.Board, error) {
	return []catalogue.Board{{VendorID: r["vendor_id"], DeviceID: r["device_id"], SubsystemVendorID: r["subsystem_vendor_id"], SubsystemDeviceID: r["subsystem_device_id"], Name: r["name"]}}, nil
}

func revision(r record) ([]catalogue.Revision, error) {
	return []catalogue.Revision{{VendorID: r["vendor_id"], DeviceID: r["device_id"], Revision: r["revision"], Name: r["name"]}}, nil
}

// revisionMemory are the factory sizes of a revision's product.
func revisionMemory(r record) ([]catalogue.Revision, error) {
	mib, err := strconv.Atoi(r["memory_mib"])
	if err != nil || r["source"] == "" {
		return nil, fmt.Errorf("memory of %s:%s revision %s: no size, or no source", r["vendor_id"], r["device_id"], r["revision"])
	}
	return []catalogue.Revision{{VendorID: r["vendor_id"], DeviceID: r["device_id"], Revision: r["revision"], Name: r["name"], MemoryMiB: []int{mib}}}, nil
}

// sized gives revisions their memory, where a later row of the same product has it. One
// of no such product stays, and is refused as a second row of its id.
func sized(rows []catalogue.Revision) []catalogue.Revision {
	var kept []catalogue.Revision
	for _, row := range rows {
		i := slices.IndexFunc(kept, func(k catalogue.Revision) bool {
			return k.VendorID == row.VendorID && k.DeviceID == row.DeviceID && k.Revision == row.Revision && k.Name == row.Name
		})
		if i < 0 {
			kept = append(kept, row)
			continue
		}
		kept[i].MemoryMiB = row.MemoryMiB
	}
	return kept
}

// boardMaker leaves out the headquarters, which the collection has from memory.
func boardMaker(r record) ([]catalogue.BoardMaker, error) {
	return []catalogue.BoardMaker{{VendorID: r["subsystem_vendor_id"], Name: r["pciids_name"], Brand: known(r["brand"]), Source: abbreviate(r["source"])}}, nil
}

func maker(r record) ([]catalogue.Maker, error) {
	return []catalogue.Maker{{VendorID: r["vendor_id"], Name: r["name"], HQCountry: known(r["hq_country"]), Source: r["source"]}}, nil
}

func source(r record) ([]catalogue.Source, error) {
	return []catalogue.Source{{Key: r["key"], Text: r["text"], Licence: r["licence"]}}, nil
}

// collectedMods leaves out what nobody has shown, one case that says that a card is
// genuine, and cases without ids.
func collectedMods(r record) ([]catalogue.Mod, error) {
	if r["confidence"] == "unverified" || r["id"] == "cardexpert-10b0" {
		return nil, nil
	}
	return ownMods(r)
}

// ownMods gives one row for each device id of a case. One without a source is refused.
func ownMods(r record) ([]catalogue.Mod, error) {
	if r["source"] == "" {
		return nil, fmt.Errorf("case %s has no source", r["id"])
	}
	low, high, found := strings.Cut(r["suspect_memory_mib"], "-")
	if !found {
		high = low
	}
	m := catalogue.Mod{VendorID: r["vendor_id"], ID: r["id"], Title: r["case"], Giveaway: r["giveaway"], Confidence: r["confidence"], Source: known(abbreviate(r["source"]))}
	for _, x := range []struct {
		cell string
		to   **int
	}{{r["genuine_memory_mib"], &m.GenuineMemoryMiB}, {low, &m.SuspectMinMiB}, {high, &m.SuspectMaxMiB}} {
		if x.cell == "" {
			continue
		}
		n, err := strconv.Atoi(x.cell)
		if err != nil {
			return nil, fmt.Errorf("case %s: %w", r["id"], err)
		}
		*x.to = &n
	}
	var rows []catalogue.Mod
	for _, m.DeviceID = range strings.Split(r["device_id"], "|") {
		if m.DeviceID != "" && m.VendorID != "" {
			rows = append(rows, m)
		}
	}
	return rows, nil
}

// merged joins rows that tell of one case at one id: the first one's words stay,
// and the sources of the others are named after its own.
func merged(rows []catalogue.Mod) []catalogue.Mod {
	var kept []catalogue.Mod
	for _, row := range rows {
		i := slices.IndexFunc(kept, func(k catalogue.Mod) bool {
			return k.VendorID == row.VendorID && k.DeviceID == row.DeviceID && k.ID == row.ID
		})
		if i < 0 {
			kept = append(kept, row)
			continue
		}
		kept[i].Source = new(*kept[i].Source + "; " + *row.Source)
	}
	return kept
}
