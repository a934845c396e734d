package catalogue

import (
	"errors"
	"fmt"
	"iter"
	"maps"
	"slices"
	"time"

	"github.com/gpuaudit/gpuaudit/audit/lazyregexp"
)

// Rows are what an operator adds to the catalogue, or puts in the place of its
// rows. A field that is left out is unknown: a row replaces a whole row.
type Rows struct {
	Name string `json:"name" jsonschema:"pattern=^[a-z][a-z0-9-]{0\\,39}$"`
	// Date is the day that the rows speak for, YYYY-MM-DD.
	Date          string        `json:"date" jsonschema:"format=date"`
	Accelerators  []Accelerator `json:"accelerators,omitempty"`
	Makers        []Maker       `json:"makers,omitempty"`
	BoardMakers   []BoardMaker  `json:"board_makers,omitempty"`
	Boards        []Board       `json:"boards,omitempty"`
	Modifications []Mod         `json:"modifications,omitempty"`
}

// Board is a board that carries an accelerator.
type Board struct {
	VendorID          string `json:"vendor_id"`
	DeviceID          string `json:"device_id"`
	SubsystemVendorID string `json:"subsystem_vendor_id"`
	SubsystemDeviceID string `json:"subsystem_device_id"`
	Name              string `json:"name"`
}

var rowsName = lazyregexp.New(`^[a-z][a-z0-9-]{0,39}$`)

// with: see [Catalogue.With].
func (c *tables) with(rows *Rows, by string) (merged *tables, replaced []string, err error) {
	own, err := rows.read(fmt.Sprintf("catalogue %s by %s", rows.Name, by))
	if err != nil {
		return nil, nil, fmt.Errorf("catalogue %.60q: %w", rows.Name, err)
	}
	if err := c.uncontested(own, rows.Name); err != nil {
		return nil, nil, fmt.Errorf("catalogue %.60q: %w", rows.Name, err)
	}
	merged = c.clone()
	merged.owned["catalogue "+rows.Name] = rows.Name
	for row := range own.rows() {
		merged.owned[row] = rows.Name
	}
	replaced = slices.Concat(
		lay(merged.accelerators, own.accelerators, "accelerator"),
		lay(merged.makers, own.makers, "maker"),
		lay(merged.boardMakers, own.boardMakers, "board maker"),
		merged.layMods(own.mods))
	merged.layBoards(own.boards, rows.Name)
	s := own.stats
	m := &merged.stats
	m.Accelerators, m.Makers, m.BoardMakers = len(merged.accelerators), len(merged.makers), len(merged.boardMakers)
	m.Boards, m.Mods = m.Boards+s.Boards, 0
	for _, mods := range merged.mods {
		m.Mods += len(mods)
	}
	if err := merged.check(); err != nil {
		return nil, nil, fmt.Errorf("catalogue %.60q: %w", rows.Name, err)
	}
	return merged, replaced, nil
}

// Vendors are the PCI vendor ids that the rows speak of, each with the maker of
// a board where it is about one, "" else.
func (rows *Rows) Vendors() [][2]string {
	var ids [][2]string
	add := func(vendor, board string) { ids = append(ids, [2]string{vendor, board}) }
	for _, a := range rows.Accelerators {
		add(a.VendorID, "")
	}
	for _, m := range rows.Makers {
		add(m.VendorID, "")
	}
	for _, m := range rows.BoardMakers {
		add("", m.VendorID)
	}
	for _, b := range rows.Boards {
		add(b.VendorID, b.SubsystemVendorID)
	}
	for _, m := range rows.Modifications {
		add(m.VendorID, "")
	}
	return ids
}

// Count is how many rows there are.
func (rows *Rows) Count() int {
	return len(rows.Accelerators) + len(rows.Makers) + len(rows.BoardMakers) + len(rows.Boards) + len(rows.Modifications)
}

// read checks the rows as those of the tables are checked, and marks whose they
// are.
func (rows *Rows) read(by string) (*tables, error) {
	_, dateErr := time.Parse(time.DateOnly, rows.Date)
	switch {
	case !rowsName.MatchString(rows.Name):
		return nil, fmt.Errorf("name %.60q: use lower-case letters, digits and -", rows.Name)
	case dateErr != nil:
		return nil, fmt.Errorf("date %.40q is no day (2026-11-26)", rows.Date)
	case rows.Count() == 0:
		return nil, fmt.Errorf("it holds no rows")
	}
	c := empty()
	mark := func(source *string) { *source += " (" + by + ")" }
	if err := errors.Join(
		take("accelerators", rows.Accelerators, tidyAccelerator, checkAccelerator, func(a *Accelerator) error { mark(&a.Source); return c.addAccelerator(a) }),
		take("makers", rows.Makers, func(m *Maker) { known(&m.HQCountry) }, checkMaker, func(m *Maker) error { mark(&m.Source); return c.addMaker(m) }),
		take("board_makers", rows.BoardMakers, func(m *BoardMaker) { known(&m.Brand) }, checkBoardMaker, func(m *BoardMaker) error { mark(&m.Source); return c.addBoardMaker(m) }),
		take("boards", rows.Boards, func(*Board) {}, checkOwnBoard, c.addBoard),
		take("modifications", rows.Modifications, func(m *Mod) { known(&m.Source) }, checkMod, func(m *Mod) error {
			m.Source = new(*m.Source)
			mark(m.Source)
			return c.addMod(m)
		}),
	); err != nil {
		return nil, err
	}
	return c, c.once()
}

