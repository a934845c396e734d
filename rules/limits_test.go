package rules_test

import (
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/gpuaudit/gpuaudit/audit/catalogue"
	"github.com/gpuaudit/gpuaudit/audit/finding"
	"github.com/gpuaudit/gpuaudit/audit/inventory"
	"github.com/gpuaudit/gpuaudit/policy"
)

// limitRules hold clocks, timings, power and memory of a ROM against what parts are sold
// with.
var limitRules = []string{"GA-PR-082", "GA-PR-083", "GA-PR-084", "GA-PR-085"}

// beyondLimits are the dumps at hand that were made for mining, or for other memory, and
// which rules see it.
var beyondLimits = map[string][]string{
	"amd-polaris-rx580-modded-badgop.rom":   {"GA-PR-082", "GA-PR-083"},
	"amd-polaris-rx580-sapphire-modded.rom": {"GA-PR-082", "GA-PR-083"},
	"amd-polaris-rx580-msi-mv341mh.rom":     {"GA-PR-083"}, // by its maker
	"nv-gp108-gt1030-msi.rom":               {"GA-PR-085"}, // sold with DDR4 under the name of the card with GDDR5
}

// TestLimitsOfDumps judges clocks, timings and power of real dumps, each as the ROM of
// the card that it was made for, with what the catalogue knows of that. No other dump
// fails. GPUAUDIT_ROMS names a folder of more: what fails there is printed, with how many
// could be judged.
func TestLimitsOfDumps(t *testing.T) {
	c := catalogue.Load()
	j := &limits{engine: load(t), catalogue: c, judged: map[string]int{}}
	names, err := filepath.Glob("../../shared/roms/*.*")
	if err != nil || len(names) == 0 {
		t.Skip("no ROM dumps in ../shared/roms beside the checkout")
	}
	more, err := filepath.Glob("../../shared/cases/roms/*.*")
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range slices.Concat(names, more) {
		if filepath.Ext(name) == ".csv" {
			continue
		}
		if failed := j.failed(t, name); !slices.Equal(failed, beyondLimits[filepath.Base(name)]) {
			t.Errorf("%s: failed %v, want %v", name, failed, beyondLimits[filepath.Base(name)])
		}
	}
	t.Logf("judged: %v", j.judged)
	for _, id := range limitRules {
		if j.judged[id] < 5 {
			t.Errorf("%s judged %d dumps", id, j.judged[id])
		}
	}
	folder := os.Getenv("GPUAUDIT_ROMS")
	if folder == "" {
		return
	}
	j.judged = map[string]int{}
	if names, err = filepath.Glob(filepath.Join(folder, "*")); err != nil {
		t.Fatal(err)
	}
	for _, name := range names {
		if failed := j.failed(t, name); len(failed) > 0 {
			t.Logf("%s fails %v", filepath.Base(name), failed)
		}
	}
	t.Logf("of %d dumps, judged: %v", len(names), j.judged)
}

// limits judges dumps, and counts how many of them each rule judged.
type limits struct {
	engine    *policy.Engine
	catalogue *catalogue.Catalogue
	judged    map[string]int
}

// failed are the rules that fail on a dump.
func (l *limits) failed(t *testing.T, name string) (ids []string) {
	t.Helper()
	text, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	f := cardOf(text)
	known := l.catalogue.Lookup(inventory.IDs{Vendor: *f.Device.PCI.VendorID, Device: *f.Device.PCI.DeviceID})
	f.Catalogue.Accelerator = known.Accelerator
	found := statuses(t, l.engine, document(t, f))
	for _, id := range limitRules {
		switch found[id] {
		case finding.Fail:
			ids = append(ids, id)
			l.judged[id]++
		case finding.Pass:
			l.judged[id]++
		}
	}
	return ids
}
