package audit_test

import (
	"testing"
	"time"

	"github.com/gpuaudit/gpuaudit/audit/pack"
	"github.com/gpuaudit/gpuaudit/audit/reference"
)

// TestShippedPacksKeepTheirAges: on the day of the newest data, and thirty days later, no
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
			for _, later := range []int{0, 30} {
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
