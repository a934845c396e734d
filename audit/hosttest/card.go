package hosttest

import (
	"encoding/binary"
	"fmt"
	"slices"
	"strings"
)

// Card is a GPU to put into a host. The zero value of a field means what a
// common card has.
type Card struct {
	Address              string // "0000:01:00.0"
	Vendor, Device       string // four hexadecimal digits
	Subvendor, Subdevice string
	Class                string   // six digits; "" is 030000
	Revision             string   // two digits; "" is a1
	Bridges              []Bridge // outermost first; nil is one root port
	// BARs are sizes in bytes of memory windows 0, 1, 3; nil is 16 MiB, 256 MiB, 32 MiB.
	BARs []uint64
	// Offered is the largest size of window 1 that its firmware offers, from 64 MiB on; 0:
	// it offers none.
	Offered             uint64
	Speed, MaxSpeed     string // "16.0 GT/s PCIe"
	Width, MaxWidth     int    // 0 is 16
	Driver              string // "" is none
	Serial              uint64 // Device Serial Number
	ConfigBytes         int    // how much of config space can be read; 0 is 4096
	Functions           []Function
	ROM                 []byte // nil: no rom file
	VRAM                uint64 // amdgpu's mem_info_vram_total, bytes
	VBIOSVersion        string // amdgpu's vbios_version
	NVIDIAVersion, UUID string // /proc/driver/nvidia's Video BIOS and GPU UUID
	Group               int    // IOMMU group; 0 is one of its own, -1 none
	Nonfatal            int    // errors of the link that the kernel counted
	Uncorrected         int    // errors of memory that amdgpu counted
}

// Bridge is a bridge above a card.
type Bridge struct{ Address, Vendor, Device string }

// Function is another function, of the same slot or elsewhere.
type Function struct {
	Address, Vendor, Device, Class string
	Parents                        []string // default: those of the card
}

// Add puts a card into the host.
func (h *Host) Add(c Card) *Host {
	c = c.withDefaults()
	var parents []string
	for _, b := range c.Bridges {
		if _, there := h.FS["sys/bus/pci/devices/"+b.Address]; !there {
			dir := h.device(parents, b.Address)
			h.attributes(dir, b.Vendor, b.Device, "0000", "0000", "060400", "00")
			h.File(dir+"/config", string(Config(b.Vendor, b.Device, "0000", "0000", "060400", "00", 0, 4096)))
			h.common(dir)
			h.link(dir, c)
		}
		parents = append(parents, b.Address)
	}
	dir := h.device(parents, c.Address)
	h.attributes(dir, c.Vendor, c.Device, c.Subvendor, c.Subdevice, c.Class, c.Revision)
	h.common(dir)
	space := Config(c.Vendor, c.Device, c.Subvendor, c.Subdevice, c.Class, c.Revision, c.Serial, c.ConfigBytes)
	if c.Offered > 0 {
		offer(space, c.Offered)
	}
	h.File(dir+"/config", string(space))
	h.File(dir+"/resource", resources(c.BARs, len(c.ROM)))
	h.link(dir, c)
	h.File(dir+"/aer_dev_correctable", "RxErr 0\nBadTLP 0\nTOTAL_ERR_COR 0\n")
	h.File(dir+"/aer_dev_nonfatal", fmt.Sprintf("TLP %d\nUnsupReq 1\nTOTAL_ERR_NONFATAL %d\n", c.Nonfatal, c.Nonfatal+1))
	h.File(dir+"/aer_dev_fatal", "DLP 0\nTOTAL_ERR_FATAL 0\n")
	if strings.HasPrefix(c.Class, "0300") {
		h.File(dir+"/boot_vga", "0\n")
	}
	if c.ROM != nil {
		h.File(dir+"/rom", string(c.ROM))
	}
	members := []string{c.Address}
	for _, f := range c.Functions {
		fparents := f.Parents
		if fparents == nil {
			fparents = parents
		}
		fdir := h.device(fparents, f.Address)
		h.attributes(fdir, f.Vendor, f.Device, c.Subvendor, c.Subdevice, f.Class, c.Revision)
		h.common(fdir)
		members = append(members, f.Address)
	}
	h.group(c, dir, members)
	h.driver(c, dir)
	return h
}

