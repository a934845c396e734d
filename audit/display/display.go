// Package display tells adapters that only draw a console from cards: those of
// servers' management controllers and of virtual machines. They are listed and, unless
// somebody asks, not judged. An id is a claim, so each of them has to sit, be driven
// and be sized as such an adapter is; one that is not, or of which that could not be
// read, is judged as a card.
package display

import (
	"slices"
	"strings"

	"github.com/gpuaudit/gpuaudit/audit/inventory"
)

// Role is what an adapter is there for; "" is a card.
type Role string

// The roles of adapters that are listed.
const (
	Management Role = "management-display" // of a server's management controller
	Virtual    Role = "virtual-display"    // of a virtual machine
)

// adapter is what is known of a kind of adapter.
type adapter struct {
	role   Role
	ids    []string // vendor:device
	driver []string // besides none
	// bytes is the most that its windows have together.
	bytes uint64
	// behind is the device id of the bridge that such an adapter always has above
	// itself; "" where that differs. Board makers put their own vendor id there.
	behind string
}

const mib = 1 << 20

// adapters: ids from the PCI id list; drivers from Linux (drivers/gpu/drm/ast,
// mgag200, hisilicon/hibmc, virtio, qxl, tiny/bochs, tiny/cirrus, vmwgfx, vboxvideo,
// hyperv); the bridges and windows of ASPEED and Matrox from public listings of 18
// servers.
var adapters = []adapter{
	{Management, []string{"1a03:2000", "1a03:2010"}, []string{"ast"}, 128 * mib, "1150"},
	{Management, []string{"102b:0522", "102b:0524", "102b:0530", "102b:0532", "102b:0533", "102b:0534", "102b:0536", "102b:0538"}, []string{"mgag200"}, 64 * mib, ""},
	{Management, []string{"19e5:1711"}, []string{"hibmc-drm", "hibmc"}, 64 * mib, ""},
	{Management, []string{"18ca:0020", "18ca:0021"}, nil, 64 * mib, ""},
	{Virtual, []string{"1af4:1050"}, []string{"virtio-pci"}, 512 * mib, ""},
	{Virtual, []string{"1b36:0100"}, []string{"qxl"}, 512 * mib, ""},
	{Virtual, []string{"1234:1111"}, []string{"bochs-drm"}, 512 * mib, ""},
	{Virtual, []string{"1013:00b8"}, []string{"cirrus", "cirrus-qemu"}, 64 * mib, ""},
	{Virtual, []string{"15ad:0405", "15ad:0406"}, []string{"vmwgfx"}, 512 * mib, ""},
	{Virtual, []string{"80ee:beef"}, []string{"vboxvideo"}, 512 * mib, ""},
	{Virtual, []string{"1414:5353"}, []string{"hyperv_drm", "hyperv_fb"}, 512 * mib, ""},
	{Virtual, []string{"1ab8:4005"}, nil, 512 * mib, ""},
}

// Roles says of each device whether it is listed only; cards are not in the map.
// A machine has one management controller: where two adapters claim to be its
// display, both are judged.
func Roles(inv *inventory.Inventory) map[string]Role {
	roles := map[string]Role{}
	var management []string
	for i := range inv.Devices {
		d := &inv.Devices[i]
		role := roleOf(d, &inv.Host)
		if role == "" {
			continue
		}
		roles[d.Address] = role
		if role == Management {
			management = append(management, d.Address)
		}
	}
	if len(management) > 1 {
		for _, a := range management {
			delete(roles, a)
		}
	}
	return roles
}

func roleOf(d *inventory.Device, host *inventory.Host) Role {
	ids := d.PCI.IDs()
	id := ids.Vendor + ":" + ids.Device
	i := slices.IndexFunc(adapters, func(a adapter) bool { return slices.Contains(a.ids, id) })
	if i < 0 {
		return ""
	}
	a := adapters[i]
	atHome := !portable(&host.DMI)
	if a.role == Virtual {
		atHome = virtual(host)
	}
	if atHome && plain(d) && a.driven(d) && a.sized(d) && a.placed(d) {
		return a.role
	}
	return ""
}

