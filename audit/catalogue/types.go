// Package catalogue is what is known of accelerators before one is looked at:
// factory facts by PCI id, makers, board makers and known modifications, each
// with its source. A blank cell is unknown, never zero.
package catalogue

// Accelerator is one device id's factory facts.
type Accelerator struct {
	VendorID     string  `json:"vendor_id"`
	DeviceID     string  `json:"device_id"`
	Name         string  `json:"name"`
	Architecture *string `json:"architecture,omitempty"`
	Chip         *string `json:"chip,omitempty"`
	// MemoryMiB are the factory memory sizes that one PCI function's driver may
	// state: where a package shows each die as a device, those of a die. The list
	// is a lower bound unless MemoryComplete is true.
	MemoryMiB      []int `json:"memory_mib,omitempty"`
	MemoryComplete *bool `json:"memory_complete,omitempty"`
	// MemorySizes are lists of sizes that say what they speak of: of cards, dies or
	// partitions, and of one board where that has sizes of its own.
	MemorySizes []MemorySizes `json:"memory_sizes,omitempty"`
	// MemoryUnified says that the device works in the machine's memory, so that
	// no size is the card's own.
	MemoryUnified *bool    `json:"memory_unified,omitempty"`
	MemoryType    *string  `json:"memory_type,omitempty"`
	BusWidth      *int     `json:"bus_width,omitempty"` // bits
	DieMM2        *float64 `json:"die_mm2,omitempty"`
	TPP           *float64 `json:"tpp,omitempty"` // total processing performance, 15 CFR 774 ECCN 3A090
	// TPPBasis says how TPP was obtained: "published: FP16 dense 312 x 16".
	// DenseTOPS and BitLength are its two factors where the basis names them:
	// TPP = DenseTOPS x BitLength (a published rate counts two operations per
	// multiply-accumulate already).
	TPPBasis  *string  `json:"tpp_basis,omitempty"`
	DenseTOPS *float64 `json:"dense_tops,omitempty"`
	BitLength *int     `json:"bit_length,omitempty"`
	// BandwidthGBs is the total DRAM bandwidth, 10^9 bytes per second.
	// MemoryGbps is the rate of one data line of the memory, 10^9 bits per second:
	// BandwidthGBs = BusWidth x MemoryGbps / 8.
	BandwidthGBs *float64 `json:"bandwidth_gbs,omitempty"`
	MemoryGbps   *float64 `json:"memory_gbps,omitempty"`
	// FastestLineMbps is the fastest rate of one data line of the memory, 10^6 bits per
	// second, and BoardPowerW the most power in watts, that a card of this id is
	// specified for by the designer of the chip: makers of boards go a little beyond.
	FastestLineMbps *int `json:"fastest_line_mbps,omitempty"`
	BoardPowerW     *int `json:"board_power_w,omitempty"`
	// Interconnect is the link between accelerators ("NVLink 4"), InterconnectGBs
	// what all its links carry both ways together, 10^9 bytes per second:
	// InterconnectGBs = InterconnectLinks x InterconnectLinkGBs.
	Interconnect        *string  `json:"interconnect,omitempty"`
	InterconnectGBs     *float64 `json:"interconnect_gbs,omitempty"`
	InterconnectLinks   *int     `json:"interconnect_links,omitempty"`
	InterconnectLinkGBs *float64 `json:"interconnect_link_gbs,omitempty"`
	// Market is "data-centre" or "consumer", by the maker's product line; nil
	// where the line is sold to both or the name does not tell.
	Market    *string `json:"market,omitempty"`
	PCIeGen   *int    `json:"pcie_gen,omitempty"`
	PCIeLanes *int    `json:"pcie_lanes,omitempty"`
	// Form is "laptop" for a part made for laptops (mini PCs, all-in-ones and
	// external boxes use them honestly), "mining" for one sold for mining; nil
	// for a card and where the form is not known.
	Form *string `json:"form,omitempty"`
	// Engineering says that the id is that of engineering samples.
	Engineering *bool `json:"engineering,omitempty"`
	// ClassCodes are the PCI classes, "0b40", that the part shows where they are none
	// of a display or an accelerator.
	ClassCodes []string `json:"class_codes,omitempty"`
	// VBIOSPrefixes are the first two groups of the VBIOS versions of this chip,
	// "95.02"; ChipTexts the names of the chip in its AMD ATOM BIOS, "POLARIS20".
	// Other texts may exist where the list is empty; where it is not, it has all
	// that were seen.
	VBIOSPrefixes []string `json:"vbios_prefixes,omitempty"`
	ChipTexts     []string `json:"chip_texts,omitempty"`
	// Functions are the classes, "0403", that a genuine desktop card of this chip
	// has in the other functions of its slot.
	Functions []string `json:"functions,omitempty"`
	// BARs are the memory windows of the part, with all sizes that the factory's
	// firmware may give them.
	BARs            []BAR   `json:"bars,omitempty"`
	LaunchDate      *string `json:"launch_date,omitempty"`       // YYYY or YYYY-MM-DD
	DesignHQCountry *string `json:"design_hq_country,omitempty"` // ISO 3166-1 alpha-2
	FabCountry      *string `json:"fab_country,omitempty"`       // country of the foundry's seat, not of the fab
	IDConfidence    string  `json:"id_confidence"`               // "high", "medium", "low"
	Source          string  `json:"source"`
	// Cells says, by the name of a field, where its value comes from, where that is
	// known for the field alone. Source is that of the row.
	Cells map[string]Origin `json:"cells,omitempty"`
}

