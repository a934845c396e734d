package pci

import (
	"io/fs"
	"slices"
	"strings"

	"github.com/gpuaudit/gpuaudit/audit/catalog/pciids"
	"github.com/gpuaudit/gpuaudit/audit/collect"
	"github.com/gpuaudit/gpuaudit/audit/inventory"
)

// topology reads what else belongs to the card or stands above it. sysfs links
// each function to a path that holds the bridges above it:
// ../../../devices/pci0000:00/0000:00:01.0/0000:01:00.0.
func (r *reader) topology() {
	all, err := functions(r.fsys)
	if err != nil {
		r.gap("/functions", "", err)
		return
	}
	chain, err := r.chain(r.d.Address)
	if err != nil {
		r.gap("/bridges", "", err)
	}
	for _, bridge := range chain {
		f := r.function(bridge)
		f.ACSEnabled = r.acs(bridge)
		f.Link = readLink(r.fsys, devicesDir+"/"+bridge+"/", func(string, string, error) {}) // a conventional bridge has none
		r.d.Bridges = append(r.d.Bridges, f)
	}
	slot, bus := slotOf(r.d.Address), busOf(r.d.Address)
	top := r.cardRoot()
	for _, a := range all {
		switch {
		case a == r.d.Address || slices.Contains(chain, a):
		case slotOf(a) == slot:
			r.d.Functions = append(r.d.Functions, r.function(a))
		case len(chain) > 0 && busOf(a) == bus, top != "" && r.below(a, top):
			r.d.Siblings = append(r.d.Siblings, r.function(a))
		}
	}
}

// cardRoot is the bridge at which the card begins, when the card has a switch
// of its own: the outermost bridge below the root port that is of the card's
// vendor (AMD's and Intel's larger cards have one). A switch of another vendor
// belongs to the machine.
func (r *reader) cardRoot() string {
	for i, b := range r.d.Bridges {
		if i > 0 && b.VendorID != nil && deref(b.VendorID) == deref(r.d.PCI.VendorID) {
			return b.Address
		}
	}
	return ""
}

// below says that a function sits under a bridge.
func (r *reader) below(address, bridge string) bool {
	chain, err := r.chain(address)
	return err == nil && slices.Contains(chain, bridge)
}

// chain is the bridges above a function, the outermost first.
func (r *reader) chain(address string) ([]string, error) {
	target, err := fs.ReadLink(r.fsys, devicesDir+"/"+address)
	if err != nil {
		return nil, err
	}
	var chain []string
	for part := range strings.SplitSeq(target, "/") {
		if ValidAddress(part) && part != address {
			chain = append(chain, part)
		}
	}
	return chain, nil
}

func (r *reader) function(address string) inventory.Function {
	found := readIDs(r.fsys, address)
	f := inventory.Function{
		Address: address, VendorID: found.vendor, DeviceID: found.device, ClassCode: found.class,
		SubsystemVendorID: found.subvendor, SubsystemDeviceID: found.subdevice,
		Name: known(pciids.Device(deref(found.vendor), deref(found.device))),
	}
	if driver, err := collect.LinkBase(r.fsys, devicesDir+"/"+address+"/driver"); err == nil {
		f.Driver = &driver
	}
	return f
}

func (r *reader) acs(bridge string) *bool {
	b, err := collect.Read(r.fsys, devicesDir+"/"+bridge+"/config", extendedBytes)
	if err != nil {
		return nil
	}
	return parseConfig(b).acs()
}

// slotOf is the address without its function, busOf without its device, too.
func slotOf(address string) string { return address[:strings.LastIndexByte(address, '.')] }
func busOf(address string) string  { return address[:strings.LastIndexByte(address, ':')] }