func (c Card) withDefaults() Card {
	def := func(s *string, v string) {
		if *s == "" {
			*s = v
		}
	}
	def(&c.Class, "030000")
	def(&c.Revision, "a1")
	def(&c.Subvendor, "1043")
	def(&c.Subdevice, "889d")
	def(&c.MaxSpeed, "16.0 GT/s PCIe")
	def(&c.Speed, c.MaxSpeed)
	if c.MaxWidth == 0 {
		c.MaxWidth = 16
	}
	if c.Width == 0 {
		c.Width = c.MaxWidth
	}
	if c.BARs == nil {
		c.BARs = []uint64{16 << 20, 256 << 20, 32 << 20}
	}
	if c.Bridges == nil {
		c.Bridges = []Bridge{{Address: "0000:00:01.0", Vendor: "8086", Device: "a70d"}}
	}
	if c.ConfigBytes == 0 {
		c.ConfigBytes = 4096
	}
	return c
}

func (h *Host) attributes(dir, vendor, device, subvendor, subdevice, class, revision string) {
	h.File(dir+"/vendor", "0x"+vendor+"\n").File(dir+"/device", "0x"+device+"\n")
	h.File(dir+"/subsystem_vendor", "0x"+subvendor+"\n").File(dir+"/subsystem_device", "0x"+subdevice+"\n")
	h.File(dir+"/class", "0x"+class+"\n").File(dir+"/revision", "0x"+revision+"\n")
	up := strings.ToUpper
	h.File(dir+"/modalias", fmt.Sprintf("pci:v0000%sd0000%ssv0000%ssd0000%sbc%ssc%si%s\n",
		up(vendor), up(device), up(subvendor), up(subdevice), up(class[:2]), up(class[2:4]), up(class[4:])))
}

func (h *Host) common(dir string) {
	h.File(dir+"/numa_node", "-1\n").File(dir+"/power_state", "D0\n")
}

func (h *Host) group(c Card, dir string, members []string) {
	if c.Group < 0 {
		return
	}
	n := c.Group
	if n == 0 {
		h.groups++
		n = 100 + h.groups
	}
	group := fmt.Sprintf("sys/kernel/iommu_groups/%d", n)
	h.File(group+"/type", "DMA-FQ\n")
	h.Link(dir+"/iommu_group", group)
	for _, m := range members {
		h.Link(group+"/devices/"+m, "sys/bus/pci/devices/"+m)
	}
}

func (h *Host) driver(c Card, dir string) {
	if c.VRAM > 0 {
		h.File(dir+"/mem_info_vram_total", fmt.Sprintln(c.VRAM))
	}
	if c.VBIOSVersion != "" {
		h.File(dir+"/vbios_version", c.VBIOSVersion+"\n")
	}
	if c.Driver == "" {
		return
	}
	h.Link(dir+"/driver", "sys/bus/pci/drivers/"+c.Driver)
	h.Link("sys/bus/pci/drivers/"+c.Driver+"/module", "sys/module/"+c.Driver)
	if c.Driver == "amdgpu" {
		h.File(dir+"/ras/umc_err_count", fmt.Sprintf("ue: %d\nce: 0\n", c.Uncorrected)).File(dir+"/ras/features", "feature mask: 0x3\n")
	}
	h.Dir("sys/bus/pci/drivers/" + c.Driver).Dir("sys/module/" + c.Driver)
	h.File("sys/module/"+c.Driver+"/srcversion", "0123456789ABCDEF0123456\n").File("sys/module/"+c.Driver+"/taint", "\n")
	if c.Driver == "nvidia" {
		h.File("sys/module/nvidia/version", "580.95.05\n").File("sys/module/nvidia/taint", "OE\n")
		h.File("proc/driver/nvidia/version", "NVRM version: NVIDIA UNIX Open Kernel Module for x86_64  580.95.05  Release Build  (builder@host)\n")
		h.File("proc/driver/nvidia/gpus/"+c.Address+"/information", fmt.Sprintf(
			"Model: \t\t NVIDIA GPU\nIRQ:   \t\t 77\nGPU UUID: \t %s\nVideo BIOS: \t %s\nBus Type: \t PCIe\nDMA Size: \t 47 bits\nDMA Mask: \t 0x7fffffffffff\nBus Location: \t %s\nDevice Minor: \t 0\nGPU Firmware: \t 580.95.05\nGPU Excluded:\t No\n",
			c.UUID, c.NVIDIAVersion, c.Address))
	}
}

