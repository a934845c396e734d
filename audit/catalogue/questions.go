package catalogue

import (
	"iter"
	"slices"

	"github.com/gpuaudit/gpuaudit/audit/inventory"
)

// Lookup says what the catalogue has on a device.
func (c *Catalogue) Lookup(ids inventory.IDs) Facts { return c.tables().lookup(ids) }

// KnownAccelerator says that a device is an accelerator whatever class it
// shows. A vendor id alone never says so: the makers of accelerators also make
// network cards, storage and chipsets. Ids of low confidence and ids under an
// unassigned vendor id do not count.
//
// It is asked of every function of a machine. That a device is none is found in the text of
// the table, without reading its rows.
func (c *Catalogue) KnownAccelerator(vendor, device string) bool {
	if c.shipped && !hasRow(acceleratorsFile, vendor, device) {
		return false
	}
	return c.tables().knownAccelerator(vendor, device)
}

// Named are the ids ("10de:2684") of a vendor's accelerators that bear exactly
// this product name, in the catalogue or in the vendor's list of boards. What a
// vendor writes before the name, case and hyphens do not count.
func (c *Catalogue) Named(vendor, name string) []string { return c.tables().idsNamed(vendor, name) }

// NamesOf are the names that the catalogue and the vendor's list of boards have
// for an id.
func (c *Catalogue) NamesOf(vendor, device string) []string {
	return c.tables().namesOf(vendor, device)
}

// NamesOfBoard are the names that a card with these ids may bear: the one that the vendor
// lists its board by, or else those of the id that go with no board.
func (c *Catalogue) NamesOfBoard(ids inventory.IDs) []string { return c.tables().namesOfBoard(ids) }

// NameOfRevision is what the maker calls the product with this revision, "" where it does
// not tell products of the id apart.
func (c *Catalogue) NameOfRevision(vendor, device, revision string) string {
	return c.tables().nameOfRevision(vendor, device, revision)
}

// NamesOfRevisions are what the maker calls the products of an id, each once, in order.
func (c *Catalogue) NamesOfRevisions(vendor, device string) []string {
	return c.tables().namesOfRevisions(vendor, device)
}

// Names goes through the names of all accelerators, boards and revisions, each with its id
// ("10de:2684"), in the order of the ids.
func (c *Catalogue) Names() iter.Seq2[string, string] { return c.tables().names() }

// Sightings lists where an image was seen, by the SHA-256 of the image as it
// stands in the ROM, or by the Authenticode SHA-256 of the EFI driver inside it.
func (c *Catalogue) Sightings(sha256 string) []Sighting { return c.tables().sightings[sha256] }

// Dump lists the images of the dump at a place, in the order of the table.
func (c *Catalogue) Dump(place string) []SeenImage { return c.tables().dumps[place] }

// Coverage counts what the catalogue knows, of all rows and of those of data centres.
func (c *Catalogue) Coverage() (all, dataCentre Coverage) { return c.tables().coverage() }

// Check holds the rows against each other: those that ship in the tests of this
// package, and whatever an operator adds. Each row alone was checked when it was
// read.
func (c *Catalogue) Check() error { return c.tables().check() }

// With is the catalogue with rows on top, which stay apart from it by their
// source: by is whose they are. replaced names the rows that they took the place
// of. The rows are held to what the embedded ones are held to.
func (c *Catalogue) With(rows *Rows, by string) (merged *Catalogue, replaced []string, err error) {
	t, replaced, err := c.tables().with(rows, by)
	if err != nil {
		return nil, nil, err
	}
	return &Catalogue{tables: func() *tables { return t }}, replaced, nil
}

// WithSightings is the catalogue with further sightings: those that it has stay.
func (c *Catalogue) WithSightings(rows []SightingRow, by string) (*Catalogue, error) {
	t, err := c.tables().withSightings(rows, by)
	if err != nil {
		return nil, err
	}
	return &Catalogue{tables: func() *tables { return t }}, nil
}

// Date is the day on which the rows were compiled, YYYY-MM-DD. Each source has
// a revision of its own: see [Catalogue.Sources].
func (c *Catalogue) Date() string { return c.tables().date }

// Stats counts the rows by kind.
func (c *Catalogue) Stats() Stats { return c.tables().stats }

// Sources lists where the rows come from.
func (c *Catalogue) Sources() []Source { return slices.Clone(c.tables().sources) }
