// Package intel reads what the xe driver publishes of a card's memory. It is a statement
// of the driver, which has it from the card's own firmware: a claim, not evidence.
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

// Collector reads the devices that xe is bound to.
func Collector() collect.Collector {
	return collect.Collector{
		Name: "intel",
		Requires: []collect.Requirement{
			{Path: collect.DebugDRI + "/*/name", Decides: "which folder of debugfs is an Intel card's"},
			{Path: collect.DebugDRI + "/*/vram*_mm", Decides: "memory size of Intel's cards as the driver states it"},
		},
		Device: device,
	}
}

func device(_ context.Context, env *collect.Env, d *inventory.Device) error {
	if inventory.Text(d.PCI.VendorID) != "8086" {
		return collect.ErrSkipped
	}
	if name, err := collect.LinkBase(env.FS, path.Join("sys/bus/pci/devices", d.Address, "driver")); err != nil || name != "xe" {
		return collect.ErrSkipped // the driver collector says what it could not tell
	}
	var sum uint64
	dir := folder(env.FS, d.Address)
	for tile := range maxTiles {
		source := path.Join(dir, fmt.Sprintf("vram%d_mm", tile))
		text, err := collect.Attr(env.FS, source)
		if err != nil && tile > 0 && collect.Absent(err) {
			break
		}
		var bytes uint64
		if err == nil {
			bytes, err = size(text)
		}
		if err != nil {
			// Graphics of a processor have no memory of their own, and no such file.
			if !collect.Absent(err) || !strings.HasSuffix(d.Address, ":00:02.0") {
				d.Gaps = append(d.Gaps, collect.GapFor("/memory", source, err))
			}
			return nil
		}
		sum += bytes
	}
	d.Memory = append(d.Memory, inventory.MemoryClaim{Source: path.Join(dir, "vram0_mm"), Bytes: sum})
	return nil
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
