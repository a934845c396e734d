package compare

import (
	"slices"
	"strings"

	"github.com/gpuaudit/gpuaudit/audit/catalogue"
	"github.com/gpuaudit/gpuaudit/audit/facts"
	"github.com/gpuaudit/gpuaudit/audit/inventory"
)

const maxPlaces = 4

// Sightings looks up every image that a host would run.
func Sightings(d *inventory.Device, seen func(sha256 string) []catalogue.Sighting) []facts.Sighting {
	var list []facts.Sighting
	for i, rom := range d.Firmware.ROMs {
		for j := range rom.Images {
			img := &rom.Images[j]
			by, found := "image", seen(img.SHA256)
			if len(found) == 0 && img.EFI != nil && img.EFI.AuthenticodeSHA256 != nil {
				by, found = "driver", seen(*img.EFI.AuthenticodeSHA256)
			}
			if len(found) > 0 {
				list = append(list, sighting(i, j, by, found))
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
