package audit_test

import (
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/gpuaudit/gpuaudit/audit"
	"github.com/gpuaudit/gpuaudit/audit/finding"
	"github.com/gpuaudit/gpuaudit/audit/hosttest"
	"github.com/gpuaudit/gpuaudit/audit/machine"
	"github.com/gpuaudit/gpuaudit/audit/pack"
	"github.com/gpuaudit/gpuaudit/audit/reference"
)

// TestShippedPacksKeepTheirAges: on the day of the newest data, thirty and ninety days later, no
// data set that the program carries is older than one of its own packs allows. A release
// of which this is not so fails for everybody who uses the pack: bring the data up to
// date, or have the pack ask for less. No clock of a machine is asked.
func TestShippedPacksKeepTheirAges(t *testing.T) {
	newest, days := time.Time{}, map[string]time.Time{}
	for _, d := range reference.Embedded() {
		day, err := time.Parse(time.DateOnly, d.Date)
		if err != nil {
			t.Fatal(err)
		}
		days[d.Name] = day
		if day.After(newest) {
			newest = day
		}
	}
	demanding := 0
	for _, name := range pack.Names() {
		file, err := pack.Read(name)
		if err != nil {
			t.Fatal(err)
		}
		p, err := pack.Open(file)
		if err != nil {
			t.Fatal(err)
		}
		for set, limit := range p.Data {
			demanding++
			for _, later := range []int{0, 30, 90} {
				clock := newest.AddDate(0, 0, later)
				if age := int(clock.Sub(days[set]).Hours() / 24); age > limit.MaxAgeDays {
					t.Errorf("%s: on %s, %d days after the newest data, %s is %d days old, and the pack allows %d", name, clock.Format(time.DateOnly), later, set, age, limit.MaxAgeDays)
				}
			}
		}
	}
	if demanding < 6 {
		t.Errorf("the packs ask for the ages of %d data sets", demanding)
	}
}

// TestPacksDoNotAge: what a pack says of a machine on the day of the newest data, it says
// thirty and ninety days later, too: no check that passed fails or is open because data
// grew older. Law is left out but for the age of its data: what it says changes by its own
// days.
func TestPacksDoNotAge(t *testing.T) {
	for _, name := range pack.Names() {
		t.Run(name, func(t *testing.T) {
			first := passing(t, name, 0)
			if len(first) < 40 {
				t.Fatalf("%d checks pass", len(first))
			}
			for _, later := range []int{30, 90} {
				now := passing(t, name, later)
				for _, id := range first {
					if !slices.Contains(now, id) {
						t.Errorf("%s passes on the day of the newest data, and %d days later it does not", id, later)
					}
				}
			}
		})
	}
}

// passing are the checks of a machine that pass some days after the newest data.
func passing(t *testing.T, name string, later int) []string {
	t.Helper()
	file, err := pack.Read(name)
	if err != nil {
		t.Fatal(err)
	}
	newest := time.Time{}
	for _, d := range reference.Embedded() {
		if day, err := time.Parse(time.DateOnly, d.Date); err == nil && day.After(newest) {
			newest = day
		}
	}
	clock := newest.AddDate(0, 0, later)
	a, err := audit.New(t.Context(), audit.Inputs{Program: audit.Program{Name: "gpuaudit", Version: "0"}, Pack: file,
		Question: audit.Question{Now: clock, Jurisdiction: "US", Profile: "company"}})
	if err != nil {
		t.Fatal(err)
	}
	h := hosttest.Good()
	h.Add(hosttest.NVIDIACard("0000:07:00.0")).File("sys/module/nvidia/version", "580.178.04\n")
	env := h.Env()
	env.Now = clock
	r, err := a.Run(t.Context(), &machine.Machine{Env: env})
	if err != nil {
		t.Fatal(err)
	}
	ids := map[string]bool{}
	for _, f := range r.Findings {
		if f.Status == finding.Pass && (f.ID == "GA-IR-013" || !strings.HasPrefix(f.ID, "GA-IR-")) {
			ids[f.Device+" "+f.ID] = true
		}
	}
	return slices.Sorted(maps.Keys(ids))
}
