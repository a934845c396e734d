package compare_test

import (
	"reflect"
	"testing"

	"github.com/gpuaudit/gpuaudit/audit/compare"
	"github.com/gpuaudit/gpuaudit/audit/inventory"
)

func TestUnique(t *testing.T) {
	for value, want := range map[string]bool{
		"GPU-1b2c": true, "0x0123": true, "1650524042": true, "": false, "0": false, "0x0000000000000000": false,
		"N/A": false, "unknown": false, "redacted": false, "00-00-00-00": false, "ffffffff": false,
	} {
		if got := compare.Unique(inventory.IdentityClaim{Value: value}); got != want {
			t.Errorf("%q: %v", value, got)
		}
	}
}

func TestSharedWithin(t *testing.T) {
	claim := func(address, kind, value string) inventory.Device {
		return inventory.Device{Address: address, Identity: []inventory.IdentityClaim{{Kind: kind, Value: value}}}
	}
	d := claim("0000:01:00.0", "gpu-uuid", "GPU-1")
	tests := []struct {
		name   string
		others []inventory.Device
		want   []compare.Shared
	}{
		{"alone", nil, []compare.Shared{}},
		{"itself", []inventory.Device{d}, []compare.Shared{}},
		{"function of the same slot", []inventory.Device{claim("0000:01:00.1", "gpu-uuid", "GPU-1")}, []compare.Shared{}},
		{"another id", []inventory.Device{claim("0000:02:00.0", "gpu-uuid", "GPU-2")}, []compare.Shared{}},
		{"another kind", []inventory.Device{claim("0000:02:00.0", "serial", "GPU-1")}, []compare.Shared{}},
		{"twice", []inventory.Device{claim("0000:03:00.0", "gpu-uuid", "GPU-1"), d, claim("0000:02:00.0", "gpu-uuid", "GPU-1")},
			[]compare.Shared{{Kind: "gpu-uuid", With: []string{"0000:02:00.0", "0000:03:00.0"}}}},
	}
	for _, tt := range tests {
		if got := compare.SharedWithin(&d, tt.others); !reflect.DeepEqual(got, tt.want) {
			t.Errorf("%s: %+v", tt.name, got)
		}
	}
	serial := claim("0000:01:00.0", "serial", "77")
	if got := compare.SharedWithin(&serial, []inventory.Device{claim("0000:02:00.0", "serial", "77")}); len(got) != 0 {
		t.Errorf("two chips of one board: %+v", got)
	}
}
