package pci

import (
	"cmp"
	"fmt"
	"io/fs"
	"path"
	"slices"
	"strconv"
	"strings"

	"github.com/gpuaudit/gpuaudit/audit/collect"
	"github.com/gpuaudit/gpuaudit/audit/inventory"
	"github.com/gpuaudit/gpuaudit/audit/lazyregexp"
)

// What a survey reads at most.
const (
	maxNodes     = 64                   // graphics nodes of one function
	maxEntries   = collect.MaxFunctions // entries of a list
	maxUnaudited = 256                  // what is named one by one
)

const (
	driversDir = "sys/bus/pci/drivers"
	nvidiaGPUs = "proc/driver/nvidia/gpus"
	kfdNodes   = "sys/class/kfd/kfd/topology/nodes"
)

// survey collects what the kernel says of GPUs and accelerators outside the list
// of PCI functions.
type survey struct {
	fsys      fs.FS
	uses      map[string][]inventory.Use
	unaudited []inventory.Unaudited
	gaps      []inventory.Gap
	beyond    int // of unaudited, what is only counted
}

func (s *survey) use(address string, kind inventory.UseKind, source, name string) {
	u := inventory.Use{Kind: kind, Source: source, Name: name}
	if len(s.uses[address]) < maxNodes && !slices.Contains(s.uses[address], u) {
		s.uses[address] = append(s.uses[address], u)
	}
}

// see names something once.
func (s *survey) see(u inventory.Unaudited) {
	same := func(o inventory.Unaudited) bool { return o.Kind == u.Kind && o.Name == u.Name }
	switch {
	case slices.ContainsFunc(s.unaudited, same):
	case len(s.unaudited) >= maxUnaudited:
		s.beyond++
	default:
		s.unaudited = append(s.unaudited, u)
	}
}

func (s *survey) malformed(name, source string) {
	s.see(inventory.Unaudited{Kind: inventory.UnauditedMalformed, Name: name, Source: source,
		Detail: fmt.Sprintf("%.80q is not what the kernel writes there: what stands behind it was not looked at", name)})
}

// unread notes a source that should have told what is used and did not. That it is
// not there is an answer; that a capture does not hold it is a gap.
func (s *survey) unread(source string, err error) {
	switch {
	case collect.Absent(err):
	case collect.ReasonOf(err) == inventory.ReasonNotRequested:
		g := collect.GapFor("/devices", source, err)
		if !slices.Contains(s.gaps, g) {
			s.gaps = append(s.gaps, g)
		}
	default:
		s.see(inventory.Unaudited{Kind: inventory.UnauditedUnread, Name: source, Source: source,
			Detail: "it could not be read, so a GPU or accelerator that only it names was not seen: " + collect.GapFor("", source, err).Detail})
	}
}

// list reads a directory that need not be there.
func (s *survey) list(dir string) []fs.DirEntry {
	entries, err := fs.ReadDir(s.fsys, dir)
	if err == nil && len(entries) > maxEntries {
		err = fmt.Errorf("%d entries: %w of %d", len(entries), collect.ErrLimit, maxEntries)
	}
	if err != nil {
		s.unread(dir, err)
		return nil
	}
	return entries
}

// sort gives equal machines equal bytes.
func (s *survey) sort() {
	for _, uses := range s.uses {
		slices.SortFunc(uses, func(a, b inventory.Use) int {
			return cmp.Or(strings.Compare(string(a.Kind), string(b.Kind)), strings.Compare(a.Source, b.Source))
		})
	}
	slices.SortFunc(s.unaudited, func(a, b inventory.Unaudited) int {
		return cmp.Or(strings.Compare(string(a.Kind), string(b.Kind)), strings.Compare(a.Name, b.Name))
	})
	if s.beyond > 0 {
		s.unaudited = append(s.unaudited, inventory.Unaudited{Kind: inventory.UnauditedMalformed, Name: "more", Source: "sys",
			Detail: fmt.Sprintf("%d more were seen and are not named", s.beyond)})
	}
	slices.SortFunc(s.gaps, func(a, b inventory.Gap) int { return strings.Compare(a.Source, b.Source) })
}

// sources reads who names PCI functions as GPUs or accelerators.
func (s *survey) sources() {
	for _, e := range s.list(nvidiaGPUs) {
		if inventory.ValidAddress(e.Name()) {
			s.use(e.Name(), inventory.UseNVIDIA, nvidiaGPUs+"/"+e.Name(), e.Name())
		} else {
			s.malformed(e.Name(), nvidiaGPUs+"/"+e.Name())
		}
	}
	for _, driver := range s.list(driversDir) {
		if !pciDrivers[driver.Name()] {
			continue
		}
		dir := driversDir + "/" + driver.Name()
		for _, e := range s.list(dir) {
			switch name := e.Name(); {
			case inventory.ValidAddress(name):
				s.use(name, inventory.UseDriver, dir+"/"+name, driver.Name())
			case strings.Contains(name, ":"): // the others are the driver's own attributes
				s.malformed(name, dir+"/"+name)
			}
		}
	}
	for _, c := range nodeClasses {
		for _, e := range s.list("sys/class/" + c.name) {
			if c.node.MatchString(e.Name()) {
				s.node(c, e.Name())
			}
		}
	}
	for _, e := range s.list(kfdNodes) {
		s.kfd(kfdNodes + "/" + e.Name() + "/properties")
	}
}