// link is that of a card or of the port above it.
func (h *Host) link(dir string, c Card) {
	h.File(dir+"/current_link_speed", c.Speed+"\n").File(dir+"/max_link_speed", c.MaxSpeed+"\n")
	h.File(dir+"/current_link_width", fmt.Sprintln(c.Width)).File(dir+"/max_link_width", fmt.Sprintln(c.MaxWidth))
}

// resources is the text of sysfs's resource file.
func resources(bars []uint64, rom int) string {
	lines := make([]string, 13)
	for i := range lines {
		lines[i] = "0x0000000000000000 0x0000000000000000 0x0000000000000000"
	}
	base := uint64(0x4000000000)
	for i, size := range bars {
		at := []int{0, 1, 3}[min(i, 2)]
		flags := uint64(0x40200)
		if i > 0 {
			flags = 0x14220c // 64-bit, prefetchable
		}
		lines[at] = fmt.Sprintf("%#018x %#018x %#018x", base, base+size-1, flags)
		base += max(size, 1<<30)
	}
	if rom > 0 {
		lines[6] = fmt.Sprintf("%#018x %#018x %#018x", 0xf0000000, 0xf0000000+(512<<10)-1, 0x46200)
	}
	return strings.Join(lines, "\n") + "\n"
}

// offer adds the capability Resizable BAR behind the last one of [Config]: window 1 in all
// sizes from 64 MiB to the largest.
func offer(space []byte, largest uint64) {
	var sizes uint32
	for size := uint64(64 << 20); size <= largest; size *= 2 {
		sizes |= uint32(size >> 20 << 4)
	}
	binary.LittleEndian.PutUint32(space[0x168:], 0xbb0<<20|1<<16|0x000f)
	binary.LittleEndian.PutUint32(space[0xbb0:], 1<<16|0x0015)
	binary.LittleEndian.PutUint32(space[0xbb4:], sizes)
	binary.LittleEndian.PutUint32(space[0xbb8:], 1<<5|1) // one window, number 1
}

// Config builds a configuration space with the capabilities of a common PCI
// Express function: power management, MSI, PCI Express; and, in the extended
// space, error reporting, serial number, ACS and ATS, both enabled.
func Config(vendor, device, subvendor, subdevice, class, revision string, serial uint64, size int) []byte {
	b := make([]byte, 4096)
	put16 := func(at int, digits string) {
		var v uint16
		fmt.Sscanf(digits, "%04x", &v)
		binary.LittleEndian.PutUint16(b[at:], v)
	}
	put16(0x00, vendor)
	put16(0x02, device)
	binary.LittleEndian.PutUint16(b[0x04:], 0x0407)
	binary.LittleEndian.PutUint16(b[0x06:], 0x0010) // capability list
	var c, rev uint32
	fmt.Sscanf(class, "%06x", &c)
	fmt.Sscanf(revision, "%02x", &rev)
	binary.LittleEndian.PutUint32(b[0x08:], c<<8|rev)
	if strings.HasPrefix(class, "0604") {
		b[0x0e] = 1
	} else {
		put16(0x2c, subvendor)
		put16(0x2e, subdevice)
	}
	b[0x34] = 0x60
	copy(b[0x60:], []byte{0x01, 0x68, 0x03, 0x00})
	copy(b[0x68:], []byte{0x05, 0x78, 0x80, 0x00})
	copy(b[0x78:], []byte{0x10, 0x00, 0x12, 0x00}) // legacy endpoint
	if b[0x0e] == 1 {
		b[0x7a] = 0x42 // root port
	}
	ext := func(at int, id, next uint32) {
		binary.LittleEndian.PutUint32(b[at:], next<<20|1<<16|id)
	}
	ext(0x100, 0x0001, 0x148)
	ext(0x148, 0x0003, 0x158)
	binary.LittleEndian.PutUint64(b[0x14c:], serial)
	ext(0x158, 0x000d, 0x168)
	binary.LittleEndian.PutUint16(b[0x158+6:], 0x001d)
	ext(0x168, 0x000f, 0)
	return slices.Clip(b[:size])
}
