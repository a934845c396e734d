# METADATA
# description: |
#   What the provenance rules share: comparing a memory size with the factory's,
#   and telling a virtual function from a card.
package gpuaudit.provenance

# A driver reports a little less than the nominal size, because the card keeps
# some of it back (49140 of 49152 MiB); it never reports more.
tolerance := 0.98

# claims are the sizes that the device's sources state, in MiB.
claims := [mib |
	some claim in input.device.memory
	mib := claim.bytes / 1048576
]

factory_sizes := input.catalogue.accelerator.memory_mib

# claimed says that a claim is the nominal size, in MiB.
claimed(claim, nominal) if {
	claim <= nominal
	claim >= nominal * tolerance
}

# A card with GDDR memory and ECC switched on keeps a sixteenth for the check
# bits: NVIDIA's L40S says 46068 of 49152 MiB, the T4 15360 of 16384.
claimed(claim, nominal) if {
	claim <= (nominal * 15) / 16
	claim >= ((nominal * 15) / 16) * tolerance
}

is_factory_size(claim) if {
	some size in factory_sizes
	claimed(claim, size)
}

# multiple is 2 or 4 where a claim is that many times the largest factory size,
# and no factory size itself: the mark of exchanged memory chips.
multiple(claim) := factor if {
	not is_factory_size(claim)
	some factor in [2, 4]
	claimed(claim, factor * max(factory_sizes))
}

# virtual: the function is a share of a card, with a share of its memory and its
# link.
virtual if input.device.pci.sriov.physical_function

# id is a PCI id pair in words, "10de:2684".
id(vendor, device) := sprintf("%s:%s", [vendor, device])
