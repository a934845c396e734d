package manifest

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
)

// Measurements are what cards of one model sign that they measured when they started
// (SPDM), while one version of driver and VBIOS runs. They are one's own reference for
// cards whose maker publishes none, and never the maker's.
type Measurements struct {
	// Driver and VBIOS are the versions that the card signs beside them; "" where it
	// states none. Of other versions the entry says nothing.
	Driver string `json:"driver,omitempty" jsonschema:"maxLength=200"`
	VBIOS  string `json:"vbios,omitempty" jsonschema:"maxLength=200"`
	// Values are in the order of their indices, each once. An index that is not among
	// them is left open.
	Values []Measurement `json:"values" jsonschema:"minItems=1,maxItems=252"`
}

// Measurement is the value of one index.
type Measurement struct {
	// Index as makers' manifests number it: the block of the SPDM report is one higher.
	Index int `json:"index" jsonschema:"minimum=0,maximum=251"`
	// SHA384 is what the card signs, all zero for nothing measured.
	SHA384 string `json:"sha384" jsonschema:"pattern=^[0-9a-f]{96}$"`
}

// lastIndex is the highest index of a measurement: behind it SPDM numbers structures.
const lastIndex = 251

// Same says that two entries are of the same versions.
func (m *Measurements) Same(o *Measurements) bool { return m.Driver == o.Driver && m.VBIOS == o.VBIOS }

// Of is the value of an index, "" for none.
func (m *Measurements) Of(index int) string {
	at, found := slices.BinarySearchFunc(m.Values, index, func(v Measurement, i int) int { return cmp.Compare(v.Index, i) })
	if !found {
		return ""
	}
	return m.Values[at].SHA384
}

// Varying is an index that cards of one model, or several starts of one, measured
// differently while the same versions ran. Nothing is stated of it.
type Varying struct {
	Driver, VBIOS string
	Indices       []int
}

// String is the place in words.
func (v Varying) String() string {
	return fmt.Sprintf("measurements of %s at index %s", versions(v.Driver, v.VBIOS), numbers(v.Indices))
}

// Agreed takes measurements together: of each pair of versions one entry, of what all of
// them measured alike. An index that one of them lacks is left out as one that differs.
func Agreed(lists ...[]Measurements) (agreed []Measurements, varying []Varying) {
	for _, m := range slices.Concat(lists...) {
		at := slices.IndexFunc(agreed, func(o Measurements) bool { return o.Same(&m) })
		if at < 0 {
			m.Values = slices.Clone(m.Values)
			agreed = append(agreed, m)
			continue
		}
		left := agreed[at].keep(&m)
		if len(left) == 0 {
			continue
		}
		v := slices.IndexFunc(varying, func(v Varying) bool { return v.Driver == m.Driver && v.VBIOS == m.VBIOS })
		if v < 0 {
			v, varying = len(varying), append(varying, Varying{Driver: m.Driver, VBIOS: m.VBIOS})
		}
		varying[v].Indices = append(varying[v].Indices, left...)
		slices.Sort(varying[v].Indices)
		varying[v].Indices = slices.Compact(varying[v].Indices)
	}
	return slices.DeleteFunc(agreed, func(m Measurements) bool { return len(m.Values) == 0 }), varying
}

// keep leaves what another entry says, too, and lists the indices that only one says or
// both say differently.
func (m *Measurements) keep(o *Measurements) (left []int) {
	for _, v := range o.Values {
		if m.Of(v.Index) != v.SHA384 {
			left = append(left, v.Index)
		}
	}
	m.Values = slices.DeleteFunc(m.Values, func(v Measurement) bool {
		differs := o.Of(v.Index) != v.SHA384
		if differs {
			left = append(left, v.Index)
		}
		return differs
	})
	return left
}

// LeaveOpen takes out what another statement left open for the same versions: an index that
// was seen to differ stays left out.
func (p *Predicate) LeaveOpen(old *Predicate) {
	p.Measurements = slices.Clone(p.Measurements)
	for i := range p.Measurements {
		m := &p.Measurements[i]
		at := slices.IndexFunc(old.Measurements, func(o Measurements) bool { return o.Same(m) })
		if at >= 0 {
			m.Values = slices.DeleteFunc(slices.Clone(m.Values), func(v Measurement) bool { return old.Measurements[at].Of(v.Index) == "" })
		}
	}
	p.Measurements = slices.DeleteFunc(p.Measurements, func(m Measurements) bool { return len(m.Values) == 0 })
}

func (c *checker) measurements(list []Measurements) {
	for i := range list {
		m, at := &list[i], fmt.Sprintf("measurements[%d]", i)
		c.optional(at+".driver", m.Driver)
		c.optional(at+".vbios", m.VBIOS)
		c.that(m.Driver != "" || m.VBIOS != "", "%s names neither driver nor vbios: it would be of every version", at)
		c.that(!slices.ContainsFunc(list[:i], m.sameAs), "%s: %s has an entry already", at, versions(m.Driver, m.VBIOS))
		c.that(len(m.Values) > 0, "%s states no value", at)
		if len(m.Values) > lastIndex+1 {
			c.that(false, "%s states more than %d values", at, lastIndex+1)
			continue
		}
		for j, v := range m.Values {
			at := fmt.Sprintf("%s.values[%d]", at, j)
			c.that(v.Index >= 0 && v.Index <= lastIndex, "%s: index %d is not from 0 to %d", at, v.Index, lastIndex)
			c.that(j == 0 || v.Index > m.Values[j-1].Index, "%s: index %d does not follow the one before it: each stands once, in order", at, v.Index)
			c.digest(at, "sha384", v.SHA384, true)
		}
	}
}

func (m *Measurements) sameAs(o Measurements) bool { return m.Same(&o) }

// String is the entry with all of its values.
func (m Measurements) String() string {
	words := []string{m.title()}
	for _, f := range m.fields() {
		words = append(words, f.name+" "+f.value)
	}
	return strings.Join(words, ", ")
}

func (m Measurements) title() string { return "of " + versions(m.Driver, m.VBIOS) }

// Title is the entry without its values: "of driver 590.12 and VBIOS 96.00, 62 values".
func (m Measurements) Title() string { return fmt.Sprintf("%s, %d values", m.title(), len(m.Values)) }

func (m Measurements) fields() []named {
	var list []named
	for _, v := range m.Values {
		list = append(list, named{fmt.Sprintf("index %d", v.Index), v.SHA384})
	}
	return list
}

// Versions names driver and VBIOS: "driver 590.12 and VBIOS 96.00".
func (m *Measurements) Versions() string { return versions(m.Driver, m.VBIOS) }

func versions(driver, vbios string) string {
	switch {
	case driver == "" && vbios == "":
		return "versions that it does not state"
	case driver == "":
		return "VBIOS " + vbios
	case vbios == "":
		return "driver " + driver
	}
	return "driver " + driver + " and VBIOS " + vbios
}

// numbers lists the first of many.
func numbers(list []int) string {
	const most = 16
	var words []string
	for _, n := range list[:min(len(list), most)] {
		words = append(words, fmt.Sprint(n))
	}
	if more := len(list) - most; more > 0 {
		words = append(words, fmt.Sprintf("and %d more", more))
	}
	return strings.Join(words, " ")
}
