package nvidia_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"slices"
	"testing"
	"testing/fstest"

	"github.com/gpuaudit/gpuaudit/audit/collect"
	"github.com/gpuaudit/gpuaudit/audit/collect/nvidia"
	"github.com/gpuaudit/gpuaudit/audit/inventory"
)

const (
	address     = "0000:62:00.0"
	information = "proc/driver/nvidia/gpus/" + address + "/information"
	closed      = "NVRM version: NVIDIA UNIX x86_64 Kernel Module  535.129.03  Thu Oct 19 18:56:32 UTC 2023\nGCC version:  gcc version 12.2.0\n"
	open        = "NVRM version: NVIDIA UNIX Open Kernel Module for x86_64  580.95.05  Release Build  (builder@host)  Tue Sep 23 09:55:41 UTC 2025\n"
)

// gpu is the text as the driver writes it, with what a test changes.
func gpu(vbios, uuid, gsp, at, excluded string) string {
	return "Model: \t\t NVIDIA H100 80GB HBM3\nIRQ:   \t\t 10\n" + uuid + "Video BIOS: \t " + vbios +
		"\nBus Type: \t PCIe\nDMA Size: \t 52 bits\nDMA Mask: \t 0xfffffffffffff\nBus Location: \t " + at +
		"\nDevice Minor: \t 5\n" + gsp + "GPU Excluded:\t " + excluded + "\n"
}

const (
	uuid = "GPU UUID: \t GPU-9221d5d1-b60b-a624-bf14-0a1819cfda3b\n"
	gsp  = "GPU Firmware: \t 535.129.03\n"
)

func machine(version, info string) fstest.MapFS {
	m := fstest.MapFS{
		"sys/bus/pci/devices/" + address + "/driver": {Data: []byte("../../../bus/pci/drivers/nvidia"), Mode: fs.ModeSymlink},
		"proc/driver/nvidia/version":                 {Data: []byte(version)},
	}
	if info != "" {
		m[information] = &fstest.MapFile{Data: []byte(info)}
	}
	return m
}

func run(fsys fs.FS) (inventory.Device, error) {
	d := inventory.Device{Address: address, PCI: inventory.PCI{VendorID: new("10de")}, Driver: &inventory.Driver{Name: "nvidia"}}
	before := d.Driver
	err := nvidia.Collector().Device(context.Background(), &collect.Env{FS: fsys}, &d)
	if len(before.Claims) != 0 {
		err = errors.New("another collector's value was written to")
	}
	return d, err
}

func TestDevice(t *testing.T) {
	for _, tc := range []struct {
		name, version, info string
		facts               string // flavour, driver, VBIOS, UUID, GSP
		gaps                string
	}{
		{"hopper", closed, gpu("96.00.99.00.01", uuid, gsp, address, "No"),
			"proprietary 535.129.03 [96.00.99.00.01] [GPU-9221d5d1-b60b-a624-bf14-0a1819cfda3b] [535.129.03]", "[]"},
		{"open", open, gpu("96.00.99.00.01", uuid, gsp, address, "No"),
			"open 580.95.05 [96.00.99.00.01] [GPU-9221d5d1-b60b-a624-bf14-0a1819cfda3b] [535.129.03]", "[]"},
		{"not initialised", closed, gpu("??.??.??.??.??", "", "GPU Firmware: \t N/A\n", address, "No"),
			"proprietary 535.129.03 [] [] []", "[/firmware/versions:not-supported /identity:not-supported /firmware/components:not-supported]"},
		{"excluded", closed, gpu("??.??.??.??.??", "", "", address, "Yes"),
			"proprietary 535.129.03 [] [] []", "[/firmware/versions:not-supported /identity:not-supported /firmware/components:not-supported]"},
		{"redacted", closed, gpu("96.00.99.00.01", "GPU UUID: \t redacted\n", gsp, address, "No"),
			"proprietary 535.129.03 [96.00.99.00.01] [redacted] [535.129.03]", "[]"},
		{"of another GPU", closed, gpu("96.00.99.00.01", uuid, gsp, "0000:63:00.0", "No"),
			"proprietary 535.129.03 [] [] []", "[/firmware/versions:malformed /firmware/components:malformed /identity:malformed]"},
		{"says it twice", closed, gpu("96.00.99.00.01", uuid+uuid, gsp, address, "No"),
			"proprietary 535.129.03 [] [] []", "[/firmware/versions:malformed /firmware/components:malformed /identity:malformed]"},
		{"no file", closed, "",
			"proprietary 535.129.03 [] [] []", "[/firmware/versions:not-present /firmware/components:not-present /identity:not-present]"},
		{"version of nothing", "NVRM version: NVIDIA UNIX x86_64 Kernel Module  soon\n", gpu("96.00.99.00.01", uuid, gsp, address, "No"),
			"- - [96.00.99.00.01] [GPU-9221d5d1-b60b-a624-bf14-0a1819cfda3b] [535.129.03]", "[/driver/claims:malformed]"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			d, err := run(machine(tc.version, tc.info))
			if err != nil {
				t.Fatal(err)
			}
			if got := facts(d); got != tc.facts {
				t.Errorf("facts are\n%s, want\n%s", got, tc.facts)
			}
			gaps := []string{}
			for _, g := range d.Gaps {
				gaps = append(gaps, g.Fact+":"+string(g.Reason))
			}
			if got := fmt.Sprint(gaps); got != tc.gaps {
				t.Errorf("gaps are %s, want %s", got, tc.gaps)
			}
		})
	}
}