// plain says that nothing makes a card of it: no use but drawing, no memory or ROM
// that somebody states, no virtual functions, no contradiction.
func plain(d *inventory.Device) bool {
	class := inventory.Text(d.PCI.ClassCode)
	if d.Kind != inventory.KindDisplay || class != "030000" && class != "038000" {
		return false
	}
	draws := func(u inventory.Use) bool { return u.Kind == inventory.UseDRM }
	given := func(r inventory.ROM) bool { return r.Source == "file" || r.Source == "flash" }
	contradicted := func(w inventory.Witness) bool { return len(w.Disagreements) > 0 }
	return !slices.ContainsFunc(d.Uses, func(u inventory.Use) bool { return !draws(u) }) &&
		!slices.ContainsFunc(d.Firmware.ROMs, given) && !slices.ContainsFunc(d.Witnesses, contradicted) &&
		len(d.Memory) == 0 && d.PCI.SRIOV == nil
}

// driven says that its own driver runs it, or none. Of management controllers' none
// renders.
func (a *adapter) driven(d *inventory.Device) bool {
	renders := func(name string) bool { return strings.HasPrefix(name, "renderD") }
	if a.role == Management && (slices.ContainsFunc(d.PCI.DRMNodes, renders) ||
		slices.ContainsFunc(d.Uses, func(u inventory.Use) bool { return renders(u.Name) })) {
		return false
	}
	if d.Driver == nil {
		return !unread(d, "/driver")
	}
	return slices.Contains(a.driver, d.Driver.Name)
}

// sized says that its windows were read and are no larger than such an adapter's.
func (a *adapter) sized(d *inventory.Device) bool {
	var sum uint64
	for _, b := range d.PCI.BARs {
		if b.Bytes > a.bytes {
			return false
		}
		sum += b.Bytes // at most 7 of them
	}
	return len(d.PCI.BARs) > 0 && sum <= a.bytes && !unread(d, "/pci/bars")
}

// beside are classes that a management controller has next to its display:
// bridges, system peripherals, serial ports, USB, and what IPMI uses.
var beside = []string{"06", "07", "08", "0c03", "0c05", "0c07"}

// placed says that it sits where such an adapter sits: on one lane, or on
// conventional PCI, alone or among a management controller's other functions.
func (a *adapter) placed(d *inventory.Device) bool {
	if unread(d, "/bridges") || unread(d, "/functions") {
		return false
	}
	if l := d.PCI.Link; l != nil && l.MaxWidth != nil && *l.MaxWidth > 1 {
		return false
	}
	if a.behind != "" && (len(d.Bridges) == 0 || inventory.Text(d.Bridges[len(d.Bridges)-1].DeviceID) != a.behind) {
		return false
	}
	ours := func(f inventory.Function) bool {
		return a.role == Management && f.ClassCode != nil &&
			slices.ContainsFunc(beside, func(class string) bool { return strings.HasPrefix(*f.ClassCode, class) })
	}
	foreign := func(f inventory.Function) bool { return !ours(f) }
	if slices.ContainsFunc(d.Functions, foreign) {
		return false
	}
	return a.role == Virtual || !slices.ContainsFunc(d.Siblings, foreign)
}

// machines are words by which hypervisors name the machine or its firmware in SMBIOS,
// for processors that do not tell. No card can write there.
var machines = []string{
	"qemu", "kvm", "vmware", "virtualbox", "innotek", "virtual machine", "xen", "parallels", "bhyve", "bochs", "seabios",
	"ovmf", "amazon ec2", "google compute engine", "alibaba cloud ecs", "droplet", "vultr", "openstack", "nutanix ahv", "vserver", "hvm domu",
}

func virtual(host *inventory.Host) bool {
	if host.Virtual != nil {
		return *host.Virtual
	}
	m := &host.DMI
	for _, s := range []*string{m.SystemVendor, m.ProductName, m.BIOSVendor, m.BoardName, m.BIOSVersion} {
		if slices.ContainsFunc(machines, func(word string) bool { return strings.Contains(strings.ToLower(inventory.Text(s)), word) }) {
			return true
		}
	}
	return false
}

// portable says that the chassis is one that is carried (DSP0134, 7.4.1): none of
// them has a management controller.
func portable(m *inventory.DMI) bool {
	return m.ChassisType != nil && slices.Contains([]int{8, 9, 10, 11, 14, 30, 31, 32}, *m.ChassisType)
}

// unread says that a fact, or what it is a part of, was not read.
func unread(d *inventory.Device, fact string) bool {
	return slices.ContainsFunc(d.Gaps, func(g inventory.Gap) bool {
		return g.Fact == fact || strings.HasPrefix(fact, g.Fact+"/")
	})
}
