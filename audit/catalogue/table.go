package catalogue

import (
	_ "embed" // the files
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"
)

// The embedded files, as strings: an embed.FS would copy each one that is read.
var (
	//go:embed data/accelerators.tsv
	acceleratorsFile string
	//go:embed data/board_makers.tsv
	boardMakersFile string
	//go:embed data/boards.tsv
	boardsFile string
	//go:embed data/date
	dateFile string
	//go:embed data/makers.tsv
	makersFile string
	//go:embed data/mods.tsv
	modsFile string
	//go:embed data/revisions.tsv
	revisionsFile string
	//go:embed data/sightings.tsv
	sightingsFile string
	//go:embed data/sources.tsv
	sourcesFile string
)

// files are the embedded files by name, in the order in which they are digested.
func files() []embedded {
	return []embedded{
		{"accelerators.tsv", acceleratorsFile}, {"board_makers.tsv", boardMakersFile}, {"boards.tsv", boardsFile}, {"date", dateFile},
		{"makers.tsv", makersFile}, {"mods.tsv", modsFile}, {"revisions.tsv", revisionsFile}, {"sightings.tsv", sightingsFile}, {"sources.tsv", sourcesFile},
	}
}

type embedded struct{ name, text string }

// Table is how rows of one kind stand in a file: a line of column names, and a
// row on each line, with tabs between the cells and no quoting. The generator
// writes by it what [Load] reads by it.
type Table[T any] struct {
	Name    string
	columns []column[T]
	// check holds a row alone to its schema, wherever it comes from.
	check func(*T) error
}

// Columns are the names of all columns, in their order.
func (t Table[T]) Columns() []string {
	names := make([]string, len(t.columns))
	for i, c := range t.columns {
		names[i] = c.name
	}
	return names
}

// Row makes a row of cells by column name, and holds it to its schema.
func (t Table[T]) Row(cells map[string]string) (T, error) {
	row, err := t.Decode(cells)
	if err != nil {
		return row, err
	}
	return row, t.Check(&row)
}

// Decode makes a row of cells by column name. A column that is not there, or blank,
// is not known; a name that is no column is refused.
func (t Table[T]) Decode(cells map[string]string) (T, error) {
	var row T
	taken := 0
	for _, c := range t.columns {
		cell, there := cells[c.name]
		if there {
			taken++
		}
		if cell == "" {
			continue
		}
		if err := c.set(&row, cell); err != nil {
			return row, fmt.Errorf("%s: %w", c.name, err)
		}
	}
	if taken != len(cells) {
		return row, fmt.Errorf("%s: a cell of no column in %v", t.Name, cells)
	}
	return row, nil
}

// Set gives a row the field of a column by its cell; a blank one makes it unknown.
func (t Table[T]) Set(row *T, name, cell string) error {
	i := slices.IndexFunc(t.columns, func(c column[T]) bool { return c.name == name })
	if i < 0 {
		return fmt.Errorf("%s: there is no column %.40q", t.Name, name)
	}
	t.columns[i].clear(row)
	if cell == "" {
		return nil
	}
	if err := t.columns[i].set(row, cell); err != nil {
		return fmt.Errorf("%s: %w", name, err)
	}
	return nil
}

// Check holds a row alone to its schema, wherever it comes from.
func (t Table[T]) Check(row *T) error { return t.check(row) }

// Write is the text of a file. Columns that no row has are left out of it.
func (t Table[T]) Write(rows []T) (string, error) {
	cells := make([][]string, len(rows))
	filled := make([]bool, len(t.columns))
	for i := range rows {
		cells[i] = make([]string, len(t.columns))
		for j, c := range t.columns {
			cell, err := c.get(&rows[i])
			if err == nil && strings.ContainsAny(cell, "\t\n\r") {
				err = errors.New("a cell holds a tab or a line end")
			}
			if err != nil {
				return "", fmt.Errorf("%s row %d, %s: %w", t.Name, i, c.name, err)
			}
			cells[i][j] = cell
			filled[j] = filled[j] || cell != ""
		}
	}
	var b strings.Builder
	line := func(cell func(column int) string) {
		end := ""
		for j, c := range t.columns {
			if filled[j] || c.always {
				b.WriteString(end + cell(j))
				end = "\t"
			}
		}
		b.WriteByte('\n')
	}
	line(func(j int) string { return t.columns[j].name })
	for _, row := range cells {
		line(func(j int) string { return row[j] })
	}
	return b.String(), nil
}

var errCells = errors.New("wrong number of cells")

// read reads a file and hands each row on that keeps the schema. The rows lie in
// one piece of memory: whoever keeps one keeps all.
func (t Table[T]) read(file string, add func(*T) error) error {
	header, rest, _ := strings.Cut(file, "\n")
	columns, err := byName(t.columns, strings.Split(header, "\t"))
	if err != nil {
		return fmt.Errorf("%s: %w", t.Name, err)
	}
	rows := make([]T, strings.Count(rest, "\n")+1)
	for line := 2; rest != ""; line++ {
		var text string
		text, rest, _ = strings.Cut(rest, "\n")
		row := &rows[line-2]
		err := parseLine(row, columns, text)
		if err == nil {
			err = t.check(row)
		}
		if err == nil {
			err = add(row)
		}
		if err != nil {
			return fmt.Errorf("%s line %d: %w", t.Name, line, err)
		}
	}
	return nil
}

func parseLine[T any](row *T, columns []column[T], line string) error {
	for i, c := range columns {
		cell, rest, more := strings.Cut(line, "\t")
		if line = rest; more != (i < len(columns)-1) {
			return errCells
		}
		if cell == "" {
			continue
		}
		if err := c.set(row, cell); err != nil {
			return fmt.Errorf("%s: %w", c.name, err)
		}
	}
	return nil
}

func readDate() (string, error) {
	date := strings.TrimSpace(dateFile)
	if _, err := time.Parse(time.DateOnly, date); err != nil {
		return "", fmt.Errorf("date: %w", err)
	}
	return date, nil
}

// hasRow says that a file has a row of a device. Its rows begin with these two columns, and
// are in their order.
func hasRow(file, vendor, device string) bool {
	_, rows, _ := strings.Cut(file, "\n")
	for begin := vendor + "\t" + device + "\t"; rows != ""; {
		at := strings.LastIndexByte(rows[:len(rows)/2], '\n') + 1
		row, after, _ := strings.Cut(rows[at:], "\n")
		switch {
		case strings.HasPrefix(row, begin):
			return true
		case row < begin:
			rows = after
		default:
			rows = rows[:at]
		}
	}
	return false
}