func facts(d inventory.Device) string {
	flavor, version := "-", "-"
	if len(d.Driver.Claims) > 0 {
		flavor, version = *d.Driver.Claims[0].Flavor, d.Driver.Claims[0].Version
	}
	vbios, ids, gsps := []string{}, []string{}, []string{}
	for _, v := range d.Firmware.Versions {
		vbios = append(vbios, v.Version)
	}
	for _, i := range d.Identity {
		ids = append(ids, i.Value)
	}
	for _, c := range d.Firmware.Components {
		gsps = append(gsps, c.Version)
	}
	return fmt.Sprint(flavor, " ", version, " ", vbios, " ", ids, " ", gsps)
}

// TestSkipped: other vendors' devices, and NVIDIA's without NVIDIA's driver.
func TestSkipped(t *testing.T) {
	full := machine(closed, gpu("96.00.99.00.01", uuid, gsp, address, "No"))
	other := machine(closed, "")
	other["sys/bus/pci/devices/"+address+"/driver"].Data = []byte("../../../bus/pci/drivers/vfio-pci")
	for _, tc := range []struct {
		name   string
		fsys   fs.FS
		vendor *string
	}{
		{"AMD", full, new("1002")},
		{"vendor unknown", full, nil},
		{"vfio", other, new("10de")},
		{"no driver", fstest.MapFS{}, new("10de")},
	} {
		d := inventory.Device{Address: address, PCI: inventory.PCI{VendorID: tc.vendor}}
		if err := nvidia.Collector().Device(t.Context(), &collect.Env{FS: tc.fsys}, &d); !errors.Is(err, collect.ErrSkipped) {
			t.Errorf("%s: error is %v", tc.name, err)
		}
	}
}

// FuzzInformation: whatever the driver prints, a VBIOS version is five bytes.
func FuzzInformation(f *testing.F) {
	f.Add(closed, gpu("96.00.99.00.01", uuid, gsp, address, "No"))
	f.Add(open, gpu("??.??.??.??.??", "", "GPU Firmware: \t N/A\n", address, "Yes"))
	f.Fuzz(func(t *testing.T, version, info string) {
		d, err := run(machine(version, info))
		if err != nil {
			t.Fatal(err)
		}
		if len(d.Firmware.Versions) == 0 && !slices.ContainsFunc(d.Gaps, func(g inventory.Gap) bool { return g.Fact == "/firmware/versions" }) {
			t.Fatal("no VBIOS version and no gap")
		}
		for _, v := range d.Firmware.Versions {
			if len(v.Version) != 14 {
				t.Fatalf("VBIOS version %q", v.Version)
			}
		}
		if _, err := json.Marshal(d); err != nil {
			t.Fatal(err)
		}
	})
}
