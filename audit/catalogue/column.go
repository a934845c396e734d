package catalogue

import (
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// column is one field of a row of type T as a cell of a table: its name, and how
// a cell becomes the field and the field a cell. A blank cell is an unknown field
// and the other way round, so set never gets one.
type column[T any] struct {
	name string
	// always says that the column stands in every file; another one is left out of
	// a file in which no row has it.
	always bool
	set    func(row *T, cell string) error
	get    func(row *T) (string, error)
	// clear makes the field unknown.
	clear func(row *T)
}

// inEveryFile marks a column that no file may lack.
func (c column[T]) inEveryFile() column[T] { c.always = true; return c }

// text is a field that is "" where it is not known.
func text[T any](name string, at func(*T) *string) column[T] {
	return column[T]{
		name:  name,
		set:   func(row *T, cell string) error { *at(row) = cell; return nil },
		get:   func(row *T) (string, error) { return *at(row), nil },
		clear: func(row *T) { *at(row) = "" },
	}
}

// value is a field that is nil where it is not known.
func value[T, V any](name string, at func(*T) **V, parse func(string) (V, error), format func(V) string) column[T] {
	return column[T]{
		name: name,
		set: func(row *T, cell string) error {
			v, err := parse(cell)
			*at(row) = &v
			return err
		},
		get: func(row *T) (string, error) {
			if v := *at(row); v != nil {
				return format(*v), nil
			}
			return "", nil
		},
		clear: func(row *T) { *at(row) = nil },
	}
}

func optional[T any](name string, at func(*T) **string) column[T] {
	same := func(s string) string { return s }
	return value(name, at, func(s string) (string, error) { return s, nil }, same)
}

func integer[T any](name string, at func(*T) **int) column[T] {
	return value(name, at, parseInt, strconv.Itoa)
}

func number[T any](name string, at func(*T) **float64) column[T] {
	parse := func(s string) (float64, error) {
		n, err := strconv.ParseFloat(s, 64)
		if err != nil {
			return 0, fmt.Errorf("%.40q is no number", s)
		}
		return n, nil
	}
	return value(name, at, parse, func(n float64) string { return strconv.FormatFloat(n, 'f', -1, 64) })
}

func boolean[T any](name string, at func(*T) **bool) column[T] {
	parse := func(s string) (bool, error) {
		if s != "true" && s != "false" {
			return false, fmt.Errorf("%.40q is neither true nor false", s)
		}
		return s == "true", nil
	}
	return value(name, at, parse, strconv.FormatBool)
}

// list is a field of several values, separated by semicolons.
func list[T, V any](name string, at func(*T) *[]V, parse func(string) (V, error), format func(V) string) column[T] {
	return column[T]{
		name: name,
		set: func(row *T, cell string) error {
			items := make([]V, 0, strings.Count(cell, ";")+1)
			for item := range strings.SplitSeq(cell, ";") {
				v, err := parse(item)
				if err != nil {
					return err
				}
				items = append(items, v)
			}
			*at(row) = items
			return nil
		},
		get: func(row *T) (string, error) {
			var parts []string
			for _, v := range *at(row) {
				part := format(v)
				if part == "" || strings.Contains(part, ";") {
					return "", fmt.Errorf("%.40q cannot stand in a list", part)
				}
				parts = append(parts, part)
			}
			return strings.Join(parts, ";"), nil
		},
		clear: func(row *T) { *at(row) = nil },
	}
}

func integers[T any](name string, at func(*T) *[]int) column[T] {
	return list(name, at, parseInt, strconv.Itoa)
}

func texts[T any](name string, at func(*T) *[]string) column[T] {
	same := func(s string) string { return s }
	return list(name, at, func(s string) (string, error) { return s, nil }, same)
}

// structured is a field with parts, as JSON on one line in its cell.
func structured[T, V any](name string, at func(*T) *V, known func(V) bool) column[T] {
	return column[T]{
		name: name,
		set: func(row *T, cell string) error {
			d := json.NewDecoder(strings.NewReader(cell))
			d.DisallowUnknownFields()
			if err := d.Decode(at(row)); err != nil {
				return err
			}
			if d.More() {
				return errors.New("more than one JSON value")
			}
			return nil
		},
		get: func(row *T) (string, error) {
			if !known(*at(row)) {
				return "", nil
			}
			text, err := json.Marshal(*at(row))
			return string(text), err
		},
		clear: func(row *T) { *at(row) = *new(V) },
	}
}

func parseInt(s string) (int, error) {
	n, err := strconv.Atoi(s)
	if err != nil {
		return 0, fmt.Errorf("%.40q is no whole number", s)
	}
	return n, nil
}

// byName finds the columns that a header names. Each is there at most once, in
// the order of the type's fields, and none that stands in every file is missing.
func byName[T any](columns []column[T], header []string) ([]column[T], error) {
	var found []column[T]
	for _, c := range columns {
		switch {
		case slices.Contains(header, c.name):
			found = append(found, c)
		case c.always:
			return nil, fmt.Errorf("there is no column %s", c.name)
		}
	}
	for i, name := range header {
		if i >= len(found) || found[i].name != name {
			return nil, fmt.Errorf("column %.40q is not known, comes twice, or stands in another order", name)
		}
	}
	return found, nil
}
