// Command gen converts the collected facts about accelerators and the
// restriction rules into the compact files that the program embeds. It is run
// by go generate; its output is committed and reviewed.
//
// It leaves out every cell whose source is share-alike, and fills a few of
// them from supplement.csv, where each value names its own source.
package main

import (
	"encoding/csv"
	"errors"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
)

func main() {
	from := flag.String("from", "", "directory with accelerators.csv, nvidia_boards.csv and the others")
	own := flag.String("own", "gen", "directory with supplement.csv, makers.csv and sources.csv")
	out := flag.String("out", "data", "directory for the catalogue's files")
	rules := flag.String("rules", "", "directory for restrictions.json")
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
	fixes, err := readSupplement(filepath.Join(own, "supplement.csv"))
	if err != nil {
		return err
	}
	judged, err := readVerdicts(filepath.Join(own, "verdicts.csv"))
	if err != nil {
		return err
	}
	steps := []struct {
		in      string
		out     string
		columns []string
		convert func(record) ([][]string, error)
	}{
		{filepath.Join(from, "accelerators.csv"), "accelerators.tsv", acceleratorColumns, fixes.accelerator},
		{filepath.Join(from, "nvidia_boards.csv"), "boards.tsv", boardColumns, board},
		{filepath.Join(from, "subsystem_vendors.csv"), "board_makers.tsv", boardMakerColumns, boardMaker},
		{filepath.Join(from, "known_mods.csv"), "mods.tsv", modColumns, mod},
		{filepath.Join(from, "firmware_sightings.csv"), "sightings.tsv", sightingColumns, judged.sighting},
		{filepath.Join(own, "makers.csv"), "makers.tsv", makerColumns, maker},
		{filepath.Join(own, "sources.csv"), "sources.tsv", sourceColumns, source},
	}
	for _, s := range steps {
		more := filepath.Join(own, "sightings.csv")
		if s.out != "sightings.tsv" {
			more = ""
		}
		if err := convertFile(s.in, more, filepath.Join(out, s.out), s.columns, s.convert); err != nil {
			return err
		}
	}
	if err := errors.Join(fixes.unused(), judged.unused()); err != nil {
		return err
	}
	if err := os.WriteFile(filepath.Join(out, "date"), []byte(date+"\n"), 0o644); err != nil {
		return err
	}
	// The bulletins were read up to this day; of a later one only single rows.
	const bulletins = "2026-08-18"
	if err := convertAdvisories(filepath.Join(from, "driver_advisories.json"), filepath.Join(from, "driver_branches.json"), bulletins,
		filepath.Join(rules, "driver_advisories.json")); err != nil {
		return err
	}
	if err := convertSoftware(filepath.Join(from, "software_support.yaml"), filepath.Join(rules, "software_support.json")); err != nil {
		return err
	}
	return convertRestrictions(filepath.Join(from, "restrictions.yaml"), filepath.Join(own, "makers.csv"), filepath.Join(rules, "restrictions.json"))
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

// convertFile converts the rows of a file, and of a second one of our own where
// one is named.
func convertFile(in, more, out string, columns []string, convert func(record) ([][]string, error)) error {
	records, err := readCSV(in)
	if err != nil {
		return err
	}
	if more != "" {
		own, err := readCSV(more)
		if err != nil {
			return err
		}
		records = append(records, own...)
	}
	var b strings.Builder
	b.WriteString(strings.Join(columns, "\t") + "\n")
	for i, r := range records {
		rows, err := convert(r)
		if err != nil {
			return fmt.Errorf("%s row %d: %w", in, i+2, err)
		}
		for _, row := range rows {
			line := strings.Join(row, "\t")
			if strings.Count(line, "\t") != len(columns)-1 || strings.ContainsAny(line, "\n\r") {
				return fmt.Errorf("%s row %d: a cell holds a tab or a line end", in, i+2)
			}
			b.WriteString(line + "\n")
		}
	}
	return os.WriteFile(out, []byte(b.String()), 0o644)
}
