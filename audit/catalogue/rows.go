package catalogue

import (
	"fmt"
	"strings"
)

// Accelerators is the table of accelerators. A column that the data do not have
// yet stands in no file.
func Accelerators() Table[Accelerator] {
	type row = Accelerator
	return Table[row]{"accelerators.tsv", []column[row]{
		text("vendor_id", func(a *row) *string { return &a.VendorID }).inEveryFile(),
		text("device_id", func(a *row) *string { return &a.DeviceID }).inEveryFile(),
		text("name", func(a *row) *string { return &a.Name }).inEveryFile(),
		optional("architecture", func(a *row) **string { return &a.Architecture }),
		optional("chip", func(a *row) **string { return &a.Chip }),
		integers("memory_mib", func(a *row) *[]int { return &a.MemoryMiB }),
		boolean("memory_complete", func(a *row) **bool { return &a.MemoryComplete }),
		structured("memory_sizes", func(a *row) *[]MemorySizes { return &a.MemorySizes }, func(s []MemorySizes) bool { return len(s) > 0 }),
		boolean("memory_unified", func(a *row) **bool { return &a.MemoryUnified }),
		optional("memory_type", func(a *row) **string { return &a.MemoryType }),
		integer("bus_width", func(a *row) **int { return &a.BusWidth }),
		number("die_mm2", func(a *row) **float64 { return &a.DieMM2 }),
		number("tpp", func(a *row) **float64 { return &a.TPP }),
		optional("tpp_basis", func(a *row) **string { return &a.TPPBasis }),
		number("dense_tops", func(a *row) **float64 { return &a.DenseTOPS }),
		integer("bit_length", func(a *row) **int { return &a.BitLength }),
		number("bandwidth_gbs", func(a *row) **float64 { return &a.BandwidthGBs }),
		number("memory_gbps", func(a *row) **float64 { return &a.MemoryGbps }),
		integer("fastest_line_mbps", func(a *row) **int { return &a.FastestLineMbps }),
		integer("board_power_w", func(a *row) **int { return &a.BoardPowerW }),
		optional("interconnect", func(a *row) **string { return &a.Interconnect }),
		number("interconnect_gbs", func(a *row) **float64 { return &a.InterconnectGBs }),
		integer("interconnect_links", func(a *row) **int { return &a.InterconnectLinks }),
		number("interconnect_link_gbs", func(a *row) **float64 { return &a.InterconnectLinkGBs }),
		optional("market", func(a *row) **string { return &a.Market }),
		integer("pcie_gen", func(a *row) **int { return &a.PCIeGen }),
		integer("pcie_lanes", func(a *row) **int { return &a.PCIeLanes }),
		optional("form", func(a *row) **string { return &a.Form }),
		boolean("engineering", func(a *row) **bool { return &a.Engineering }),
		texts("class_codes", func(a *row) *[]string { return &a.ClassCodes }),
		texts("vbios_prefixes", func(a *row) *[]string { return &a.VBIOSPrefixes }),
		texts("chip_texts", func(a *row) *[]string { return &a.ChipTexts }),
		texts("functions", func(a *row) *[]string { return &a.Functions }),
		structured("bars", func(a *row) *[]BAR { return &a.BARs }, func(b []BAR) bool { return len(b) > 0 }),
		optional("launch_date", func(a *row) **string { return &a.LaunchDate }),
		optional("design_hq_country", func(a *row) **string { return &a.DesignHQCountry }),
		optional("fab_country", func(a *row) **string { return &a.FabCountry }),
		text("id_confidence", func(a *row) *string { return &a.IDConfidence }).inEveryFile(),
		text("source", func(a *row) *string { return &a.Source }).inEveryFile(),
		structured("cells", func(a *row) *map[string]Origin { return &a.Cells }, func(c map[string]Origin) bool { return len(c) > 0 }),
	}, checkAccelerator}
}

// Makers is the table of makers of accelerators.
func Makers() Table[Maker] {
	return Table[Maker]{"makers.tsv", []column[Maker]{
		text("vendor_id", func(m *Maker) *string { return &m.VendorID }).inEveryFile(),
		text("name", func(m *Maker) *string { return &m.Name }).inEveryFile(),
		optional("hq_country", func(m *Maker) **string { return &m.HQCountry }),
		text("source", func(m *Maker) *string { return &m.Source }).inEveryFile(),
	}, checkMaker}
}

// BoardMakers is the table of makers of boards.
func BoardMakers() Table[BoardMaker] {
	return Table[BoardMaker]{"board_makers.tsv", []column[BoardMaker]{
		text("vendor_id", func(m *BoardMaker) *string { return &m.VendorID }).inEveryFile(),
		text("name", func(m *BoardMaker) *string { return &m.Name }).inEveryFile(),
		optional("brand", func(m *BoardMaker) **string { return &m.Brand }),
		text("source", func(m *BoardMaker) *string { return &m.Source }).inEveryFile(),
	}, checkBoardMaker}
}

