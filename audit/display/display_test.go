package display_test

import (
	"testing"

	"github.com/gpuaudit/gpuaudit/audit/display"
	"github.com/gpuaudit/gpuaudit/audit/inventory"
)

func aspeed() inventory.Device {
	return inventory.Device{Address: "0000:04:00.0", Kind: inventory.KindDisplay,
		PCI: inventory.PCI{VendorID: new("1a03"), DeviceID: new("2000"), ClassCode: new("030000"), DRMNodes: []string{"card0"},
			BARs: []inventory.BAR{{Index: 0, Bytes: 32 << 20, Kind: "memory"}, {Index: 1, Bytes: 128 << 10, Kind: "memory"}}},
		Bridges: []inventory.Function{{Address: "0000:00:1c.0", DeviceID: new("a195")}, {Address: "0000:03:00.0", VendorID: new("1a03"), DeviceID: new("1150")}},
		Driver:  &inventory.Driver{Name: "ast"}}
}

func inv(devices ...inventory.Device) *inventory.Inventory {
	return &inventory.Inventory{Devices: devices}
}

// TestAnIDIsNotEnough: each thing that such an adapter does not have makes a card of it.
func TestAnIDIsNotEnough(t *testing.T) {
	if got := display.Roles(inv(aspeed())); got["0000:04:00.0"] != display.Management {
		t.Fatalf("an honest one is %v", got)
	}
	for name, change := range map[string]func(*inventory.Device){
		"large window":       func(d *inventory.Device) { d.PCI.BARs[0].Bytes = 16 << 30 },
		"256 MiB":            func(d *inventory.Device) { d.PCI.BARs[0].Bytes = 256 << 20 },
		"windows not read":   func(d *inventory.Device) { d.PCI.BARs = nil },
		"GPU's driver":       func(d *inventory.Device) { d.Driver.Name = "nvidia" },
		"passed through":     func(d *inventory.Device) { d.Driver.Name = "vfio-pci" },
		"driver not read":    func(d *inventory.Device) { d.Driver, d.Gaps = nil, []inventory.Gap{{Fact: "/driver"}} },
		"listed by a driver": func(d *inventory.Device) { d.Uses = []inventory.Use{{Kind: inventory.UseNVIDIA, Name: "x"}} },
		"renders":            func(d *inventory.Device) { d.PCI.DRMNodes = []string{"renderD128"} },
		"sixteen lanes":      func(d *inventory.Device) { d.PCI.Link = &inventory.Link{MaxWidth: new(16)} },
		"another bridge":     func(d *inventory.Device) { d.Bridges = d.Bridges[:1] },
		"no bridge":          func(d *inventory.Device) { d.Bridges = nil },
		"bridges not read":   func(d *inventory.Device) { d.Gaps = []inventory.Gap{{Fact: "/bridges"}} },
		"sound":              func(d *inventory.Device) { d.Functions = []inventory.Function{{ClassCode: new("040300")}} },
		"network beside it":  func(d *inventory.Device) { d.Siblings = []inventory.Function{{ClassCode: new("020000")}} },
		"memory":             func(d *inventory.Device) { d.Memory = []inventory.MemoryClaim{{Bytes: 1 << 30}} },
		"a dump is given":    func(d *inventory.Device) { d.Firmware.ROMs = []inventory.ROM{{Source: "file"}} },
		"contradiction": func(d *inventory.Device) {
			d.Witnesses = []inventory.Witness{{Disagreements: []inventory.Disagreement{{}}}}
		},
		"3D controller":     func(d *inventory.Device) { d.PCI.ClassCode = new("030200") },
		"virtual functions": func(d *inventory.Device) { d.PCI.SRIOV = &inventory.SRIOV{} },
	} {
		d := aspeed()
		change(&d)
		if got := display.Roles(inv(d)); len(got) != 0 {
			t.Errorf("%s: %v", name, got)
		}
	}
	second := aspeed()
	second.Address = "0000:09:00.0"
	if got := display.Roles(inv(aspeed(), second)); len(got) != 0 {
		t.Errorf("two of one machine: %v", got)
	}
	laptop := inv(aspeed())
	laptop.Host.DMI.ChassisType = new(10)
	if got := display.Roles(laptop); len(got) != 0 {
		t.Errorf("in a laptop: %v", got)
	}
}

// TestVirtualDisplaysAreOfVirtualMachines: on hardware the same ids are a card's claim.
func TestVirtualDisplaysAreOfVirtualMachines(t *testing.T) {
	for _, id := range [][3]string{{"1af4", "1050", "virtio-pci"}, {"1b36", "0100", "qxl"}, {"1234", "1111", "bochs-drm"}, {"1013", "00b8", "cirrus"},
		{"15ad", "0405", "vmwgfx"}, {"80ee", "beef", "vboxvideo"}, {"1414", "5353", "hyperv_drm"}} {
		d := aspeed()
		d.PCI.VendorID, d.PCI.DeviceID, d.Driver.Name, d.Bridges = &id[0], &id[1], id[2], nil
		for _, tc := range []struct {
			virtual *bool
			vendor  string
			want    bool
		}{{new(true), "", true}, {nil, "QEMU", true}, {nil, "Dell Inc.", false}, {new(false), "QEMU", false}, {nil, "", false}} {
			m := inv(d)
			m.Host.Virtual, m.Host.DMI.SystemVendor = tc.virtual, &tc.vendor
			if got := display.Roles(m)[d.Address] == display.Virtual; got != tc.want {
				t.Errorf("%v on %q is listed: %v", id, tc.vendor, got)
			}
		}
	}
}
