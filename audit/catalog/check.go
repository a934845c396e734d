package catalog

import (
	"errors"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"time"
)

// Check holds all rows to the schema and against each other: the data that ship
// in the tests of this package, and whatever an operator adds.
func (c *Catalogue) Check() error {
	var errs []error
	for _, key := range slices.Sorted(maps.Keys(c.accelerators)) {
		errs = append(errs, c.checkAccelerator(key, c.accelerators[key]))
	}
	for _, key := range slices.Sorted(maps.Keys(c.boards)) {
		if c.accelerators[key] == nil {
			errs = append(errs, fmt.Errorf("boards of %s: no such accelerator", key))
		}
		if list := slices.Sorted(slices.Values(c.boards[key].subsystems)); len(slices.Compact(list)) != len(c.boards[key].subsystems) {
			errs = append(errs, fmt.Errorf("boards of %s: a subsystem twice", key))
		}
	}
	for _, key := range slices.Sorted(maps.Keys(c.mods)) {
		for _, m := range c.mods[key] {
			errs = append(errs, c.checkMod(key, m))
		}
	}
	return errors.Join(errs...)
}

func (c *Catalogue) checkAccelerator(key string, a *Accelerator) error {
	var errs []error
	fail := func(format string, args ...any) { errs = append(errs, fmt.Errorf(key+": "+format, args...)) }
	if maker := c.makers[a.VendorID]; maker == nil {
		fail("no maker")
	} else if hq := maker.HQCountry; hq != nil && a.DesignHQCountry != nil && *hq != *a.DesignHQCountry {
		fail("designed in %s by a maker in %s", *a.DesignHQCountry, *hq)
	}
	for _, m := range a.MemoryMiB {
		if m < 256 || m > 512<<10 {
			fail("%d MiB of memory", m)
		}
	}
	between := func(name string, v *float64, low, high float64) {
		if v != nil && (*v < low || *v > high) {
			fail("%s is %v", name, *v)
		}
	}
	between("die", a.DieMM2, 20, 858)
	between("tpp", a.TPP, 5, 100000)
	between("bandwidth", a.BandwidthGBs, 5, 20000)
	if (a.TPP == nil) != (a.TPPBasis == nil) {
		fail("TPP and its basis go together")
	}
	if (a.DenseTOPS == nil) != (a.BitLength == nil) || a.DenseTOPS != nil && (a.TPP == nil || *a.DenseTOPS*float64(*a.BitLength) != *a.TPP) {
		fail("the factors do not give the TPP")
	}
	if a.PCIeGen != nil && *a.PCIeGen > 6 || a.PCIeLanes != nil && !slices.Contains([]int{1, 4, 8, 16}, *a.PCIeLanes) {
		fail("no such PCIe generation or width")
	}
	if !slices.Contains([]string{"high", "medium", "low"}, a.IDConfidence) {
		fail("confidence %q", a.IDConfidence)
	}
	if a.Market != nil && *a.Market != "consumer" && *a.Market != "data-centre" {
		fail("market %q", *a.Market)
	}
	if complete := a.MemoryComplete; complete != nil && *complete && len(a.MemoryMiB) == 0 {
		fail("a whole list of memory sizes without a size")
	}
	errs = append(errs, checkForm(key, a))
	if a.LaunchDate != nil && !isLaunch(*a.LaunchDate) {
		fail("launch %q is neither a year nor a day", *a.LaunchDate)
	}
	return errors.Join(errs...)
}

var (
	vbiosPrefix = regexp.MustCompile(`^[0-9A-F]{2}\.[0-9A-F]{2}$`)
	chipText    = regexp.MustCompile(`^[A-Z0-9][A-Z0-9 _]{1,31}$`)
	class       = regexp.MustCompile(`^[0-9a-f]{4}$`)
)

// checkForm holds what tells a card of one form or chip from another.
func checkForm(key string, a *Accelerator) error {
	var errs []error
	if a.Form != nil && *a.Form != "laptop" && *a.Form != "mining" {
		errs = append(errs, fmt.Errorf("%s: form %q", key, *a.Form))
	}
	for _, list := range []struct {
		name  string
		texts []string
		form  *regexp.Regexp
	}{{"VBIOS prefix", a.VBIOSPrefixes, vbiosPrefix}, {"chip text", a.ChipTexts, chipText}, {"class of a function", a.Functions, class}} {
		for i, text := range list.texts {
			if !list.form.MatchString(text) || slices.Contains(list.texts[:i], text) {
				errs = append(errs, fmt.Errorf("%s: %s %q is none or comes twice", key, list.name, text))
			}
		}
	}
	return errors.Join(errs...)
}

func isLaunch(s string) bool {
	for _, form := range []string{"2006", time.DateOnly} {
		if _, err := time.Parse(form, s); err == nil {
			return true
		}
	}
	return false
}

func (c *Catalogue) checkMod(key string, m Mod) error {
	switch {
	case c.accelerators[key] == nil:
		return fmt.Errorf("mod %s: no accelerator %s", m.ID, key)
	case (m.SuspectMinMiB == nil) != (m.SuspectMaxMiB == nil) || m.SuspectMinMiB != nil && *m.SuspectMinMiB > *m.SuspectMaxMiB:
		return fmt.Errorf("mod %s: the range of suspect sizes is none", m.ID)
	case m.Source == nil:
		return fmt.Errorf("mod %s has no source", m.ID)
	}
	return nil
}
