package manifest

import (
	"fmt"
	"strings"

	"github.com/gpuaudit/gpuaudit/audit/inventory"
)

// Part is a named range of a whole ROM beside the images of its chain: what lies
// before, between and behind them, images that no host runs, and the vendor's
// tables. With the parts, a reading that is shorter or padded can be told from one
// that was changed, and what was changed has a name.
type Part struct {
	// Name is "lead", "gap", "tail", "image behind the chain", "private image", or
	// "table" with the table's name. Of the first three the bytes are counted up to
	// the last that is not blank; those that are blank altogether are left out.
	Name string `json:"name" jsonschema:"minLength=1,maxLength=200"`
	// Offset is counted from the first image, so that it is the same in a copy
	// whose lead was cut off; it is negative in the lead.
	Offset int    `json:"offset"`
	Bytes  int    `json:"bytes" jsonschema:"minimum=0"`
	SHA256 string `json:"sha256" jsonschema:"pattern=^[0-9a-f]{64}$"`
}

// tableName begins the name of a part that is a vendor's table. A table lies in an
// image or in another part: it names a difference, and makes none.
const (
	tableName    = "table "
	privateImage = "private image"
	behindChain  = "image behind the chain"
)

// IsTable says that the part lies within another one or within an image.
func (p *Part) IsTable() bool {
	return len(p.Name) > len(tableName) && p.Name[:len(tableName)] == tableName
}

// IsImage says that the part is an image, which has an end of its own and is not cut at
// the last byte that is not blank.
func (p *Part) IsImage() bool { return p.Name == privateImage || p.Name == behindChain }

// PartsOf lists the parts of a ROM, at most as many as a manifest holds; tables
// come last.
func PartsOf(rom *inventory.ROM) []Part {
	var list []Part
	add := func(name string, offset, bytes int, sum string) {
		if len(list) < maxParts && bytes > 0 && len(sum) == sha256Digits {
			list = append(list, Part{name, offset - rom.LeadBytes, bytes, sum})
		}
	}
	for i := range rom.Regions {
		r := &rom.Regions[i]
		if r.Kind == "copy" {
			continue // all of it is stated where it stands first
		}
		add(r.Kind, r.Offset, r.ContentBytes, r.ContentSHA256)
	}
	for i := range rom.Images {
		if im := &rom.Images[i]; im.Chain > 0 {
			add(behindChain, im.Offset, im.Bytes, im.SHA256)
		}
	}
	for i := range rom.Private {
		p := &rom.Private[i]
		add(privateImage, p.Offset, p.Bytes, p.SHA256)
	}
	for i := range rom.Tables {
		t := &rom.Tables[i]
		add(Printable(tableName+t.Name), t.Offset, t.Bytes, t.SHA256)
	}
	return list
}

// String is a part as differences name it.
func (p *Part) String() string {
	name := p.Name
	if use := inventory.TableUse(strings.TrimPrefix(name, tableName)); use != "" && p.IsTable() {
		name += ", " + use + ","
	}
	return fmt.Sprintf("%s at %#x (+%d)", name, p.Offset, p.Bytes)
}
