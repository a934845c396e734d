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

// Catalogue is the embedded catalogue. It is read-only and safe for
// concurrent use.
type Catalogue struct {
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
	// names are the products' names, each once, without the vendor's.
	names []string
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

// Load is the embedded catalogue, read once in a process; nobody changes it. It fails on
// a row that breaks the schema, which the tests of this package rule out for the data
// that ship.
func Load() (*Catalogue, error) { return shipped() }

var shipped = sync.OnceValues(readEmbedded)

func readEmbedded() (*Catalogue, error) {
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

// Lookup says what the catalogue has on a device.
func (c *Catalogue) Lookup(ids inventory.IDs) Facts {
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
func (c *Catalogue) ofRevision(ids inventory.IDs) *Accelerator {
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

// KnownAccelerator says that a device is an accelerator whatever class it
// shows. A vendor id alone never says so: the makers of accelerators also make
// network cards, storage and chipsets. Ids of low confidence and ids under an
// unassigned vendor id do not count.
func (c *Catalogue) KnownAccelerator(vendor, device string) bool {
	a := c.accelerators[pair(vendor, device)]
	return a != nil && a.IDConfidence != "low" && vendor != metaX
}

// Date is the day on which the rows were compiled, YYYY-MM-DD. Each source has
// a revision of its own: see [Catalogue.Sources].
func (c *Catalogue) Date() string { return c.date }

// Stats counts the rows by kind.
func (c *Catalogue) Stats() Stats { return c.stats }

// Sources lists where the rows come from.
func (c *Catalogue) Sources() []Source { return slices.Clone(c.sources) }

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
