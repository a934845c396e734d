package catalogue

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"slices"
	"strings"
	"sync"

	"github.com/gpuaudit/gpuaudit/audit/inventory"
)

//go:generate go run ./gen -from ../../../shared/catalog -out data -rules ../../rules/data -date 2026-11-24

// Catalogue is the embedded catalogue, or that with rows of operators on top. It is
// read-only and safe for concurrent use. The embedded files are read when a question needs
// them: of a machine without a GPU, none does.
type Catalogue struct {
	tables func() *tables
	// shipped says that it has no rows but the embedded ones.
	shipped bool
}

// tables are the rows of a catalogue.
type tables struct {
	accelerators map[string]*Accelerator
	makers       map[string]*Maker
	boardMakers  map[string]*BoardMaker
	boards       map[string]*boards
	mods         map[string][]Mod
	sightings    map[string][]Sighting
	// revisions are products by "1002:744c:c8".
	revisions map[string]*Revision
	// dumps are the images that were seen together, by place.
	dumps   map[string][]SeenImage
	sources []Source
	date    string
	stats   Stats
	// named are the ids of products.
	named *names
	// owned names, by row, the operator's catalogue that the row comes from.
	owned map[string]string
}

// boards are the boards that a vendor lists for one device id.
type boards struct {
	subsystems []string // "10de:1533"
	// anyOther says that the vendor also lists the id without a subsystem, so
	// that a board which is not named is no surprise.
	anyOther bool
	// all are the products' names as they are listed, without the vendor's.
	all []string
	// general are those of them that go with no board; of has that of each other board.
	general []string
	of      map[string]string
	// by names the operator's catalogue that a board comes from.
	by map[string]string
}

// Source is a body of data that rows of the catalogue come from. A row's
// Source field names it by Key.
type Source struct {
	Key     string `json:"key"`
	Text    string `json:"text"`
	Licence string `json:"licence"`
}

// Stats counts the rows.
type Stats struct {
	Accelerators int `json:"accelerators"`
	Makers       int `json:"makers"`
	Boards       int `json:"boards"`
	BoardMakers  int `json:"board_makers"`
	Mods         int `json:"mods"`
	Sightings    int `json:"sightings"`
}

// Load is the embedded catalogue, read once in a process; nobody changes it.
func Load() *Catalogue { return &Catalogue{tables: embeddedTables, shipped: true} }

var embeddedTables = sync.OnceValue(func() *tables {
	c, err := readEmbedded()
	if err != nil {
		panic("catalogue: " + err.Error()) // made at build time, held by the tests
	}
	return c
})

func readEmbedded() (*tables, error) {
	c := empty()
	for _, read := range []func() error{
		func() error { return Accelerators().read(acceleratorsFile, c.addAccelerator) },
		func() error { return Makers().read(makersFile, c.addMaker) },
		func() error { return BoardMakers().read(boardMakersFile, c.addBoardMaker) },
		func() error { return Boards().read(boardsFile, c.addBoard) },
		func() error { return Revisions().read(revisionsFile, c.addRevision) },
		func() error { return Mods().read(modsFile, c.addMod) },
		func() error { return SightingRows().read(sightingsFile, c.addSighting) },
		func() error { return Sources().read(sourcesFile, c.addSource) },
		func() (err error) { c.date, err = readDate(); return err },
	} {
		if err := read(); err != nil {
			return nil, fmt.Errorf("load catalogue: %w", err)
		}
	}
	return c, nil
}

// lookup says what the catalogue has on a device.
func (c *tables) lookup(ids inventory.IDs) Facts {
	key := pair(ids.Vendor, ids.Device)
	facts := Facts{Accelerator: c.ofRevision(ids), Maker: c.makers[ids.Vendor], BoardMaker: c.boardMakers[ids.SubsystemVendor], Mods: c.mods[key]}
	if b := c.boards[key]; b != nil && ids.SubsystemVendor != "" && ids.SubsystemDevice != "" {
		subsystem := pair(ids.SubsystemVendor, ids.SubsystemDevice)
		facts.BoardListed = b.listed(subsystem)
		if by := b.by[subsystem]; by != "" {
			facts.BoardBy = &by
		}
	}
	return facts
}

// ofRevision is the row of an id, with the name and the memory of the product that the
// revision tells, where its maker tells the products of the id by that. A row of an
// operator counts as it is, and revision 00 is that of many a part whose own is not known.
func (c *tables) ofRevision(ids inventory.IDs) *Accelerator {
	key := pair(ids.Vendor, ids.Device)
	a, r := c.accelerators[key], c.revisions[pair(key, ids.Revision)]
	if a == nil || r == nil || ids.Revision == "00" || c.owned["accelerator "+key] != "" {
		return a
	}
	of := *a
	if strings.ContainsAny(r.Name, "0123456789") && strings.Contains(a.Name, "/") {
		of.Name = r.Name
	}
	if len(r.MemoryMiB) > 0 {
		of.MemoryMiB, of.MemoryComplete = r.MemoryMiB, new(true)
	}
	return &of
}

func (b *boards) listed(subsystem string) *bool {
	switch {
	case slices.Contains(b.subsystems, subsystem):
		return new(true)
	case b.anyOther:
		return nil
	}
	return new(false)
}

// metaX is a vendor id that was never assigned: MetaX cards show it, and other
// devices may too.
const metaX = "9999"

// knownAccelerator: see [Catalogue.KnownAccelerator].
func (c *tables) knownAccelerator(vendor, device string) bool {
	a := c.accelerators[pair(vendor, device)]
	return a != nil && a.IDConfidence != "low" && vendor != metaX
}

// SHA256 is the digest over the names and the bytes of all embedded files.
func (c *Catalogue) SHA256() string {
	h := sha256.New()
	for _, f := range files() {
		fmt.Fprintf(h, "%s %d\n", f.name, len(f.text))
		_, _ = io.WriteString(h, f.text)
	}
	return hex.EncodeToString(h.Sum(nil))
}

func pair(a, b string) string { return a + ":" + b }
