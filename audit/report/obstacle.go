package report

import (
	"slices"

	"github.com/gpuaudit/gpuaudit/audit/finding"
	"github.com/gpuaudit/gpuaudit/audit/inventory"
)

// Obstacle is one thing that keeps a verdict from passing: a check that failed, or what
// one act would let be read, with the checks that it leaves undecided.
type Obstacle struct {
	// Devices are the addresses of the cards, or "host".
	Devices []string
	// What was seen, or is lacking.
	What []string
	// Do is what would help; "" where nothing is known to.
	Do string
	// IDs are the rules that decide.
	IDs []string
	// Failed says that they failed; and else their facts are lacking.
	Failed bool
}

// Obstacles are all that keep the verdict from passing, the gravest first: every finding
// that decides is in one of them. What cards have in common is named once.
func (r *Report) Obstacles() []Obstacle {
	var list []Obstacle
	add := func(o Obstacle) {
		i := slices.IndexFunc(list, func(x Obstacle) bool {
			return x.Do == o.Do && x.Failed == o.Failed && slices.Equal(x.What, o.What) && slices.Equal(x.IDs, o.IDs)
		})
		if i < 0 {
			list = append(list, o)
			return
		}
		list[i].Devices = append(list[i].Devices, o.Devices...)
	}
	of, facts := byOwner(Sorted(r.Findings)), byAddress(&r.Inventory)
	owners := make([]string, 0, len(r.Devices)+1)
	for i := range r.Devices {
		owners = append(owners, r.Devices[i].Address)
	}
	owners = append(owners, "host")
	for _, owner := range owners {
		for i := range of[owner] {
			if f := &of[owner][i]; f.Status == finding.Fail && r.Decides(f) {
				add(Obstacle{Devices: []string{owner}, What: []string{r.say(seenAs(f))}, Do: f.Remediation, IDs: []string{f.ID}, Failed: true})
			}
		}
	}
	for _, owner := range owners {
		w := &weights{facts: facts[owner], host: &r.Inventory.Host}
		if w.facts == nil {
			w.facts = &inventory.Device{Address: owner}
		}
		for i := range of[owner] {
			if f := &of[owner][i]; f.Status != finding.Fail && r.Decides(f) {
				w.unknown = append(w.unknown, *f)
			}
		}
		for _, o := range w.lacking(r) {
			o.Devices = []string{owner}
			add(o)
		}
	}
	return list
}

// lacking is what is unknown, by the act that would help.
func (w *weights) lacking(r *Report) (list []Obstacle) {
	for _, c := range causes(w.unknown, slices.Concat(w.facts.Gaps, w.host.Gaps)) {
		do := r.say(w.help(&c))
		i := slices.IndexFunc(list, func(o Obstacle) bool { return do != "" && o.Do == do })
		if i < 0 {
			i = len(list)
			list = append(list, Obstacle{Do: do})
		}
		if what := r.say(c.words()); !slices.Contains(list[i].What, what) {
			list[i].What = append(list[i].What, what)
		}
		list[i].IDs = append(list[i].IDs, slices.Compact(c.ids)...)
	}
	return list
}
