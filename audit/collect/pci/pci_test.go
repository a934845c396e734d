package pci_test

import (
	"errors"
	"fmt"
	"io/fs"
	"slices"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/google/go-cmp/cmp"

	"github.com/gpuaudit/gpuaudit/audit/collect"
	"github.com/gpuaudit/gpuaudit/audit/collect/pci"
	"github.com/gpuaudit/gpuaudit/audit/hosttest"
	"github.com/gpuaudit/gpuaudit/audit/inventory"
)

const gpu = "0000:01:00.0"

func never(string, string) bool { return false }

// one collects the PCI facts of the only device of a host.
func one(t *testing.T, h *hosttest.Host) inventory.Device {
	t.Helper()
	inv, err := collect.Run(t.Context(), h.Env(), pci.Enumerator(never), []collect.Collector{pci.Collector()})
	if err != nil {
		t.Fatal(err)
	}
	if len(inv.Devices) != 1 {
		t.Fatalf("found %d devices, want 1", len(inv.Devices))
	}
	return inv.Devices[0]
}

func card() hosttest.Card {
	return hosttest.Card{Address: gpu, Vendor: "10de", Device: "2684", Serial: 0x48b02d0123456789, Driver: "nvidia",
		Functions: []hosttest.Function{{Address: "0000:01:00.1", Vendor: "10de", Device: "22ba", Class: "040300"}}}
}

func TestFacts(t *testing.T) {
	d := one(t, hosttest.New().Add(card()))
	if len(d.Gaps) != 0 {
		t.Errorf("a fully readable card has gaps: %+v", d.Gaps)
	}
	want := inventory.PCI{
		VendorID: new("10de"), DeviceID: new("2684"), SubsystemVendorID: new("1043"), SubsystemDeviceID: new("889d"),
		RevisionID: new("a1"), ClassCode: new("030000"),
		BARs: []inventory.BAR{
			{Index: 0, Bytes: 16 << 20, Kind: "memory"},
			{Index: 1, Bytes: 256 << 20, Kind: "memory", Prefetchable: true, Is64Bit: true},
			{Index: 3, Bytes: 32 << 20, Kind: "memory", Prefetchable: true, Is64Bit: true},
		},
		Link:       &inventory.Link{CurrentSpeedGTs: new(16.0), MaxSpeedGTs: new(16.0), CurrentWidth: new(16), MaxWidth: new(16)},
		IOMMUGroup: &inventory.IOMMUGroup{ID: "101", Type: new("DMA-FQ"), Members: []string{"0000:01:00.1"}},
		PowerState: new("D0"),
		Config: &inventory.Config{
			BytesRead: 4096, Size: new(4096), ATSEnabled: new(false),
			Capabilities: []inventory.Capability{{ID: "01", Name: "Power Management", Offset: 0x60}, {ID: "05", Name: "MSI", Offset: 0x68}, {ID: "10", Name: "PCI Express", Offset: 0x78}},
			Extended: []inventory.Capability{
				{ID: "0001", Name: "Advanced Error Reporting", Offset: 0x100, Version: new(1)},
				{ID: "0003", Name: "Device Serial Number", Offset: 0x148, Version: new(1)},
				{ID: "000d", Name: "Access Control Services", Offset: 0x158, Version: new(1)},
				{ID: "000f", Name: "Address Translation Services", Offset: 0x168, Version: new(1)},
			},
		},
		DRMNodes: []string{}, BootVGA: new(false),
	}
	if diff := cmp.Diff(want, d.PCI); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff([]inventory.Witness{{Name: "config-space"}}, d.Witnesses); diff != "" {
		t.Error(diff)
	}
	if len(d.Identity) != 1 || d.Identity[0].Value != "48b02d0123456789" {
		t.Errorf("identity is %+v", d.Identity)
	}
	if len(d.Bridges) != 1 || d.Bridges[0].Address != "0000:00:01.0" || d.Bridges[0].ACSEnabled == nil || !*d.Bridges[0].ACSEnabled {
		t.Errorf("bridges are %+v", d.Bridges)
	}
	if len(d.Functions) != 1 || *d.Functions[0].ClassCode != "040300" {
		t.Errorf("functions are %+v", d.Functions)
	}
	if d.Names.Device == nil || *d.Names.Device != "AD102 [GeForce RTX 4090]" {
		t.Errorf("names are %+v", d.Names)
	}
}

