package catalogue

import "strings"

// Coverage counts how much the rows of accelerators know. Parts whose memory is the
// machine's have no size of their own, and are in none of the counts of sizes.
type Coverage struct {
	// Accelerators are all rows, Unified those in the machine's memory.
	Accelerators int `json:"accelerators"`
	Unified      int `json:"memory_unified"`
	// Sizes are rows with a factory size, Sourced those whose sizes rest on more than a
	// republished database, Whole those that have all sizes.
	Sizes   int `json:"sizes"`
	Sourced int `json:"sizes_sourced"`
	Whole   int `json:"sizes_whole"`
	// Of what else rules ask for: the first groups of the firmware's version, or the
	// chip's name in it; processing power; memory bandwidth; the link between cards.
	Firmware     int `json:"firmware"`
	TPP          int `json:"tpp"`
	Bandwidth    int `json:"bandwidth"`
	Interconnect int `json:"interconnect"`
}

// coverage: see [Catalogue.Coverage].
func (c *tables) coverage() (all, dataCentre Coverage) {
	for _, a := range c.accelerators {
		all.count(a)
		if a.Market != nil && *a.Market == "data-centre" {
			dataCentre.count(a)
		}
	}
	return all, dataCentre
}

func (v *Coverage) count(a *Accelerator) {
	v.Accelerators++
	add := func(n *int, known bool) {
		if known {
			*n++
		}
	}
	unified := a.MemoryUnified != nil && *a.MemoryUnified
	sizes := len(a.MemoryMiB) > 0 && !unified
	add(&v.Unified, unified)
	add(&v.Sizes, sizes)
	add(&v.Sourced, sizes && ownSource(a))
	add(&v.Whole, sizes && a.MemoryComplete != nil && *a.MemoryComplete)
	add(&v.Firmware, len(a.VBIOSPrefixes)+len(a.ChipTexts) > 0)
	add(&v.TPP, a.TPP != nil)
	add(&v.Bandwidth, a.BandwidthGBs != nil)
	add(&v.Interconnect, a.InterconnectGBs != nil)
}

// ownSource says that sizes have a source of their own in the row: those of the
// republished database stand under "specs:" alone. A row of an operator is its own
// source.
func ownSource(a *Accelerator) bool {
	return strings.Contains(a.Source, "memory: ") || strings.Contains(a.Source, "memory_mib: ") || !strings.Contains(a.Source, "specs:rightnow")
}
