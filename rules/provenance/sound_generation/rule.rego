# METADATA
# related_resources:
# - ref: https://pci-ids.ucw.cz/read/PC/10de
# - ref: https://attack.mitre.org/techniques/T1195/003/
# custom:
#   id: GA-PR-074
#   severity: high
#   scope: device
#   question: identity
#   identity: counterfeit
#   proves: contradiction
package gpuaudit.rules.provenance.sound_generation

import data.gpuaudit.lib
import data.gpuaudit.provenance
import data.gpuaudit.verdict

# generation is that of a chip by NVIDIA's name for it, "GP107": the letters. The chip's
# display and its sound are functions of one die.
generation(name) := substring(name, 0, 2) if regex.match(`^(G[FKMPVABH]|TU|AD)[0-9]{2,3}`, name)

own := generation(input.device.names.device)

own := generation(input.catalogue.accelerator.chip) if not generation(object.get(input, ["device", "names", "device"], ""))

sounds := [f |
	some f in object.get(input.device, "functions", [])
	f.vendor_id == "10de"
	startswith(f.class_code, "0403")
]

named := [f | some f in sounds; generation(f.name)]

other := [f | some f in named; generation(f.name) != own]

evidence := ["/device/functions", "/device/pci/device_id"]

said(f) := verdict.msg("sound_generation.said", {"sound": f.name, "part": object.get(input, ["device", "names", "device"], provenance.part_name)})

decision := verdict.not_applicable(verdict.msg("sound_generation.not_applicable", {}), ["/device/pci/vendor_id"]) if {
	provenance.known_ids
	input.device.pci.vendor_id != "10de"
} else := verdict.not_applicable(
	verdict.msg("sound_generation.share", {}),
	provenance.virtual_evidence,
) if {
	provenance.virtual
} else := verdict.unknown(verdict.msg("sound_generation.guest", {"said": said(other[0])}), ["/host/dmi/system_vendor"]) if {
	count(other) > 0
	provenance.guest
} else := verdict.keyed(
	verdict.fail(verdict.msg("sound_generation.fail", {"said": said(other[0])}), evidence),
	object.get(other[0], "device_id", ""),
) if {
	count(other) > 0
} else := verdict.pass(verdict.msg("sound_generation.pass", {"sound": named[0].name}), evidence) if {
	own
	provenance.known_ids
	count(named) > 0
	lib.complete(input.device, "/functions")
} else := verdict.not_applicable(verdict.msg("sound_generation.none", {}), ["/device/pci/device_id"]) if {
	provenance.known_ids
	count(named) == 0
	lib.all_have(object.get(input.device, "functions", []), ["vendor_id", "class_code"])
	lib.complete(input.device, "/functions")
} else := verdict.not_applicable(verdict.msg("sound_generation.no_chip", {}), ["/device/names/device"]) if {
	provenance.known_ids
	input.catalogue
	not own
	lib.complete(input.device, "/functions")
} else := lib.device_lacks(verdict.msg("sound_generation.lacks", {}), ["/functions", "/pci/vendor_id", "/pci/device_id"])
