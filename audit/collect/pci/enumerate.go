package pci

import (
	"context"
	"fmt"
	"io/fs"
	"slices"
	"strings"

	"github.com/gpuaudit/gpuaudit/audit/collect"
	"github.com/gpuaudit/gpuaudit/audit/inventory"
)

// Enumerator finds the functions to audit, by what they say and by what they are
// used as:
//
//   - display controllers (base class 03, and the VGA class of old, 0001) and
//     processing accelerators (12), by the class or by the module alias: a card does
//     not escape by a harmless class in one place;
//   - functions of other classes in which accelerators of their maker are known to
//     be (unusual), and ids that known says are accelerators;
//   - functions that a driver of GPUs or accelerators runs, that have a graphics or
//     accelerator node, or that such a driver lists;
//   - virtual functions of all these, and functions whose class cannot be read.
//
// It also names what looks like a GPU or accelerator and is no PCI function, and
// whatever casts doubt on the list of PCI functions. A machine without a PCI device
// directory is an error, an empty directory is a machine without devices.
func Enumerator(known func(vendor, device string) bool) collect.Enumerator {
	return func(ctx context.Context, env *collect.Env) (collect.Seen, error) {
		s := &survey{fsys: env.FS, uses: map[string][]inventory.Use{}}
		s.fsys = listsAhead(env.FS)
		s.sources()
		s.elsewhere()
		s.fsys = env.FS
		devices, err := s.devices(ctx, known)
		s.sort()
		return collect.Seen{Devices: devices, Unaudited: s.unaudited, Gaps: s.gaps}, err
	}
}

// listsAhead reads the lists that sources and elsewhere begin with.
func listsAhead(fsys fs.FS) fs.FS {
	folders := []string{nvidiaGPUs, driversDir, kfdNodes, platformDriversDir, usbDevicesDir, vmbusDevicesDir}
	for _, c := range nodeClasses {
		folders = append(folders, "sys/class/"+c.name)
	}
	return collect.Ahead(fsys, nil, nil, append(folders, platformDevices[:]...), nil)
}

// devices selects among all functions. What the sources list and the bus does not
// is a doubt.
func (s *survey) devices(ctx context.Context, known func(vendor, device string) bool) ([]inventory.Device, error) {
	addresses, others, err := busEntries(s.fsys)
	if err != nil {
		return nil, err
	}
	for _, name := range others {
		s.malformed(name, devicesDir+"/"+name)
	}
	var chosen []inventory.Device
	rest := map[string]string{} // virtual functions by address, with what they belong to
	far := s.fsys
	defer func() { s.fsys = far }()
	for i, a := range addresses {
		if ctx.Err() != nil {
			return chosen, ctx.Err()
		}
		if i%functionsAhead == 0 {
			s.fsys = ahead(far, addresses[i:min(i+functionsAhead, len(addresses))])
		}
		s.function(a)
		if kind, ok := kindOf(readIDs(s.fsys, a), s.uses[a], known); ok {
			chosen = append(chosen, inventory.Device{Address: a, Kind: kind})
		} else if parent, err := collect.LinkBase(s.fsys, devicesDir+"/"+a+"/physfn"); err == nil {
			rest[a] = parent
		}
	}
	selected := map[string]bool{}
	for _, d := range chosen {
		selected[d.Address] = true
	}
	for a, parent := range rest {
		if selected[parent] {
			chosen = append(chosen, inventory.Device{Address: a, Kind: inventory.KindVirtualFunction})
		}
	}
	slices.SortFunc(chosen, func(a, b inventory.Device) int { return strings.Compare(a.Address, b.Address) })
	for i := range chosen {
		chosen[i].Uses = s.uses[chosen[i].Address]
	}
	s.unlisted(addresses)
	return chosen, nil
}

// functionsAhead is of how many functions is read at once what tells what they are.
const functionsAhead = 32

