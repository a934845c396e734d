package catalogue

import (
	"errors"
	"fmt"
	"maps"
	"slices"
)

// check: see [Catalogue.Check].
func (c *tables) check() error {
	var errs []error
	for _, key := range slices.Sorted(maps.Keys(c.accelerators)) {
		errs = append(errs, c.checkMakerOf(key, c.accelerators[key]))
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
			if c.accelerators[key] == nil {
				errs = append(errs, fmt.Errorf("mod %s: no accelerator %s", m.ID, key))
			}
		}
	}
	return errors.Join(errs...)
}

func (c *tables) checkMakerOf(key string, a *Accelerator) error {
	maker := c.makers[a.VendorID]
	if maker == nil {
		return fmt.Errorf("%s: no maker", key)
	}
	if hq := maker.HQCountry; hq != nil && a.DesignHQCountry != nil && *hq != *a.DesignHQCountry {
		return fmt.Errorf("%s: designed in %s by a maker in %s", key, *a.DesignHQCountry, *hq)
	}
	return nil
}
