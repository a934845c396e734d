package compare

import (
	"fmt"
	"slices"

	"github.com/gpuaudit/gpuaudit/audit/facts"
	"github.com/gpuaudit/gpuaudit/audit/inventory"
	"github.com/gpuaudit/gpuaudit/audit/manifest"
)

// Measurements holds what a card signed that it measured against the manifests that cover
// the card: one's own golden values. They are of named versions of driver and VBIOS, and
// of others they say nothing. What the maker states is another question, which this never
// answers. The proof is nil where the card gave none.
//
// No value of the card's is in the verdict: rules see it, and equal cards are judged once.
func Measurements(d *inventory.Device, set manifest.Set, proven *facts.ProvenDevice) facts.Verdict {
	c := comparison{d: d, covering: covering(d, set)}
	c.covering = slices.DeleteFunc(c.covering, func(m *manifest.Manifest) bool { return m.PartsOnly() && len(partsRead(d)) == 0 && active(m) })
	states := func(p manifest.Predicate) bool { return len(p.Measurements) > 0 }
	by, withdrawn := c.speaking(states), c.with(manifest.Revoked, states)
	switch {
	case len(by)+len(withdrawn) == 0:
		return c.notCovered("measurements", states)
	case proven == nil || !proven.Genuine() || len(proven.Measured) == 0:
		return facts.Verdict{State: facts.Unknown, Reason: "the card signed no measurements that verify", Vouchers: vouchers(append(slices.Clone(withdrawn), by...), "")}
	}
	signed := signedBy(proven)
	for _, m := range withdrawn {
		if e := ofVersions(m, &signed); e != nil && len(differing(e, &signed, proven.Skipped)) == 0 {
			return revoked(m, "set of measurements", "/measured", "these measurements", e.Versions())
		}
	}
	if len(by) == 0 {
		return c.notCovered("measurements", states)
	}
	return held(by, &signed, proven.Skipped)
}

// signedBy is what a card signed in the form of a manifest.
func signedBy(proven *facts.ProvenDevice) manifest.Measurements {
	m := manifest.Measurements{Driver: inventory.Text(proven.Driver), VBIOS: inventory.Text(proven.VBIOS)}
	for _, v := range proven.Measured {
		m.Values = append(m.Values, manifest.Measurement(v))
	}
	return m
}

// ofVersions is the entry of a manifest for the versions that a card signed, nil for none.
func ofVersions(m *manifest.Manifest, signed *manifest.Measurements) *manifest.Measurements {
	list := m.Predicate().Measurements
	for i := range list {
		if list[i].Same(signed) {
			return &list[i]
		}
	}
	return nil
}

// held compares with the entries of the versions that the card signed. Of several it is
// enough that one states what the card has.
func held(by []*manifest.Manifest, signed *manifest.Measurements, skipped []int) facts.Verdict {
	var of []*manifest.Manifest
	var others []string
	var nearest []facts.Difference
	for _, m := range by {
		e := ofVersions(m, signed)
		if e == nil {
			list := m.Predicate().Measurements
			for i := range list {
				others = append(others, list[i].Versions())
			}
			continue
		}
		compared := slices.ContainsFunc(e.Values, func(v manifest.Measurement) bool { return !slices.Contains(skipped, v.Index) })
		differences := differing(e, signed, skipped)
		switch {
		case !compared: // the entry states nothing that this card measures
		case len(differences) == 0:
			return facts.Verdict{State: facts.Match, Vouchers: vouchers([]*manifest.Manifest{m}, e.Versions()),
				Reason: fmt.Sprintf("the card measured what the manifest states for %s, %d values", e.Versions(), len(e.Values))}
		default:
			if len(of) == 0 || len(differences) < len(nearest) {
				nearest = differences
			}
			of = append(of, m)
		}
	}
	if len(of) == 0 {
		v := facts.Verdict{State: facts.NotCovered, Reason: "no trusted manifest states what such a card measures with " + signed.Versions()}
		if len(others) > 0 {
			v.Reason += "; stated are " + oneOf(others)
		}
		return v
	}
	return facts.Verdict{State: facts.Mismatch, Differences: nearest, Vouchers: vouchers(of, signed.Versions()),
		Reason: fmt.Sprintf("the card measured something else than the manifest states for %s at index %s", signed.Versions(), indices(nearest))}
}

// differing are the stated values that a card did not measure. An index that the entry
// leaves open is none.
func differing(e, signed *manifest.Measurements, skipped []int) []facts.Difference {
	var list []facts.Difference
	for _, v := range e.Values {
		if slices.Contains(skipped, v.Index) {
			continue
		}
		switch actual := signed.Of(v.Index); actual {
		case v.SHA384:
		case "":
			list = append(list, facts.Difference{Fact: fmt.Sprintf("/measured/%d", v.Index), Expected: v.SHA384, Actual: "not measured"})
		default:
			list = append(list, facts.Difference{Fact: fmt.Sprintf("/measured/%d", v.Index), Expected: v.SHA384, Actual: "another value"})
		}
	}
	return list
}

// indices names the first of many.
func indices(list []facts.Difference) string {
	const most = 8
	var text string
	for _, d := range list[:min(len(list), most)] {
		text += d.Fact[len("/measured/"):] + " "
	}
	if more := len(list) - most; more > 0 {
		return fmt.Sprintf("%sand %d more", text, more)
	}
	return text[:len(text)-1]
}
