package config

import (
	"fmt"
	"slices"

	"github.com/gpuaudit/gpuaudit/audit/input"
	"github.com/gpuaudit/gpuaudit/audit/pack"
	"github.com/gpuaudit/gpuaudit/audit/suggest"
)

// Hold holds settings to what a pack manages: what nobody set becomes what the pack
// demands, and what somebody set must not weaken it. has says which settings the verb
// takes: a judgement over stored facts reads no machine.
func (l Layer) Hold(p *pack.Pack, settings []Setting, has func(name string) bool) error {
	for _, d := range p.Demands() {
		if known := names(settings); !slices.Contains(known, d.Name) {
			return fmt.Errorf("the pack %s manages %.40q, which is no setting%s", p.Name, d.Name, suggest.Meant(d.Name, known))
		}
		if !has(d.Name) {
			continue
		}
		v, set := l[d.Name]
		switch {
		case !set && d.Value != "":
			l[d.Name] = Value{List: []string{d.Value}, From: "pack " + p.Name}
		case set && !d.Allows(v.List):
			return fmt.Errorf("%s: %s is managed by the pack %s, which demands %s", v.From, d.Name, p.Name, d.Demands)
		}
	}
	return nil
}

// Pinned refuses another pack than the managed one that the machine's administrator
// names in the system's file.
func Pinned(named Value, system *pack.Pack, now Value, chosen *input.File) error {
	if !system.Managed.Any() || chosen != nil && chosen.SHA256() == system.SHA256() {
		return nil
	}
	return fmt.Errorf("%s: pack %q would take the place of %q, which %s names and which is managed", now.From, now.Text(), named.Text(), named.From)
}
