package capture

import (
	"path"
	"strings"

	"github.com/gpuaudit/gpuaudit/audit/collect/pci"
)

// rewrite makes of a file's bytes those that a redacted capture keeps; false leaves
// the file out, because it is not of the form of which parts are kept.
type rewrite func(data []byte) ([]byte, bool)

// row says what a redacted capture keeps of the files of one kind.
type row struct {
	// path is a pattern: * stands for one element, ** for any number of them, and F
	// for the folder of a PCI function.
	path string
	// keep is nil where nothing but the name, the type and the size is kept, and the
	// bytes are left out.
	keep rewrite
	why  string
}

// table has a row for every file that a collector reads. The first that fits counts;
// a path that none fits is left out. Names that hold an unknown word are replaced in
// all of them (redact_names.go).
var table = []row{
	{"F/vendor", form(hexWord), "id of the chip, the same on all of its kind"},
	{"F/device", form(hexWord), "id of the chip"},
	{"F/subsystem_vendor", form(hexWord), "id of the board"},
	{"F/subsystem_device", form(hexWord), "id of the board"},
	{"F/class", form(hexWord), "class of the function"},
	{"F/revision", form(hexWord), "revision of the chip"},
	{"F/modalias", form(aliasWord), "the same ids again"},
	{"F/numa_node", form(number), "a small number"},
	{"F/boot_vga", form(number), "0 or 1"},
	{"F/sriov_*", form(number), "a count"},
	{"F/power_state", form(powerWord), "one of six words"},
	{"F/current_link_speed", form(speedWord), "speed of the link"},
	{"F/max_link_speed", form(speedWord), "speed of the link"},
	{"F/current_link_width", form(number), "width of the link"},
	{"F/max_link_width", form(number), "width of the link"},
	{"F/resource", lines(resourceLine), "sizes of memory windows, and where the machine put them"},
	{"F/aer_dev_*", counts(aerLine, "Other"), "counts of errors by their names in the specification"},
	{"F/config", config, "heads of the capabilities and the registers that are read; the serial number is replaced, and all else is zeros"},
	{"F/rom", nil, "a ROM is kept in a place of its own, whole"},
	{"F/vpd", nil, "vital product data hold the serial number"},
	{"F/vbios_version", form(vbiosWord), "version of the card's firmware"},
	{"F/mem_info_vram_total", form(number), "a size"},
	{"F/fw_version/*", form(hexWord), "version of firmware"},
	{"F/unique_id", identity, "replaced: it is of one card"},
	{"F/serial_number", identity, "replaced: it is of one card"},
	{"F/ras/*_err_count", lines(rasLine), "counts of errors"},
	{"F/ras/gpu_vram_bad_pages", badPages, "how many pages, not which: these are of one card"},
	{"F/**/idVendor", form(usbWord), "id of a USB device"},
	{"F/**/idProduct", form(usbWord), "id of a USB device"},
	{"sys/**/idVendor", form(usbWord), "id of a USB device"},
	{"sys/**/idProduct", form(usbWord), "id of a USB device"},
	{"F/**/class_id", form(channelWord), "the class of a lent GPU; other channels are left out"},
	{"sys/**/class_id", form(channelWord), "the class of a lent GPU; other channels are left out"},
	{"F/**", nil, "names and types of what is in the folder"},

	{"sys/class/dmi/id/sys_vendor", systemVendor, "the word of a hypervisor, or of a maker of systems; others are replaced"},
	{"sys/class/dmi/id/product_name", productName, "whether it is Virtual Machine; others are replaced, since a seller may write there"},
	{"sys/class/dmi/id/chassis_type", form(number), "a number of SMBIOS's list"},
	{"sys/class/dmi/id/bios_date", form(dateWord), "a date"},
	{"sys/class/dmi/id/bios_version", form(versionWord), "numbers; other forms are left out"},
	{"sys/class/dmi/id/*", identity, "replaced: a serial number, or a text that a seller may have written"},
	{"sys/class/kfd/kfd/topology/nodes/*/properties", kfdProperties, "ids, place and size; unique_id is replaced, other lines are left out"},
	{"sys/class/kfd/kfd/topology/nodes/*/mem_banks/*/properties", kfdProperties, "size and kind of the memory"},
	{"sys/class/tpm/*/tpm_version_major", form(number), "1 or 2"},
	{"sys/kernel/iommu_groups/*/type", form(domainWord), "one of six words"},
	{"sys/kernel/security/lockdown", form(lockdownWord), "one of three words"},
	{eventLog, nil, "it names disks, boot entries and keys"},
	{"sys/kernel/security/**", nil, "it names disks, boot entries and keys"},
	{"sys/kernel/debug/dri/*/name", drmName, "the driver and the PCI address"},
	{"sys/kernel/debug/dri/*/amdgpu_vbios", wholeROM, "firmware, as in a ROM"},
	{"sys/kernel/debug/dri/*/vbios.rom", wholeROM, "firmware, as in a ROM"},
	{"sys/kernel/debug/dri/*/i915_gem_objects", localMemory, "size of the memory; what is in use is left out"},
	{"sys/kernel/debug/dri/*/vram0_mm", memoryManager, "size of the memory; what is in use is left out"},
	{"sys/kernel/debug/dri/*/vram1_mm", memoryManager, "size of the memory; what is in use is left out"},
	{"sys/kernel/debug/dri/*/vram2_mm", memoryManager, "size of the memory; what is in use is left out"},
	{"sys/kernel/debug/dri/*/vram3_mm", memoryManager, "size of the memory; what is in use is left out"},
	{"sys/module/*/version", form(versionWord), "numbers of a driver's version"},
	{"sys/module/*/srcversion", form(sourceWord), "a digest of a driver's source"},
	{"sys/module/*/notes/.note.gnu.build-id", buildNote, "a digest of a driver's build"},
	{"sys/module/*/taint", form(taintWord), "letters"},
	{"sys/module/*/initstate", form(stateWord), "one of three words"},
	{"sys/firmware/efi/efivars/SecureBoot-*", efiState, "0 or 1"},
	{"sys/firmware/efi/efivars/SetupMode-*", efiState, "0 or 1"},
	{"sys/firmware/efi/efivars/db-*", secureBoot, "published entries; those of this machine are counted"},
	{"sys/firmware/efi/efivars/dbx-*", secureBoot, "published entries; those of this machine are counted"},
	{"sys/firmware/efi/efivars/**", nil, "others name disks, networks and keys of the machine"},
	{"sys/firmware/acpi/tables/VFCT", vfct, "firmware of AMD cards, as in a ROM, without the header's names"},
	{"sys/firmware/acpi/tables/*", nil, "only whether a table is there is asked"},
	{"sys/firmware/dmi/**", nil, "raw SMBIOS has all serial numbers"},
	{"sys/**", nil, "names and types: which devices, drivers, modules and groups there are"},

	{"proc/cmdline", commandLine, "switches that rules ask for, with values of a list; every other word becomes the word redacted"},
	{"proc/version", kernelVersion, "the number; builder, compiler and date are cut"},
	{"proc/sys/kernel/osrelease", kernelRelease, "the number and the words of distributions; an own name is cut"},
	{"proc/sys/kernel/tainted", form(number), "bits"},
	{"proc/cpuinfo", cpuFlags, "whether there is a hypervisor"},
	{"proc/driver/nvidia/version", nvidiaVersion, "version and kind of the driver; builder and date are cut"},
	{"proc/driver/nvidia/gpus/*/information", nvidiaInformation, "versions, model and place; the UUID is replaced, other lines are left out"},
	{"proc/driver/nvidia/**", nil, "names of the folders"},
	{"etc/os-release", osRelease, "the distribution, if it is a known one, and its number"},
	{"usr/lib/os-release", osRelease, "the distribution, if it is a known one, and its number"},
	{"lib", nil, "whether it is a link to usr/lib"},
	{"usr", nil, "whether there is one"},
	{"etc", nil, "whether there is one"},
	{"usr/lib", nil, "whether there is one"},
	{"dev/dxg", nil, "only whether it is there is asked"},
}

// find is the row of a path.
func find(key string) *row {
	name := area(key)
	for i := range table {
		if fits(table[i].path, name) {
			return &table[i]
		}
	}
	return nil
}

func fits(pattern, name string) bool {
	for {
		first, rest, more := strings.Cut(pattern, "/")
		if first == "**" {
			if !more {
				return true
			}
			for {
				if fits(rest, name) {
					return true
				}
				_, after, ok := strings.Cut(name, "/")
				if !ok {
					return false
				}
				name = after
			}
		}
		element, after, deeper := strings.Cut(name, "/")
		if ok, err := path.Match(first, element); !ok || err != nil {
			return false
		}
		if !more || !deeper {
			return more == deeper || more && rest == "**"
		}
		pattern, name = rest, after
	}
}

// config keeps what the collector of the bus reads of a configuration space.
func config(data []byte) ([]byte, bool) { return pci.KeptConfig(data), true }

// Kept says why files of a path are kept, changed or left out by redaction; listed is
// false where no row has the path, which leaves it out.
func Kept(key string) (why string, listed bool) {
	if row := find(key); row != nil {
		return row.why, true
	}
	return "", false
}
