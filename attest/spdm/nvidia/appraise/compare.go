package appraise

import (
	"bytes"
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"slices"

	"github.com/gpuaudit/gpuaudit/attest/check"
	"github.com/gpuaudit/gpuaudit/attest/rim"
	"github.com/gpuaudit/gpuaudit/attest/spdm"
)

// decoderIndex is the measurement of the video decoder NVDEC0, which is not made where
// that is off.
const decoderIndex = 35

// svnType is the value type of a security version in the opaque data: 16 bits,
// little-endian (NVIDIA, "NVIDIA Opaque Data Format").
const svnType = 0x87

// Difference is what does not fit.
type Difference struct {
	// Index as manifests number it: the report's block is one higher. -1 for a floor and a
	// component.
	Index int `json:"index"`
	// Record is the type of the record of a floor, -1 for a measurement.
	Record int    `json:"record"`
	Name   string `json:"name"`
	// Component says that Name is an environment of a manifest in CBOR.
	Component bool `json:"component,omitempty"`
	// Code is value, missing, another-index, or below-floor; of a component digest, svn,
	// raw, name, key, missing, or dependency.
	Code string `json:"code"`
	// Detail is the key of the measurement of a component, or what it depends on.
	Detail string `json:"detail,omitempty"`
	// Offset of the block or of the opaque data in the transcript, bytes.
	Offset *int `json:"offset,omitempty"`
	// Expected are the right values, Measured the one that the device has, in hexadecimal
	// or, for floors, decimal; "" where it has none.
	Expected []string `json:"expected"`
	Measured string   `json:"measured,omitempty"`
	// Cause is an innocent one that is known, Next what to do.
	Cause string `json:"cause"`
	Next  string `json:"next"`

	other int // the index of which the value would be right
}

// compare compares what a genuine device measured with its manifests.
func (a *Appraisal) compare(s *search) error {
	a.Outcome = Matches
	var covered []int
	for _, w := range wants(a.Device) {
		ref, checks, err := s.find(w, a.Device)
		if err != nil {
			return err
		}
		a.References = append(a.References, ref)
		a.Checks = append(a.Checks, checks...)
	}
	conflict := a.disjoint()
	a.decoder()
	parts := a.components()
	for _, ref := range a.References {
		c := notReached(ref.Kind + suffixMeasured)
		switch {
		case ref.corim != nil:
			c = parts(ref)
		case ref.manifest != nil && !conflict:
			c = ref.measured(a)
			for _, e := range ref.manifest.Entries {
				if e.Active {
					covered = append(covered, e.Index)
				}
			}
		}
		a.add(c)
		if badness[ref.Outcome] > badness[a.Outcome] {
			a.Outcome = ref.Outcome
		}
	}
	a.uncovered(covered)
	if a.Checks.Find(CheckHost).Status == check.Fail {
		a.Outcome, a.because = NotVerifiable, CheckHost
	}
	return nil
}

// disjoint says whether two manifests state the same: which of both counts, nobody could
// tell.
func (a *Appraisal) disjoint() bool {
	c := check.Check{Name: CheckDisjoint, Status: check.Pass}
	defer func() { a.add(c) }()
	seen := map[string]string{}
	manifests := 0
	for _, ref := range a.References {
		if !ref.usable() {
			continue
		}
		if manifests++; ref.manifest == nil {
			continue
		}
		for _, what := range stated(ref.manifest) {
			if other := seen[what]; other != "" {
				c.Status, c.Code, c.Detail = check.Fail, "index-conflict", fmt.Sprintf("%s is stated by the manifests of the %s and of the %s", what, other, ref.Kind)
				return true
			}
			seen[what] = ref.Kind
		}
	}
	if manifests < len(a.References) {
		c = notReached(CheckDisjoint)
	}
	return false
}

// stated are the active entries and floors of a manifest.
func stated(m *rim.Manifest) []string {
	var list []string
	for _, e := range m.Entries {
		if e.Active {
			list = append(list, fmt.Sprintf("index %d", e.Index))
		}
	}
	for _, f := range m.Floors {
		if f.Active {
			list = append(list, fmt.Sprintf("the floor of record %d", f.Record))
		}
	}
	return list
}

// decoder says whether the video decoder is measured. A switch has none.
func (a *Appraisal) decoder() {
	d := a.Device
	c := check.Check{Name: CheckDecoder, Status: check.Pass}
	switch {
	case d.Switch:
	case d.NVDEC == nil:
		c.Status, c.Code, c.Detail = check.Unknown, "decoder", "the report does not say whether the video decoder is on: index 35 is compared if a manifest states it"
	case !*d.NVDEC:
		a.Skipped = append(a.Skipped, Skip{Index: decoderIndex, Reason: "the video decoder is off, and not measured"})
	}
	a.add(c)
}

