package csv_test

import (
	"bytes"
	reader "encoding/csv"
	"strings"
	"testing"
	"unicode"

	"github.com/gpuaudit/gpuaudit/audit/report"
	"github.com/gpuaudit/gpuaudit/audit/report/csv"
	"github.com/gpuaudit/gpuaudit/audit/report/reporttest"
)

func encode(t *testing.T, s *report.Set) []byte {
	t.Helper()
	var b bytes.Buffer
	if err := csv.Encode(&b, s); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// rows reads the table back, each row by the names of the columns.
func rows(t *testing.T, text []byte) []map[string]string {
	t.Helper()
	all, err := reader.NewReader(bytes.NewReader(text)).ReadAll()
	if err != nil {
		t.Fatalf("%v in\n%s", err, text)
	}
	list := make([]map[string]string, len(all)-1)
	for i, row := range all[1:] {
		list[i] = map[string]string{}
		for j, cell := range row {
			list[i][all[0][j]] = cell
		}
	}
	return list
}

// TestRows: each finding, problem and device has its row, and what decides is said.
func TestRows(t *testing.T) {
	set := &report.Set{Reports: []report.Named{reporttest.Stored(t, "3-pack"), reporttest.Stored(t, "5-inputs"), reporttest.Nothing()}}
	got := map[string]map[string]int{}
	decide := map[string]int{}
	for _, row := range rows(t, encode(t, set)) {
		if got[row["report"]] == nil {
			got[row["report"]] = map[string]int{}
		}
		got[row["report"]][row["row"]]++
		if row["row"] == "check" && row["decides"] == "yes" {
			decide[row["report"]]++
		}
	}
	for _, r := range set.Reports {
		for kind, n := range map[string]int{"verdict": 1, "problem": len(r.Problems), "device": len(r.Devices), "check": len(r.Findings)} {
			if got[r.Name][kind] != n {
				t.Errorf("%q: %d rows of %s, want %d", r.Name, got[r.Name][kind], kind, n)
			}
		}
		if c := r.Verdict.Counts; decide[r.Name] != c.FailAtThreshold+c.UnknownAtThreshold {
			t.Errorf("%q: %d checks decide, the verdict counts %d and %d", r.Name, decide[r.Name], c.FailAtThreshold, c.UnknownAtThreshold)
		}
	}
}

// TestNothing: the table of a machine without a card says that nothing was audited.
func TestNothing(t *testing.T) {
	list := rows(t, encode(t, reporttest.Of(reporttest.Nothing())))
	if len(list) != 1 || list[0]["status"] != "nothing-to-audit" || !strings.Contains(list[0]["detail"], "nothing was audited") {
		t.Errorf("%v", list)
	}
}

// TestHostileCells: no cell begins as a formula, none holds a control character, and
// each row has all columns.
func TestHostileCells(t *testing.T) {
	for _, text := range reporttest.HostileTexts {
		r := reporttest.Hostile(text)
		n := 0
		for _, row := range rows(t, encode(t, &report.Set{Reports: []report.Named{r}})) {
			for name, cell := range row {
				if cell != "" && strings.ContainsRune("=+-@\t\r", rune(cell[0])) || strings.ContainsFunc(cell, unicode.IsControl) {
					t.Errorf("%s of %q is %q", name, text, cell)
				}
			}
			if row["row"] == "check" {
				n++
			}
		}
		if n != len(r.Findings) {
			t.Errorf("%q: %d checks, want %d", text, n, len(r.Findings))
		}
	}
}

func TestGolden(t *testing.T) {
	reporttest.Golden(t, "3-pack.csv", encode(t, reporttest.Of(reporttest.Stored(t, "3-pack"))))
}
