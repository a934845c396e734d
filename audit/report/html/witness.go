package html

import (
	"fmt"
	"slices"
	"strings"

	"github.com/gpuaudit/gpuaudit/audit/inventory"
)

// compared is what this program and other programs read, side by side.
type compared struct {
	Names []string
	Rows  []comparedRow
	Notes []string
}

type comparedRow struct {
	Fact  string
	Cells []cell
}

type cell struct{ Text, Class string }

// source is who states what of a card.
type source struct{ Fact, Value, Source string }

// compared holds our reading beside that of each witness; nil where there was none. A
// witness that states the same, or nothing, has no row of its own.
func (c *cards) compared(d *inventory.Device) *compared {
	if len(d.Witnesses) == 0 {
		return nil
	}
	v := &compared{Names: []string{c.words.of("witnesses.ours")}}
	var facts []string
	for i := range d.Witnesses {
		w := &d.Witnesses[i]
		v.Names = append(v.Names, clean(w.Name))
		if len(w.Disagreements) == 0 {
			v.Notes = append(v.Notes, c.words.of("witnesses.agrees", "name", clean(w.Name)))
		}
		for _, note := range w.Notes {
			v.Notes = append(v.Notes, clean(w.Name)+": "+clean(note))
		}
		for _, dis := range w.Disagreements {
			if !slices.Contains(facts, dis.Fact) {
				facts = append(facts, dis.Fact)
			}
		}
	}
	for _, fact := range facts {
		row := comparedRow{Fact: clean(fact), Cells: make([]cell, len(v.Names))}
		for i := range d.Witnesses {
			for _, dis := range d.Witnesses[i].Disagreements {
				if dis.Fact == fact {
					row.Cells[0].Text = clean(dis.Ours)
					row.Cells[i+1] = cell{Text: c.words.of("witnesses.differs", "value", clean(dis.Theirs)), Class: "bad"}
				}
			}
		}
		for i := range row.Cells {
			if row.Cells[i].Text == "" {
				row.Cells[i].Text = "–"
			}
		}
		v.Rows = append(v.Rows, row)
	}
	return v
}

// sources lists who states what: nothing of it is verified.
func (c *cards) sources(d *inventory.Device) []source {
	var list []source
	add := func(fact, value, from string) {
		list = append(list, source{c.words.of("fact." + fact), clean(value), clean(from)})
	}
	for _, n := range d.ProductNames {
		add("name", n.Value, n.Source)
	}
	for _, m := range d.Memory {
		add("memory", fmt.Sprintf("%d MiB", m.Bytes>>20), m.Source)
	}
	for _, p := range d.PartNumbers {
		add("part", p.Value, p.Source)
	}
	for _, s := range d.Identity {
		add("serial", s.Kind+" "+s.Value, s.Source)
	}
	for _, v := range d.Firmware.Versions {
		add("firmware", v.Version, v.Source)
	}
	for i := range d.Firmware.ROMs {
		if rom := &d.Firmware.ROMs[i]; rom.Version != nil {
			add("firmware", *rom.Version, "ROM, "+rom.Source)
		}
	}
	if d.Driver != nil {
		for _, claim := range d.Driver.Claims {
			add("driver", strings.TrimSpace(claim.Version+" "+inventory.Text(claim.Flavor)), claim.Source)
		}
		if m := d.Driver.Module; m != nil && m.Version != nil {
			add("driver", *m.Version, "module "+m.Name)
		}
	}
	for _, h := range d.Health {
		add("health", fmt.Sprintf("%s %d %s", h.Kind, h.Count, h.Detail), h.Source)
	}
	return list
}
