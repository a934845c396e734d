package pci

import (
	"context"
	"io/fs"
	"slices"
	"strings"
	"sync"

	"github.com/gpuaudit/gpuaudit/audit/catalogue/pciids"
	"github.com/gpuaudit/gpuaudit/audit/collect"
	"github.com/gpuaudit/gpuaudit/audit/inventory"
)

// Collector reads the PCI facts of a device.
func Collector() collect.Collector {
	var b bus
	return collect.Collector{
		Name: "pci",
		Requires: []collect.Requirement{
			{Path: devicesDir, Decides: "which devices there are"},
			{Path: driversDir, Decides: "which functions a driver of GPUs or accelerators runs"},
			{Path: nvidiaGPUs, Decides: "which functions NVIDIA's driver runs"},
			{Path: "sys/class/drm", Decides: "which devices have a graphics node"},
			{Path: "sys/class/accel", Decides: "which devices have an accelerator node"},
			{Path: kfdNodes, Decides: "which functions AMD's compute driver runs"},
			{Path: platformDriversDir, Decides: "whether the system on chip has a GPU or accelerator, which is not audited"},
			{Path: usbDevicesDir, Decides: "whether an accelerator hangs at USB, which is not audited"},
			{Path: vmbusDevicesDir, Decides: "whether a host lends a GPU, which is not audited"},
			{Path: devicesDir + "/*/config", Privilege: "CAP_SYS_ADMIN for more than 64 bytes", Decides: "capabilities, serial number, access control services"},
			{Path: devicesDir + "/*/resource", Decides: "sizes of the memory windows"},
			{Path: devicesDir + "/*/aer_dev_*", Decides: "errors of the link since the machine was started"},
			{Path: "sys/kernel/iommu_groups", Decides: "which devices can reach each other's memory"},
			{Path: dmiTable, Privilege: "root", Decides: "which devices behind a switch sit in the card's slot (SMBIOS)"},
		},
		Host:   b.collectHost,
		Device: b.collectDevice,
	}
}

// bus keeps the list of functions of the machine that was read last: each device looks
// at all of them.
type bus struct {
	mu   sync.Mutex
	env  *collect.Env
	list []string
	err  error
}

// functions is [functions] of a machine. The list is not to be changed.
func (b *bus) functions(env *collect.Env) ([]string, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.env != env {
		b.env = env
		b.list, b.err = functions(env.FS)
	}
	return b.list, b.err
}

func (b *bus) collectDevice(ctx context.Context, env *collect.Env, d *inventory.Device) error {
	r := &reader{dir: devicesDir + "/" + d.Address + "/", d: d}
	r.fsys = deviceAhead(env.FS, r.dir)
	r.ids()
	r.bars()
	r.link()
	r.errors()
	r.placement()
	r.iommuGroup()
	r.sriov()
	r.fsys = env.FS
	r.config()
	r.topology(ctx, env, b)
	return nil
}

// deviceAhead reads the attributes that every device has, or most.
func deviceAhead(fsys fs.FS, dir string) fs.FS {
	var files []string
	others := []string{"resource", "aer_dev_correctable", "aer_dev_nonfatal", "aer_dev_fatal", "numa_node", "power_state", "boot_vga", "sriov_totalvfs", "sriov_numvfs"}
	for _, name := range slices.Concat(idFiles[:], linkFiles[:], others) {
		files = append(files, dir+name)
	}
	return collect.Ahead(fsys, files, []string{dir + "iommu_group", dir + "physfn"}, []string{dir + "drm"}, nil)
}

// reader reads one device, noting a gap for each fact that it cannot read.
type reader struct {
	fsys fs.FS
	dir  string
	d    *inventory.Device
}

func (r *reader) gap(fact, name string, err error) {
	r.d.Gaps = append(r.d.Gaps, collect.GapFor(fact, r.dir+name, err))
}

// gapUnlessAbsent notes a gap unless the attribute does not exist, which for it is a
// normal state of a device.
func (r *reader) gapUnlessAbsent(fact, name string, err error) {
	if !collect.Absent(err) {
		r.gap(fact, name, err)
	}
}

func (r *reader) ids() {
	found := readIDs(r.fsys, r.d.Address)
	p := &r.d.PCI
	p.VendorID, p.DeviceID, p.ClassCode, p.RevisionID = found.vendor, found.device, found.class, found.revision
	p.SubsystemVendorID, p.SubsystemDeviceID = found.subvendor, found.subdevice
	for _, f := range []struct {
		fact, name string
		value      *string
	}{
		{"/pci/vendor_id", "vendor", p.VendorID}, {"/pci/device_id", "device", p.DeviceID},
		{"/pci/class_code", "class", p.ClassCode}, {"/pci/revision_id", "revision", p.RevisionID},
		{"/pci/subsystem_vendor_id", "subsystem_vendor", p.SubsystemVendorID},
		{"/pci/subsystem_device_id", "subsystem_device", p.SubsystemDeviceID},
	} {
		if f.value == nil {
			_, err := collect.Attr(r.fsys, r.dir+f.name)
			if err == nil {
				err = collect.ErrMalformed
			}
			r.gap(f.fact, f.name, err)
		}
	}
	r.d.Names = names(p)
}

