package nvidia

import (
	"fmt"
	"slices"
)

// Topology says what does not fit in a set of devices that were measured together. Each
// GPU that names switches and each switch that names GPUs has to be named back; a device
// that is there twice counts once. Links repeat an id for each link that leads to it,
// and are zero where there is none. Devices expected is how many there must be, 0 for
// any number.
func Topology(devices []*Device, expected int) []string {
	var faults []string
	byID := map[string]*Device{}
	for _, d := range devices {
		if byID[d.ID] != nil {
			faults = append(faults, fmt.Sprintf("chip %s answered twice", d.ID))
			continue
		}
		byID[d.ID] = d
	}
	if expected > 0 && len(byID) != expected {
		faults = append(faults, fmt.Sprintf("%d devices answered, expected %d", len(byID), expected))
	}
	var order []string
	for id := range byID {
		order = append(order, id)
	}
	slices.Sort(order)
	for _, id := range order {
		d := byID[id]
		for _, to := range linked(d.Links) {
			other := byID[to]
			switch {
			case other == nil:
				faults = append(faults, fmt.Sprintf("chip %s is linked to %s, of which there is no report", id, to))
			case other.Switch == d.Switch:
				faults = append(faults, fmt.Sprintf("chip %s names %s as the other end of a link, which is of its own kind", id, to))
			case !slices.Contains(other.Links, id):
				faults = append(faults, fmt.Sprintf("chip %s is linked to %s, which does not name it", id, to))
			}
		}
	}
	return faults
}

// linked is the ids of a list of links, each once.
func linked(links []string) []string {
	list := slices.Clone(links)
	slices.Sort(list)
	list = slices.Compact(list)
	return slices.DeleteFunc(list, func(id string) bool { return id == "0000000000000000" || id == "FFFFFFFFFFFFFFFF" })
}
