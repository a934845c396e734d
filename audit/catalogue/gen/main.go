// Command gen converts the collected facts about accelerators into the compact files
// that the program embeds. It is run by go generate; its output is committed and
// reviewed. The law has sources of its own (rules/sources).
//
// It leaves out every cell whose source is share-alike, and fills and corrects
// cells from the tables beside it, where each value names its own source.
package main

import (
	"encoding/csv"
	"errors"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/gpuaudit/gpuaudit/audit/catalogue"
)

func main() {
	from := flag.String("from", "", "directory with accelerators.csv, nvidia_boards.csv and the others")
	own := flag.String("own", "gen", "directory with the project's own tables")
	out := flag.String("out", "data", "directory for the catalogue's files")
	rules := flag.String("rules", "", "directory for software_support.json")
	date := flag.String("date", "", "day on which the catalogue was compiled, YYYY-MM-DD")
	flag.Parse()
	if _, err := os.Stat(*from); err != nil {
		fmt.Fprintf(os.Stderr, "gen: %v: the committed data stay as they are\n", err)
		return
	}
	if err := run(*from, *own, *out, *rules, *date); err != nil {
		fmt.Fprintln(os.Stderr, "gen:", err)
		os.Exit(1)
	}
}

func run(from, own, out, rules, date string) error {
	b, err := newBuilder(own)
	if err != nil {
		return err
	}
	m := &mods{}
	judged, err := readVerdicts(filepath.Join(own, "verdicts.csv"))
	if err != nil {
		return err
	}
	steps := []struct {
		out     string
		columns []string
		write   func(file string, columns []string, rows [][]string) error
		ins     []in
	}{
		{"accelerators.tsv", acceleratorColumns, writer(catalogue.Accelerators()), []in{{from, "accelerators.csv", b.accelerator}, {own, "additions.csv", b.addition}}},
		{"boards.tsv", boardColumns, writer(catalogue.Boards()), []in{{from, "nvidia_boards.csv", board}, {own, "boards.csv", board}}},
		{"revisions.tsv", revisionColumns, writer(catalogue.Revisions()), []in{{own, "revisions.csv", revision}}},
		{"board_makers.tsv", boardMakerColumns, writer(catalogue.BoardMakers()), []in{{from, "subsystem_vendors.csv", boardMaker}}},
		{"mods.tsv", modColumns, writer(catalogue.Mods()), []in{{from, "known_mods.csv", m.collected}, {own, "mods.csv", m.own}}},
		{"sightings.tsv", sightingColumns, writer(catalogue.SightingRows()), []in{{from, "firmware_sightings.csv", judged.sighting}, {own, "sightings.csv", judged.sighting}}},
		{"makers.tsv", makerColumns, writer(catalogue.Makers()), []in{{own, "makers.csv", maker}}},
		{"sources.tsv", sourceColumns, writer(catalogue.Sources()), []in{{own, "sources.csv", source}}},
	}
	for _, s := range steps {
		var rows [][]string
		for _, in := range s.ins {
			more, err := in.rows()
			if err != nil {
				return err
			}
			rows = append(rows, more...)
		}
		switch s.out {
		case "accelerators.tsv":
			slices.SortStableFunc(rows, func(x, y []string) int { return slices.Compare(x[:2], y[:2]) })
		case "mods.tsv":
			rows = merged(rows)
		}
		if err := s.write(filepath.Join(out, s.out), s.columns, rows); err != nil {
			return err
		}
	}
	if err := errors.Join(b.fixes.unused(), b.details.unused(), judged.unused()); err != nil {
		return err
	}
	if err := os.WriteFile(filepath.Join(out, "date"), []byte(date+"\n"), 0o644); err != nil {
		return err
	}
	return convertSoftware(filepath.Join(from, "software_support.yaml"), filepath.Join(own, "software.yaml"), filepath.Join(rules, "software_support.json"))
}

func newBuilder(own string) (*builder, error) {
	b := &builder{makers: map[string]record{}}
	var err error
	if b.fixes, err = readSupplement(filepath.Join(own, "supplement.csv")); err != nil {
		return nil, err
	}
	if b.details, err = readDetails(own); err != nil {
		return nil, err
	}
	makers, err := readCSV(filepath.Join(own, "makers.csv"))
	if err != nil {
		return nil, err
	}
	for _, m := range makers {
		b.makers[m["vendor_id"]] = m
	}
	return b, nil
}

// record is one row of a CSV file by column name.
type record map[string]string

func readCSV(name string) ([]record, error) {
	f, err := os.Open(name)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	rows, err := csv.NewReader(f).ReadAll()
	if err != nil {
		return nil, fmt.Errorf("read %s: %w", name, err)
	}
	if len(rows) == 0 {
		return nil, fmt.Errorf("read %s: no header", name)
	}
	records := make([]record, 0, len(rows)-1)
	for _, row := range rows[1:] {
		r := record{}
		for i, column := range rows[0] {
			r[column] = strings.TrimSpace(row[i])
		}
		records = append(records, r)
	}
	return records, nil
}

// in is a file with what to do with each of its rows.
type in struct {
	folder, name string
	convert      func(record) ([][]string, error)
}

func (f in) rows() ([][]string, error) {
	name := filepath.Join(f.folder, f.name)
	records, err := readCSV(name)
	if err != nil {
		return nil, err
	}
	var all [][]string
	for i, r := range records {
		rows, err := f.convert(r)
		if err != nil {
			return nil, fmt.Errorf("%s row %d: %w", name, i+2, err)
		}
		all = append(all, rows...)
	}
	return all, nil
}

// writer makes typed rows of cells, which checks them as the program will, and
// writes them as the program reads them.
func writer[T any](table catalogue.Table[T]) func(file string, columns []string, rows [][]string) error {
	return func(file string, columns []string, rows [][]string) error {
		typed := make([]T, len(rows))
		for i, cells := range rows {
			if len(cells) != len(columns) {
				return fmt.Errorf("%s: %q has not %d cells", file, cells, len(columns))
			}
			r := record{}
			for j, column := range columns {
				r[column] = cells[j]
			}
			var err error
			if typed[i], err = table.Row(r); err != nil {
				return fmt.Errorf("%s: %q: %w", file, cells, err)
			}
		}
		text, err := table.Write(typed)
		if err != nil {
			return err
		}
		return os.WriteFile(file, []byte(text), 0o644)
	}
}