// ahead reads what function and readIDs look at.
func ahead(fsys fs.FS, addresses []string) fs.FS {
	var files, links, folders []string
	for _, a := range addresses {
		dir := devicesDir + "/" + a + "/"
		for _, name := range idFiles {
			files = append(files, dir+name)
		}
		for _, kind := range nodeFolders {
			folders = append(folders, dir+string(kind))
		}
		links = append(links, dir+"driver", dir+"physfn")
	}
	return collect.Ahead(fsys, files, links, folders, nil)
}

// idFiles are the files that readIDs reads, linkFiles those that readLink does.
var (
	idFiles   = [...]string{"modalias", "vendor", "device", "subsystem_vendor", "subsystem_device", "class", "revision"}
	linkFiles = [...]string{"current_link_speed", "max_link_speed", "current_link_width", "max_link_width"}
)

// nodeFolders are the folders of a function that hold its nodes.
var nodeFolders = [...]inventory.UseKind{inventory.UseDRM, inventory.UseAccel, inventory.UseKFD}

// unlisted names the functions that are in use and that the bus does not list.
func (s *survey) unlisted(addresses []string) {
	for a, uses := range s.uses {
		if _, there := slices.BinarySearch(addresses, a); !there && len(uses) > 0 {
			s.see(inventory.Unaudited{Kind: inventory.UnauditedUnlisted, Name: a, Source: uses[0].Source,
				Detail: fmt.Sprintf("%s is named there, and %s does not list it: it was not looked at", a, devicesDir)})
		}
	}
}

func kindOf(ids ids, uses []inventory.Use, known func(vendor, device string) bool) (inventory.DeviceKind, bool) {
	class, vendor, device := inventory.Text(ids.class), inventory.Text(ids.vendor), inventory.Text(ids.device)
	switch {
	case ids.class == nil:
		return inventory.KindUnclassified, true
	case isDisplay(class):
		return inventory.KindDisplay, true
	case strings.HasPrefix(class, "12"):
		return inventory.KindAccelerator, true
	case isDisplay(ids.aliasClass):
		return inventory.KindDisplay, true
	case strings.HasPrefix(ids.aliasClass, "12"):
		return inventory.KindAccelerator, true
	case unusual(vendor, device, class):
		return inventory.KindKnownVendor, true
	case known(vendor, device) && !alwaysDisplay[vendor] && hasPrefix(class, elsewhereClasses):
		return inventory.KindKnownVendor, true
	case known(vendor, device):
		return inventory.KindKnownID, true
	case len(uses) > 0 && !beside(vendor, device, class, uses):
		return inventory.KindInUse, true
	case oddClass(vendor, class):
		return inventory.KindOddClass, true
	default:
		return "", false
	}
}

// isDisplay is base class 03, and "VGA-compatible unclassified device", which the
// kernel's pci_is_vga takes for a VGA, too (Linux include/linux/pci.h).
func isDisplay(class string) bool {
	return strings.HasPrefix(class, "03") || strings.HasPrefix(class, "0001")
}

// function reads the signs of use that a function's own directory has.
func (s *survey) function(address string) {
	dir := devicesDir + "/" + address + "/"
	switch driver, err := collect.LinkBase(s.fsys, dir+"driver"); {
	case err == nil && pciDrivers[driver]:
		s.use(address, inventory.UseDriver, dir+"driver", driver)
	case err != nil:
		s.unread(devicesDir+"/*/driver", err)
	}
	for _, kind := range nodeFolders {
		entries, err := fs.ReadDir(s.fsys, dir+string(kind))
		if err != nil {
			s.unread(devicesDir+"/*/"+string(kind), err)
			continue
		}
		if len(entries) == 0 || len(entries) > maxNodes {
			s.use(address, kind, dir+string(kind), string(kind)) // the directory itself says it
			continue
		}
		for _, e := range entries {
			s.use(address, kind, dir+string(kind)+"/"+e.Name(), e.Name())
		}
	}
}
