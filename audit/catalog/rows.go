package catalog

import (
	"slices"
	"strings"
)

// files are the tables, with how each row becomes part of the catalogue.
func (c *Catalogue) files() []table {
	c.accelerators, c.makers, c.boardMakers = map[string]*Accelerator{}, map[string]*Maker{}, map[string]*BoardMaker{}
	c.boards, c.mods = map[string]*boards{}, map[string][]Mod{}
	c.sightings = map[string][]Sighting{}
	return []table{
		{"accelerators.tsv", "vendor_id device_id name architecture chip memory_mib memory_complete memory_unified memory_type bus_width die_mm2" +
			" tpp tpp_basis dense_tops bit_length bandwidth_gbs market pcie_gen pcie_lanes form vbios_prefixes chip_texts functions" +
			" launch_date design_hq_country fab_country id_confidence source", c.accelerator},
		{"makers.tsv", "vendor_id name hq_country source", c.maker},
		{"board_makers.tsv", "vendor_id name brand source", c.boardMaker},
		{"boards.tsv", "vendor_id device_id subsystem_vendor_id subsystem_device_id name", c.board},
		{"mods.tsv", "vendor_id device_id id title genuine_memory_mib suspect_min_mib suspect_max_mib giveaway confidence source", c.mod},
		{"sightings.tsv", "image_sha256 driver_sha256 modified version part place", c.sighting},
		{"sources.tsv", "key text licence", c.source},
	}
}

func (c *Catalogue) accelerator(r *row) {
	a := &Accelerator{
		VendorID: r.id(), DeviceID: r.id(), Name: r.text(), Architecture: r.optional(), Chip: r.optional(),
		MemoryMiB: r.integers(), MemoryComplete: r.boolean(), MemoryUnified: r.boolean(), MemoryType: r.optional(), BusWidth: r.integer(), DieMM2: r.number(),
		TPP: r.number(), TPPBasis: r.optional(), DenseTOPS: r.number(), BitLength: r.integer(), BandwidthGBs: r.number(), Market: r.optional(),
		PCIeGen: r.integer(), PCIeLanes: r.integer(),
		Form: r.optional(), VBIOSPrefixes: r.texts(), ChipTexts: r.texts(), Functions: r.texts(), LaunchDate: r.optional(), DesignHQCountry: r.optional(), FabCountry: r.optional(),
		IDConfidence: r.text(), Source: r.text(),
	}
	key := pair(a.VendorID, a.DeviceID)
	if c.accelerators[key] != nil {
		r.fail("a second row for %s", key)
	}
	c.accelerators[key] = a
	c.stats.Accelerators++
}

func (c *Catalogue) maker(r *row) {
	m := &Maker{VendorID: r.id(), Name: r.text(), HQCountry: r.optional(), Source: r.text()}
	if c.makers[m.VendorID] != nil {
		r.fail("a second row for %s", m.VendorID)
	}
	c.makers[m.VendorID] = m
	c.stats.Makers++
}

func (c *Catalogue) boardMaker(r *row) {
	m := &BoardMaker{VendorID: r.id(), Name: r.text(), Brand: r.optional(), Source: r.text()}
	if c.boardMakers[m.VendorID] != nil {
		r.fail("a second row for %s", m.VendorID)
	}
	c.boardMakers[m.VendorID] = m
	c.stats.BoardMakers++
}

// board keeps the ids, and the names to hold a driver's against.
func (c *Catalogue) board(r *row) {
	key := pair(r.id(), r.id())
	subvendor, subdevice := r.optionalID(), r.optionalID()
	if (subvendor == "") != (subdevice == "") {
		r.fail("half a subsystem")
	}
	b := c.boards[key]
	if b == nil {
		b = &boards{}
		c.boards[key] = b
	}
	if subvendor == "" {
		b.anyOther = true
	} else {
		b.subsystems = append(b.subsystems, pair(subvendor, subdevice))
	}
	if name := strings.Join(Words(r.text()), " "); !slices.Contains(b.names, name) {
		b.names = append(b.names, name)
	}
	c.stats.Boards++
}

func (c *Catalogue) mod(r *row) {
	m := Mod{VendorID: r.id(), DeviceID: r.id(), ID: r.text(), Title: r.text(), GenuineMemoryMiB: r.integer(),
		SuspectMinMiB: r.integer(), SuspectMaxMiB: r.integer(), Giveaway: r.text(), Confidence: r.text(), Source: r.optional()}
	key := pair(m.VendorID, m.DeviceID)
	c.mods[key] = append(c.mods[key], m)
	c.stats.Mods++
}

func (c *Catalogue) source(r *row) {
	c.sources = append(c.sources, Source{Key: r.text(), Text: r.text(), Licence: r.text()})
}
