package hosttest

import (
	"fmt"
	"slices"
	"strings"
)

// GoodROM is the option ROM of the good card: one legacy image that sums to
// zero and names the card's ids, board, part and build date as ATOMBIOS does.
func GoodROM() []byte { return romOf(0x73ff) }

func romOf(device uint16) []byte {
	return ROM(Image{Vendor: 0x1002, Device: device, Blocks: 8, Code: ATOM("113-EXT12345-001", 0x1da2, 0xe448), Last: true})
}

// GoodCard is an RX 6600 XT with everything in order.
func GoodCard(address string) Card {
	bus := address[5:7]
	return Card{
		Address: address, Vendor: "1002", Device: "73ff", Subvendor: "1da2", Subdevice: "e448", Revision: "c1",
		Bridges:  []Bridge{{Address: "0000:00:" + bus[:1] + "1." + bus[1:], Vendor: "8086", Device: "a70d"}},
		BARs:     []uint64{8 << 30, 256 << 20, 1 << 20},
		MaxSpeed: "16.0 GT/s PCIe", MaxWidth: 8,
		Driver: "amdgpu", ROM: GoodROM(), VRAM: 8176 << 20, VBIOSVersion: "113-EXT12345-001",
		Functions: []Function{{Address: address[:11] + "1", Vendor: "1002", Device: "ab28", Class: "040300"}},
		Serial:    0x1122334455667700 + uint64(bus[1]),
	}
}

// NVIDIACard is an RTX 4090 that NVIDIA's open driver runs. Its serial numbers
// are nobody's.
func NVIDIACard(address string) Card {
	return Card{
		Address: address, Vendor: "10de", Device: "2684", Subvendor: "10de", Subdevice: "167c", MaxSpeed: "16.0 GT/s PCIe",
		Driver: "nvidia", NVIDIAVersion: "95.02.3c.40.b6", UUID: "GPU-11111111-2222-3333-4444-555555555555",
	}
}

// Good is a host with one good card and its driver's module.
func Good() *Host {
	return New().Add(GoodCard("0000:03:00.0")).amdgpu()
}

// EightGPUs is a server with eight cards.
func EightGPUs() *Host {
	h := New()
	for i := range 8 {
		h.Add(GoodCard(fmt.Sprintf("0000:%02x:00.0", i)))
	}
	for i := range 40 {
		address := fmt.Sprintf("0000:%02x:00.0", 0x40+i)
		dir := h.device([]string{"0000:00:02.0"}, address)
		h.attributes(dir, "8086", "1533", "8086", "0000", "020000", "03")
		h.common(dir)
	}
	return h.amdgpu()
}

func (h *Host) amdgpu() *Host {
	return h.Module("amdgpu", map[string]string{
		"license": "GPL and additional rights", "srcversion": "0123456789ABCDEF0123456", "intree": "Y",
		"name": "amdgpu", "vermagic": "6.1.0-40-amd64 SMP preempt mod_unload modversions ",
	})
}

// Named returns the hosts that the command line's scripts and the golden files
// use: a machine in order, and machines with one planted fault each.
func Named(name string) (*Host, error) {
	const address = "0000:03:00.0"
	const dir = "sys/devices/pci0000:00/0000:00:01.3/0000:03:00.0/"
	switch name {
	case "empty":
		return New(), nil
	case "good":
		return Good(), nil
	case "eight":
		return EightGPUs(), nil
	case "doubled-memory":
		// A Radeon PRO W6600, which AMD's own table knows with 8 GiB alone.
		c := GoodCard(address)
		c.Device, c.ROM, c.VRAM = "73e3", romOf(0x73e3), 16384<<20
		return New().Add(c).amdgpu(), nil
	case "other-revision", "larger-memory":
		// AMD's list has no product of this revision, and no source says that 8 and 10 GiB
		// are all that cards of the id are made with.
		c := GoodCard(address)
		c.Revision = "c9"
		if name == "larger-memory" {
			c.VRAM = 16384 << 20
		}
		return New().Add(c).amdgpu(), nil
	case "bad-checksum":
		rom := slices.Clone(GoodROM())
		rom[0x700] ^= 1
		return Good().File(dir+"rom", string(rom)), nil
	case "garbage-rom":
		return Good().File(dir+"rom", "this is no option ROM, but it is long enough to be looked at"), nil
	case "other-rom":
		rom := ROM(Image{Vendor: 0x10de, Device: 0x1c82, Blocks: 8, Last: true})
		return Good().File(dir+"rom", string(rom)), nil
	case "network-function":
		c := GoodCard(address)
		c.Functions = append(c.Functions, Function{Address: "0000:03:00.2", Vendor: "8086", Device: "1533", Class: "020000"})
		return New().Add(c).amdgpu(), nil
	case "capability-loop":
		h := Good()
		h.FS[dir+"config"].Data[0x79] = 0x60
		return h, nil
	case "changed-module":
		return Good().File("lib/modules/6.1.0-40-amd64/kernel/drivers/gpu/amdgpu.ko", string(ELF(map[string]string{"name": "amdgpu"}))), nil
	case "nvidia":
		return New().Add(NVIDIACard("0000:01:00.0")), nil
	case "header-only":
		h := Good()
		h.FS[dir+"config"].Data = h.FS[dir+"config"].Data[:64]
		return h.Remove(dir + "rom"), nil
	case "worn":
		c := GoodCard(address)
		c.Width, c.Nonfatal, c.Uncorrected = 4, 3, 2
		return New().Add(c).amdgpu(), nil
	case "firmware":
		const file = "amdgpu/dimgrey_cavefish_sos.bin"
		return New().Add(GoodCard(address)).Module("amdgpu", map[string]string{"license": "GPL", "srcversion": "0123456789ABCDEF0123456", "intree": "Y", "firmware": file}).
			File("lib/firmware/"+file, "a program\n"), nil
	case "rpm", "pacman", "apk", "no-packages":
		manager, _ := strings.CutPrefix(name, "no-packages")
		return Good().MergedUsr().PackagedBy(manager, "usr/lib"), nil
	case "kernel-marks":
		return Good().File("proc/sys/kernel/tainted", "61441\n").File("sys/module/livepatch_x/taint", "OEK\n").File("sys/module/zfs/taint", "PO\n"), nil
	case "nvidia-marks":
		return Good().File("proc/sys/kernel/tainted", "12289\n").File("sys/module/nvidia/taint", "POE\n"), nil
	case "iommu-off":
		h := Good().Remove("sys/class/iommu").Remove("sys/kernel/iommu_groups").Remove(dir + "iommu_group")
		return h.Dir("sys/class/iommu").Dir("sys/kernel/iommu_groups").File("proc/cmdline", "ro quiet intel_iommu=off\n"), nil
	default:
		if how, ok := strings.CutPrefix(name, "tampered-"); ok {
			return Tampered(how)
		}
		if distribution, maker, ok := strings.Cut(name, "-"); ok {
			return Desktop(distribution, maker)
		}
		return nil, fmt.Errorf("no host is named %q", name)
	}
}
