package firmware

import (
	"bytes"
	"fmt"

	"github.com/gpuaudit/gpuaudit/audit/inventory"
)

// Comparison is what differs between two ROMs, A and B.
type Comparison struct {
	// Identical says that the files are equal to the byte.
	Identical bool `json:"identical"`
	// SameStable says that the code a host runs is equal; nil where one of them
	// has no stable digest.
	SameStable *bool `json:"same_stable,omitempty"`
	// Statements are those that the two ROMs make of themselves and differ.
	Statements []StatementDifference `json:"statements,omitempty"`
	// Regions are the named ranges that differ, in the order of A; those that
	// only B has follow.
	Regions []RegionDifference `json:"regions,omitempty"`
}

// StatementDifference is one statement in its two wordings, "" for none.
type StatementDifference struct {
	Name string `json:"name"`
	A    string `json:"a"`
	B    string `json:"b"`
}

// RegionDifference is a named range that differs or that one ROM lacks.
type RegionDifference struct {
	Name string `json:"name"`
	A    *Range `json:"a,omitempty"`
	B    *Range `json:"b,omitempty"`
	// Changed is the number of bytes that differ over the shorter of the two
	// ranges, and First the offset of the first one inside the range.
	Changed int  `json:"changed"`
	First   *int `json:"first,omitempty"`
	// Inside are the vendor's tables in this range that differ.
	Inside []RegionDifference `json:"inside,omitempty"`
}

// Range is a range of a ROM.
type Range struct {
	Offset int `json:"offset"`
	Bytes  int `json:"bytes"`
}

// Diff compares two ROMs region by region: images by their place in the chain
// and code type, vendors' tables by name, what lies around them by kind.
func Diff(a, b []byte) *Comparison {
	ra, rb := Parse(a), Parse(b)
	c := &Comparison{Identical: bytes.Equal(a, b), Statements: statements(ra, rb)}
	if ra.StableSHA256 != nil && rb.StableSHA256 != nil {
		c.SameStable = new(*ra.StableSHA256 == *rb.StableSHA256)
	}
	c.Regions = diffSpans(a, b, spans(ra), spans(rb))
	return c
}

// statements are compared where the two ROMs do not say the same.
func statements(a, b *inventory.ROM) []StatementDifference {
	var list []StatementDifference
	add := func(name string, a, b *string) {
		if inventory.Text(a) != inventory.Text(b) {
			list = append(list, StatementDifference{Name: name, A: inventory.Text(a), B: inventory.Text(b)})
		}
	}
	add("version", a.Version, b.Version)
	add("part", a.Part, b.Part)
	add("build date", a.BuildDate, b.BuildDate)
	add("wrapper", a.Wrapper, b.Wrapper)
	add("subsystem vendor", a.SubsystemVendorID, b.SubsystemVendorID)
	add("subsystem device", a.SubsystemDeviceID, b.SubsystemDeviceID)
	return list
}

// span is a named range of one ROM.
type span struct {
	name string
	Range
	inside []span
}

// spans names every range of a ROM. A name that comes again is numbered, so
// that the second tail of one ROM is compared with the second of the other.
func spans(rom *inventory.ROM) []span {
	var list []span
	for _, img := range rom.Images {
		s := span{name: ImageName(&img), Range: Range{img.Offset, img.Bytes}}
		s.inside = tables(rom, s.Range)
		list = append(list, s)
	}
	for _, r := range rom.Regions {
		list = append(list, span{name: r.Kind, Range: Range{r.Offset, r.Bytes}})
	}
	for _, p := range rom.Private {
		list = append(list, span{name: "private image " + p.CodeType, Range: Range{p.Offset, p.Bytes}, inside: tables(rom, Range{p.Offset, p.Bytes})})
	}
	number(list)
	return list
}

// tables are the vendor's tables in a range.
func tables(rom *inventory.ROM, r Range) []span {
	var list []span
	for _, t := range rom.Tables {
		if t.Offset >= r.Offset && t.Offset+t.Bytes <= r.Offset+r.Bytes {
			list = append(list, span{name: t.Name, Range: Range{t.Offset, t.Bytes}})
		}
	}
	number(list)
	return list
}

func number(list []span) {
	seen := map[string]int{}
	for i := range list {
		name := list[i].name
		if seen[name]++; seen[name] > 1 {
			list[i].name = fmt.Sprintf("%s #%d", name, seen[name])
		}
	}
}

// ImageName names an image by its code type and whether a host runs it.
func ImageName(img *inventory.ROMImage) string {
	kind := map[string]string{"00": "legacy image", "01": "Open Firmware image", "02": "HP PA-RISC image", "03": "EFI image"}[img.CodeType]
	if kind == "" {
		kind = "image of code type " + img.CodeType
	}
	if img.Chain != 0 {
		kind += " behind the chain"
	}
	return kind
}

func diffSpans(a, b []byte, as, bs []span) []RegionDifference {
	var list []RegionDifference
	other := map[string]span{}
	for _, s := range bs {
		other[s.name] = s
	}
	for _, s := range as {
		o, both := other[s.name]
		delete(other, s.name)
		if !both {
			list = append(list, RegionDifference{Name: s.name, A: new(s.Range)})
			continue
		}
		if d, differs := diffBytes(part(a, s.Range), part(b, o.Range)); differs {
			d.Name, d.A, d.B = s.name, new(s.Range), new(o.Range)
			d.Inside = diffSpans(a, b, s.inside, o.inside)
			list = append(list, d)
		}
	}
	for _, s := range bs {
		if _, left := other[s.name]; left {
			list = append(list, RegionDifference{Name: s.name, B: new(s.Range)})
		}
	}
	return list
}

// part is a range of a ROM, as far as it was read.
func part(b []byte, r Range) []byte {
	from := min(max(r.Offset, 0), len(b))
	return b[from:min(from+max(r.Bytes, 0), len(b))]
}

func diffBytes(a, b []byte) (d RegionDifference, differs bool) {
	if bytes.Equal(a, b) {
		return d, false
	}
	for i := range min(len(a), len(b)) {
		if a[i] == b[i] {
			continue
		}
		if d.Changed++; d.First == nil {
			d.First = new(i)
		}
	}
	return d, true
}
