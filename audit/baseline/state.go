package baseline

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/gpuaudit/gpuaudit/audit/golden"
	"github.com/gpuaudit/gpuaudit/audit/inventory"
	"github.com/gpuaudit/gpuaudit/audit/manifest"
	"github.com/gpuaudit/gpuaudit/audit/report"
)

// Machine is a machine that is trusted, and what an audit says of it.
type Machine struct {
	// Name is how a question names it.
	Name   string
	Report *report.Report
}

// Terms are what is said of a baseline beside the facts.
type Terms struct {
	// Now is the day on which the machines were looked at; the statements expire Days
	// later.
	Now  time.Time
	Days int
	// Accept are failures that somebody takes upon himself.
	Accept []Acceptance
	// Differing are the aspects in which each card's own value is stated, Leave those of
	// which nothing is stated where cards of one model differ.
	Differing, Leave []manifest.Aspect
}

// Statement is one manifest of a baseline: what all cards of one model are.
type Statement struct {
	*manifest.Predicate
	// Cards are the addresses of the cards that it was made of.
	Cards []string
}

// Question is a difference between cards of one model that only a person can judge.
type Question struct {
	Model string
	manifest.Question
}

// Stated is what a baseline states, and what it leaves open.
type Stated struct {
	Statements []Statement
	// Unstated says of what nothing is stated, and why.
	Unstated []string
	// NotCompared is what an earlier edition states and nobody asked for now.
	NotCompared []string
	// Questions are open: while there is one, there is no baseline.
	Questions []Question
}

// ErrNoCards says that there is nothing to state.
var ErrNoCards = errors.New("no GPU and no accelerator was found: there is nothing to state")

// prefix begins the names of the manifests of a baseline.
const prefix = "baseline-"

// State states what the cards of machines are. Those of one model and board make one
// statement; before holds earlier statements that these are to stand beside.
func State(machines []Machine, before []*manifest.Predicate, t Terms) (*Stated, error) {
	s := &Stated{}
	cards, order, unread, err := s.cards(machines, t)
	if err != nil {
		return nil, err
	}
	if len(order) == 0 {
		return nil, cmp.Or(unread, ErrNoCards)
	}
	for _, name := range order {
		old := named(before, name)
		list := cards[name]
		if old != nil {
			list = append([]manifest.Card{{Name: "the baseline", Start: "the baseline", Predicate: old}}, list...)
		}
		list = t.left(list)
		p, open, err := manifest.Merge(list, manifest.Answers{Differing: t.Differing, StableOnly: len(list) > 1 && slices.Contains(t.Leave, manifest.AspectROM)})
		switch {
		case err != nil:
			return nil, err
		case len(open) > 0:
			for _, q := range open {
				s.Questions = append(s.Questions, Question{Model: strings.TrimPrefix(name, prefix), Question: q})
			}
			continue
		}
		for _, remark := range manifest.Remarks(list) {
			s.Unstated = append(s.Unstated, strings.TrimPrefix(name, prefix)+": "+remark)
		}
		if old != nil && len(manifest.Diff(old, p)) == 0 {
			continue // it says all of this
		}
		edition(p, old, t)
		st := Statement{Predicate: p}
		for _, c := range cards[name] {
			st.Cards = append(st.Cards, c.Name)
		}
		s.Statements = append(s.Statements, st)
	}
	return s, nil
}

// edition makes a predicate the one that follows another.
func edition(p, old *manifest.Predicate, t Terms) {
	p.Sequence = 1
	if old != nil {
		p.Sequence = old.Sequence + 1
	}
	p.Issued, p.Expires = t.Now, t.Now.AddDate(0, 0, t.Days)
}

// cards states each card by itself, by the model that it is of, and in which order the
// models were met. unread is why one of them is not stated at all, nil where each is.
func (s *Stated) cards(machines []Machine, t Terms) (byModel map[string][]manifest.Card, order []string, unread, err error) {
	byModel = map[string][]manifest.Card{}
	var lacking lacks
	for _, m := range machines {
		machine := manifest.MachineOf(&m.Report.Inventory.Host)
		if machine == "" {
			s.Unstated = append(s.Unstated, m.Name+": places: the machine states no model")
		}
		for i := range m.Report.Devices {
			d := m.Report.Inventory.Device(m.Report.Devices[i].Address)
			if m.Report.Devices[i].Role != "" || d == nil {
				continue
			}
			name := nameOf(d)
			p, err := manifest.FromDevice(d, manifest.Baseline{Name: name, Vendor: vendorOf(d), Sequence: 1, Issued: t.Now, Expires: t.Now.AddDate(0, 0, t.Days)})
			if errors.Is(err, manifest.ErrNothing) { // and the others are stated
				unread = fmt.Errorf("%s: %w", m.Name, err)
				s.Unstated = append(s.Unstated, unread.Error())
				continue
			}
			if err != nil {
				return nil, nil, nil, fmt.Errorf("%s: %w", m.Name, err)
			}
			if machine != "" {
				p.Places = []manifest.Place{{Machine: machine, Address: d.Address}}
			}
			card := d.Address
			if len(machines) > 1 {
				card = m.Name + " " + d.Address
			}
			for _, open := range manifest.Unstated(d, p) {
				lacking.add(card, open)
			}
			if err := golden.State(p, m.Report.GPUProof, d.Address); err != nil && inventory.Text(d.PCI.VendorID) == "10de" {
				lacking.add(card, "measurements: "+err.Error())
			}
			if _, met := byModel[name]; !met {
				order = append(order, name)
			}
			byModel[name] = append(byModel[name], manifest.Card{Name: card, Start: m.Name, Predicate: p})
		}
	}
	s.Unstated = append(s.Unstated, lacking.lines()...)
	return byModel, order, unread, nil
}

// lacks are what cards do not state, each with the cards: of eight equal ones it is said
// once.
type lacks []lack

type lack struct {
	cards []string
	what  string
}

func (l *lacks) add(card, what string) {
	for i := range *l {
		if (*l)[i].what == what {
			(*l)[i].cards = append((*l)[i].cards, card)
			return
		}
	}
	*l = append(*l, lack{[]string{card}, what})
}

func (l lacks) lines() (list []string) {
	for _, x := range l {
		list = append(list, strings.Join(x.cards, ", ")+": "+x.what)
	}
	return list
}

// left takes out of cards that differ what nothing is to be stated of.
func (t *Terms) left(cards []manifest.Card) []manifest.Card {
	list := make([]manifest.Card, len(cards))
	for i, c := range cards {
		p := *c.Predicate
		for _, aspect := range t.Leave {
			if aspect != manifest.AspectROM && manifest.Differ(cards, aspect) {
				p.Leave(aspect)
			}
		}
		list[i] = manifest.Card{Name: c.Name, Start: c.Start, Predicate: &p}
	}
	return list
}

// nameOf names the model and the board of a card, by all of its ids.
func nameOf(d *inventory.Device) string {
	ids := d.PCI.IDs()
	words := []string{ids.Vendor, ids.Device}
	for _, id := range []string{ids.SubsystemVendor, ids.SubsystemDevice, inventory.Text(d.PCI.RevisionID)} {
		if id != "" {
			words = append(words, id)
		}
	}
	return prefix + strings.Join(words, "-")
}

func vendorOf(d *inventory.Device) string {
	if name := manifest.Printable(inventory.Text(d.Names.Vendor)); name != "" {
		return name
	}
	return "unknown"
}

func named(list []*manifest.Predicate, name string) *manifest.Predicate {
	for _, p := range list {
		if p.Name == name {
			return p
		}
	}
	return nil
}
