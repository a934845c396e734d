// Package amd reads what the amdgpu driver publishes of a device in sysfs and
// in the KFD topology. These are statements of the driver, which has them from
// the card's own firmware: claims, not evidence.
package amd

import (
	"context"
	"fmt"
	"io/fs"
	"path"
	"slices"
	"strconv"
	"strings"

	"github.com/gpuaudit/gpuaudit/audit/collect"
	"github.com/gpuaudit/gpuaudit/audit/inventory"
)

const devices = "sys/bus/pci/devices"

// Collector reads the devices that amdgpu is bound to.
func Collector() collect.Collector {
	return collect.Collector{
		Name: "amd",
		Requires: []collect.Requirement{
			{Path: devices + "/*/vbios_version", Decides: "VBIOS version as the driver states it"},
			{Path: devices + "/*/fw_version", Decides: "versions of the firmware components that run"},
			{Path: devices + "/*/mem_info_vram_total", Decides: "memory size as the driver states it"},
			{Path: devices + "/*/unique_id", Decides: "which card this is"},
			{Path: devices + "/*/ras", Decides: "errors of memory and caches, pages taken out of use"},
			{Path: nodesDir, Decides: "memory size as the compute driver states it"},
		},
		Device: device,
	}
}

func device(_ context.Context, env *collect.Env, d *inventory.Device) error {
	if d.PCI.VendorID == nil || *d.PCI.VendorID != vendor {
		return collect.ErrSkipped
	}
	r := reader{fsys: env.FS, dir: path.Join(devices, d.Address), device: d}
	if name, err := collect.LinkBase(env.FS, r.path("driver")); err != nil || name != "amdgpu" {
		return collect.ErrSkipped // the driver collector says what it could not tell
	}
	r.vbios()
	r.memory()
	r.identity("unique-id", "unique_id")
	r.identity("serial", "serial_number")
	r.components()
	r.health()
	r.topology()
	return nil
}

// vendor is AMD's PCI vendor id, also in the topology.
const vendor = "1002"

// reader reads one device.
type reader struct {
	fsys   fs.FS
	dir    string
	device *inventory.Device
}

func (r *reader) path(name string) string { return path.Join(r.dir, name) }

func (r *reader) gap(fact, source string, err error) {
	r.device.Gaps = append(r.device.Gaps, collect.GapFor(fact, source, err))
}

func (r *reader) vbios() {
	source := r.path("vbios_version")
	version, err := collect.Attr(r.fsys, source)
	if err == nil && version == "" {
		err = fmt.Errorf("%w: empty", collect.ErrMalformed)
	}
	if err != nil {
		r.gap("/firmware/versions", source, err)
		return
	}
	fw := &r.device.Firmware
	fw.Versions = append(fw.Versions, inventory.VersionClaim{Source: source, Version: version})
}

func (r *reader) memory() {
	source := r.path("mem_info_vram_total")
	text, err := collect.Attr(r.fsys, source)
	if err != nil {
		r.gap("/memory", source, err)
		return
	}
	bytes, err := strconv.ParseUint(text, 10, 64)
	if err != nil || bytes == 0 {
		r.gap("/memory", source, fmt.Errorf("%w: %.40q is no number of bytes", collect.ErrMalformed, text))
		return
	}
	r.claim(source, bytes)
}

func (r *reader) claim(source string, bytes uint64) {
	r.device.Memory = append(r.device.Memory, inventory.MemoryClaim{Source: source, Bytes: bytes})
}

// identity reads a serial number, which only some cards have: chips since Vega
// have a unique id, server cards a serial number.
func (r *reader) identity(kind, name string) {
	source := r.path(name)
	value, err := collect.Attr(r.fsys, source)
	switch {
	case err != nil && !collect.Absent(err):
		r.gap("/identity", source, err)
	case err == nil && strings.Trim(value, "0") != "":
		r.device.Identity = append(r.device.Identity, inventory.IdentityClaim{Kind: kind, Source: source, Value: value})
	}
}

// components reads the folder fw_version: a file asd_fw_version, smc_fw_version
// and so on for each component. Zero stands for one that the card does not run.
func (r *reader) components() {
	folder := r.path("fw_version")
	entries, err := fs.ReadDir(r.fsys, folder)
	if err != nil {
		r.gap("/firmware/components", folder, err)
		return
	}
	if len(entries) > componentsLimit {
		r.gap("/firmware/components", folder, fmt.Errorf("%w of %d files", collect.ErrLimit, componentsLimit))
		return
	}
	var found []inventory.ComponentVersion
	for _, e := range entries {
		name, ok := strings.CutSuffix(e.Name(), "_fw_version")
		if !ok {
			continue
		}
		source := path.Join(folder, e.Name())
		version, err := collect.Hex(r.fsys, source, 8)
		switch {
		case err != nil:
			r.gap("/firmware/components", source, err)
		case version != "00000000":
			found = append(found, inventory.ComponentVersion{Component: name, Version: "0x" + version, Source: source})
		}
	}
	slices.SortFunc(found, func(a, b inventory.ComponentVersion) int { return strings.Compare(a.Component, b.Component) })
	fw := &r.device.Firmware
	fw.Components = append(fw.Components, found...)
}

// componentsLimit caps the files of fw_version; there are about 25.
const componentsLimit = 256
