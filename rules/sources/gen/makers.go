package main

import (
	"encoding/csv"
	"fmt"
	"os"
	"regexp"
	"slices"
	"strings"
)

// maker is a maker's place in the lists.
type maker struct {
	Name    string `json:"name"`
	Country string `json:"hq_country"`
	Parent  string `json:"parent,omitempty"`
	// NamedBy are the entries that name it, NoRecordIn the editions of lists in which
	// its name was searched and not found.
	NamedBy    []string `json:"named_by"`
	NoRecordIn []string `json:"no_record_in"`
}

var (
	vendorID = regexp.MustCompile(`^[0-9a-f]{4}$`)
	seat     = regexp.MustCompile(`^[A-Z]{2}$`)
	// places are the columns of makers.csv that say where a maker stands in a list.
	places = []string{"entity_list", "cmic", "dod_1260h", "fcc_covered", "ndaa_889", "taiwan_shtc", "meti"}
)

// makers reads makers.csv: in the column of a list is the entry that names the maker,
// "no-record" where it was searched in an edition and not found, or "not-read".
func makers(name string, rules map[string]*entry, lists []*list) (map[string]*maker, error) {
	rows, err := table(name, append([]string{"vendor_id", "name", "hq_country", "parent", "searched_as", "note"}, places...))
	if err != nil {
		return nil, err
	}
	edition := map[string]string{}
	for _, l := range lists {
		for _, c := range l.Columns {
			edition[c] = l.ID
		}
	}
	made := map[string]*maker{}
	for i, row := range rows {
		m := &maker{Name: row["name"], Country: row["hq_country"], Parent: row["parent"], NamedBy: []string{}, NoRecordIn: []string{}}
		if !vendorID.MatchString(row["vendor_id"]) || made[row["vendor_id"]] != nil || m.Name == "" || !seat.MatchString(m.Country) || row["searched_as"] == "" {
			return nil, fmt.Errorf("%s row %d: a vendor id that is none or stands twice, or no name, seat or words searched for", name, i+2)
		}
		for _, column := range places {
			switch said := row[column]; {
			case said == "not-read":
			case said == "no-record" && edition[column] != "":
				m.NoRecordIn = append(m.NoRecordIn, edition[column])
			case rules[said] != nil && rules[said].Enabled:
				m.NamedBy = append(m.NamedBy, said)
			default:
				return nil, fmt.Errorf("%s row %d: %s says %q, which is no entry, and no edition was searched for it", name, i+2, column, said)
			}
		}
		slices.Sort(m.NamedBy)
		slices.Sort(m.NoRecordIn)
		// One edition may have been searched for two columns.
		m.NoRecordIn = slices.Compact(m.NoRecordIn)
		made[row["vendor_id"]] = m
	}
	return made, nil
}

// table reads a CSV file that has the columns, and no others.
func table(name string, columns []string) ([]map[string]string, error) {
	f, err := os.Open(name)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	lines, err := csv.NewReader(f).ReadAll()
	if err != nil {
		return nil, fmt.Errorf("read %s: %w", name, err)
	}
	if len(lines) == 0 {
		return nil, fmt.Errorf("read %s: it has no header", name)
	}
	have, want := slices.Sorted(slices.Values(lines[0])), slices.Sorted(slices.Values(columns))
	if !slices.Equal(have, want) {
		return nil, fmt.Errorf("%s has the columns %s, and %s are wanted", name, strings.Join(have, ", "), strings.Join(want, ", "))
	}
	rows := make([]map[string]string, 0, len(lines)-1)
	for _, line := range lines[1:] {
		row := map[string]string{}
		for i, cell := range line {
			row[lines[0][i]] = strings.TrimSpace(cell)
		}
		rows = append(rows, row)
	}
	return rows, nil
}
