package compare_test

import (
	"reflect"
	"testing"

	"github.com/gpuaudit/gpuaudit/audit/catalogue"
	"github.com/gpuaudit/gpuaudit/audit/compare"
	"github.com/gpuaudit/gpuaudit/audit/facts"
	"github.com/gpuaudit/gpuaudit/audit/inventory"
)

// seen are sightings and dumps.
type seen struct {
	known map[string][]catalogue.Sighting
	dumps map[string][]catalogue.SeenImage
}

func (s seen) Sightings(sha256 string) []catalogue.Sighting { return s.known[sha256] }
func (s seen) Dump(place string) []catalogue.SeenImage      { return s.dumps[place] }

func TestSightings(t *testing.T) {
	known := map[string][]catalogue.Sighting{
		"image":  {{Place: "b/x@1:f"}, {Place: "A/x@1:f", Modified: true}, {Place: "a/y@1:f"}, {Place: "c/1@1:f"}, {Place: "c/2@1:f"}},
		"driver": {{Place: "d/x@1:f"}},
	}
	d := &inventory.Device{Firmware: inventory.Firmware{ROMs: []inventory.ROM{{}, {Images: []inventory.ROMImage{
		{SHA256: "image"}, {SHA256: "never seen"}, {SHA256: "padded", EFI: &inventory.EFIImage{AuthenticodeSHA256: new("driver")}}, {EFI: &inventory.EFIImage{}},
	}}}}}
	got := compare.Sightings(d, seen{known: known})
	want := []facts.Sighting{
		{ROM: 1, Image: 0, By: "image", Owners: 3, Modified: 1, AsPublished: 4, Places: []string{"A/x@1:f", "a/y@1:f", "b/x@1:f", "c/1@1:f"}, Relation: facts.MoreImages},
		{ROM: 1, Image: 2, By: "driver", Owners: 1, AsPublished: 1, Places: []string{"d/x@1:f"}, Relation: facts.MoreImages},
	}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("got %+v\nwant %+v", got, want)
	}
}

// TestRelations: how a ROM of a legacy image and an EFI driver stands to dumps with its
// legacy image.
func TestRelations(t *testing.T) {
	legacy := catalogue.SeenImage{Image: "legacy"}
	driver := func(d string) catalogue.SeenImage { return catalogue.SeenImage{Image: "image of " + d, Driver: d} }
	for name, tc := range map[string]struct {
		dumps map[string][]catalogue.SeenImage
		want  facts.Relation
	}{
		"the same, its EFI image padded": {map[string][]catalogue.SeenImage{"a": {legacy, driver("gop")}}, facts.SameImages},
		"trimmed":                        {map[string][]catalogue.SeenImage{"a": {legacy, driver("gop"), driver("second")}}, facts.FewerImages},
		"an added image":                 {map[string][]catalogue.SeenImage{"a": {legacy}}, facts.MoreImages},
		"another GOP":                    {map[string][]catalogue.SeenImage{"a": {legacy, driver("other")}}, facts.OtherImages},
		"the nearest counts":             {map[string][]catalogue.SeenImage{"a": {legacy, driver("other")}, "b": {legacy, driver("gop")}}, facts.SameImages},
	} {
		s := seen{known: map[string][]catalogue.Sighting{}, dumps: tc.dumps}
		for place := range tc.dumps {
			s.known["legacy"] = append(s.known["legacy"], catalogue.Sighting{Place: place})
		}
		d := &inventory.Device{Firmware: inventory.Firmware{ROMs: []inventory.ROM{{Images: []inventory.ROMImage{
			{SHA256: "legacy"}, {SHA256: "padded", EFI: &inventory.EFIImage{AuthenticodeSHA256: new("gop")}},
		}}}}}
		if got := compare.Sightings(d, s)[0].Relation; got != tc.want {
			t.Errorf("%s: %s, want %s", name, got, tc.want)
		}
	}
}