func (a *Appraisal) skips(index int) bool {
	return slices.ContainsFunc(a.Skipped, func(s Skip) bool { return s.Index == index })
}

// measured compares all that a manifest states.
func (ref *Reference) measured(a *Appraisal) check.Check {
	for i := range ref.manifest.Entries {
		if e := &ref.manifest.Entries[i]; e.Active && !a.skips(e.Index) {
			ref.entry(e, a.Measured)
		}
	}
	for _, f := range ref.manifest.Floors {
		if f.Active {
			ref.floor(f, a)
		}
	}
	c := check.Check{Name: ref.Kind + suffixMeasured, Status: check.Pass}
	switch n := len(ref.Differences); {
	case ref.Compared == 0:
		c.Status, c.Code, c.Detail = check.Unknown, "nothing-compared", "nothing that the manifest states was compared"
		return c
	case n > 0:
		first := ref.Differences[0]
		c.Status, c.Code, c.Offset = check.Fail, first.Code, first.Offset
		c.Detail = fmt.Sprintf("%d of %d differ: %s", n, ref.Compared, first.place())
		for _, d := range ref.Differences[1:] {
			c.Detail += ", " + d.place()
		}
		ref.Outcome = Differs
		return c
	}
	ref.Outcome = Matches
	return c
}

func (d *Difference) place() string {
	if d.Component {
		return "component " + d.Name
	}
	if d.Index < 0 {
		return fmt.Sprintf("record %d (%s)", d.Record, d.Name)
	}
	return fmt.Sprintf("index %d (%s)", d.Index, d.Name)
}

func (ref *Reference) entry(e *rim.Entry, m *spdm.Measured) {
	ref.Compared++
	d := Difference{Index: e.Index, Record: -1, Name: e.Name}
	block := m.Block(e.Index + 1)
	switch {
	case block == nil:
		d.Code = "missing"
	case !block.Raw && e.Matches(block.Value) >= 0:
		ref.Matched++
		return
	default:
		d.Code, d.Offset, d.Measured = "value", &block.Offset, hex.EncodeToString(block.Value)
		if d.other = ref.otherIndex(e.Index, block.Value); d.other >= 0 {
			d.Code = "another-index"
		}
	}
	for _, v := range e.Values {
		d.Expected = append(d.Expected, hex.EncodeToString(v))
	}
	d.Cause, d.Next = explain(d, ref)
	ref.Differences = append(ref.Differences, d)
}

// otherIndex is the index of which a value would be right, -1 for none. All zero is right
// for many, and says nothing.
func (ref *Reference) otherIndex(index int, value []byte) int {
	if allZero(value) {
		return -1
	}
	for i := range ref.manifest.Entries {
		if e := &ref.manifest.Entries[i]; e.Active && e.Index != index && e.Matches(value) >= 0 {
			return e.Index
		}
	}
	return -1
}

func allZero(b []byte) bool { return len(bytes.Trim(b, "\x00")) == 0 }

// floor compares a number: it may be higher than the manifest states, and not lower.
func (ref *Reference) floor(f rim.Floor, a *Appraisal) {
	ref.Compared++
	d := Difference{Index: -1, Record: f.Record, Name: f.Name, Code: "missing", Expected: []string{fmt.Sprintf("at least %d", f.Min)}}
	if have, stated := a.securityVersion(f.Record); stated {
		if have >= f.Min {
			ref.Matched++
			return
		}
		d.Code, d.Measured, d.Offset = "below-floor", fmt.Sprint(have), &a.Measured.OpaqueAt
	}
	d.Cause, d.Next = explain(d, ref)
	ref.Differences = append(ref.Differences, d)
}

// securityVersion is the number that a device states in a record of its opaque data.
func (a *Appraisal) securityVersion(record int) (version uint64, stated bool) {
	r := a.Device.Opaque.Record(record)
	if r == nil || r.ValueType != svnType || len(r.Value) != 2 {
		return 0, false
	}
	return uint64(binary.LittleEndian.Uint16(r.Value)), true
}

// uncovered lists measurements that no manifest states, once there is a manifest.
func (a *Appraisal) uncovered(covered []int) {
	if len(covered) == 0 {
		return
	}
	for _, b := range a.Measured.Blocks {
		index := b.Index - 1
		if b.Index != spdm.ManifestIndex && !allZero(b.Value) && !slices.Contains(covered, index) && !a.skips(index) {
			a.Uncovered = append(a.Uncovered, index)
		}
	}
	slices.Sort(a.Uncovered)
}
