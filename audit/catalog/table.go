package catalog

import (
	"embed"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"
)

//go:embed data
var data embed.FS

// fileNames are the embedded files in the order in which they are digested.
var fileNames = [...]string{"accelerators.tsv", "board_makers.tsv", "boards.tsv", "date", "makers.tsv", "mods.tsv", "sightings.tsv", "sources.tsv"}

// content is "" for a file that is not embedded; readTable and readDate then
// fail on the missing header and date.
func content(name string) string {
	text, err := data.ReadFile("data/" + name)
	if err != nil {
		return ""
	}
	return string(text)
}

// table is one file: a header and what to do with each row.
type table struct {
	name   string
	header string // columns, separated by spaces
	row    func(*row)
}

// readTable reads tab-separated rows. Quoting does not exist: the generator
// refuses cells with tabs and line ends.
func readTable(t table) error {
	header, rest, _ := strings.Cut(content(t.name), "\n")
	columns := strings.Fields(t.header)
	if header != strings.Join(columns, "\t") {
		return fmt.Errorf("%s: columns are %q, want %q", t.name, header, t.header)
	}
	r := row{cells: make([]string, len(columns))}
	for line := 2; rest != ""; line++ {
		var text string
		text, rest, _ = strings.Cut(rest, "\n")
		if err := r.split(text); err != nil {
			return fmt.Errorf("%s line %d: %w", t.name, line, err)
		}
		if t.row(&r); r.err != nil {
			return fmt.Errorf("%s line %d: %w", t.name, line, r.err)
		}
	}
	return nil
}

// row hands out the cells of one line from left to right; the first cell that
// does not parse is kept in err.
type row struct {
	cells []string
	next  int
	err   error
}

var errCells = errors.New("wrong number of cells")

func (r *row) split(line string) error {
	r.next = 0
	for i := range r.cells {
		var more bool
		if r.cells[i], line, more = strings.Cut(line, "\t"); more != (i < len(r.cells)-1) {
			return errCells
		}
	}
	return nil
}

func (r *row) fail(format string, args ...any) {
	if r.err == nil {
		r.err = fmt.Errorf("cell %d: "+format, append([]any{r.next}, args...)...)
	}
}

// optional is the next cell; nil when it is blank.
func (r *row) optional() *string {
	s := r.cells[r.next]
	r.next++
	if s == "" {
		return nil
	}
	return &s
}

// text is the next cell, which must not be blank.
func (r *row) text() string {
	s := r.optional()
	if s == nil {
		r.fail("is blank")
		return ""
	}
	return *s
}

// id is a PCI id: four lower-case hex digits.
func (r *row) id() string {
	s := r.text()
	if !isID(s) {
		r.fail("%q is no PCI id", s)
	}
	return s
}

// optionalID is a PCI id or blank, which is "".
func (r *row) optionalID() string {
	s := r.optional()
	if s == nil {
		return ""
	}
	if !isID(*s) {
		r.fail("%q is no PCI id", *s)
	}
	return *s
}

func isID(s string) bool {
	if len(s) != 4 {
		return false
	}
	for _, c := range []byte(s) {
		if (c < '0' || c > '9') && (c < 'a' || c > 'f') {
			return false
		}
	}
	return true
}

func (r *row) integer() *int {
	s := r.optional()
	if s == nil {
		return nil
	}
	n, err := strconv.Atoi(*s)
	if err != nil || n <= 0 {
		r.fail("%q is no positive number", *s)
	}
	return &n
}

func (r *row) number() *float64 {
	s := r.optional()
	if s == nil {
		return nil
	}
	n, err := strconv.ParseFloat(*s, 64)
	if err != nil || !(n > 0 && n < 1e9) {
		r.fail("%q is no positive number", *s)
	}
	return &n
}

func (r *row) boolean() *bool {
	s := r.optional()
	if s == nil {
		return nil
	}
	if *s != "true" && *s != "false" {
		r.fail("%q is neither true nor false", *s)
	}
	return new(*s == "true")
}

// integers are separated by semicolons.
func (r *row) integers() []int {
	s := r.optional()
	if s == nil {
		return nil
	}
	var list []int
	for item := range strings.SplitSeq(*s, ";") {
		n, err := strconv.Atoi(item)
		if err != nil || n <= 0 {
			r.fail("%q is no list of positive numbers", *s)
		}
		list = append(list, n)
	}
	slices.Sort(list)
	return list
}

// texts are separated by semicolons.
func (r *row) texts() []string {
	s := r.optional()
	if s == nil {
		return nil
	}
	return strings.Split(*s, ";")
}

func readDate() (string, error) {
	date := strings.TrimSpace(content("date"))
	if _, err := time.Parse(time.DateOnly, date); err != nil {
		return "", fmt.Errorf("date: %w", err)
	}
	return date, nil
}
