# METADATA
# description: |
#   What the provenance rules share: comparing a memory size with the factory's,
#   and telling a card from a share of one, from a part without memory of its own,
#   and from a display that is no card.
package gpuaudit.provenance

import data.gpuaudit.lib
import data.gpuaudit.verdict

# tolerance: a driver reports a little less than the nominal size, because the
# card keeps some of it back (49140 of 49152 MiB); it never reports more.
tolerance := 0.98

# old_tolerance: NVIDIA's drivers before R510 take their own reserve off as well
# (1998 of 2048 MiB, 5912 of 6144, 3911 of 4096).
old_tolerance := 0.95

part := input.catalogue.accelerator

part_name := object.get(input, ["catalogue", "accelerator", "name"], verdict.msg("provenance.part", {}))

# claims are the sizes that the device's sources state, in MiB.
claims := [mib |
	some claim in input.device.memory
	mib := claim.bytes / 1048576
]

# keys tell the same statements apart over rescans.
keys := [sprintf("%v MiB (%s)", [floor(claim.bytes / 1048576), object.get(claim, "source", "a source without a name")]) |
	some claim in input.device.memory
]

# statements are the same with the words of who states them.
statements := [verdict.msg("provenance.statement", {"mib": floor(claim.bytes / 1048576), "source": object.get(claim, "source", verdict.msg("lib.nameless_source", {}))}) |
	some claim in input.device.memory
]

factory_sizes := part.memory_mib if count(part.memory_mib) > 0

largest := max(factory_sizes)

# whole: the list of factory sizes is the maker's own, and has all of them. Of
# any other list nothing follows for a size that it lacks.
whole if part.memory_complete == true

# recent: the driver is known, and takes nothing off but what the card keeps. A size may
# be of a recording that was made with an older one.
recent if {
	releases := [to_number(split(claim.version, ".")[0]) |
		some claim in input.device.driver.claims
		regex.match(`^[0-9]{3,4}\.`, claim.version)
	]
	min(releases) >= 510
}

least(nominal) := nominal * tolerance if recent

least(nominal) := nominal * tolerance if {
	not recent
	input.device.pci.vendor_id != "10de"
}

least(nominal) := nominal * old_tolerance if {
	not recent
	input.device.pci.vendor_id == "10de"
}

least(nominal) := nominal * tolerance if not input.device.pci.vendor_id

# claimed says that a claim is the nominal size, in MiB.
claimed(claim, nominal) if {
	claim <= nominal
	claim >= least(nominal)
}

# A card with GDDR memory and ECC switched on keeps a sixteenth for the check
# bits: NVIDIA's L40S says 46068 of 49152 MiB, the T4 15360 of 16384.
claimed(claim, nominal) if {
	claim <= (nominal * 15) / 16
	claim >= ((nominal * 15) / 16) * tolerance
}

# vouched: the size was read, and it is what a signed manifest states of the card.
vouched if {
	input.reference.memory.state == "match"
	count(claims) > 0
	count(claims) == count(input.device.memory)
	lib.complete(input.device, "/memory")
}

# windows_vouched: the windows were read, and are what a signed manifest states.
windows_vouched if {
	input.reference.windows.state == "match"
	lib.complete(input.device, "/pci/bars")
}

is_factory_size(claim) if {
	some size in factory_sizes
	claimed(claim, size)
}

# unsold are boards of NVIDIA's own that were made with more memory than the card of
# that id, and never sold, by the PCI id list. What shows the number of one, and its
# memory, may be it.
unsold := {"10de:2206 10de:146d": 20480, "10de:2484 10de:14ae": 16384}

prototype if {
	some claim in claims
	claimed(claim, unsold[sprintf("%s %s", [
		id(input.device.pci.vendor_id, input.device.pci.device_id),
		id(input.device.pci.subsystem_vendor_id, input.device.pci.subsystem_device_id),
	])])
}

# virtual: the function is a share of a card, with a share of its memory and its
# link. The kernel says it of a virtual function, and the driver of a guest's, by
# a VBIOS version of zeros and by a name that ends in the share's size and kind
# ("GRID T4-16Q", "NVIDIA A100-1-5CME").
virtual if input.device.pci.sriov.physical_function

virtual if count(shares) > 0

