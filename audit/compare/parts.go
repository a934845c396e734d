package compare

import (
	"fmt"

	"github.com/gpuaudit/gpuaudit/audit/facts"
	"github.com/gpuaudit/gpuaudit/audit/inventory"
	"github.com/gpuaudit/gpuaudit/audit/manifest"
)

// around is what the bytes around the images say where an entry states a whole
// digest, the reading has another, and all images agree. The kernel gives a ROM up
// to its last image, tools cut the lead off or pad the end: the same bytes, shorter
// or padded, are no difference. Others are.
type around struct {
	changed []facts.Difference
	// cut: the reading lacks bytes that are stated, or ends within a part of them.
	cut bool
	// within is an image beside the chain that the reading ends within: what of it was
	// read cannot be told from another.
	within *manifest.Part
	// more: the reading has bytes before or behind those that are stated, and not
	// all of them are blank.
	more *manifest.Part
}

// outside compares the bytes around the images; i is the ROM's index.
func outside(e manifest.Firmware, i int, rom *inventory.ROM) around {
	read := manifest.PartsOf(rom)
	if e.Bytes == 0 { // it does not say of what its digest is
		return unplaced(i, rom, read)
	}
	start, end := -rom.LeadBytes, rom.Bytes-rom.LeadBytes
	from, to := -e.LeadBytes, e.Bytes-e.LeadBytes
	a := around{cut: start > from || end < to}
	var tables []facts.Difference
	for j := range e.Parts {
		want := &e.Parts[j]
		got := at(read, want)
		switch {
		case got != nil && got.Bytes == want.Bytes && got.SHA256 == want.SHA256:
		case want.Offset < start || want.Offset+want.Bytes > end: // not all of it was read
			a.cut = true
			if want.IsImage() && want.Offset < end && want.Offset+want.Bytes > start {
				a.within = want
			}
		case want.IsTable():
			tables = append(tables, difference(i, rom, want, got))
		default:
			a.changed = append(a.changed, difference(i, rom, want, got))
		}
	}
	for j := range read {
		got := &read[j]
		switch {
		case got.IsTable() || at(e.Parts, got) != nil:
		case got.Offset >= from && got.Offset+got.Bytes > to && ofFlash(e):
			a.changed = append(a.changed, difference(i, rom, nil, got))
		case got.Offset < from || got.Offset+got.Bytes > to:
			a.more = got
		case got.Offset == start && start > from || end < to && last(rom, got):
			// What was cut within has other bounds than what is stated.
		default:
			a.changed = append(a.changed, difference(i, rom, nil, got))
		}
	}
	if len(a.changed) > 0 {
		a.changed = append(a.changed, tables...)
	}
	if len(a.changed) == 0 && a.more == nil && rom.Bytes == e.Bytes && rom.LeadBytes == e.LeadBytes {
		a.changed = append(tables, facts.Difference{Fact: fact(i), Expected: "the whole ROM of the manifest, of the same length", Actual: rom.SHA256})
	}
	return a
}

// ofFlash says that an entry is of a dump of the flash: it has more than a host
// reads. There is nothing behind the end of one.
func ofFlash(e manifest.Firmware) bool {
	for i := range e.Parts {
		if !e.Parts[i].IsTable() {
			return true
		}
	}
	return false
}

// last says that a part is what the reading ends with.
func last(rom *inventory.ROM, p *manifest.Part) bool {
	n := len(rom.Regions)
	return n > 0 && rom.Regions[n-1].Offset == p.Offset+rom.LeadBytes
}

// unplaced judges a reading whose entry states a whole digest and nothing of what
// it is of: that it is the same but for its end can be told only where there is
// nothing around the images.
func unplaced(i int, rom *inventory.ROM, read []manifest.Part) around {
	a := around{cut: true}
	for j := range read {
		if !read[j].IsTable() {
			a.changed = append(a.changed, difference(i, rom, nil, &read[j]))
		}
	}
	return a
}

// at is the part of a list in the same place. A tail that is cut becomes another
// part by name, and not by place.
func at(list []manifest.Part, p *manifest.Part) *manifest.Part {
	for i := range list {
		if q := &list[i]; q.Offset == p.Offset && q.IsTable() == p.IsTable() && (!p.IsTable() || q.Name == p.Name) {
			return q
		}
	}
	return nil
}

// difference names a part that is not what is stated; want is nil for one that is
// not, and got for one that is blank or was not found.
func difference(i int, rom *inventory.ROM, want, got *manifest.Part) facts.Difference {
	d := facts.Difference{Fact: fact(i), Actual: "blank, or not found", Expected: "blank"}
	if want != nil {
		d.Expected = want.String() + " " + want.SHA256
	}
	if got != nil {
		d.Fact, d.Actual = place(i, rom, got), got.String()+" "+got.SHA256
	}
	return d
}

func fact(i int) string { return fmt.Sprintf("/firmware/roms/%d/sha256", i) }

// place is the JSON pointer of a part of a reading.
func place(i int, rom *inventory.ROM, p *manifest.Part) string {
	offset := p.Offset + rom.LeadBytes
	for j := range rom.Tables {
		if p.IsTable() && rom.Tables[j].Offset == offset {
			return fmt.Sprintf("/firmware/roms/%d/tables/%d/sha256", i, j)
		}
	}
	for j := range rom.Regions {
		if rom.Regions[j].Offset == offset {
			return fmt.Sprintf("/firmware/roms/%d/regions/%d/sha256", i, j)
		}
	}
	for j := range rom.Private {
		if rom.Private[j].Offset == offset {
			return fmt.Sprintf("/firmware/roms/%d/private/%d/sha256", i, j)
		}
	}
	for j := range rom.Images {
		if rom.Images[j].Offset == offset {
			return fmt.Sprintf("/firmware/roms/%d/images/%d/sha256", i, j)
		}
	}
	return fact(i)
}
