// Package nvidia reads what NVIDIA's kernel driver publishes in procfs of the
// GPUs that it runs. These are statements of the driver, and the driver asks
// the card: they are claims, not evidence.
package nvidia

import (
	"context"
	"fmt"
	"path"
	"strings"

	"github.com/gpuaudit/gpuaudit/audit/collect"
	"github.com/gpuaudit/gpuaudit/audit/inventory"
)

const (
	versionFile = "proc/driver/nvidia/version"
	gpusDir     = "proc/driver/nvidia/gpus"
)

// Collector reads the devices that NVIDIA's driver is bound to.
func Collector() collect.Collector {
	return collect.Collector{
		Name: "nvidia",
		Requires: []collect.Requirement{
			{Path: versionFile, Decides: "version of NVIDIA's driver, and whether it is the open one"},
			{Path: gpusDir + "/*/information", Decides: "VBIOS version, GPU UUID and GSP firmware version as the driver states them"},
		},
		Device: device,
	}
}

func device(_ context.Context, env *collect.Env, d *inventory.Device) error {
	if d.PCI.VendorID == nil || *d.PCI.VendorID != "10de" {
		return collect.ErrSkipped
	}
	link := path.Join("sys/bus/pci/devices", d.Address, "driver")
	if name, err := collect.LinkBase(env.FS, link); err != nil || name != "nvidia" {
		return collect.ErrSkipped // the driver collector says what it could not tell
	}
	version(env, d)
	source := path.Join(gpusDir, d.Address, "information")
	text, err := collect.Attr(env.FS, source)
	var info information
	if err == nil {
		info, err = parse(text, d.Address)
	}
	if err != nil {
		for _, fact := range [...]string{"/firmware/versions", "/firmware/components", "/identity"} {
			d.Gaps = append(d.Gaps, collect.GapFor(fact, source, err))
		}
		return nil
	}
	info.add(d, source)
	return nil
}

// version adds the driver's statement of its own version.
func version(env *collect.Env, d *inventory.Device) {
	text, err := collect.Attr(env.FS, versionFile)
	var claim inventory.DriverClaim
	if err == nil {
		claim, err = parseVersion(text)
	}
	if err != nil {
		d.Gaps = append(d.Gaps, collect.GapFor("/driver/claims", versionFile, err))
		return
	}
	drv := inventory.Driver{Name: "nvidia"}
	if d.Driver != nil {
		drv = *d.Driver // a copy: another collector's facts are not ours to write
	}
	drv.Claims = append(drv.Claims[:len(drv.Claims):len(drv.Claims)], claim)
	d.Driver = &drv
}

// parseVersion reads the first line, for which there are two forms:
//
//	NVRM version: NVIDIA UNIX x86_64 Kernel Module  535.129.03  Thu Oct 19 …
//	NVRM version: NVIDIA UNIX Open Kernel Module for x86_64  580.95.05  Release Build  …
func parseVersion(text string) (inventory.DriverClaim, error) {
	line, _, _ := strings.Cut(text, "\n")
	product, found := strings.CutPrefix(line, "NVRM version:")
	_, rest, module := strings.Cut(product, " Kernel Module")
	if !found || !module {
		return inventory.DriverClaim{}, fmt.Errorf("%w: first line is %.80q", collect.ErrMalformed, line)
	}
	words := strings.Fields(rest)
	if len(words) >= 2 && words[0] == "for" {
		words = words[2:]
	}
	if len(words) == 0 || !isVersion(words[0]) {
		return inventory.DriverClaim{}, fmt.Errorf("%w: no version in %.80q", collect.ErrMalformed, line)
	}
	flavor := "proprietary"
	if strings.Contains(product, " Open Kernel Module") {
		flavor = "open"
	}
	return inventory.DriverClaim{Source: versionFile, Version: words[0], Flavor: &flavor}, nil
}

// isVersion accepts numbers joined by points.
func isVersion(s string) bool {
	for part := range strings.SplitSeq(s, ".") {
		if part == "" || strings.Trim(part, "0123456789") != "" {
			return false
		}
	}
	return strings.Contains(s, ".")
}
