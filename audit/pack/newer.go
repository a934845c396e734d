package pack

import (
	"bytes"
	"cmp"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"reflect"
	"slices"

	"github.com/gpuaudit/gpuaudit/audit/finding"
	"github.com/gpuaudit/gpuaudit/audit/input"
	"github.com/gpuaudit/gpuaudit/rules"
)

// Shipped says that a file is a pack that ships, under its name and byte for byte.
func Shipped(f *input.File) bool {
	text, err := fs.ReadFile(rules.Packs(), f.Name+".yaml")
	return err == nil && bytes.Equal(text, f.Data)
}

// Newer checks a text that is to take the place of a pack that ships: it bears its name, is
// no older, and asks for no less.
func Newer(name string, text []byte) error {
	shipped, err := fs.ReadFile(rules.Packs(), name+".yaml")
	if err != nil {
		return errors.New("no pack of the name ships")
	}
	was, err := Parse(shipped)
	if err != nil {
		return err
	}
	p, err := Parse(text)
	switch {
	case err != nil:
		return err
	case p.Name != name:
		return fmt.Errorf("it says that its name is %s", p.Name)
	case p.Date < was.Date:
		return fmt.Errorf("it is of %s, %w, which is of %s", p.Date, rules.ErrOlder, was.Date)
	}
	if what := p.weaker(was); what != "" {
		return fmt.Errorf("it asks for less than the program's: %s", what)
	}
	return nil
}

// weaker names the first thing of which a pack asks for less than another one; "" for none.
func (p *Pack) weaker(was *Pack) string {
	switch {
	case p.FailOn.Rank() > was.FailOn.Rank():
		return "fail_on"
	case cmp.Or(p.UnknownFrom, p.FailOn).Rank() > cmp.Or(was.UnknownFrom, was.FailOn).Rank():
		return "unknown_from"
	case p.Question != was.Question:
		return "question"
	case !reflect.DeepEqual(p.Managed, was.Managed):
		return "managed"
	case was.Require.Manifest != "" && p.Require.Manifest != was.Require.Manifest && p.Require.Manifest != "vendor":
		return "require manifest"
	case was.Require.Attestation != "" && p.Require.Attestation != was.Require.Attestation && p.Require.Attestation != "tpm,gpu":
		return "require attestation"
	case was.Waivers.MaxDays > 0 && (p.Waivers.MaxDays == 0 || p.Waivers.MaxDays > was.Waivers.MaxDays),
		was.Waivers.TwoPerson && !p.Waivers.TwoPerson, was.Waivers.Signed && !p.Waivers.Signed:
		return "waivers"
	}
	for _, set := range slices.Sorted(maps.Keys(was.Data)) {
		if now, there := p.Data[set]; !there || now.MaxAgeDays > was.Data[set].MaxAgeDays {
			return "data " + set
		}
	}
	for _, id := range slices.Sorted(maps.Keys(was.Rules)) {
		if p.Rules[id].weaker(was.Rules[id]) {
			return "rule " + id
		}
	}
	for _, id := range slices.Sorted(maps.Keys(p.Rules)) {
		// What a rule states by itself is not known here: below high it might be more.
		if _, there := was.Rules[id]; !there && (p.Rules[id].Disabled || p.Rules[id].Severity != "" && !p.Rules[id].Severity.AtLeast(finding.High)) {
			return "rule " + id
		}
	}
	return ""
}

func (r Rule) weaker(was Rule) bool {
	return r.Disabled && !was.Disabled || was.Required && !r.Required || r.Severity.Rank() < was.Severity.Rank()
}
