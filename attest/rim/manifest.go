package rim

import (
	"bytes"
	"encoding/hex"
	"encoding/xml"
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// Bounds and fixed numbers of the list of measurements.
const (
	// FloorBase is the index from which on entries are not digests but floors of a
	// record of the opaque data, whose type is the rest (NVIDIA, "Opaque Data RIM
	// Attributes").
	FloorBase = 0x1000
	// maxIndex is the last index of a digest: its block is one higher.
	maxIndex        = 253
	maxAlternatives = 64
	hashSize        = 48
)

// Manifest is what a maker signed.
type Manifest struct {
	// ID is the tagId.
	ID   string `json:"id"`
	Name string `json:"name"`
	// Version is that of the firmware or driver, such as 96.00.74.00.01 (colloquialVersion).
	Version string `json:"version"`
	// Edition is GPU or SWITCH, Product the chip, such as GH100.
	Edition string `json:"edition"`
	Product string `json:"product"`
	// Manufacturer is the IANA private enterprise number of the firmware's maker, such
	// as 5703 for NVIDIA.
	Manufacturer string  `json:"manufacturer"`
	Entries      []Entry `json:"entries"`
	Floors       []Floor `json:"floors,omitempty"`
}

// Entry is what one measurement must be.
type Entry struct {
	// Index from 0 on: that of the measurement block less one.
	Index int    `json:"index"`
	Name  string `json:"name"`
	// Active says whether it counts. One that is active and all zero demands a
	// measurement that is all zero.
	Active bool `json:"active"`
	// Values are SHA-384 digests, any of which is right.
	Values [][]byte `json:"-"`
}

// Matches says which of the values a measurement has, -1 for none.
func (e *Entry) Matches(value []byte) int {
	return slices.IndexFunc(e.Values, func(v []byte) bool { return bytes.Equal(v, value) })
}

// Floor is the least number that a record of the opaque data may hold.
type Floor struct {
	// Record is the type of the record.
	Record int    `json:"record"`
	Name   string `json:"name"`
	Active bool   `json:"active"`
	Min    uint64 `json:"min"`
}

// Active is how many entries and floors count.
func (m *Manifest) Active() int {
	n := 0
	for _, e := range m.Entries {
		if e.Active {
			n++
		}
	}
	for _, f := range m.Floors {
		if f.Active {
			n++
		}
	}
	return n
}

// readManifest reads the canonical form of a document whose signature is right.
func readManifest(canonical []byte) (*Manifest, error) {
	root, err := parseNode(canonical)
	if err != nil {
		return nil, err
	}
	if root.name != (xml.Name{Space: nsSWID, Local: "SoftwareIdentity"}) {
		return nil, wrong("not-swid", "the signed element is %s", root.name.Local)
	}
	var meta, payload *node
	for _, c := range root.children {
		switch {
		case c.is("Meta") && meta == nil:
			meta = c
		case c.is("Payload") && payload == nil:
			payload = c
		case c.is("Meta"), c.is("Payload"):
			return nil, wrong("duplicate-element", "%s stands twice", c.name.Local)
		case c.holds("Resource"), c.holds("Payload"), c.holds("Meta"):
			return nil, wrong("wrapped", "measurements stand inside %s, not in the payload", c.name.Local)
		}
	}
	if meta == nil || payload == nil {
		return nil, wrong("missing-element", "Meta or Payload is missing")
	}
	m := &Manifest{ID: root.attr("", "tagId"), Name: root.attr("", "name"), Version: meta.attr("", "colloquialVersion"), Edition: meta.attr("", "edition"),
		Product: meta.attr("", "product"), Manufacturer: meta.attr(nsTCG, "FirmwareManufacturerId")}
	if m.Version == "" || m.Product == "" {
		return nil, wrong("missing-attribute", "the manifest does not say of which version and product it is")
	}
	for _, c := range payload.children {
		if !c.is("Resource") || len(c.children) > 0 {
			return nil, wrong("payload", "the payload holds %s, want resources alone", c.name.Local)
		}
		if c.attr("", "type") != "Measurement" {
			return nil, wrong(codeUnsupported, "a resource of the type %q is not supported", c.attr("", "type"))
		}
		if err := m.resource(c); err != nil {
			return nil, err
		}
	}
	return m, nil
}

func (n *node) is(local string) bool { return n.name.Space == nsSWID && n.name.Local == local }

// holds says whether an element of this name stands anywhere inside.
func (n *node) holds(local string) bool {
	return slices.ContainsFunc(n.children, func(c *node) bool { return c.name.Local == local || c.holds(local) }) || n.name.Local == local
}

// resource reads one entry or floor.
func (m *Manifest) resource(n *node) error {
	index, err := number(n, "index", FloorBase+0xffff)
	if err != nil {
		return err
	}
	fault := func(code, format string, args ...any) error {
		return wrong(code, "index %d: %s", index, fmt.Sprintf(format, args...))
	}
	var active bool
	switch a := n.attr("", "active"); a {
	case "True":
		active = true
	case "False":
	default:
		return fault("active", "active is %q, want True or False", a)
	}
	name := n.attr("", "name")
	switch {
	case index >= FloorBase:
		f := Floor{Record: index - FloorBase, Name: name, Active: active}
		if slices.ContainsFunc(m.Floors, func(o Floor) bool { return o.Record == f.Record }) {
			return fault("duplicate-index", "it stands twice")
		}
		if f.Min, err = strconv.ParseUint(n.attr(nsOpaque, "minSvn"), 10, 64); err != nil && active {
			return fault("floor", "minSvn is %q, want a whole number", n.attr(nsOpaque, "minSvn"))
		}
		m.Floors = append(m.Floors, f)
		return nil
	case index > maxIndex:
		return fault("index", "no measurement has it")
	case slices.ContainsFunc(m.Entries, func(o Entry) bool { return o.Index == index }):
		return fault("duplicate-index", "it stands twice")
	}
	e := Entry{Index: index, Name: name, Active: active}
	if e.Values, err = hashes(n, fault); err != nil {
		return err
	}
	if !active && slices.ContainsFunc(e.Values, func(v []byte) bool { return !bytes.Equal(v, make([]byte, hashSize)) }) {
		return fault("inactive-value", "it is not active and has a value")
	}
	m.Entries = append(m.Entries, e)
	return nil
}

// hashes reads Hash0 to Hash(n-1), n being what alternatives states.
func hashes(n *node, fault func(code, format string, args ...any) error) ([][]byte, error) {
	count, err := number(n, "alternatives", maxAlternatives)
	if err != nil {
		return nil, err
	}
	if size := n.attr("", "size"); size != strconv.Itoa(hashSize) {
		return nil, fault("size", "size is %q, a SHA-384 has %d bytes", size, hashSize)
	}
	values := make([][]byte, count)
	found := 0
	for _, a := range n.attrs {
		if a.Name.Space != nsSHA384 {
			continue
		}
		i, err := strconv.Atoi(strings.TrimPrefix(a.Name.Local, "Hash"))
		if err != nil || !strings.HasPrefix(a.Name.Local, "Hash") || i < 0 || i >= count || values[i] != nil {
			return nil, fault("alternatives", "%s does not fit to %d alternatives", a.Name.Local, count)
		}
		if values[i], err = hex.DecodeString(a.Value); err != nil || len(values[i]) != hashSize {
			return nil, fault("hash", "%s is no SHA-384 in hexadecimal", a.Name.Local)
		}
		found++
	}
	if count == 0 || found != count {
		return nil, fault("alternatives", "%d alternatives are stated, %d are there", count, found)
	}
	return values, nil
}

// number is an attribute that is a decimal number up to a limit.
func number(n *node, name string, limit int) (int, error) {
	v, err := strconv.ParseUint(n.attr("", name), 10, 32)
	if err != nil || int(v) > limit {
		return 0, wrong("number", "%s is %q, want 0 to %d", name, n.attr("", name), limit)
	}
	return int(v), nil
}
