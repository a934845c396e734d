# METADATA
# related_resources:
# - ref: https://docs.kernel.org/PCI/sysfs-pci.html
# custom:
#   id: GA-PR-026
#   severity: medium
#   scope: device
#   question: work
package gpuaudit.rules.provenance.link_narrow

import data.gpuaudit.lib
import data.gpuaudit.provenance
import data.gpuaudit.verdict

bridges := object.get(input.device, "bridges", [])

# ends are the functions on the way to the card: a port, what is plugged into
# it, and so on in pairs; the last is the card.
ends := array.concat(
	[{"pointer": sprintf("/device/bridges/%d/link", [i]), "link": object.get(b, "link", {})} | some i, b in bridges],
	[{"pointer": "/device/pci/link", "link": object.get(input.device.pci, "link", {})}],
)

links := [{"pointer": below.pointer, "has": below.link.current_width, "could": min([below.link.max_width, port.max_width])} |
	some i, below in ends
	i % 2 == 1
	port := ends[i - 1].link
]

lanes(list) := verdict.msg("link_narrow.lanes", {"links": [verdict.msg("link_narrow.link", {"has": l.has, "could": l.could}) | some l in list]})

narrow := [l | some l in links; l.has < l.could]

awake if input.device.pci.power_state in {"D0", "unknown"}

# paired: the kernel listed as many functions as make up whole links, and each
# of them states its widths.
paired if {
	count(ends) % 2 == 0
	count(links) * 2 == count(ends)
	lib.complete(input.device, "/bridges")
}

decision := verdict.not_applicable(
	verdict.msg("link_narrow.not_applicable", {}),
	["/device/pci/sriov/physical_function"],
) if {
	provenance.virtual
} else := verdict.not_applicable(verdict.msg("link_narrow.not_applicable_2", {}), ["/device/address"]) if {
	count(bridges) == 0
	lib.complete(input.device, "/bridges")
	lib.complete(input.device, "/functions")
	input.device.address
} else := verdict.fail(
	lanes(narrow),
	[l.pointer | some l in narrow],
) if {
	awake
	paired
	count(narrow) > 0
} else := verdict.pass(
	lanes(links),
	[l.pointer | some l in links],
) if {
	awake
	paired
	count(narrow) == 0
} else := lib.device_lacks(verdict.msg("link_narrow.lacks", {}), ["/pci/power_state", "/pci/link", "/bridges/0/link"])