// nodeClass is a class of device nodes that GPUs or accelerators have.
type nodeClass struct {
	name string
	kind inventory.UseKind
	node *lazyregexp.Regexp
}

var numbered = lazyregexp.New(`^[A-Za-z_]+[0-9]+$`)

// nodeClasses: connectors of drm ("card0-DP-1") are no nodes of their own.
var nodeClasses = []nodeClass{
	{"drm", inventory.UseDRM, lazyregexp.New(`^(?:card|renderD)[0-9]+$`)},
	{"accel", inventory.UseAccel, lazyregexp.New(`^accel[0-9]+$`)},
	{"apex", inventory.UseAccel, numbered},
	{"hailo_chardev", inventory.UseAccel, numbered},
	{"neuron_device", inventory.UseAccel, numbered},
	{"habanalabs", inventory.UseAccel, numbered},
}

// virtioDevice and usbInterface are what stands between a node and the PCI function
// that carries the bus.
var (
	virtioDevice = lazyregexp.New(`^virtio[0-9]+$`)
	usbInterface = lazyregexp.New(`^[0-9]+-[0-9.]+:[0-9]+\.[0-9]+$`)
)

// node finds whose a device node is. sysfs links it to
// ../../devices/pci0000:00/0000:00:02.0/drm/card0: the owner is the element before
// the class. A display that hangs at USB is not the USB controller's.
func (s *survey) node(c nodeClass, name string) {
	source := "sys/class/" + c.name + "/" + name
	target, err := fs.ReadLink(s.fsys, source)
	if err != nil {
		s.see(inventory.Unaudited{Kind: inventory.UnauditedPlatform, Name: name, Source: source,
			Detail: "it is a node of a GPU or accelerator, and whose could not be read: " + collect.GapFor("", source, err).Detail})
		return
	}
	at := path.Join("sys/class", c.name, target)
	elements := strings.Split(at, "/")
	if path.IsAbs(target) || !fs.ValidPath(at) || len(elements) < 5 || elements[0] != "sys" || elements[1] != "devices" {
		s.malformed(name, source)
		return
	}
	owner := elements[len(elements)-3]
	device := path.Dir(path.Dir(at))
	if virtioDevice.MatchString(owner) {
		owner = elements[len(elements)-4]
	}
	switch {
	case inventory.ValidAddress(owner):
		s.use(owner, c.kind, source, name)
	case virtioDevice.MatchString(elements[len(elements)-3]), usbInterface.MatchString(owner):
		// What a virtual machine's host draws; a USB display. USB accelerators have a list.
	default:
		s.offBus(device, owner, source, name)
	}
}

// offBus is a node of a device that is not on PCI.
func (s *survey) offBus(device, owner, source, name string) {
	driver, err := collect.LinkBase(s.fsys, device+"/driver")
	if err == nil && plainDisplays[driver] || plainDevice.MatchString(owner) {
		return
	}
	s.see(inventory.Unaudited{Kind: inventory.UnauditedPlatform, Name: owner, Source: source, Driver: driver,
		Detail: fmt.Sprintf("the node %s is that of a GPU, display or accelerator that is not on PCI", name)})
}

// kfd reads a node of AMD's compute topology (Linux drivers/gpu/drm/amd/amdkfd,
// kfd_topology.c): location_id is bus, device and function, with the partition in
// its upper bits; processors have no SIMD units.
func (s *survey) kfd(source string) {
	text, err := collect.Attr(s.fsys, source)
	if err != nil {
		s.unread(source, err)
		return
	}
	address, ok, err := parseKFD(text)
	switch {
	case err != nil:
		s.unread(source, err)
	case ok:
		s.use(address, inventory.UseKFD, source, path.Base(path.Dir(source)))
	}
}

// parseKFD returns the address of a node that is a GPU.
func parseKFD(text string) (address string, gpu bool, err error) {
	fields := map[string]uint64{}
	for line := range strings.Lines(text) {
		name, value, ok := strings.Cut(strings.TrimSpace(line), " ")
		if name != "simd_count" && name != "location_id" && name != "domain" {
			continue
		}
		n, perr := strconv.ParseUint(value, 10, 32)
		if _, twice := fields[name]; !ok || perr != nil || twice {
			return "", false, fmt.Errorf("%w: %s %.40q", collect.ErrMalformed, name, value)
		}
		fields[name] = n
	}
	if fields["simd_count"] == 0 {
		return "", false, nil
	}
	at, ok := fields["location_id"]
	if !ok {
		return "", false, fmt.Errorf("%w: a node with SIMD units has no location_id", collect.ErrMalformed)
	}
	return fmt.Sprintf("%04x:%02x:%02x.%d", fields["domain"], at>>8&0xff, at>>3&0x1f, at&7), true, nil
}
