package compare_test

import (
	"testing"

	"github.com/gpuaudit/gpuaudit/audit/compare"
	"github.com/gpuaudit/gpuaudit/audit/facts"
	"github.com/gpuaudit/gpuaudit/audit/inventory"
	"github.com/gpuaudit/gpuaudit/audit/manifest"
)

func memoryWindow(index int, bytes uint64) inventory.BAR {
	return inventory.BAR{Index: index, Bytes: bytes, Kind: "memory"}
}

func TestWindows(t *testing.T) {
	for _, tc := range []struct {
		name string
		bars []inventory.BAR
		gap  bool
		want facts.State
	}{
		{"as stated, a ROM and ports aside", []inventory.BAR{memoryWindow(0, 256<<20), {Index: 5, Bytes: 256, Kind: "io"}, {Index: 6, Bytes: 1 << 17, Kind: "rom"}}, false, facts.Match},
		{"another stated size", []inventory.BAR{memoryWindow(0, 8<<30)}, false, facts.Match},
		{"larger", []inventory.BAR{memoryWindow(0, 16<<30)}, false, facts.Mismatch},
		{"one more", []inventory.BAR{memoryWindow(0, 256<<20), memoryWindow(2, 4096)}, false, facts.Mismatch},
		{"one fewer", []inventory.BAR{memoryWindow(1, 256<<20)}, false, facts.Mismatch},
		{"not read", nil, false, facts.Unknown},
		{"read in part", []inventory.BAR{memoryWindow(0, 256<<20)}, true, facts.Unknown},
	} {
		d, p := device(), predicate()
		d.PCI.BARs = tc.bars
		if tc.gap {
			d.Gaps = []inventory.Gap{{Fact: "/pci/bars", Source: "resource", Reason: inventory.ReasonMalformed}}
		}
		p.Windows = []manifest.Window{{BAR: 0, Bytes: 256 << 20}, {BAR: 0, Bytes: 8 << 30}}
		v := compare.Compare(d, verified(t, []manifest.Kind{manifest.Operator}, p)).Windows
		if v.State != tc.want || (v.State == facts.Mismatch) != (len(v.Differences) > 0) {
			t.Errorf("%s: %+v", tc.name, v)
		}
	}
	if v := compare.Compare(device(), verified(t, []manifest.Kind{manifest.Operator}, predicate())).Windows; v.State != facts.NotCovered {
		t.Errorf("no window is stated: %+v", v)
	}
}

func TestPlace(t *testing.T) {
	host := &inventory.Host{DMI: inventory.DMI{SystemVendor: new("Example"), ProductName: new("Server"), BoardVendor: new("Example")}}
	p := predicate()
	p.Places = []manifest.Place{{Machine: "Example, Server", Address: "0000:03:00.0"}}
	set := verified(t, []manifest.Kind{manifest.Operator}, p)
	for _, tc := range []struct {
		name   string
		change func(*inventory.Host, *inventory.Device)
		want   facts.State
	}{
		{"the card", func(*inventory.Host, *inventory.Device) {}, facts.Match},
		{"another id", func(_ *inventory.Host, d *inventory.Device) { d.PCI.DeviceID = new("73df") }, facts.Mismatch},
		{"another maker's", func(_ *inventory.Host, d *inventory.Device) { d.PCI.VendorID = new("10de") }, facts.Mismatch},
		{"no ids", func(_ *inventory.Host, d *inventory.Device) { d.PCI = inventory.PCI{} }, facts.Unknown},
		{"another place", func(_ *inventory.Host, d *inventory.Device) { d.PCI.DeviceID, d.Address = new("73df"), "0000:04:00.0" }, facts.NotCovered},
		{"another model of machine", func(h *inventory.Host, d *inventory.Device) {
			d.PCI.DeviceID, h.DMI.ProductName = new("73df"), new("Desktop")
		}, facts.NotCovered},
		{"a machine that states nothing", func(h *inventory.Host, d *inventory.Device) { h.DMI = inventory.DMI{} }, facts.NotCovered},
	} {
		h, d := *host, device()
		tc.change(&h, d)
		if v := compare.Place(&h, d, set); v.State != tc.want {
			t.Errorf("%s: %+v, want %s", tc.name, v, tc.want)
		}
	}
	p.Status = manifest.Superseded
	d := device()
	d.PCI.DeviceID = new("73df")
	if v := compare.Place(host, d, verified(t, []manifest.Kind{manifest.Operator}, p)); v.State != facts.NotCovered {
		t.Errorf("a superseded manifest: %+v", v)
	}
}
