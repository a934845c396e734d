package baseline

import (
	"slices"

	"github.com/gpuaudit/gpuaudit/audit/manifest"
)

// Change is what one statement of a baseline and the machine at hand say differently.
type Change struct {
	// Model is the statement's; New says that there was none, and Gone that no card of it
	// is here.
	Model     string
	New, Gone bool
	Changes   []manifest.Change
}

// Changes compares what machines are now with what a baseline states of them. That a
// statement speaks of other machines, too, is no change.
func Changes(machines []Machine, before []*manifest.Predicate, t Terms) ([]Change, *Stated, error) {
	now, err := State(machines, nil, t)
	if err != nil || len(now.Questions) > 0 {
		return nil, now, err
	}
	var list []Change
	for i := range now.Statements {
		p := now.Statements[i].Predicate
		old := named(before, p.Name)
		if old == nil {
			list = append(list, Change{Model: p.Name[len(prefix):], New: true})
			continue
		}
		elsewhere(p, old)
		p.LeaveOpen(old)
		compared := *p
		if len(p.Measurements) == 0 && len(old.Measurements) > 0 { // nobody asked, or the cards were silent
			compared.Measurements = old.Measurements
			now.NotCompared = append(now.NotCompared, p.Name[len(prefix):]+": measurements were not compared: no card of it gave evidence that counts (--attest gpu)")
		}
		if changes := manifest.Diff(old, &compared); len(changes) > 0 {
			list = append(list, Change{Model: p.Name[len(prefix):], Changes: changes})
		}
		edition(p, old, t)
	}
	for _, old := range before {
		if named(predicates(now.Statements), old.Name) == nil && slices.ContainsFunc(old.Places, here(machines)) {
			list = append(list, Change{Model: old.Name[len(prefix):], Gone: true})
		}
	}
	return list, now, nil
}

// elsewhere keeps the places that an earlier edition states in machines of other models.
func elsewhere(p, old *manifest.Predicate) {
	for _, place := range old.Places {
		if !slices.ContainsFunc(p.Places, func(q manifest.Place) bool { return q.Machine == place.Machine }) {
			p.Places = append(p.Places, place)
		}
	}
}

// here says of a place that it is in one of the machines.
func here(machines []Machine) func(manifest.Place) bool {
	return func(p manifest.Place) bool {
		return slices.ContainsFunc(machines, func(m Machine) bool { return manifest.MachineOf(&m.Report.Inventory.Host) == p.Machine })
	}
}

func predicates(list []Statement) []*manifest.Predicate {
	all := make([]*manifest.Predicate, len(list))
	for i := range list {
		all[i] = list[i].Predicate
	}
	return all
}
