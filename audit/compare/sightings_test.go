package compare_test

import (
	"reflect"
	"testing"

	"github.com/gpuaudit/gpuaudit/audit/catalogue"
	"github.com/gpuaudit/gpuaudit/audit/compare"
	"github.com/gpuaudit/gpuaudit/audit/facts"
	"github.com/gpuaudit/gpuaudit/audit/inventory"
)

func TestSightings(t *testing.T) {
	known := map[string][]catalogue.Sighting{
		"image":  {{Place: "b/x@1:f"}, {Place: "A/x@1:f", Modified: true}, {Place: "a/y@1:f"}, {Place: "c/1@1:f"}, {Place: "c/2@1:f"}},
		"driver": {{Place: "d/x@1:f"}},
	}
	d := &inventory.Device{Firmware: inventory.Firmware{ROMs: []inventory.ROM{{}, {Images: []inventory.ROMImage{
		{SHA256: "image"}, {SHA256: "never seen"}, {SHA256: "padded", EFI: &inventory.EFIImage{AuthenticodeSHA256: new("driver")}}, {EFI: &inventory.EFIImage{}},
	}}}}}
	got := compare.Sightings(d, func(sha256 string) []catalogue.Sighting { return known[sha256] })
	want := []facts.Sighting{
		{ROM: 1, Image: 0, By: "image", Owners: 3, Modified: 1, AsPublished: 4, Places: []string{"A/x@1:f", "a/y@1:f", "b/x@1:f", "c/1@1:f"}},
		{ROM: 1, Image: 2, By: "driver", Owners: 1, AsPublished: 1, Places: []string{"d/x@1:f"}},
	}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("got %+v\nwant %+v", got, want)
	}
}
