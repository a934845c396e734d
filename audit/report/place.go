package report

import (
	"fmt"
	"slices"
	"strings"
)

// Place returns a function that turns the JSON pointers of a rule, which sees
// the facts of one device or of the host, into pointers into the report, where
// a reader can follow them.
func (r *Report) Place(owner string) func([]string) []string {
	inv := r.Inventory.IndexOf(owner)
	dev := r.result(owner)
	moves := [...]struct{ from, to string }{
		{"/device", fmt.Sprintf("/inventory/devices/%d", inv)},
		{"/host", "/inventory/host"},
		{"/reference", fmt.Sprintf("/devices/%d/reference", dev)},
		{"/evidence", "/inventory/collected_at"},
		{"/catalogue", fmt.Sprintf("/devices/%d/catalogue", dev)},
	}
	return func(pointers []string) []string {
		placed := slices.Clone(pointers)
		for i, p := range placed {
			for _, m := range moves {
				if within(p, m.from) {
					placed[i] = m.to + strings.TrimPrefix(p, m.from)
					break
				}
			}
		}
		return placed
	}
}

// factOf is the inverse for the owner's own facts: the pointer within the
// device or the host, as gaps give it.
func factOf(pointer string) string {
	if rest, ok := strings.CutPrefix(pointer, "/inventory/host"); ok {
		return rest
	}
	if rest, ok := strings.CutPrefix(pointer, "/inventory/devices/"); ok {
		if _, fact, ok := strings.Cut(rest, "/"); ok {
			return "/" + fact
		}
	}
	return pointer
}
