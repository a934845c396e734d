package hosttest

import (
	"fmt"
	"path"
	"strings"
)

// distribution is what tells the machines of one distribution from those of others.
type distribution struct {
	name, id, version, manager string
	// merged: lib is a link to usr/lib.
	merged bool
	// nvidia is where the module of NVIDIA's driver lies, and packaged says that it came
	// in a package; otherwise the machine built it for itself.
	nvidia   string
	packaged bool
}

// distributions are as they install a driver by default; never written to.
var distributions = map[string]distribution{
	"debian": {"Debian GNU/Linux 12 (bookworm)", "debian", "12", "dpkg", true, "updates/dkms/nvidia.ko", false},
	"ubuntu": {"Ubuntu 24.04.3 LTS", "ubuntu", "24.04", "dpkg", true, "updates/dkms/nvidia.ko", false},
	"fedora": {"Fedora Linux 42 (Workstation Edition)", "fedora", "42", "rpm", true, "extra/nvidia/nvidia.ko", true},
	"arch":   {"Arch Linux", "arch", "", "pacman", true, "extramodules/nvidia.ko", true},
}

// addProcessorGraphics adds what a processor brings beside a card: Intel's, or AMD's,
// which the card's driver runs, too.
func (h *Host) addProcessorGraphics(maker string) {
	if maker == "amd" {
		h.Add(Card{Address: "0000:10:00.0", Vendor: "1002", Device: "164e", Subvendor: "1043", Subdevice: "8877", Revision: "c1",
			Bridges: []Bridge{{Address: "0000:00:08.1", Vendor: "1022", Device: "14dd"}}, BARs: []uint64{256 << 20, 2 << 20, 512 << 10},
			Driver: "amdgpu", VRAM: 512 << 20, VBIOSVersion: "102-RAPHAEL-008"})
		return
	}
	h.Add(Card{Address: "0000:00:02.0", Vendor: "8086", Device: "a780", Subvendor: "1043", Subdevice: "8882", Revision: "04",
		Bridges: []Bridge{}, BARs: []uint64{16 << 20, 256 << 20}, Driver: "i915"})
	h.Module("i915", map[string]string{"license": "GPL and additional rights", "srcversion": "0123456789ABCDEF0123456", "intree": "Y",
		"name": "i915", "vermagic": "6.1.0-40-amd64 SMP preempt mod_unload modversions "})
}

// Desktop is an honest machine of a distribution ("debian", "ubuntu", "fedora", "arch")
// with a card of a maker ("amd", "nvidia", or "amd-updated"), its driver and its ROM;
// with "-igpu" behind it, the processor has graphics, too.
func Desktop(name, maker string) (*Host, error) {
	d, ok := distributions[name]
	if !ok {
		return nil, fmt.Errorf("no distribution is named %q", name)
	}
	h := New()
	maker, graphics := strings.CutSuffix(maker, "-igpu")
	if graphics {
		h.addProcessorGraphics(maker)
	}
	switch maker {
	case "amd":
		h.Add(GoodCard("0000:03:00.0")).amdgpu()
	case "amd-updated": // the same machine with another build of its driver
		h.Add(GoodCard("0000:03:00.0")).Module("amdgpu", map[string]string{"license": "GPL and additional rights", "srcversion": "FEDCBA9876543210FEDCBA9",
			"intree": "Y", "name": "amdgpu", "vermagic": "6.1.0-40-amd64 SMP preempt mod_unload modversions "})
		h.File("sys/module/amdgpu/srcversion", "FEDCBA9876543210FEDCBA9\n")
	case "nvidia":
		h.geforce("0000:01:00.0")
	default:
		return nil, fmt.Errorf("no card is of %q", maker)
	}
	h.File("sys/class/dmi/id/chassis_type", "3\n").File("sys/class/dmi/id/sys_vendor", "Example Desktops\n").File("sys/class/dmi/id/product_name", "Tower 1\n")
	h.File("etc/os-release", fmt.Sprintf("PRETTY_NAME=%q\nID=%s\nVERSION_ID=%q\n", d.name, d.id, d.version))
	if maker == "nvidia" && d.packaged {
		h.installNVIDIA(d.nvidia)
	}
	if d.manager != "dpkg" {
		lib := "lib"
		if d.merged {
			lib = "usr/lib"
		}
		h.PackagedBy(d.manager, lib)
	}
	if maker == "nvidia" && !d.packaged {
		h.installNVIDIA(d.nvidia)
	}
	if d.merged {
		h.MergedUsr()
	}
	return h, nil
}

// fixedDriver is a version of NVIDIA's driver without known vulnerabilities.
const fixedDriver = "580.178.04"

// geforce adds an RTX 4090 with its ROM, run by NVIDIA's open driver.
func (h *Host) geforce(address string) {
	c := NVIDIACard(address)
	c.ROM = ROM(Image{Vendor: 0x10de, Device: 0x2684, Blocks: 16, Code: BIT([5]byte{0x95, 0x02, 0x3c, 0x40, 0xb6}, "AD102 PG139 SKU 330 VGA BIOS", 0x10de, 0x167c), Last: true})
	c.Functions = []Function{{Address: address[:11] + "1", Vendor: "10de", Device: "22ba", Class: "040300"}}
	h.Add(c)
	h.File("sys/module/nvidia/version", fixedDriver+"\n").File("sys/module/nvidia/taint", "OE\n").File("proc/sys/kernel/tainted", "12288\n")
	h.File("proc/driver/nvidia/version", "NVRM version: NVIDIA UNIX Open Kernel Module for x86_64  "+fixedDriver+"  Release Build  (builder@host)\n")
	h.NVML = fmt.Sprintf(`{
  "schema": "gpuaudit.nvml/v1",
  "library": "/usr/lib/x86_64-linux-gnu/libnvidia-ml.so.%[1]s",
  "driver_version": %[1]q,
  "nvml_version": "13.580.178.04",
  "gpus": [
    {
      "address": %[2]q,
      "vendor_id": "10de",
      "device_id": "2684",
      "subsystem_vendor_id": "10de",
      "subsystem_device_id": "167c",
      "vbios_version": %[3]q,
      "uuid": %[4]q,
      "memory_bytes": %[5]d,
      "name": "NVIDIA GeForce RTX 4090",
      "recovery_action": "none",
      "health": {
        "corrected": 0,
        "uncorrected": 0,
        "pcie_replays": 0
      }
    }
  ]
}
`, fixedDriver, address, c.NVIDIAVersion, c.UUID, uint64(24564)<<20)
}

// installNVIDIA puts the module of NVIDIA's driver where a distribution does.
func (h *Host) installNVIDIA(file string) {
	const release = "6.1.0-40-amd64"
	full := path.Join("lib/modules", release, file)
	h.File(full, string(ELF(map[string]string{"license": "Dual MIT/GPL", "srcversion": "0123456789ABCDEF0123456", "version": fixedDriver,
		"name": "nvidia", "vermagic": release + " SMP preempt mod_unload modversions "})))
	dep := "lib/modules/" + release + "/modules.dep"
	h.File(dep, string(h.FS[dep].Data)+file+":\n")
}
