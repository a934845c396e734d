package compare_test

import (
	"strings"
	"testing"

	"github.com/gpuaudit/gpuaudit/audit/catalogue"
	"github.com/gpuaudit/gpuaudit/audit/catalogue/pciids"
	"github.com/gpuaudit/gpuaudit/audit/compare"
	"github.com/gpuaudit/gpuaudit/audit/facts"
	"github.com/gpuaudit/gpuaudit/audit/inventory"
)

// TestNames holds names that drivers print against the ids they go with: only a
// name of other ids, and of this one by no list, contradicts.
func TestNames(t *testing.T) {
	c := catalogue.Load()
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
		{"10de", "2342", "NVIDIA GH200 480GB", facts.Match},
		{"10de", "2941", "NVIDIA GH200 480GB", facts.Mismatch},
		{"10de", "20f1", "GRID A100-10C", facts.NotCovered},
		{"10de", "ffff", "NVIDIA GeForce RTX 4090", facts.NotCovered},
		// One name of the driver's for several ids, where lists tell them apart.
		{"10de", "1c06", "NVIDIA GeForce GTX 1060 6GB", facts.Match},
		{"10de", "1007", "GeForce GTX 780", facts.Match},
		{"10de", "1407", "NVIDIA GeForce GTX 750", facts.Match},
		// A laptop's chip that NVIDIA names otherwise on makers' desktop boards.
		{"10de", "1392", "NVIDIA GeForce GTX 750 Ti", facts.Match},
		{"10de", "1392", "NVIDIA GeForce GTX 1050 Ti", facts.Mismatch},
		// A name that the list has for other boards of the id.
		{"10de", "1058", "NVIDIA GeForce 800A", facts.Match},
		{"10de", "1058", "NVIDIA GeForce GTX 1050 Ti", facts.Mismatch},
		{"1002", "6980", "AMD Radeon Pro WX 3100", facts.Match},
		{"1002", "73bf", "AMD Radeon RX 7900 XTX", facts.Mismatch},
		// What drivers call every product of a line names none.
		{"1002", "164e", "AMD Radeon Graphics", facts.NotCovered},
		{"1002", "744a", "AMD Radeon(TM) Graphics", facts.NotCovered},
		{"1002", "738c", "AMD Radeon Pro Graphics", facts.NotCovered},
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

// TestOwnNames: no name that any list has for an id, or for a board of it, is that of
// another part.
func TestOwnNames(t *testing.T) {
	c := catalogue.Load()
	asked := 0
	for id := range c.Names() {
		vendor, device, _ := strings.Cut(id, ":")
		names := append(c.NamesOf(vendor, device), c.NamesOfRevisions(vendor, device)...)
		for _, board := range pciids.Boards(vendor, device) {
			if _, product, found := strings.Cut(board, "["); found {
				board, _, _ = strings.Cut(product, "]")
			}
			names = append(names, board)
		}
		for _, name := range names {
			d := &inventory.Device{
				PCI:          inventory.PCI{VendorID: &vendor, DeviceID: &device},
				ProductNames: []inventory.NameClaim{{Source: "test", Value: name}},
			}
			asked++
			if got := compare.Names(d, c); got[0].State == facts.Mismatch {
				t.Errorf("%s %q: that of %v", id, name, got[0].Others)
			}
		}
	}
	if asked < 5000 {
		t.Errorf("only %d names", asked)
	}
}