// take hands copies of rows on that keep the schema; the first that does not is
// named.
func take[T any](table string, rows []T, tidy func(*T), check, add func(*T) error) error {
	for i, row := range rows {
		tidy(&row)
		err := check(&row)
		if err == nil {
			err = add(&row)
		}
		if err != nil {
			return fmt.Errorf("%s row %d: %w", table, i, err)
		}
	}
	return nil
}

// tidyAccelerator gives a row from JSON the form of one from a table: what is
// blank is not known, and sizes are in order.
func tidyAccelerator(a *Accelerator) {
	known(&a.Architecture, &a.Chip, &a.MemoryType, &a.TPPBasis, &a.Interconnect, &a.Market, &a.Form, &a.LaunchDate, &a.DesignHQCountry, &a.FabCountry)
	a.MemoryMiB = slices.Sorted(slices.Values(a.MemoryMiB))
}

// known makes a blank text one that is not known.
func known(fields ...**string) {
	for _, f := range fields {
		if *f != nil && **f == "" {
			*f = nil
		}
	}
}

// once refuses a board or a modification that comes twice; the tables refuse the
// rest.
func (c *tables) once() error {
	for key, b := range c.boards {
		if list := slices.Sorted(slices.Values(b.subsystems)); len(slices.Compact(list)) != len(b.subsystems) {
			return fmt.Errorf("boards: a second row for a board of %s", key)
		}
	}
	for key, mods := range c.mods {
		ids := map[string]bool{}
		for _, m := range mods {
			if ids[m.ID] {
				return fmt.Errorf("modifications: a second row for %s of %s", m.ID, key)
			}
			ids[m.ID] = true
		}
	}
	return nil
}

func (c *tables) clone() *tables {
	d := *c
	d.accelerators, d.makers, d.boardMakers = maps.Clone(c.accelerators), maps.Clone(c.makers), maps.Clone(c.boardMakers)
	d.named = &names{}
	d.boards, d.mods, d.owned = maps.Clone(c.boards), maps.Clone(c.mods), maps.Clone(c.owned)
	if d.owned == nil {
		d.owned = map[string]string{}
	}
	return &d
}

// uncontested refuses two catalogues of operators that state the same row, or
// have the same name: nobody has said which of them is right.
func (c *tables) uncontested(own *tables, name string) error {
	for row := range own.rows() {
		if other := c.owned[row]; other != "" {
			return fmt.Errorf("%s is also stated by the catalogue %s", row, other)
		}
	}
	if c.owned["catalogue "+name] != "" {
		return fmt.Errorf("there is another catalogue of this name")
	}
	return nil
}

// rows names the rows of the catalogue, boards left out: that a board is listed
// twice is no contradiction.
func (c *tables) rows() iter.Seq[string] {
	return func(yield func(string) bool) {
		each := func(what string, keys iter.Seq[string]) bool {
			for key := range keys {
				if !yield(what + " " + key) {
					return false
				}
			}
			return true
		}
		_ = each("accelerator", maps.Keys(c.accelerators)) && each("maker", maps.Keys(c.makers)) &&
			each("board maker", maps.Keys(c.boardMakers)) && each("modifications of", maps.Keys(c.mods))
	}
}

// lay puts rows on top of others and names those that it replaced.
func lay[V any](under, over map[string]V, what string) []string {
	var replaced []string
	for _, key := range slices.Sorted(maps.Keys(over)) {
		if _, there := under[key]; there {
			replaced = append(replaced, what+" "+key)
		}
		under[key] = over[key]
	}
	return replaced
}

// layMods adds modifications; one of the same id for the same device is replaced.
func (c *tables) layMods(over map[string][]Mod) []string {
	var replaced []string
	for _, key := range slices.Sorted(maps.Keys(over)) {
		mods := slices.Clone(c.mods[key])
		for _, m := range over[key] {
			i := slices.IndexFunc(mods, func(x Mod) bool { return x.ID == m.ID })
			if i < 0 {
				mods = append(mods, m)
				continue
			}
			mods[i] = m
			replaced = append(replaced, "modification "+key+" "+m.ID)
		}
		c.mods[key] = mods
	}
	return replaced
}

// layBoards adds boards to those that are listed. Where a maker lists none, the
// operator's list is not taken for a whole one.
func (c *tables) layBoards(over map[string]*boards, name string) {
	for key, added := range over {
		b := &boards{anyOther: true, by: map[string]string{}}
		if under := c.boards[key]; under != nil {
			b.subsystems, b.anyOther, b.all, b.general, b.of = slices.Clone(under.subsystems), under.anyOther, under.all, under.general, under.of
			maps.Copy(b.by, under.by)
		}
		for _, s := range added.subsystems {
			if !slices.Contains(b.subsystems, s) {
				b.subsystems = append(b.subsystems, s)
				b.by[s] = name
			}
		}
		c.boards[key] = b
	}
}
