package compare_test

import (
	"reflect"
	"testing"

	"github.com/gpuaudit/gpuaudit/audit/compare"
	"github.com/gpuaudit/gpuaudit/audit/facts"
	"github.com/gpuaudit/gpuaudit/audit/inventory"
)

func TestShared(t *testing.T) {
	claim := func(address, kind, value string) inventory.Device {
		return inventory.Device{Address: address, Identity: []inventory.IdentityClaim{{Kind: kind, Value: value}}}
	}
	d := claim("0000:01:00.0", "gpu-uuid", "GPU-1")
	tests := []struct {
		name   string
		others []inventory.Device
		want   []facts.Shared
	}{
		{"alone", nil, []facts.Shared{}},
		{"itself", []inventory.Device{d}, []facts.Shared{}},
		{"function of the same slot", []inventory.Device{claim("0000:01:00.1", "gpu-uuid", "GPU-1")}, []facts.Shared{}},
		{"another id", []inventory.Device{claim("0000:02:00.0", "gpu-uuid", "GPU-2")}, []facts.Shared{}},
		{"another kind", []inventory.Device{claim("0000:02:00.0", "serial", "GPU-1")}, []facts.Shared{}},
		{"twice", []inventory.Device{claim("0000:03:00.0", "gpu-uuid", "GPU-1"), d, claim("0000:02:00.0", "gpu-uuid", "GPU-1")},
			[]facts.Shared{{Kind: "gpu-uuid", With: []string{"0000:02:00.0", "0000:03:00.0"}}}},
	}
	for _, tt := range tests {
		if got := compare.Within(tt.others).Shared(&d); !reflect.DeepEqual(got, tt.want) {
			t.Errorf("%s: %+v", tt.name, got)
		}
	}
	serial := claim("0000:01:00.0", "serial", "77")
	if got := compare.Within([]inventory.Device{claim("0000:02:00.0", "serial", "77")}).Shared(&serial); len(got) != 0 {
		t.Errorf("two chips of one board: %+v", got)
	}
}

// TestUnread: a card is compared with all others of its maker, or it is not
// known whether its id is its own.
func TestUnread(t *testing.T) {
	card := func(address, vendor, driver string, claims ...inventory.IdentityClaim) inventory.Device {
		d := inventory.Device{Address: address, PCI: inventory.PCI{VendorID: &vendor}, Identity: claims}
		if driver != "" {
			d.Driver = &inventory.Driver{Name: driver}
		}
		return d
	}
	uuid := func(v string) inventory.IdentityClaim { return inventory.IdentityClaim{Kind: "gpu-uuid", Value: v} }
	unique := func(v string) inventory.IdentityClaim { return inventory.IdentityClaim{Kind: "unique-id", Value: v} }
	dsn := inventory.IdentityClaim{Kind: "pci-dsn", Value: "48b02d0123456789"}
	model := func(d inventory.Device) inventory.Device {
		d.PCI.DeviceID = new("73ff")
		return d
	}
	lacking := card("0000:02:00.0", "10de", "nvidia", uuid("GPU-2"))
	lacking.Gaps = []inventory.Gap{{Fact: "/identity", Reason: inventory.ReasonPermission}}
	anybody := card("0000:02:00.0", "10de", "")
	anybody.PCI.VendorID = nil
	first := card("0000:01:00.0", "10de", "nvidia", uuid("GPU-1"))
	radeon := card("0000:01:00.0", "1002", "amdgpu", unique("11"))
	for _, tt := range []struct {
		name  string
		d     inventory.Device
		other inventory.Device
		want  []string
	}{
		{"both read", first, card("0000:02:00.0", "10de", "nvidia", uuid("GPU-2")), nil},
		{"alone", card("0000:01:00.0", "10de", ""), card("0000:01:00.1", "10de", ""), nil},
		{"another maker", first, card("0000:02:00.0", "1002", ""), nil},
		{"a gap", first, lacking, []string{"0000:02:00.0"}},
		{"no driver", first, card("0000:02:00.0", "10de", "", dsn), []string{"0000:02:00.0"}},
		{"another driver", first, card("0000:02:00.0", "10de", "vfio-pci"), []string{"0000:02:00.0"}},
		{"redacted", first, card("0000:02:00.0", "10de", "nvidia", uuid("redacted")), []string{"0000:02:00.0"}},
		{"a device of no maker", first, anybody, []string{"0000:02:00.0"}},
		{"its own", card("0000:01:00.0", "10de", "", dsn), card("0000:02:00.0", "10de", "nvidia", uuid("GPU-2")), []string{"0000:01:00.0"}},
		{"both", card("0000:01:00.0", "10de", ""), card("0000:02:00.0", "10de", ""), []string{"0000:01:00.0", "0000:02:00.0"}},
		{"AMD's that has none", radeon, card("0000:02:00.0", "1002", "amdgpu"), nil},
		{"AMD's without its driver", radeon, card("0000:02:00.0", "1002", ""), []string{"0000:02:00.0"}},
		{"AMD's of the same model that has none", model(radeon), model(card("0000:02:00.0", "1002", "amdgpu")), []string{"0000:02:00.0"}},
		{"its own, of the same model", model(card("0000:01:00.0", "1002", "amdgpu")), model(card("0000:02:00.0", "1002", "amdgpu", unique("12"))), []string{"0000:01:00.0"}},
		{"AMD's redacted", radeon, card("0000:02:00.0", "1002", "amdgpu", unique("redacted")), []string{"0000:02:00.0"}},
		{"a maker of whose ids nothing is read", card("0000:01:00.0", "8086", "xe"), card("0000:02:00.0", "8086", ""), nil},
	} {
		if got := compare.Within([]inventory.Device{tt.d, tt.other}).Unread(&tt.d); !reflect.DeepEqual(got, tt.want) {
			t.Errorf("%s: %v", tt.name, got)
		}
	}
}
