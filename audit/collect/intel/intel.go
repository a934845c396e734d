// Package intel reads what the drivers xe and i915 publish of a card's memory. It is a
// statement of the driver, which has it from the card's own firmware: a claim, not evidence.
package intel

import (
	"context"
	"fmt"
	"io/fs"
	"path"
	"strconv"
	"strings"

	"github.com/gpuaudit/gpuaudit/audit/collect"
	"github.com/gpuaudit/gpuaudit/audit/inventory"
)

// maxTiles is how many tiles a card of Intel's may have, each with its memory: Ponte
// Vecchio has two.
const maxTiles = 4

// maxObjects caps what i915 prints of its memory: some 40 lines for each of two regions.
const maxObjects = 64 << 10

// Collector reads the devices that xe or i915 is bound to.
func Collector() collect.Collector {
	return collect.Collector{
		Name: "intel",
		Requires: []collect.Requirement{
			{Path: collect.DebugDRI + "/*/name", Decides: "which folder of debugfs is an Intel card's"},
			{Path: collect.DebugDRI + "/*/vram*_mm", Decides: "memory size of Intel's cards as the driver states it"},
			{Path: collect.DebugDRI + "/*/i915_gem_objects", Decides: "memory size of Intel's cards that i915 runs"},
		},
		Device: device,
	}
}

func device(_ context.Context, env *collect.Env, d *inventory.Device) error {
	if inventory.Text(d.PCI.VendorID) != "8086" {
		return collect.ErrSkipped
	}
	name, err := collect.LinkBase(env.FS, path.Join("sys/bus/pci/devices", d.Address, "driver"))
	switch {
	case err == nil && name == "xe":
		ofXe(env.FS, d)
	case err == nil && name == "i915" && !inProcessor(d):
		ofI915(env.FS, d)
	default:
		return collect.ErrSkipped // the driver collector says what it could not tell
	}
	return nil
}

// inProcessor says that the device is at the place of the graphics of Intel's processors,
// which have no memory of their own.
func inProcessor(d *inventory.Device) bool { return strings.HasSuffix(d.Address, ":00:02.0") }

// ofI915 reads the memory of a card that i915 runs.
func ofI915(fsys fs.FS, d *inventory.Device) {
	source := path.Join(folder(fsys, d.Address), "i915_gem_objects")
	text, err := collect.Read(fsys, source, maxObjects)
	var bytes uint64
	if err == nil {
		bytes, err = local(string(text))
	}
	if err != nil {
		d.Gaps = append(d.Gaps, collect.GapFor("/memory", source, err))
		return
	}
	d.Memory = append(d.Memory, inventory.MemoryClaim{Source: source, Bytes: bytes})
}

// local finds the bytes of a card's own memory in what i915 prints of its regions (Linux,
// intel_memory_region_debug and drm_buddy_print): below the line that begins with
// "local0:", the first "chunk_size: 4KiB, total: 16288MiB".
func local(text string) (uint64, error) {
	_, of, found := strings.Cut(text, "local0:")
	if !found {
		return 0, fmt.Errorf("%w: no region local0", collect.ErrMalformed)
	}
	for line := range strings.Lines(of) {
		if rest, found := strings.CutPrefix(strings.TrimSpace(line), "chunk_size:"); found {
			_, total, _ := strings.Cut(rest, "total:")
			digits, _, found := strings.Cut(strings.TrimSpace(total), "MiB")
			n, err := strconv.ParseUint(digits, 10, 30)
			if !found || err != nil || n == 0 {
				return 0, fmt.Errorf("%w: %.60q states no size", collect.ErrMalformed, line)
			}
			return n << 20, nil
		}
	}
	return 0, fmt.Errorf("%w: it states no size", collect.ErrMalformed)
}

// ofXe reads the memory of a card that xe runs.
func ofXe(fsys fs.FS, d *inventory.Device) {
	var sum uint64
	dir := folder(fsys, d.Address)
	for tile := range maxTiles {
		source := path.Join(dir, fmt.Sprintf("vram%d_mm", tile))
		text, err := collect.Attr(fsys, source)
		if err != nil && tile > 0 && collect.Absent(err) {
			break
		}
		var bytes uint64
		if err == nil {
			bytes, err = size(text)
		}
		if err != nil {
			// Graphics of a processor have no memory of their own, and no such file.
			if !collect.Absent(err) || !inProcessor(d) {
				d.Gaps = append(d.Gaps, collect.GapFor("/memory", source, err))
			}
			return
		}
		sum += bytes
	}
	d.Memory = append(d.Memory, inventory.MemoryClaim{Source: path.Join(dir, "vram0_mm"), Bytes: sum})
}

// folder is a card's in debugfs: by its address on the bus, or by a number, where the file
// name says whose it is.
func folder(fsys fs.FS, address string) string {
	direct := path.Join(collect.DebugDRI, address)
	if _, err := fs.Stat(fsys, direct); err == nil {
		return direct
	}
	if dir, err := collect.DRIFolder(fsys, address); err == nil && dir != "" {
		return dir
	}
	return direct // where nothing could be read, the file's own error says so
}

// size finds the bytes of a memory in what TTM prints of it (Linux,
// drivers/gpu/drm/ttm/ttm_resource.c, ttm_resource_manager_debug): "size: 12702449664".
func size(text string) (uint64, error) {
	for line := range strings.Lines(text) {
		if digits, found := strings.CutPrefix(strings.TrimSpace(line), "size:"); found {
			n, err := strconv.ParseUint(strings.TrimSpace(digits), 10, 63)
			if err != nil || n == 0 || n > 1<<50 {
				return 0, fmt.Errorf("%w: size %.40q is no number of bytes", collect.ErrMalformed, digits)
			}
			return n, nil
		}
	}
	return 0, fmt.Errorf("%w: it states no size", collect.ErrMalformed)
}
