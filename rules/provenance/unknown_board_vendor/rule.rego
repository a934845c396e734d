# METADATA
# related_resources:
# - ref: https://pci-ids.ucw.cz/
# custom:
#   id: GA-PR-006
#   severity: low
#   scope: device
#   question: identity
package gpuaudit.rules.provenance.unknown_board_vendor

import data.gpuaudit.lib
import data.gpuaudit.verdict

vendor := input.device.pci.subsystem_vendor_id

# name is that of the board's maker, which may be the maker of the silicon.
name := [found |
	some found in [
		object.get(input, ["catalogue", "board_maker", "name"], null),
		object.get(input, ["device", "names", "subsystem_vendor"], null),
		own,
	]
	found != null
][0]

default own := null

own := input.catalogue.maker.name if vendor == input.device.pci.vendor_id

# makers are the ids of makers of boards and computers that swapped ids are looked
# for among (the catalogue's makers of boards, and makers of laptops).
makers := {
	"1043", "1462", "1458", "7377", "1b4c", "19da", "1569", "10b0", "196e", "1da2", "174b", "148c", "1682", "1eae", "3842",
	"1787", "1849", "1565", "1771", "1028", "103c", "17aa", "1558", "1048", "10de", "1002", "8086", "1ed5", "1025", "144d",
	"106b", "104d", "15d9", "1a58", "1d05", "1179", "1854", "152d", "2782", "1019", "1734",
}

# swapped is the maker's id that was meant: the id with its bytes in the other
# order, or the one in the board's place. An id that a maker of boards holds is
# taken at its word.
swapped := other if {
	not vendor in makers
	not input.catalogue.board_maker
	other := concat("", [substring(vendor, 2, 2), substring(vendor, 0, 2)])
	other in makers
} else := other if {
	not vendor in makers
	not input.catalogue.board_maker
	other := input.device.pci.subsystem_device_id
	other in makers
}

decision := verdict.not_applicable(
	verdict.msg("unknown_board_vendor.not_applicable", {}),
	["/device/pci/subsystem_vendor_id"],
) if {
	vendor in {"0000", "ffff"}
} else := verdict.fail(
	verdict.msg("unknown_board_vendor.fail", {"vendor": vendor, "device": object.get(input.device.pci, "subsystem_device_id", verdict.msg("unknown_board_vendor.not_read", {})), "maker": swapped}),
	["/device/pci/subsystem_vendor_id"],
) if {
	swapped
} else := verdict.fail(
	verdict.msg("unknown_board_vendor.fail_2", {"vendor": vendor, "name": name}),
	["/device/pci/subsystem_vendor_id"],
) if {
	regex.match(`(?i)wrong id|invalid|bogus`, name)
} else := verdict.pass(
	verdict.msg("unknown_board_vendor.pass", {"vendor": vendor, "name": trim_suffix(name, ".")}),
	["/device/pci/subsystem_vendor_id"],
) if {
	vendor
} else := verdict.fail(
	verdict.msg("unknown_board_vendor.fail_3", {"vendor": vendor}),
	["/device/pci/subsystem_vendor_id"],
) if {
	input.device.names
	input.catalogue
} else := lib.device_lacks(verdict.msg("unknown_board_vendor.lacks", {}), ["/pci/subsystem_vendor_id"])
