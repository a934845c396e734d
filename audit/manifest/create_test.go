package manifest_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/gpuaudit/gpuaudit/audit/inventory"
	"github.com/gpuaudit/gpuaudit/audit/manifest"
)

func baseline() manifest.Baseline {
	p := predicate()
	return manifest.Baseline{Name: "b", Vendor: "v", Sequence: 1, Issued: p.Issued, Expires: p.Expires}
}

func card() *inventory.Device {
	return &inventory.Device{
		Address: "0000:03:00.0",
		PCI:     inventory.PCI{VendorID: new("1002"), DeviceID: new("73ff"), SubsystemVendorID: new("1da2")},
		Firmware: inventory.Firmware{ROMs: []inventory.ROM{{SHA256: digest("a"), SHA384: strings.Repeat("a", 96), Version: new("016.1"),
			Images: []inventory.ROMImage{{CodeType: "03", SHA256: digest("b"), SHA384: strings.Repeat("b", 96), EFI: &inventory.EFIImage{AuthenticodeSHA256: new(digest("c"))}}}}}},
		Driver: &inventory.Driver{Name: "amdgpu", Module: &inventory.Module{Name: "amdgpu", File: &inventory.ModuleFile{ContentSHA256: digest("d")}}},
		Memory: []inventory.MemoryClaim{{Bytes: 8176 << 20}},
	}
}

func TestFromDevice(t *testing.T) {
	p, err := manifest.FromDevice(card(), baseline())
	if err != nil {
		t.Fatal(err)
	}
	fw := p.Firmware[0]
	if fw.Kind != manifest.OptionROM || fw.Version != "016.1" || fw.SHA256 != digest("a") || fw.Images[0].AuthenticodeSHA256 != digest("c") || fw.Images[0].SHA384 == "" {
		t.Errorf("firmware is %+v", fw)
	}
	if p.Drivers[0].SHA256 != digest("d") || fmt.Sprint(p.MemoryMiB) != "[8192]" || p.Functions == nil || len(*p.Functions) != 0 || p.Devices[0].SubsystemDeviceID != "" {
		t.Errorf("predicate is %+v", p)
	}
	if list := manifest.Unstated(card(), p); len(list) != 0 {
		t.Errorf("unstated: %v", list)
	}
}

// TestABaselineStatesRuntimeFirmware that is installed under a name that a
// manifest can hold.
func TestABaselineStatesRuntimeFirmware(t *testing.T) {
	d := card()
	for _, name := range []string{"amdgpu/sos.bin", "amdgpu/none.bin", "../x.bin", "a\nb.bin"} {
		d.Firmware.Runtime = append(d.Firmware.Runtime, inventory.RuntimeFile{Name: name, SHA256: new(digest("e"))})
	}
	d.Firmware.Runtime[1].SHA256 = nil
	d.Gaps = []inventory.Gap{{Fact: "/firmware/runtime", Source: "lib/firmware/z", Reason: inventory.ReasonPermission}}
	p, err := manifest.FromDevice(d, baseline())
	if err != nil {
		t.Fatal(err)
	}
	files := p.OfKind(manifest.RuntimeFile)
	if len(files) != 1 || files[0].File != "amdgpu/sos.bin" || files[0].SHA256 != digest("e") || len(p.OfKind(manifest.OptionROM)) != 1 {
		t.Errorf("firmware is %+v", p.Firmware)
	}
	if list := manifest.Unstated(d, p); len(list) != 1 || list[0] != "run-time firmware, or a part of it (lib/firmware/z): was refused" {
		t.Errorf("unstated: %v", list)
	}
}

// TestABaselineLeavesOpenWhatWasNotRead, and says so.
func TestABaselineLeavesOpenWhatWasNotRead(t *testing.T) {
	d := card()
	d.Firmware.ROMs, d.Driver.Module.File.ContentSHA256 = nil, ""
	d.Gaps = []inventory.Gap{
		{Fact: "/firmware/roms", Source: "rom", Reason: inventory.ReasonNotRequested},
		{Fact: "/driver/module/file/content_sha256", Source: "amdgpu.ko.zst", Reason: inventory.ReasonMalformed},
		{Fact: "/bridges", Source: "sys", Reason: inventory.ReasonIOError},
	}
	p, err := manifest.FromDevice(d, baseline())
	if err != nil {
		t.Fatal(err)
	}
	got := strings.Join(manifest.Unstated(d, p), "; ")
	if want := "firmware (rom): was not asked for; driver (amdgpu.ko.zst): cannot be understood; functions (sys): reading it failed"; got != want {
		t.Errorf("unstated: %s", got)
	}
}

