package catalogue

import "testing"

// TestCoverage: the counts are of the rows, and of no fewer than were known when they
// were first counted.
func TestCoverage(t *testing.T) {
	c := load(t)
	all, dataCentre := c.Coverage()
	if all.Accelerators != c.Stats().Accelerators {
		t.Errorf("%d of %d rows were counted", all.Accelerators, c.Stats().Accelerators)
	}
	for _, v := range []Coverage{all, dataCentre} {
		if v.Sourced > v.Sizes || v.Whole > v.Sizes || v.Sizes+v.Unified > v.Accelerators || v.Interconnect > v.Accelerators {
			t.Errorf("parts are more than the whole: %+v", v)
		}
	}
	if all.Sourced < 280 || all.Whole < 99 || dataCentre.TPP < 64 || dataCentre.Bandwidth < 35 || all.Firmware < 540 {
		t.Errorf("less is known than was: %+v, %+v", all, dataCentre)
	}
	var own Coverage
	own.count(&Accelerator{MemoryMiB: []int{8192}, MemoryUnified: new(true), Source: "specs:rightnow"})
	own.count(&Accelerator{MemoryMiB: []int{8192}, Source: "our lab"})
	own.count(&Accelerator{MemoryMiB: []int{8192}, Source: "id:pciids; specs:rightnow:x"})
	if want := (Coverage{Accelerators: 3, Unified: 1, Sizes: 2, Sourced: 1}); own != want {
		t.Errorf("%+v, want %+v", own, want)
	}
}
