package pci

import (
	"slices"
	"strings"

	"github.com/gpuaudit/gpuaudit/audit/inventory"
)

// accelerators are the classes, besides 03 and 12, and the ids in which a maker's
// accelerators present themselves. Sources: PCI id list of 2026-10-24 (names),
// drivers (aws-neuron-driver, Linux gasket, qaic, amdxdna), public lspci output
// (classes); docs/limits.md names them.
type accelerators struct {
	maker string
	// classes are prefixes; nil is any class but those of bridges and of what else a
	// maker of accelerators sells.
	classes []string
	// devices are ids; nil is every id of the maker. Makers that use these classes
	// for ordinary functions, too, are listed by id.
	devices []string
}

// elsewhereClasses are where makers who make nothing but accelerators put them, when
// not in 03 or 12: unclassified, multimedia, communication, system peripheral,
// co-processor, signal processing, other.
var elsewhereClasses = []string{"0000", "0400", "0480", "0780", "0880", "0b40", "10", "11", "13", "ff"}

var unusualAccelerators = []accelerators{
	{"0ccd", nil, []string{"0110", "0120", "0200", "0201"}},                                         // Preferred Networks MN-Core
	{"1022", []string{"1180"}, []string{"1502", "17f0", "17f2", "17f3", "1b0b"}},                    // AMD XDNA
	{"10ee", nil, []string{"5000", "5001", "5004", "5005", "500c", "5020", "505c", "50b4"}},         // Alveo, with AMD's shell
	{"10ee", nil, []string{"d000", "d004", "d00c", "d020"}},                                         // Alveo, golden image
	{"17cb", nil, []string{"a080", "a100", "a110"}},                                                 // Qualcomm Cloud AI
	{"1ac1", nil, []string{"089a"}},                                                                 // Coral Edge TPU
	{"1ae0", nil, []string{"0027", "005e", "0062", "0063", "006f", "0076"}},                         // Google TPU
	{"1bcf", []string{"0b40"}, nil},                                                                 // NEC Vector Engine
	{"1d0f", nil, []string{"7064", "7065", "7066", "7067", "7164", "7264", "7364", "7564", "7565"}}, // AWS Inferentia, Trainium
	{"1d22", elsewhereClasses, []string{"3684", "3685", "3688"}},                                    // Kunlun
	{"1d87", nil, []string{"1808", "182a"}},                                                         // Rockchip
	{"1d94", []string{"0b40"}, nil},                                                                 // Hygon DCU
	{"1de0", elsewhereClasses, nil},                                                                 // Groq
	{"1ded", nil, []string{"2050", "2051", "5011"}},                                                 // T-Head
	{"1e38", elsewhereClasses, nil},                                                                 // Blaize
	{"1e60", elsewhereClasses, nil},                                                                 // Hailo
	{"1e67", elsewhereClasses, nil},                                                                 // Untether AI
	{"1ea0", nil, []string{"2a16", "2a20", "2a22", "2a24", "2a26"}},                                 // Tencent
	{"1eca", elsewhereClasses, nil},                                                                 // Lightmatter
	{"1ecc", elsewhereClasses, nil},                                                                 // Sunrise
	{"1f4b", nil, []string{"0650"}},                                                                 // Axera AX650N, AX8850
	{"1f82", nil, []string{"0011"}},                                                                 // d-Matrix Corsair
	{"1f9d", elsewhereClasses, nil},                                                                 // Axelera
	{"1fbd", elsewhereClasses, nil},                                                                 // Enrigin
	{"1fe9", elsewhereClasses, nil},                                                                 // MemryX
	{"1ff4", elsewhereClasses, nil},                                                                 // DEEPX
	{"20a1", elsewhereClasses, nil},                                                                 // Etched
	{"8086", []string{"0b40"}, []string{"2250", "2251", "2252", "2253", "2254", "2255", "2256", "2257", "2258", "2259", "225a", "225b", "225c", "225d", "225e", "2260", "2262"}}, // Xeon Phi
	{"cdfa", elsewhereClasses, nil}, // NextSilicon
}

// plumbing are classes that no accelerator has, whatever its id: bridges.
const plumbing = "06"

// unusual says that accelerators of this maker are known to have this class.
func unusual(vendor, device, class string) bool {
	if strings.HasPrefix(class, plumbing) {
		return false
	}
	return slices.ContainsFunc(unusualAccelerators, func(a accelerators) bool {
		return a.maker == vendor && (a.classes == nil || hasPrefix(class, a.classes)) && (a.devices == nil || slices.Contains(a.devices, device))
	})
}

// alwaysDisplay are makers whose GPUs have the class of a display or an
// accelerator, always; their other parts are ordinary functions.
var alwaysDisplay = map[string]bool{"10de": true, "1002": true, "8086": true}

// coProcessors are the ids of the co-processors in NVIDIA's chipsets of 2006 to 2010 (MCP67 to MCP89),
// which NVIDIA's driver of then runs beside the graphics in the same chipset.
var coProcessors = []string{"0543", "0753", "07da", "0aa3", "0d7a"}

// beside says that a driver of GPUs runs a function that is none, and that nothing
// else makes one of it.
func beside(vendor, device, class string, uses []inventory.Use) bool {
	driverOnly := !slices.ContainsFunc(uses, func(u inventory.Use) bool { return u.Kind != inventory.UseDriver })
	return vendor == "10de" && strings.HasPrefix(class, "0b40") && slices.Contains(coProcessors, device) && driverOnly
}

// oddClass are classes that NVIDIA and ATI have no product in. NVIDIA made
// chipsets: storage, Ethernet, modem, memory, bridges, USB, SMBus, co-processor.
func oddClass(vendor, class string) bool {
	switch vendor {
	case "10de":
		return hasPrefix(class, nvidiaHasNone)
	case "1002":
		return hasPrefix(class, atiHasNone)
	default:
		return false
	}
}

var (
	nvidiaHasNone = []string{"00", "0280", "0480", "0780", "09", "0d", "10", "11", "13", "ff"}
	atiHasNone    = []string{"00", "0280", "09", "0b", "0d", "13", "ff"}
)

func hasPrefix(class string, prefixes []string) bool {
	return slices.ContainsFunc(prefixes, func(p string) bool { return strings.HasPrefix(class, p) })
}

// pciDrivers are the drivers of Linux, of makers' own trees and of vGPU hosts that
// run GPUs and accelerators, and nothing else. Not among them are vfio-pci and
// pci-stub, which take any function, and drivers of management controllers and
// virtual machines (ast, mgag200, hibmc-drm, virtio-pci, qxl, bochs-drm, vmwgfx).
var pciDrivers = set(`nvidia nvidia-vgpu-vfio nouveau NovaCore nova amdgpu radeon i915 xe intel_vpu ivpu
	habanalabs qaic amdxdna neuron apex hailo hailo1x mtgpu metax metax_gpu biren iluvatar
	enflame dtu cambricon devdrv_device_driver hydcu hycu kunlun xpu mic ve_drv tenstorrent groq rebellions
	rngd npu_mgmt xclmgmt xocl gcu memx_pcie_ai_chip metis axelera dx_dma_pcie axcl_host furiosa`)

func set(list string) map[string]bool {
	all := map[string]bool{}
	for name := range strings.FieldsSeq(list) {
		all[name] = true
	}
	return all
}