func TestSelection(t *testing.T) {
	add := func(address, vendor, device, class string) hosttest.Card {
		return hosttest.Card{Address: address, Vendor: vendor, Device: device, Class: class}
	}
	h := hosttest.New().
		Add(add("0000:01:00.0", "10de", "2335", "030200")). // 3D controller, no DRM node
		Add(add("0000:02:00.0", "1da3", "1020", "120000")). // processing accelerator
		Add(add("0000:03:00.0", "1d22", "3684", "078000")). // accelerator as communication controller
		Add(add("0000:04:00.0", "19e5", "0200", "020000")). // network card of an accelerator vendor
		Add(add("0000:05:00.0", "1002", "740f", "038000")). // display controller, other
		Add(add("0000:07:00.0", "10de", "2684", "030000")). // its class attribute contradicts its alias
		Add(add("0000:08:00.0", "10de", "22ba", "040300"))  // audio function
	h.File("sys/devices/pci0000:00/0000:00:01.0/0000:07:00.0/class", "0x020000\n")
	h.Remove("sys/devices/pci0000:00/0000:00:01.0/0000:04:00.0/class").Remove("sys/devices/pci0000:00/0000:00:01.0/0000:04:00.0/modalias")
	h.Add(add("0000:06:00.0", "19e5", "0200", "020000"))
	known := func(v, d string) bool { return v == "1d22" && d == "3684" }
	found, err := pci.Enumerator(known)(t.Context(), h.Env())
	if err != nil {
		t.Fatal(err)
	}
	got := map[string]inventory.DeviceKind{}
	for _, d := range found.Devices {
		got[d.Address] = d.Kind
	}
	want := map[string]inventory.DeviceKind{
		"0000:01:00.0": inventory.KindDisplay, "0000:02:00.0": inventory.KindAccelerator, "0000:03:00.0": inventory.KindKnownVendor,
		"0000:04:00.0": inventory.KindUnclassified, "0000:05:00.0": inventory.KindDisplay,
		"0000:07:00.0": inventory.KindDisplay,
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

func TestNoBusIsNotNoDevices(t *testing.T) {
	if _, err := pci.Enumerator(never)(t.Context(), &collect.Env{FS: fstest.MapFS{}}); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("a root without a PCI directory gives %v", err)
	}
	found, err := pci.Enumerator(never)(t.Context(), hosttest.New().Env())
	if err != nil || len(found.Devices) != 0 {
		t.Errorf("an empty bus gives %v, %v", found, err)
	}
}

// TestWhatCannotBeReadIsAGap: each missing source leaves a gap with the right
// reason, and the other facts stand.
func TestWhatCannotBeReadIsAGap(t *testing.T) {
	const dir = "sys/devices/pci0000:00/0000:00:01.0/0000:01:00.0/"
	for _, tc := range []struct {
		name   string
		change func(*hosttest.Host)
		fact   string
		reason inventory.Reason
	}{
		{"header only", func(h *hosttest.Host) { h.FS[dir+"config"].Data = h.FS[dir+"config"].Data[:64] }, "/pci/config/capabilities", inventory.ReasonPermission},
		{"no config", func(h *hosttest.Host) { h.Remove(dir + "config") }, "/pci/config", inventory.ReasonNotPresent},
		{"no group", func(h *hosttest.Host) { h.Remove(dir + "iommu_group") }, "/pci/iommu_group", inventory.ReasonNotPresent},
		{"resource is garbage", func(h *hosttest.Host) { h.File(dir+"resource", "0x1 0x0 0x200\n") }, "/pci/bars", inventory.ReasonMalformed},
		{"speed is garbage", func(h *hosttest.Host) { h.File(dir+"max_link_speed", "fast\n") }, "/pci/link/max_speed_gts", inventory.ReasonMalformed},
		{"vendor is garbage beside a sound alias", func(h *hosttest.Host) { h.File(dir+"vendor", "10de\n") }, "/pci/vendor_id", inventory.ReasonMalformed},
		{"speed is unknown to the kernel", func(h *hosttest.Host) { h.File(dir+"current_link_speed", "Unknown\n") }, "/pci/link/current_speed_gts", inventory.ReasonNotSupported},
		{"width is unknown to the kernel", func(h *hosttest.Host) { h.File(dir+"max_link_width", "255\n") }, "/pci/link/max_width", inventory.ReasonNotSupported},
		{"fallen off the bus", func(h *hosttest.Host) { h.File(dir+"config", strings.Repeat("\xff", 4096)) }, "/pci/config", inventory.ReasonIOError},
		{"less than a header", func(h *hosttest.Host) { h.File(dir+"config", "\xde\x10") }, "/pci/config", inventory.ReasonMalformed},
		{"physical function is no address", func(h *hosttest.Host) { h.Link(dir+"physfn", "sys/bus/pci") }, "/pci/sriov/physical_function", inventory.ReasonMalformed},
		{"huge attribute", func(h *hosttest.Host) { h.File(dir+"power_state", string(make([]byte, 1<<20))) }, "/pci/power_state", inventory.ReasonLimit},
	} {
		t.Run(tc.name, func(t *testing.T) {
			h := hosttest.New().Add(card())
			tc.change(h)
			d := one(t, h)
			for _, g := range d.Gaps {
				if g.Fact == tc.fact {
					if g.Reason != tc.reason {
						t.Errorf("gap is %+v, want reason %s", g, tc.reason)
					}
					if d.PCI.DeviceID == nil {
						t.Error("another fact is lost")
					}
					return
				}
			}
			t.Errorf("no gap for %s: %+v", tc.fact, d.Gaps)
		})
	}
}

func TestSubsystemFromModalias(t *testing.T) {
	const dir = "sys/devices/pci0000:00/0000:00:01.0/0000:01:00.0/"
	d := one(t, hosttest.New().Add(card()).Remove(dir+"subsystem_"))
	if d.PCI.SubsystemVendorID == nil || *d.PCI.SubsystemVendorID != "1043" || *d.PCI.SubsystemDeviceID != "889d" {
		t.Errorf("subsystem is %v:%v", d.PCI.SubsystemVendorID, d.PCI.SubsystemDeviceID)
	}
}

// TestADeviceThatChangedItsIds since boot contradicts itself.
func TestADeviceThatChangedItsIds(t *testing.T) {
	const dir = "sys/devices/pci0000:00/0000:00:01.0/0000:01:00.0/"
	d := one(t, hosttest.New().Add(card()).File(dir+"device", "0x1c82\n"))
	if len(d.Witnesses) != 1 || len(d.Witnesses[0].Disagreements) != 1 || d.Witnesses[0].Disagreements[0].Theirs != "2684" {
		t.Errorf("witnesses are %+v", d.Witnesses)
	}
}

// TestSiblings: what sits on the card beside the GPU is found, on its own bus
// and behind the card's own switch; the machine's other slots are not.
func TestSiblings(t *testing.T) {
	root := hosttest.Bridge{Address: "0000:00:01.0", Vendor: "1022", Device: "14db"}
	up := hosttest.Bridge{Address: "0000:01:00.0", Vendor: "1002", Device: "1478"}
	down := hosttest.Bridge{Address: "0000:02:00.0", Vendor: "1002", Device: "1479"}
	c := hosttest.Card{Address: "0000:03:00.0", Vendor: "1002", Device: "744c", Bridges: []hosttest.Bridge{root, up, down},
		Functions: []hosttest.Function{
			{Address: "0000:03:01.0", Vendor: "8086", Device: "1533", Class: "020000"},
			{Address: "0000:04:00.0", Vendor: "144d", Device: "a80a", Class: "010802", Parents: []string{root.Address, up.Address, "0000:02:01.0"}},
			{Address: "0000:05:00.0", Vendor: "8086", Device: "1533", Class: "020000", Parents: []string{"0000:00:02.0"}},
		}}
	d := one(t, hosttest.New().Add(c))
	var got []string
	for _, f := range d.Siblings {
		got = append(got, f.Address)
	}
	if diff := cmp.Diff([]string{"0000:03:01.0", "0000:04:00.0"}, got); diff != "" {
		t.Error(diff)
	}
}

// smbiosSlot is a structure of type 9 (DSP0134, 7.10) with one string.
func smbiosSlot(name string, bus, devfn byte) string {
	return "\x09\x11\x30\x00\x01\xb6\x0d\x04\x04\x01\x00\x0c\x01\x00\x00" + string([]byte{bus, devfn}) + name + "\x00\x00"
}

// TestSlots: what hangs behind a switch of a third maker is on the card where
// SMBIOS says so, is the machine's where it says that, and else of unknown place.
func TestSlots(t *testing.T) {
	const network = "0000:04:00.0"
	plx := []hosttest.Bridge{{Address: "0000:00:01.0", Vendor: "8086", Device: "a70d"}, {Address: "0000:01:00.0", Vendor: "10b5", Device: "8747"},
		{Address: "0000:02:08.0", Vendor: "10b5", Device: "8747"}}
	host := func(bridges []hosttest.Bridge) *hosttest.Host {
		parents := []string{bridges[0].Address}
		for _, b := range bridges[1 : len(bridges)-1] {
			parents = append(parents, b.Address)
		}
		return hosttest.New().Add(hosttest.Card{Address: "0000:03:00.0", Vendor: "10de", Device: "2684", Bridges: bridges, Functions: []hosttest.Function{
			{Address: "0000:02:10.0", Vendor: bridges[1].Vendor, Device: "0001", Class: "060400", Parents: parents},
			{Address: network, Vendor: "8086", Device: "1533", Class: "020000", Parents: append(slices.Clone(parents), "0000:02:10.0")},
			{Address: "0000:05:00.0", Vendor: "8086", Device: "1533", Class: "020000", Parents: []string{"0000:00:02.0"}},
		}})
	}
	const table = "sys/firmware/dmi/tables/DMI"
	for _, tc := range []struct {
		name                 string
		host                 *hosttest.Host
		siblings, neighbours string
		slot, gap            string
	}{
		{"no table", host(plx), "", network, "", "/slot not-present"},
		{"port of the machine", host(plx).File(table, smbiosSlot("X16", 0, 8)), "0000:02:10.0 " + network, "", "X16 0000:00:01.0", ""},
		{"first device in the slot", host(plx).File(table, smbiosSlot("X16", 1, 0)), "0000:02:10.0 " + network, "", "X16 0000:01:00.0", ""},
		{"port of the machine's switch", host(plx).File(table, smbiosSlot("X16", 2, 8<<3)), "", "", "X16 0000:02:08.0", ""},
		{"the card itself", host(plx).File(table, smbiosSlot("X16", 3, 0)), "", "", "X16 0000:02:08.0", ""},
		{"the innermost of two", host(plx).File(table, smbiosSlot("RISER", 0, 8)+smbiosSlot("X16", 3, 0)), "", "", "X16 0000:02:08.0", ""},
		{"another slot", host(plx).File(table, smbiosSlot("X4", 0, 16)), "", network, "", ""},
		{"one address for all slots", host(plx).File(table, smbiosSlot("A", 0, 8)+smbiosSlot("B", 0, 8)), "", network, "", ""},
		{"entries one by one", host(plx).File("sys/firmware/dmi/entries/9-0/raw", smbiosSlot("X16", 0, 8)).File("sys/firmware/dmi/entries/17-0/raw", "x"),
			"0000:02:10.0 " + network, "", "X16 0000:00:01.0", ""},
		{"table broken off", host(plx).File(table, smbiosSlot("X16", 0, 8)+"\x09\x11"), "", network, "", "/slot malformed"},
		{"chipset of AMD", host([]hosttest.Bridge{{Address: "0000:00:01.0", Vendor: "1022", Device: "14db"}, {Address: "0000:01:00.0", Vendor: "1022", Device: "43f4"},
			{Address: "0000:02:08.0", Vendor: "1022", Device: "43f5"}}), "", "", "", ""},
		{"chipset of AMD where no AMD processor is", host([]hosttest.Bridge{plx[0], {Address: "0000:01:00.0", Vendor: "1022", Device: "43f4"},
			{Address: "0000:02:08.0", Vendor: "1022", Device: "43f5"}}), "", network, "", "/slot not-present"},
		{"switch whose ids cannot be read", host(plx).File("sys/devices/pci0000:00/0000:00:01.0/0000:01:00.0/vendor", "junk"), "", network, "", "/slot not-present"},
	} {
		d := one(t, tc.host)
		var siblings, neighbours, gaps []string
		for _, f := range d.Siblings {
			siblings = append(siblings, f.Address)
		}
		for _, f := range d.Neighbours {
			neighbours = append(neighbours, f.Address)
			if f.Behind != "0000:01:00.0" {
				t.Errorf("%s: %s is behind %s", tc.name, f.Address, f.Behind)
			}
		}
		for _, g := range d.Gaps {
			gaps = append(gaps, g.Fact+" "+string(g.Reason))
		}
		slot := ""
		if d.Slot != nil {
			slot = *d.Slot.Designation + " " + d.Slot.Bridge
		}
		if got, want := []string{strings.Join(siblings, " "), strings.Join(neighbours, " "), slot, strings.Join(gaps, " ")},
			[]string{tc.siblings, tc.neighbours, tc.slot, tc.gap}; !slices.Equal(got, want) {
			t.Errorf("%s: got %q, want %q", tc.name, got, want)
		}
	}
}

// TestNeighboursAreBounded: more devices than a server has behind one port.
func TestNeighboursAreBounded(t *testing.T) {
	up := hosttest.Bridge{Address: "0000:01:00.0", Vendor: "10b5", Device: "8747"}
	c := hosttest.Card{Address: "0000:03:00.0", Vendor: "10de", Device: "2684",
		Bridges: []hosttest.Bridge{{Address: "0000:00:01.0", Vendor: "8086", Device: "a70d"}, up, {Address: "0000:02:08.0", Vendor: "10b5", Device: "8747"}}}
	for i := range 300 {
		c.Functions = append(c.Functions, hosttest.Function{Address: fmt.Sprintf("0000:%02x:%02x.%d", 4+i/256, i/8%32, i%8), Vendor: "8086", Device: "1533",
			Class: "020000", Parents: []string{"0000:00:01.0", up.Address}})
	}
	d := one(t, hosttest.New().Add(c))
	if len(d.Neighbours) != 256 || !slices.ContainsFunc(d.Gaps, func(g inventory.Gap) bool { return g.Fact == "/neighbours" && g.Reason == inventory.ReasonLimit }) {
		t.Errorf("%d neighbours, gaps %+v", len(d.Neighbours), d.Gaps)
	}
}

// TestProgrammable: chips that take any design are noted wherever they are, and
// functions whose ids cannot be read; nothing else is.
func TestProgrammable(t *testing.T) {
	c := card()
	for i, ids := range []string{"10ee:0666", "10ee:5000", "10b5:8747", "10b5:3380", "14e4:16bc", "14e4:1657", "1172:e001"} {
		vendor, device, _ := strings.Cut(ids, ":")
		c.Functions = append(c.Functions, hosttest.Function{Address: fmt.Sprintf("0000:40:00.%d", i), Vendor: vendor, Device: device, Class: "020000", Parents: []string{"0000:00:02.0"}})
	}
	h := hosttest.New().Add(c).File("sys/devices/pci0000:00/0000:00:01.0/0000:01:00.1/vendor", "")
	inv, err := collect.Run(t.Context(), h.Env(), pci.Enumerator(never), []collect.Collector{pci.Collector()})
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, f := range inv.Host.Programmable {
		got = append(got, f.Address)
	}
	want := []string{"0000:01:00.1", "0000:40:00.0", "0000:40:00.1", "0000:40:00.3", "0000:40:00.4", "0000:40:00.6"}
	if diff := cmp.Diff(want, got); diff != "" || inv.Host.FunctionsSeen == nil || *inv.Host.FunctionsSeen != 10 {
		t.Errorf("%s, of %v", diff, inv.Host.FunctionsSeen)
	}
	none, _ := collect.Run(t.Context(), &collect.Env{FS: fstest.MapFS{}}, pci.Enumerator(never), []collect.Collector{pci.Collector()})
	if none.Host.FunctionsSeen != nil || len(none.Host.Gaps) == 0 || none.Host.Gaps[0].Fact != "/programmable" {
		t.Errorf("a machine without PCI: %+v", none.Host)
	}
}
