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
	judged, err := readVerdicts(filepath.Join(own, "verdicts.csv"))
	if err != nil {
		return err
	}
	if err := errors.Join(
		write(out, accelerators, byID, in[catalogue.Accelerator]{from, "accelerators.csv", b.accelerator}, in[catalogue.Accelerator]{own, "additions.csv", b.addition}),
		write(out, catalogue.Boards(), nil, in[catalogue.Board]{from, "nvidia_boards.csv", board}, in[catalogue.Board]{own, "boards.csv", board}),
		write(out, catalogue.Revisions(), sized, in[catalogue.Revision]{own, "revisions.csv", revision}, in[catalogue.Revision]{own, "revision_memory.csv", revisionMemory}),
		write(out, catalogue.BoardMakers(), nil, in[catalogue.BoardMaker]{from, "subsystem_vendors.csv", boardMaker}),
		write(out, catalogue.Mods(), merged, in[catalogue.Mod]{from, "known_mods.csv", collectedMods}, in[catalogue.Mod]{own, "mods.csv", ownMods}),
		write(out, catalogue.SightingRows(), nil, in[catalogue.SightingRow]{from, "firmware_sightings.csv", judged.sighting}, in[catalogue.SightingRow]{own, "sightings.csv", judged.sighting}),
		write(out, catalogue.Makers(), nil, in[catalogue.Maker]{own, "makers.csv", maker}),
		write(out, catalogue.Sources(), nil, in[catalogue.Source]{own, "sources.csv", source}),
	); err != nil {
		return err
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

// in is a file with what to make of each of its rows.
type in[T any] struct {
	folder, name string
	convert      func(record) ([]T, error)
}

func (f in[T]) rows() ([]T, error) {
	name := filepath.Join(f.folder, f.name)
	records, err := readCSV(name)
	if err != nil {
		return nil, err
	}
	var all []T
	for i, r := range records {
		rows, err := f.convert(r)
		if err != nil {
			return nil, fmt.Errorf("%s row %d: %w", name, i+2, err)
		}
		all = append(all, rows...)
	}
	return all, nil
}

// write checks the rows of some files as the program will, and writes them as the program
// reads them; arrange orders and joins them, nil leaves them as they are.
func write[T any](out string, table catalogue.Table[T], arrange func([]T) []T, ins ...in[T]) error {
	var rows []T
	for _, in := range ins {
		more, err := in.rows()
		if err != nil {
			return err
		}
		rows = append(rows, more...)
	}
	if arrange != nil {
		rows = arrange(rows)
	}
	for i := range rows {
		if err := table.Check(&rows[i]); err != nil {
			return fmt.Errorf("%s: %+v: %w", table.Name, rows[i], err)
		}
	}
	text, err := table.Write(rows)
	if err != nil {
		return err
	}
	return os.WriteFile(filepath.Join(out, table.Name), []byte(text), 0o644)
}

// known is a text that is not blank.
func known(s string) *string {
	if s == "" {
		return nil
	}
	return &s
}