// Boards is the table of boards. One without a subsystem says that the maker
// lists the part without boards, too.
func Boards() Table[Board] {
	return Table[Board]{"boards.tsv", []column[Board]{
		text("vendor_id", func(b *Board) *string { return &b.VendorID }).inEveryFile(),
		text("device_id", func(b *Board) *string { return &b.DeviceID }).inEveryFile(),
		text("subsystem_vendor_id", func(b *Board) *string { return &b.SubsystemVendorID }).inEveryFile(),
		text("subsystem_device_id", func(b *Board) *string { return &b.SubsystemDeviceID }).inEveryFile(),
		text("name", func(b *Board) *string { return &b.Name }).inEveryFile(),
	}, checkBoard}
}

// Revisions is the table of what a maker calls its products by their revision, where one
// id is that of several.
func Revisions() Table[Revision] {
	return Table[Revision]{"revisions.tsv", []column[Revision]{
		text("vendor_id", func(r *Revision) *string { return &r.VendorID }).inEveryFile(),
		text("device_id", func(r *Revision) *string { return &r.DeviceID }).inEveryFile(),
		text("revision", func(r *Revision) *string { return &r.Revision }).inEveryFile(),
		text("name", func(r *Revision) *string { return &r.Name }).inEveryFile(),
		integers("memory_mib", func(r *Revision) *[]int { return &r.MemoryMiB }),
	}, checkRevision}
}

// Mods is the table of known modifications.
func Mods() Table[Mod] {
	return Table[Mod]{"mods.tsv", []column[Mod]{
		text("vendor_id", func(m *Mod) *string { return &m.VendorID }).inEveryFile(),
		text("device_id", func(m *Mod) *string { return &m.DeviceID }).inEveryFile(),
		text("id", func(m *Mod) *string { return &m.ID }).inEveryFile(),
		text("title", func(m *Mod) *string { return &m.Title }).inEveryFile(),
		integer("genuine_memory_mib", func(m *Mod) **int { return &m.GenuineMemoryMiB }),
		integer("suspect_min_mib", func(m *Mod) **int { return &m.SuspectMinMiB }),
		integer("suspect_max_mib", func(m *Mod) **int { return &m.SuspectMaxMiB }),
		text("giveaway", func(m *Mod) *string { return &m.Giveaway }).inEveryFile(),
		text("confidence", func(m *Mod) *string { return &m.Confidence }).inEveryFile(),
		optional("source", func(m *Mod) **string { return &m.Source }).inEveryFile(),
	}, checkMod}
}

// Sources is the table of bodies of data.
func Sources() Table[Source] {
	return Table[Source]{"sources.tsv", []column[Source]{
		text("key", func(s *Source) *string { return &s.Key }).inEveryFile(),
		text("text", func(s *Source) *string { return &s.Text }).inEveryFile(),
		text("licence", func(s *Source) *string { return &s.Licence }).inEveryFile(),
	}, checkSource}
}

// empty is a catalogue without rows.
func empty() *tables {
	return &tables{
		accelerators: map[string]*Accelerator{}, makers: map[string]*Maker{}, boardMakers: map[string]*BoardMaker{},
		boards: map[string]*boards{}, mods: map[string][]Mod{}, sightings: map[string][]Sighting{}, dumps: map[string][]SeenImage{},
		named: &names{}, revisions: map[string]*Revision{},
	}
}

func (c *tables) addAccelerator(a *Accelerator) error {
	key := pair(a.VendorID, a.DeviceID)
	if c.accelerators[key] != nil {
		return fmt.Errorf("a second row for %s", key)
	}
	c.accelerators[key] = a
	c.stats.Accelerators++
	return nil
}

func (c *tables) addMaker(m *Maker) error {
	if c.makers[m.VendorID] != nil {
		return fmt.Errorf("a second row for %s", m.VendorID)
	}
	c.makers[m.VendorID] = m
	c.stats.Makers++
	return nil
}

func (c *tables) addBoardMaker(m *BoardMaker) error {
	if c.boardMakers[m.VendorID] != nil {
		return fmt.Errorf("a second row for %s", m.VendorID)
	}
	c.boardMakers[m.VendorID] = m
	c.stats.BoardMakers++
	return nil
}

// addBoard keeps the ids, and the names to compare a driver's with.
func (c *tables) addBoard(row *Board) error {
	key := pair(row.VendorID, row.DeviceID)
	b := c.boards[key]
	if b == nil {
		b = &boards{of: map[string]string{}}
		c.boards[key] = b
	}
	name := strings.TrimPrefix(row.Name, "NVIDIA ")
	if row.SubsystemVendorID == "" {
		b.anyOther = true
		b.general = append(b.general, name)
	} else {
		subsystem := pair(row.SubsystemVendorID, row.SubsystemDeviceID)
		b.subsystems = append(b.subsystems, subsystem)
		b.of[subsystem] = name
	}
	b.all = append(b.all, name)
	c.stats.Boards++
	return nil
}

func (c *tables) addRevision(r *Revision) error {
	key := pair(pair(r.VendorID, r.DeviceID), r.Revision)
	if c.revisions[key] != nil {
		return fmt.Errorf("a second row for %s", key)
	}
	c.revisions[key] = r
	return nil
}

func (c *tables) addMod(m *Mod) error {
	key := pair(m.VendorID, m.DeviceID)
	c.mods[key] = append(c.mods[key], *m)
	c.stats.Mods++
	return nil
}

func (c *tables) addSource(s *Source) error {
	c.sources = append(c.sources, *s)
	return nil
}