func names(p *inventory.PCI) inventory.Names {
	ids := p.IDs()
	return inventory.Names{
		Vendor:          known(pciids.Vendor(ids.Vendor)),
		Device:          known(pciids.Device(ids.Vendor, ids.Device)),
		SubsystemVendor: known(pciids.Vendor(ids.SubsystemVendor)),
		Subsystem:       known(pciids.Subsystem(ids.Vendor, ids.Device, ids.SubsystemVendor, ids.SubsystemDevice)),
		Class:           known(pciids.Class(inventory.Text(p.ClassCode))),
	}
}

func known(name string, ok bool) *string {
	if !ok {
		return nil
	}
	return &name
}

// placement reads where the device sits and how it is used.
func (r *reader) placement() {
	p := &r.d.PCI
	switch node, err := collect.Int(r.fsys, r.dir+"numa_node"); {
	case err != nil:
		r.gapUnlessAbsent("/pci/numa_node", "numa_node", err)
	case node >= 0: // -1: the machine has one node or does not say
		p.NUMANode = &node
	}
	if state, err := collect.Attr(r.fsys, r.dir+"power_state"); err != nil {
		r.gap("/pci/power_state", "power_state", err)
	} else {
		p.PowerState = &state
	}
	switch boot, err := collect.Int(r.fsys, r.dir+"boot_vga"); { // VGA class only
	case err != nil:
		r.gapUnlessAbsent("/pci/boot_vga", "boot_vga", err)
	default:
		p.BootVGA = new(boot == 1)
	}
	p.DRMNodes = []string{}
	entries, err := fs.ReadDir(r.fsys, r.dir+"drm")
	if err != nil {
		r.gapUnlessAbsent("/pci/drm_nodes", "drm", err)
	}
	for _, e := range entries {
		if strings.HasPrefix(e.Name(), "card") || strings.HasPrefix(e.Name(), "renderD") {
			p.DRMNodes = append(p.DRMNodes, e.Name())
		}
	}
	slices.Sort(p.DRMNodes)
}

func (r *reader) iommuGroup() {
	id, err := collect.LinkBase(r.fsys, r.dir+"iommu_group")
	if err != nil {
		r.gap("/pci/iommu_group", "iommu_group", err)
		return
	}
	group := &inventory.IOMMUGroup{ID: id}
	r.d.PCI.IOMMUGroup = group
	dir := "sys/kernel/iommu_groups/" + id
	if !fs.ValidPath(dir) || strings.Contains(id, "/") {
		r.gap("/pci/iommu_group/members", "iommu_group", collect.ErrMalformed)
		return
	}
	if kind, err := collect.Attr(r.fsys, dir+"/type"); err == nil {
		group.Type = &kind
	} else {
		r.d.Gaps = append(r.d.Gaps, collect.GapFor("/pci/iommu_group/type", dir+"/type", err))
	}
	members, err := fs.ReadDir(r.fsys, dir+"/devices")
	if err != nil {
		r.d.Gaps = append(r.d.Gaps, collect.GapFor("/pci/iommu_group/members", dir+"/devices", err))
	}
	for _, m := range members {
		if m.Name() != r.d.Address {
			group.Members = append(group.Members, m.Name())
		}
	}
	slices.Sort(group.Members)
}

func (r *reader) sriov() {
	var s inventory.SRIOV
	read := func(to **int, fact, name string) {
		if n, err := collect.Int(r.fsys, r.dir+name); err == nil {
			*to = &n
		} else {
			r.gapUnlessAbsent(fact, name, err)
		}
	}
	read(&s.TotalVFs, "/pci/sriov/total_vfs", "sriov_totalvfs")
	read(&s.NumVFs, "/pci/sriov/num_vfs", "sriov_numvfs")
	switch parent, err := collect.LinkBase(r.fsys, r.dir+"physfn"); { // virtual functions only
	case err != nil:
		r.gapUnlessAbsent("/pci/sriov/physical_function", "physfn", err)
	case !inventory.ValidAddress(parent):
		r.gap("/pci/sriov/physical_function", "physfn", collect.ErrMalformed)
	default:
		s.PhysicalFunction = &parent
	}
	if s != (inventory.SRIOV{}) {
		r.d.PCI.SRIOV = &s
	}
}