// TestABaselineSaysWhatTheWindowHides: tables speak of more than the reading holds.
func TestABaselineSaysWhatTheWindowHides(t *testing.T) {
	d := card()
	d.Firmware.ROMs[0].PSP = []inventory.PSPEntry{{Type: "01", Read: true}, {Type: "12"}}
	d.Firmware.ROMs[0].Tables = append(d.Firmware.ROMs[0].Tables, inventory.ROMTable{Name: "bit.P", Revision: "2"})
	p, err := manifest.FromDevice(d, baseline())
	if err != nil {
		t.Fatal(err)
	}
	got := strings.Join(manifest.Unstated(d, p), "; ")
	for _, want := range []string{"1 of 2 programs of AMD's security processor are outside what was read", "NVIDIA's tables of clocks and timings are outside"} {
		if !strings.Contains(got, want) {
			t.Errorf("unstated: %s lacks %s", got, want)
		}
	}
	d.Firmware.ROMs[0].PSP[1].Read = true
	d.Firmware.ROMs[0].Tables = append(d.Firmware.ROMs[0].Tables, inventory.ROMTable{Name: "bit.P.perf"})
	if got := manifest.Unstated(d, p); len(got) != 0 {
		t.Errorf("all was read: %q", got)
	}
}

func TestFromDeviceRefuses(t *testing.T) {
	for name, change := range map[string]func(*inventory.Device){
		"no ids": func(d *inventory.Device) { d.PCI.DeviceID = nil },
		"nothing read": func(d *inventory.Device) {
			*d = inventory.Device{Address: d.Address, PCI: d.PCI, Gaps: []inventory.Gap{{Fact: "/bridges"}}}
		},
		"function unread": func(d *inventory.Device) { d.Functions = []inventory.Function{{Address: "0000:03:00.1"}} },
		"more images than a manifest holds": func(d *inventory.Device) {
			d.Firmware.ROMs[0].Images = make([]inventory.ROMImage, 65)
		},
	} {
		d := card()
		change(d)
		if _, err := manifest.FromDevice(d, baseline()); err == nil || !strings.Contains(err.Error(), d.Address) {
			t.Errorf("%s: error is %v", name, err)
		}
	}
	if _, err := manifest.FromDevice(card(), manifest.Baseline{}); !errors.Is(err, manifest.ErrInvalid) {
		t.Errorf("no name: error is %v", err)
	}
}

// TestTextsOfTheDeviceAreMadeFit: a ROM may hold anything.
func TestTextsOfTheDeviceAreMadeFit(t *testing.T) {
	for in, want := range map[string]string{
		"  1.0\x00\x1b[31m":      "1.0  [31m",
		"\xff\xfe":               "unknown",
		strings.Repeat("ä", 150): strings.Repeat("ä", 100),
		"":                       "unknown",
	} {
		d := card()
		d.Firmware.ROMs[0].Version = &in
		p, err := manifest.FromDevice(d, baseline())
		if err != nil || p.Firmware[0].Version != want {
			t.Errorf("%q became %q, %v", in, p.Firmware[0].Version, err)
		}
	}
}

func TestNominalMemory(t *testing.T) {
	for mib, want := range map[uint64]string{
		8176: "[8192]", 12282: "[12288]", 24564: "[24576]", 81559: "[81920]", 143771: "[144384]", 196288: "[196608]",
		2040: "[2048]", 8192: "[8192]", 508: "[512]", 6000: "[6016]", 300: "[300]", 0: "[]", 1 << 30: "[]",
	} {
		d := card()
		d.Memory[0].Bytes = mib << 20
		p, err := manifest.FromDevice(d, baseline())
		if err != nil || fmt.Sprint(p.MemoryMiB) != want {
			t.Errorf("%d MiB became %v, want %s (%v)", mib, p.MemoryMiB, want, err)
		}
	}
}