shares := array.concat(
	[sprintf("/device/firmware/versions/%d", [i]) |
		some i, claim in input.device.firmware.versions
		claim.version == "00.00.00.00.00"
	],
	[sprintf("/device/product_names/%d", [i]) |
		some i, claim in input.device.product_names
		regex.match(`-[0-9]{1,3}[ABCQ](ME)?$|MIG [0-9]+[cg]\.`, claim.value)
	],
)

virtual_evidence := ["/device/pci/sriov/physical_function"] if {
	input.device.pci.sriov.physical_function
} else := shares

# unified: the part works in the machine's memory, so that no size is its own.
unified if part.memory_unified == true

# guest: the machine is itself a virtual one, which shows a card as it likes.
guest if {
	vendor := lower(input.host.dmi.system_vendor)
	some word in ["qemu", "kvm", "bochs", "vmware", "xen", "innotek", "virtualbox", "parallels", "openstack", "red hat", "nutanix", "google", "amazon ec2", "vultr", "digitalocean", "hetzner", "alibaba cloud"]
	contains(vendor, word)
}

guest if input.host.dmi.product_name == "Virtual Machine"

# no_card names a display that is no card: the chip of a server's management
# controller, a virtual machine's adapter, and the graphics that a processor has
# in itself.
no_card := verdict.msg("provenance.no_card.management", {}) if {
	id(input.device.pci.vendor_id, input.device.pci.device_id) in management
} else := verdict.msg("provenance.no_card.adapter", {}) if {
	virtual_adapter
} else := verdict.msg("provenance.no_card.processor", {}) if {
	unified
} else := verdict.msg("provenance.no_card.processor", {}) if {
	input.device.pci.vendor_id == "8086"
	regex.match(`^[0-9a-f]{4}:00:02\.[0-7]$`, input.device.address)
}

# management are the display chips of management controllers: ASPEED, Matrox
# G200 with a letter behind it, Huawei's Hi171x, AMD's ES1000, XGI and SMI.
management := {
	"1a03:2000", "1a03:1150", "102b:0522", "102b:0530", "102b:0532", "102b:0533",
	"102b:0534", "102b:0536", "102b:0538", "19e5:1711", "1002:515e", "1002:5969",
	"18ca:0020", "126f:0750",
}

# adapters are those of virtual machines, by id. QEMU's standard adapter has a
# maker's id that nobody holds (its docs/specs/standard-vga.rst) and so counts
# with the subsystem that QEMU gives it; bhyve's has one as well.
adapters := {
	"1af4:1050": "VirtIO GPU", "1b36:0100": "QXL", "1013:00b8": "Cirrus of QEMU",
	"15ad:0405": "VMware SVGA II", "15ad:0406": "VMware SVGA 3D", "1414:5353": "Hyper-V video",
	"80ee:beef": "VirtualBox", "1ab8:4005": "Parallels", "fb5d:40fb": "frame buffer of bhyve",
	"5853:c147": "Xen", "1b36:0110": "QEMU",
}

adapter := adapters[id(input.device.pci.vendor_id, input.device.pci.device_id)]

adapter := verdict.msg("provenance.qemu_adapter", {}) if {
	id(input.device.pci.vendor_id, input.device.pci.device_id) == "1234:1111"
	id(input.device.pci.subsystem_vendor_id, input.device.pci.subsystem_device_id) == "1af4:1100"
}

virtual_adapter if adapter

# known_ids: the device says who it is. Without, nothing in the catalogue that
# lacks a row says anything.
known_ids if {
	regex.match(`^[0-9a-f]{4}$`, input.device.pci.vendor_id)
	regex.match(`^[0-9a-f]{4}$`, input.device.pci.device_id)
}

# window is the largest memory window, in MiB.
window := max([bar.bytes | some bar in input.device.pci.bars; bar.kind == "memory"]) / 1048576

# next_power is the least power of two that is no less than a size, in MiB, which
# is the size of a window over all of it: 64 GiB for 48 (PCI Express Base
# Specification 7.8.6: sizes of resizable windows are powers of two).
next_power(size) := min([power | some power in powers; power >= size])

powers := [
	1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 1024, 2048, 4096, 8192, 16384, 32768, 65536,
	131072, 262144, 524288, 1048576, 2097152, 4194304, 8388608, 16777216,
]

# id is a PCI id pair in words, "10de:2684".
id(vendor, device) := sprintf("%s:%s", [vendor, device])
