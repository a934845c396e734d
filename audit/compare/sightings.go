package compare

import (
	"slices"
	"strings"

	"github.com/gpuaudit/gpuaudit/audit/catalogue"
	"github.com/gpuaudit/gpuaudit/audit/facts"
	"github.com/gpuaudit/gpuaudit/audit/inventory"
)

const maxPlaces = 4

// Dumps say where an image was seen, and what was seen beside it.
type Dumps interface {
	Sightings(sha256 string) []catalogue.Sighting
	Dump(place string) []catalogue.SeenImage
}

// Sightings looks up every image that a host would run, and says how the ROM stands to
// the dumps that it was seen in.
func Sightings(d *inventory.Device, c Dumps) []facts.Sighting {
	var list []facts.Sighting
	for i, rom := range d.Firmware.ROMs {
		for j := range rom.Images {
			img := &rom.Images[j]
			by, found := "image", c.Sightings(img.SHA256)
			if len(found) == 0 && img.EFI != nil && img.EFI.AuthenticodeSHA256 != nil {
				by, found = "driver", c.Sightings(*img.EFI.AuthenticodeSHA256)
			}
			if len(found) > 0 {
				s := sighting(i, j, by, found)
				s.Relation = related(&rom, s.Places, c.Dump)
				list = append(list, s)
			}
		}
	}
	return list
}

func sighting(rom, image int, by string, found []catalogue.Sighting) facts.Sighting {
	s := facts.Sighting{ROM: rom, Image: image, By: by, Places: []string{}}
	owners := map[string]bool{}
	for _, f := range found {
		owner, _, _ := strings.Cut(f.Place, "/")
		owners[strings.ToLower(owner)] = true
		if f.Modified {
			s.Modified++
		} else {
			s.AsPublished++
		}
		s.Places = append(s.Places, f.Place)
	}
	slices.Sort(s.Places)
	s.Places = slices.Compact(s.Places)
	s.Places = s.Places[:min(len(s.Places), maxPlaces)]
	s.Owners = len(owners)
	return s
}

// related says how a ROM stands to the dumps of some places, by the digests of their
// images: the nearest of them counts.
func related(rom *inventory.ROM, places []string, dump func(place string) []catalogue.SeenImage) facts.Relation {
	best := facts.Relation("")
	for _, place := range places {
		theirs := dump(place)
		has := func(img *inventory.ROMImage, s catalogue.SeenImage) bool {
			return img.SHA256 == s.Image || img.EFI != nil && img.EFI.AuthenticodeSHA256 != nil && s.Driver != "" && *img.EFI.AuthenticodeSHA256 == s.Driver
		}
		common := 0
		for i := range rom.Images {
			if slices.ContainsFunc(theirs, func(s catalogue.SeenImage) bool { return has(&rom.Images[i], s) }) {
				common++
			}
		}
		found := 0
		for _, s := range theirs {
			if slices.ContainsFunc(rom.Images, func(img inventory.ROMImage) bool { return has(&img, s) }) {
				found++
			}
		}
		r := facts.OtherImages
		switch {
		case common == len(rom.Images) && found == len(theirs):
			r = facts.SameImages
		case common == len(rom.Images):
			r = facts.FewerImages
		case found == len(theirs):
			r = facts.MoreImages
		}
		if best == "" || slices.Index(nearest, r) < slices.Index(nearest, best) {
			best = r
		}
	}
	return best
}

var nearest = []facts.Relation{facts.SameImages, facts.FewerImages, facts.MoreImages, facts.OtherImages}
