// Package pci finds the GPUs and accelerators of a machine and reads what the
// PCI bus says of them, from sysfs (Documentation/ABI/testing/sysfs-bus-pci of
// the Linux kernel). The ids of a function are claims of the card: the strap or
// the firmware chooses them.
package pci

import (
	"fmt"
	"io/fs"
	"slices"
	"strings"

	"github.com/gpuaudit/gpuaudit/audit/collect"
	"github.com/gpuaudit/gpuaudit/audit/inventory"
	"github.com/gpuaudit/gpuaudit/audit/lazyregexp"
)

const devicesDir = "sys/bus/pci/devices"

// functions lists the addresses of all PCI functions, sorted.
func functions(fsys fs.FS) ([]string, error) {
	list, _, err := busEntries(fsys)
	return list, err
}

// busEntries is the list of PCI functions: addresses, and entries that are none. The
// kernel makes no such entries.
func busEntries(fsys fs.FS) (addresses, others []string, err error) {
	entries, err := fs.ReadDir(fsys, devicesDir)
	if err != nil {
		return nil, nil, fmt.Errorf("list PCI devices: %w", err)
	}
	if len(entries) > collect.MaxFunctions {
		return nil, nil, fmt.Errorf("list PCI devices: %d entries: %w of %d", len(entries), collect.ErrLimit, collect.MaxFunctions)
	}
	for _, e := range entries {
		if inventory.ValidAddress(e.Name()) {
			addresses = append(addresses, e.Name())
		} else {
			others = append(others, e.Name())
		}
	}
	slices.Sort(addresses)
	slices.Sort(others)
	return addresses, others, nil
}

// ids are the identifying attributes of a function; nil where not readable.
type ids struct {
	vendor, device, subvendor, subdevice, class, revision *string
	// aliasClass is the class that the module alias states, "" if it states none.
	aliasClass string
}

// modaliasForm is the kernel's module alias of a PCI device (file2alias.c).
var modaliasForm = lazyregexp.New(`^pci:v0000([0-9A-F]{4})d0000([0-9A-F]{4})sv0000([0-9A-F]{4})sd0000([0-9A-F]{4})bc([0-9A-F]{2})sc([0-9A-F]{2})i([0-9A-F]{2})$`)

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
