package capture

import (
	"fmt"
	"io/fs"
	"path"
	"slices"
	"strings"

	"github.com/gpuaudit/gpuaudit/audit/collect"
	"github.com/gpuaudit/gpuaudit/audit/inventory"
	"github.com/gpuaudit/gpuaudit/audit/lazyregexp"
)

const pciDevices = "sys/bus/pci/devices"

// pciAttrs are the attributes of a function that ghw and our own enumeration read.
var pciAttrs = []string{
	"modalias", "vendor", "device", "subsystem_vendor", "subsystem_device", "class", "revision", "numa_node",
}

// pciLinks are the links of a function whose base name is a fact, and where
// links of that name lead.
var pciLinks = [...]struct{ name, home string }{
	{"driver", "sys/bus/pci/drivers"}, {"iommu_group", "sys/kernel/iommu_groups"},
}

var safeElement = lazyregexp.New(`^[0-9A-Za-z_][0-9A-Za-z:._+-]{0,63}$`)

// pciFunction is what ghw reads of one PCI function.
type pciFunction struct {
	address string
	// target is the link at sys/bus/pci/devices, "" where a directory is there.
	target string
	attrs  map[string][]byte
	links  map[string]string // base names of the targets
}

// readPCITree reads the given attributes of all PCI functions. What cannot be read of a function is
// left out; the error is that of the list itself.
func readPCITree(fsys fs.FS, attrs []string) ([]pciFunction, error) {
	list, err := fs.ReadDir(fsys, pciDevices)
	if err != nil {
		return nil, err
	}
	if len(list) > collect.MaxFunctions {
		return nil, fmt.Errorf("%s: %d functions: %w of %d", pciDevices, len(list), collect.ErrLimit, collect.MaxFunctions)
	}
	functions := make([]pciFunction, 0, len(list))
	for some := range slices.Chunk(list, functionsAhead) {
		near := functionAhead(fsys, some, attrs)
		for _, entry := range some {
			if inventory.ValidAddress(entry.Name()) {
				functions = append(functions, readFunction(near, entry.Name(), attrs))
			}
		}
	}
	return functions, nil
}

// functionsAhead is how many functions are read at once.
const functionsAhead = 32

// functionAhead reads what readFunction looks at.
func functionAhead(fsys fs.FS, list []fs.DirEntry, attrs []string) fs.FS {
	var files, links []string
	for _, entry := range list {
		dir := path.Join(pciDevices, entry.Name())
		links = append(links, dir)
		for _, name := range attrs {
			files = append(files, path.Join(dir, name))
		}
		for _, link := range pciLinks {
			links = append(links, path.Join(dir, link.name))
		}
	}
	return collect.Ahead(fsys, files, links, nil, nil)
}

func readFunction(fsys fs.FS, address string, attrs []string) pciFunction {
	dir := path.Join(pciDevices, address)
	f := pciFunction{address: address, attrs: map[string][]byte{}, links: map[string]string{}}
	if target, err := fs.ReadLink(fsys, dir); err == nil {
		f.target = target
	}
	for _, name := range attrs {
		if b, err := collect.Read(fsys, path.Join(dir, name), collect.AttrLimit); err == nil {
			f.attrs[name] = b
		}
	}
	for _, link := range pciLinks {
		if base, err := collect.LinkBase(fsys, path.Join(dir, link.name)); err == nil && safeElement.MatchString(base) {
			f.links[link.name] = base
		}
	}
	return f
}

// home is the directory to put a function's attributes in. ok is false for a
// link that does not lead below sys/devices through plain names: nothing is
// written for it.
func (f pciFunction) home() (dir string, ok bool) {
	if f.target == "" {
		return path.Join(pciDevices, f.address), true
	}
	if path.IsAbs(f.target) || len(f.target) > 1024 {
		return "", false
	}
	dir = path.Join(pciDevices, f.target)
	elements := strings.Split(dir, "/")
	if len(elements) < 3 || len(elements) > 32 || elements[0] != "sys" || elements[1] != "devices" {
		return "", false
	}
	for _, e := range elements {
		if !safeElement.MatchString(e) {
			return "", false
		}
	}
	return dir, true
}
