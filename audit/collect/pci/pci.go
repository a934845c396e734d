// Package pci finds the GPUs and accelerators of a machine and reads what the
// PCI bus says of them, from sysfs (Documentation/ABI/testing/sysfs-bus-pci of
// the Linux kernel). The ids of a function are claims of the card: the strap or
// the firmware chooses them.
package pci

import (
	"context"
	"fmt"
	"io/fs"
	"regexp"
	"slices"
	"strings"

	"github.com/gpuaudit/gpuaudit/audit/collect"
	"github.com/gpuaudit/gpuaudit/audit/inventory"
)

const devicesDir = "sys/bus/pci/devices"

// maxFunctions caps the bus: 256 buses of 256 functions in one domain would be
// more, but no machine has them, and a directory that pretends to is hostile.
const maxFunctions = 8192

var address = regexp.MustCompile(`^[0-9a-f]{4,8}:[0-9a-f]{2}:[0-1][0-9a-f]\.[0-7]$`)

// ValidAddress says whether s is a PCI address as sysfs writes it,
// domain:bus:device.function in lower-case hexadecimal.
func ValidAddress(s string) bool { return address.MatchString(s) }

// Enumerator finds every display controller (base class 03) and processing
// accelerator (12), and functions of other classes that known says are
// accelerators: some present themselves as communication controllers. A
// function whose class cannot be read is audited, too: it could be anything.
// Where the class and the module alias contradict each other, either of them is
// enough: a card does not escape by stating a harmless class in one place.
//
// A machine without a PCI device directory is an error, an empty directory is
// a machine without devices.
func Enumerator(known func(vendor, device string) bool) collect.Enumerator {
	return func(ctx context.Context, env *collect.Env) ([]inventory.Device, error) {
		addresses, err := functions(env.FS)
		if err != nil {
			return nil, err
		}
		var devices []inventory.Device
		for _, a := range addresses {
			if ctx.Err() != nil {
				return devices, ctx.Err()
			}
			if kind, ok := kindOf(readIDs(env.FS, a), known); ok {
				devices = append(devices, inventory.Device{Address: a, Kind: kind})
			}
		}
		return devices, nil
	}
}

func kindOf(ids ids, known func(vendor, device string) bool) (inventory.DeviceKind, bool) {
	class := deref(ids.class)
	switch {
	case ids.class == nil:
		return inventory.KindUnclassified, true
	case strings.HasPrefix(class, "03"):
		return inventory.KindDisplay, true
	case strings.HasPrefix(class, "12"):
		return inventory.KindAccelerator, true
	case strings.HasPrefix(ids.aliasClass, "03"):
		return inventory.KindDisplay, true
	case strings.HasPrefix(ids.aliasClass, "12"):
		return inventory.KindAccelerator, true
	case known(deref(ids.vendor), deref(ids.device)):
		return inventory.KindKnownVendor, true
	default:
		return "", false
	}
}

// functions lists the addresses of all PCI functions, sorted.
func functions(fsys fs.FS) ([]string, error) {
	entries, err := fs.ReadDir(fsys, devicesDir)
	if err != nil {
		return nil, fmt.Errorf("list PCI devices: %w", err)
	}
	if len(entries) > maxFunctions {
		return nil, fmt.Errorf("list PCI devices: %d entries: %w of %d", len(entries), collect.ErrLimit, maxFunctions)
	}
	var list []string
	for _, e := range entries {
		if ValidAddress(e.Name()) {
			list = append(list, e.Name())
		}
	}
	slices.Sort(list)
	return list, nil
}

// ids are the identifying attributes of a function; nil where not readable.
type ids struct {
	vendor, device, subvendor, subdevice, class, revision *string
	// aliasClass is the class that the module alias states, "" if it states none.
	aliasClass string
}

// modaliasForm is the kernel's module alias of a PCI device (file2alias.c).
var modaliasForm = regexp.MustCompile(`^pci:v0000([0-9A-F]{4})d0000([0-9A-F]{4})sv0000([0-9A-F]{4})sd0000([0-9A-F]{4})bc([0-9A-F]{2})sc([0-9A-F]{2})i([0-9A-F]{2})$`)

// readIDs reads the ids from their own attributes, and from the module alias
// those whose attribute does not exist (ghw snapshots leave the subsystem out).
// An attribute that exists and is malformed, or may not be read, stays missing:
// another source's answer would hide that.
func readIDs(fsys fs.FS, address string) ids {
	var out ids
	dir := devicesDir + "/" + address + "/"
	alias := readAlias(fsys, dir+"modalias")
	read := func(to **string, name string, digits int, fallback string) {
		switch v, err := collect.Hex(fsys, dir+name, digits); {
		case err == nil:
			*to = &v
		case collect.Absent(err) && fallback != "":
			*to = &fallback
		}
	}
	read(&out.vendor, "vendor", 4, alias[0])
	read(&out.device, "device", 4, alias[1])
	read(&out.subvendor, "subsystem_vendor", 4, alias[2])
	read(&out.subdevice, "subsystem_device", 4, alias[3])
	read(&out.class, "class", 6, alias[4])
	read(&out.revision, "revision", 2, "") // the alias has none
	out.aliasClass = alias[4]
	return out
}

// readAlias returns vendor, device, subsystem vendor, subsystem device and class
// of a module alias, or empty texts if there is none of the kernel's form.
func readAlias(fsys fs.FS, name string) (fields [5]string) {
	text, err := collect.Attr(fsys, name)
	m := modaliasForm.FindStringSubmatch(text)
	if err != nil || m == nil {
		return fields
	}
	for i, value := range []string{m[1], m[2], m[3], m[4], m[5] + m[6] + m[7]} {
		fields[i] = strings.ToLower(value)
	}
	return fields
}

func deref(s *string) string {
	if s == nil {
		return ""
	}
	return *s
}
