package hosttest

import (
	"fmt"
	"slices"
)

// Tampered is the desktop "debian-amd" with one thing changed so well that the machine
// does not contradict itself: only who knows what it was can tell.
func Tampered(how string) (*Host, error) {
	const address = "0000:03:00.0"
	const dir = "sys/devices/pci0000:00/0000:00:01.3/" + address + "/"
	h, err := Desktop("debian", "amd")
	if err != nil {
		return nil, err
	}
	switch how {
	case "rom": // the checksum is right again
		rom := slices.Clone(GoodROM())
		rom[0x700]++
		rom[0x701]--
		return h.File(dir+"rom", string(rom)), nil
	case "module": // the package's list of digests was changed, too
		return h.Module("amdgpu", map[string]string{"license": "GPL and additional rights", "srcversion": "0123456789ABCDEF0123456", "intree": "Y",
			"name": "amdgpu", "vermagic": "6.1.0-40-amd64 SMP preempt mod_unload modversions ", "alias": "another"}).MergedUsr(), nil
	case "memory":
		return h.File(dir+"mem_info_vram_total", fmt.Sprintln(4080<<20)), nil
	case "window":
		return h.File(dir+"resource", resources([]uint64{256 << 20, 256 << 20, 1 << 20}, len(GoodROM()))), nil
	case "function":
		c := GoodCard(address)
		c.Functions = append(c.Functions, Function{Address: address[:11] + "2", Vendor: "1002", Device: "7316", Class: "0c0330"})
		return h.replace(address, c), nil
	case "ids": // on the bus and in the ROM
		c := GoodCard(address)
		c.Device, c.ROM = "73e3", romOf(0x73e3)
		return h.replace(address, c), nil
	case "card":
		return h.replace(address, NVIDIACard(address)), nil
	}
	return nil, fmt.Errorf("nothing is tampered with as %q", how)
}

// replace puts another card in the place of one.
func (h *Host) replace(address string, c Card) *Host {
	h.Remove("sys/devices/pci0000:00/0000:00:01.3/" + address[:11])
	h.Remove("sys/bus/pci/devices/" + address[:11])
	c.Bridges = GoodCard(address).Bridges
	return h.Add(c)
}
