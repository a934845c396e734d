package nvidia

import (
	"fmt"
	"strings"

	"github.com/gpuaudit/gpuaudit/audit/collect"
	"github.com/gpuaudit/gpuaudit/audit/inventory"
)

// information is a GPU's file of that name: a line "key: value" per fact, with
// tabs and spaces between (open-gpu-kernel-modules, nv-procfs.c). A key that
// the driver left out is "".
type information struct {
	vbios, uuid, gsp, model string
	excluded                bool
}

// parse reads the file of the GPU at an address. A file that speaks of another
// address, or that says a thing twice, is not believed.
func parse(text, address string) (information, error) {
	fields := map[string]string{}
	for line := range strings.Lines(text) {
		key, value, found := strings.Cut(line, ":")
		if !found {
			continue
		}
		key = strings.TrimSpace(key)
		if _, twice := fields[key]; twice {
			return information{}, fmt.Errorf("%w: %.40q is there twice", collect.ErrMalformed, key)
		}
		fields[key] = strings.TrimSpace(value)
	}
	if at, found := fields["Bus Location"]; !found || !strings.EqualFold(at, address) {
		return information{}, fmt.Errorf("%w: bus location is %.40q", collect.ErrMalformed, at)
	}
	info := information{vbios: fields["Video BIOS"], uuid: fields["GPU UUID"], gsp: fields["GPU Firmware"], model: fields["Model"]}
	// Drivers before 450 say Blacklisted.
	info.excluded = fields["GPU Excluded"] == "Yes" || fields["Blacklisted"] == "Yes"
	return info, nil
}

// add puts the facts, or why they are missing, with the device.
func (i information) add(d *inventory.Device, source string) {
	if i.model == inventory.Redacted {
		d.Gaps = append(d.Gaps, collect.GapFor("/product_names", source, collect.ErrRedacted))
	} else if isName(i.model) {
		d.ProductNames = append(d.ProductNames, inventory.NameClaim{Source: source, Value: i.model})
	}
	if isVBIOS(i.vbios) {
		d.Firmware.Versions = append(d.Firmware.Versions, inventory.VersionClaim{Source: source, Version: i.vbios})
	} else {
		i.missing(d, "/firmware/versions", source, "VBIOS version", i.vbios)
	}
	if isUUID(i.uuid) {
		d.Identity = append(d.Identity, inventory.IdentityClaim{Kind: "gpu-uuid", Source: source, Value: i.uuid})
	} else {
		i.missing(d, "/identity", source, "GPU UUID", i.uuid)
	}
	// N/A stands for a GPU without GSP firmware and for one that did not
	// answer alike; drivers before 495 say nothing of it.
	if isVersion(i.gsp) {
		d.Firmware.Components = append(d.Firmware.Components, inventory.ComponentVersion{Component: "gsp", Version: i.gsp, Source: source})
	} else {
		i.missing(d, "/firmware/components", source, "GSP firmware version", i.gsp)
	}
}

func (i information) missing(d *inventory.Device, fact, source, name, value string) {
	detail := fmt.Sprintf("the driver states no %s", name)
	if value != "" {
		detail = fmt.Sprintf("the driver gives %.40q for the %s", value, name)
	}
	if i.excluded {
		detail += "; it is told to leave this GPU alone"
	}
	d.Gaps = append(d.Gaps, inventory.Gap{Fact: fact, Source: source, Reason: inventory.ReasonNotSupported, Detail: detail})
}

// isVBIOS accepts five bytes in hexadecimal, joined by points. The driver
// prints question marks for a version that it could not read.
func isVBIOS(s string) bool { return isHex(s, ".", 2, 2, 2, 2, 2) }

// isName accepts a text of printable characters. The driver has Unknown for a
// product whose name it does not know.
func isName(s string) bool {
	for _, r := range s {
		if r < ' ' || r > '~' {
			return false
		}
	}
	return s != "" && len(s) <= 80 && s != "Unknown"
}

// isUUID accepts "GPU-" and a UUID, or the word that redaction puts there.
func isUUID(s string) bool {
	uuid, found := strings.CutPrefix(s, "GPU-")
	return found && isHex(uuid, "-", 8, 4, 4, 4, 12) || s == inventory.Redacted
}

// isHex says that s is groups of hexadecimal digits of these lengths.
func isHex(s, separator string, lengths ...int) bool {
	groups := strings.Split(s, separator)
	if len(groups) != len(lengths) {
		return false
	}
	for i, g := range groups {
		if len(g) != lengths[i] || strings.Trim(g, "0123456789abcdefABCDEF") != "" {
			return false
		}
	}
	return true
}
