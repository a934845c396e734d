package pci_test

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"errors"
	"io"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/google/go-cmp/cmp"

	"github.com/gpuaudit/gpuaudit/audit/capture"
	"github.com/gpuaudit/gpuaudit/audit/collect"
	"github.com/gpuaudit/gpuaudit/audit/collect/pci"
	"github.com/gpuaudit/gpuaudit/audit/hosttest"
	"github.com/gpuaudit/gpuaudit/audit/inventory"
)

// shared opens a file of the folder of shared recordings beside the checkout.
func shared(t *testing.T, name string) *os.File {
	t.Helper()
	f, err := os.Open(filepath.Join("../../../../shared", name))
	if errors.Is(err, fs.ErrNotExist) {
		t.Skipf("the shared recording %s is not here", name)
	}
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { f.Close() })
	return f
}

func collected(t *testing.T, env *collect.Env) []inventory.Device {
	t.Helper()
	inv, err := collect.Run(t.Context(), env, pci.Enumerator(never), []collect.Collector{pci.Collector()})
	if err != nil {
		t.Fatal(err)
	}
	return inv.Devices
}

// TestRecordedHosts: real machines, in the snapshots of the ghw project.
func TestRecordedHosts(t *testing.T) {
	// Each device: address, ids, class, and the bridges above it.
	for name, want := range map[string][]string{
		"linux-amd64-415ee03b8c4d1c4f07ae2e9d8b3d3d6d": {"0000:00:02.0 8086:46a6 17aa:22e7 030000"},
		"linux-amd64-accel-nvidia": {
			"0000:04:00.0 1af4:1050 1af4:1100 030000 0000:00:01.3",
			"0000:06:00.0 10de:15f8 10de:118f 030200 0000:00:01.5"},
		"linux-amd64-accel": {
			"0000:00:01.0 1af4:1050 1af4:1100 030000",
			"0000:00:04.0 1b36:0005 1af4:1100 120000"},
	} {
		t.Run(name, func(t *testing.T) {
			archive, err := capture.Open(name, shared(t, "snapshots/"+name+".tar.gz"), capture.DefaultLimits())
			if err != nil {
				t.Fatal(err)
			}
			var got []string
			for _, d := range collected(t, archive.Env(hosttest.New().Env().Now)) {
				p := d.PCI
				words := []string{d.Address, *p.VendorID + ":" + *p.DeviceID, *p.SubsystemVendorID + ":" + *p.SubsystemDeviceID, *p.ClassCode}
				for _, b := range d.Bridges {
					words = append(words, b.Address)
				}
				got = append(got, strings.Join(words, " "))
				if len(p.DRMNodes) != 0 {
					t.Errorf("%s has DRM nodes %v, the recording has none", d.Address, p.DRMNodes)
				}
				if !hasGap(d, "/pci/config") || !hasGap(d, "/pci/bars") {
					t.Errorf("%s: what the snapshot leaves out is no gap: %+v", d.Address, d.Gaps)
				}
			}
			if diff := cmp.Diff(want, got); diff != "" {
				t.Error(diff)
			}
		})
	}
}

// TestARecordingWithoutABus is an error, never a machine without cards.
func TestARecordingWithoutABus(t *testing.T) {
	const name = "linux-amd64-offlineCPUs"
	archive, err := capture.Open(name, shared(t, "snapshots/"+name+".tar.gz"), capture.DefaultLimits())
	if err != nil {
		t.Fatal(err)
	}
	env := archive.Env(hosttest.New().Env().Now)
	if _, err := pci.Enumerator(never)(t.Context(), env); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("error is %v, want not exist", err)
	}
}

// TestRecordedBus: a server's bus with the kernel's own link, SR-IOV and config
// files. The QuickAssist accelerator stands for one that hides in another class.
func TestRecordedBus(t *testing.T) {
	fsys := untar(t, shared(t, "captures/nfd-pci-rootfs.tar.gz"), "testdata/source/pci/rootfs-1/")
	quickAssist := func(v, d string) bool { return v == "8086" && d == "37c8" }
	inv, err := collect.Run(t.Context(), &collect.Env{FS: fsys}, pci.Enumerator(quickAssist), []collect.Collector{pci.Collector()})
	if err != nil {
		t.Fatal(err)
	}
	if len(inv.Devices) != 2 {
		t.Fatalf("found %d devices, want a display controller and an accelerator", len(inv.Devices))
	}
	for _, d := range inv.Devices { // recorded by an ordinary user: 64 bytes of config
		if c := d.PCI.Config; c.BytesRead != 64 || len(c.Faults) != 0 || c.ATSEnabled != nil || !hasGap(d, "/pci/config/capabilities") {
			t.Errorf("%s: config is %+v, gaps are %+v", d.Address, c, d.Gaps)
		}
		if diff := cmp.Diff([]inventory.Witness{{Name: "config-space"}}, d.Witnesses); diff != "" {
			t.Errorf("%s: header and attributes disagree: %s", d.Address, diff)
		}
	}
	display, accelerator := inv.Devices[0], inv.Devices[1]
	if display.Address != "0000:02:00.0" || display.Kind != inventory.KindDisplay || *display.Names.Vendor != "ASPEED Technology, Inc." {
		t.Errorf("display controller is %+v", display)
	}
	if accelerator.Kind != inventory.KindKnownID {
		t.Errorf("accelerator is %s", accelerator.Kind)
	}
	link := &inventory.Link{CurrentSpeedGTs: new(5.0), MaxSpeedGTs: new(5.0), CurrentWidth: new(16), MaxWidth: new(16)}
	if diff := cmp.Diff(link, accelerator.PCI.Link); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff(&inventory.SRIOV{TotalVFs: new(16), NumVFs: new(16)}, accelerator.PCI.SRIOV); diff != "" {
		t.Error(diff)
	}
}

func hasGap(d inventory.Device, fact string) bool {
	for _, g := range d.Gaps {
		if g.Fact == fact {
			return true
		}
	}
	return false
}

// untar reads the regular files below a folder of an archive.
func untar(t *testing.T, r io.Reader, below string) fstest.MapFS {
	t.Helper()
	unzipped, err := gzip.NewReader(r)
	if err != nil {
		t.Fatal(err)
	}
	fsys := fstest.MapFS{}
	for archive := tar.NewReader(unzipped); ; {
		header, err := archive.Next()
		if errors.Is(err, io.EOF) {
			return fsys
		}
		if err != nil {
			t.Fatal(err)
		}
		name, ok := strings.CutPrefix(path.Clean(header.Name), below)
		if !ok || header.Typeflag != tar.TypeReg {
			continue
		}
		var data bytes.Buffer
		if _, err := io.CopyN(&data, archive, header.Size); err != nil {
			t.Fatal(err)
		}
		fsys[name] = &fstest.MapFile{Data: data.Bytes()}
	}
}