// MemorySizes are factory memory sizes of one unit.
type MemorySizes struct {
	// Unit is "card" for all memory of a board, "die" for that of one of several
	// dies, "partition" for a part that a driver hands out (MIG, SR-IOV).
	Unit string `json:"unit"`
	MiB  []int  `json:"mib"`
	// Complete says that there are no others; nil or false: it is a lower bound.
	Complete *bool `json:"complete,omitempty"`
	// The board that alone has these sizes; "" for all boards.
	SubsystemVendorID string `json:"subsystem_vendor_id,omitempty"`
	SubsystemDeviceID string `json:"subsystem_device_id,omitempty"`
}

// BAR is a base address register, by its number, with the sizes of its window.
type BAR struct {
	Index int     `json:"index"`
	Bytes []int64 `json:"bytes"`
}

// Origin is where a value comes from, and how well it is founded.
type Origin struct {
	Source string `json:"source"`
	// Degree is "primary" for the maker's own word, "measured" for what real cards
	// showed, "secondary" for what others say, "derived" for what was computed from
	// other values.
	Degree string `json:"degree"`
}

// Maker is the holder of a PCI vendor id that makes accelerators.
type Maker struct {
	VendorID  string  `json:"vendor_id"`
	Name      string  `json:"name"`
	HQCountry *string `json:"hq_country,omitempty"`
	Source    string  `json:"source"`
}

// BoardMaker is the holder of a subsystem vendor id.
type BoardMaker struct {
	VendorID string  `json:"vendor_id"`
	Name     string  `json:"name"`
	Brand    *string `json:"brand,omitempty"`
	Source   string  `json:"source"`
}

// Revision is what a maker calls a product whose id others have, too.
type Revision struct {
	VendorID, DeviceID string
	// Revision is that of configuration space, two hexadecimal digits.
	Revision string
	Name     string
	// MemoryMiB are all factory sizes of the product, where its maker's table has them.
	MemoryMiB []int
}

// Mod is a known modification or counterfeit of a device id.
type Mod struct {
	// VendorID and DeviceID are the ids that the modified card shows.
	VendorID         string  `json:"vendor_id"`
	DeviceID         string  `json:"device_id"`
	ID               string  `json:"id"`
	Title            string  `json:"title"`
	GenuineMemoryMiB *int    `json:"genuine_memory_mib,omitempty"`
	SuspectMinMiB    *int    `json:"suspect_min_mib,omitempty"`
	SuspectMaxMiB    *int    `json:"suspect_max_mib,omitempty"`
	Giveaway         string  `json:"giveaway"`
	Confidence       string  `json:"confidence"`
	Source           *string `json:"source,omitempty"`
}

// Facts is what the catalogue says of one device; nil where it has no row,
// which means "not in the catalogue", not "does not exist".
type Facts struct {
	Accelerator *Accelerator `json:"accelerator,omitempty"`
	Maker       *Maker       `json:"maker,omitempty"`
	BoardMaker  *BoardMaker  `json:"board_maker,omitempty"`
	// BoardListed says whether the (device, subsystem) pair is in the vendor's
	// own board list; nil where the vendor lists no boards for this device id.
	BoardListed *bool `json:"board_listed,omitempty"`
	// BoardBy names the operator's catalogue that lists the board, where it is not
	// the vendor's own list.
	BoardBy *string `json:"board_by,omitempty"`
	Mods    []Mod   `json:"mods,omitempty"`
}
