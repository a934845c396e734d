package intel_test

import (
	"context"
	"io/fs"
	"testing"
	"testing/fstest"

	"github.com/gpuaudit/gpuaudit/audit/collect"
	"github.com/gpuaudit/gpuaudit/audit/collect/intel"
	"github.com/gpuaudit/gpuaudit/audit/inventory"
)

const (
	address = "0000:03:00.0"
	link    = "sys/bus/pci/devices/" + address + "/driver"
	dri     = "sys/kernel/debug/dri/"
	memory  = "  use_type: 1\n  use_tt: 0\n  size: 12809404416\n  usage: 1052672\ndefault_page_size: 4KiB\n"
)

// objects is what i915 prints of a card's memory, by its code and by
// github.com/htop-dev/htop/issues/1267.
const objects = "6049 shrinkable [0 free] objects, 1290665984 bytes\nsystem: total:0x00000007c0573000 bytes\n" +
	"local0:   use_type: 1\n  use_tt: 0\n  size: 4169728\n  usage: 1052672\ndefault_page_size: 64KiB\nvisible_total: 16288MiB\n" +
	"chunk_size: 4KiB, total: 16288MiB, free: 16000MiB\norder-22 free: 15GiB, blocks: 1\nstolen-local0: total:0x0000000004000000 bytes\n"

// machine has a card that a driver runs, with these files.
func machine(driver string, files map[string]string) fstest.MapFS {
	m := fstest.MapFS{link: {Data: []byte("../../../bus/pci/drivers/" + driver), Mode: fs.ModeSymlink}}
	for name, text := range files {
		m[name] = &fstest.MapFile{Data: []byte(text)}
	}
	return m
}

// TestMemory: what xe states of a card's memory is read, and what it does not state is a
// gap.
func TestMemory(t *testing.T) {
	for name, tc := range map[string]struct {
		driver string
		files  map[string]string
		want   uint64 // 0: none
		gaps   int
	}{
		"by its address":        {"xe", map[string]string{dri + address + "/vram0_mm": memory}, 12809404416, 0},
		"by a number":           {"xe", map[string]string{dri + "1/name": "xe dev=0000:03:00.0 unique=0000:03:00.0\n", dri + "1/vram0_mm": memory, dri + "0/name": "i915 dev=0000:00:02.0\n"}, 12809404416, 0},
		"two tiles":             {"xe", map[string]string{dri + address + "/vram0_mm": memory, dri + address + "/vram1_mm": memory}, 2 * 12809404416, 0},
		"another driver's":      {"vfio-pci", map[string]string{dri + address + "/vram0_mm": memory}, 0, 0},
		"i915":                  {"i915", map[string]string{dri + address + "/i915_gem_objects": objects}, 16288 << 20, 0},
		"i915, by a number":     {"i915", map[string]string{dri + "1/name": "i915 dev=0000:03:00.0 unique=0000:03:00.0\n", dri + "1/i915_gem_objects": objects}, 16288 << 20, 0},
		"i915, without memory":  {"i915", map[string]string{dri + address + "/i915_gem_objects": "system: total:0x00000007c0573000 bytes\nstolen-system: total:0x10000000 bytes\n"}, 0, 1},
		"i915, no size":         {"i915", map[string]string{dri + address + "/i915_gem_objects": "local0: \n  use_type: 1\n"}, 0, 1},
		"i915, no number":       {"i915", map[string]string{dri + address + "/i915_gem_objects": "local0:\nchunk_size: 4KiB, total: -1MiB\n"}, 0, 1},
		"i915, too much":        {"i915", map[string]string{dri + address + "/i915_gem_objects": "local0:\nchunk_size: 4KiB, total: 1073741824MiB\n"}, 0, 1},
		"i915, nothing to read": {"i915", nil, 0, 1},
		"nothing to read":       {"xe", nil, 0, 1},
		"no size":               {"xe", map[string]string{dri + address + "/vram0_mm": "  use_type: 1\n"}, 0, 1},
		"no number":             {"xe", map[string]string{dri + address + "/vram0_mm": "  size: -1\n"}, 0, 1},
		"none at all":           {"xe", map[string]string{dri + address + "/vram0_mm": "  size: 0\n"}, 0, 1},
		"more than a card has":  {"xe", map[string]string{dri + address + "/vram0_mm": "  size: 9223372036854775807\n"}, 0, 1},
		"the other tile broken": {"xe", map[string]string{dri + address + "/vram0_mm": memory, dri + address + "/vram1_mm": "size: x"}, 0, 1},
	} {
		d := &inventory.Device{Address: address, PCI: inventory.PCI{VendorID: new("8086")}}
		if err := intel.Collector().Device(context.Background(), &collect.Env{FS: machine(tc.driver, tc.files)}, d); err != nil && err != collect.ErrSkipped {
			t.Errorf("%s: %v", name, err)
		}
		var got uint64
		for _, m := range d.Memory {
			got += m.Bytes
		}
		if got != tc.want || len(d.Gaps) != tc.gaps {
			t.Errorf("%s: %d bytes, gaps %+v", name, got, d.Gaps)
		}
	}
	// Graphics of a processor have no memory of their own: no gap.
	d := &inventory.Device{Address: "0000:00:02.0", PCI: inventory.PCI{VendorID: new("8086")}}
	m := fstest.MapFS{"sys/bus/pci/devices/0000:00:02.0/driver": {Data: []byte("../drivers/xe"), Mode: fs.ModeSymlink}}
	if err := intel.Collector().Device(context.Background(), &collect.Env{FS: m}, d); err != nil || len(d.Gaps)+len(d.Memory) != 0 {
		t.Errorf("%v, %+v", err, d)
	}
	m = fstest.MapFS{"sys/bus/pci/devices/0000:00:02.0/driver": {Data: []byte("../drivers/i915"), Mode: fs.ModeSymlink}}
	if err := intel.Collector().Device(context.Background(), &collect.Env{FS: m}, d); err != collect.ErrSkipped || len(d.Gaps)+len(d.Memory) != 0 {
		t.Errorf("%v, %+v", err, d)
	}
	other := &inventory.Device{Address: address, PCI: inventory.PCI{VendorID: new("10de")}}
	if err := intel.Collector().Device(context.Background(), &collect.Env{FS: machine("xe", nil)}, other); err != collect.ErrSkipped {
		t.Errorf("another maker's: %v", err)
	}
}
