package compare_test

import (
	"testing"

	"github.com/gpuaudit/gpuaudit/audit/catalogue"
	"github.com/gpuaudit/gpuaudit/audit/compare"
	"github.com/gpuaudit/gpuaudit/audit/facts"
	"github.com/gpuaudit/gpuaudit/audit/inventory"
)

// TestNames holds names that drivers print against the ids they go with: only a
// name of other ids, and of this one by no list, contradicts.
func TestNames(t *testing.T) {
	c, err := catalogue.Load()
	if err != nil {
		t.Fatal(err)
	}
	for _, tc := range []struct {
		vendor, device, name string
		want                 facts.State
	}{
		{"10de", "2684", "NVIDIA GeForce RTX 4090", facts.Match},
		{"10de", "2204", "NVIDIA GeForce RTX 4090", facts.Mismatch},
		{"10de", "2484", "NVIDIA GeForce RTX 3070 Laptop GPU", facts.Mismatch},
		{"10de", "249d", "NVIDIA GeForce RTX 3070 Laptop GPU", facts.Match},
		{"10de", "1e30", "Quadro RTX 8000", facts.Match},
		{"10de", "20b5", "NVIDIA A100 80GB PCIe", facts.Match},
		{"10de", "20c2", "NVIDIA Graphics Device", facts.NotCovered},
		{"10de", "20f1", "GRID A100-10C", facts.NotCovered},
		{"10de", "ffff", "NVIDIA GeForce RTX 4090", facts.NotCovered},
	} {
		d := &inventory.Device{
			PCI:          inventory.PCI{VendorID: &tc.vendor, DeviceID: &tc.device},
			ProductNames: []inventory.NameClaim{{Source: "test", Value: tc.name}},
		}
		got := compare.Names(d, c)
		if len(got) != 1 || got[0].State != tc.want || (tc.want == facts.Mismatch) != (len(got[0].Others) > 0) {
			t.Errorf("%s:%s %q: %+v, want %s", tc.vendor, tc.device, tc.name, got, tc.want)
		}
	}
	if got := compare.Names(&inventory.Device{}, c); got != nil {
		t.Errorf("without ids: %+v", got)
	}
}
