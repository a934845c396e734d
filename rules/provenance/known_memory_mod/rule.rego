# METADATA
# related_resources:
# - ref: https://attack.mitre.org/techniques/T1195/003/
# custom:
#   id: GA-PR-014
#   severity: high
#   scope: device
#   question: identity
#   identity: modified
#   proves: published
package gpuaudit.rules.provenance.known_memory_mod

import data.gpuaudit.lib
import data.gpuaudit.provenance
import data.gpuaudit.verdict

# sized are the known modifications of this device id that a memory size tells.
sized := [m | some m in input.catalogue.mods; m.suspect_max_mib]

# shown are those that somebody has shown. One that is only told of is no ground for a
# word against a card.
shown := [m | some m in sized; object.get(m, "confidence", "") != "unverified"]

told := [m | some m in sized; object.get(m, "confidence", "") == "unverified"]

# half are those of which only the lower end of the range is stated.
half := [m | some m in input.catalogue.mods; m.suspect_min_mib; not m.suspect_max_mib]

# A size that the factory gives as well is no sign, whatever was done elsewhere.
seen := [m | some m in shown; fits(m)]

rumoured := [m | some m in told; fits(m)]

fits(m) if {
	some claim in provenance.claims
	claim >= provenance.least(object.get(m, "suspect_min_mib", m.suspect_max_mib))
	claim <= m.suspect_max_mib
	not provenance.is_factory_size(claim)
}

decision := verdict.not_applicable(
	verdict.msg("known_memory_mod.not_applicable", {}),
	provenance.virtual_evidence,
) if {
	provenance.virtual
	every claim in provenance.claims {
		claim <= provenance.largest
	}
} else := verdict.unknown(verdict.msg("provenance.prototype", {"memory": provenance.statements[0]}), ["/device/pci/subsystem_device_id"]) if {
	provenance.prototype
} else := verdict.keyed(
	verdict.fail(
		verdict.msg("known_memory_mod.fail", {"title": object.get(seen[0], "title", verdict.msg("known_memory_mod.nameless", {})), "giveaway": object.get(seen[0], "giveaway", verdict.msg("known_memory_mod.memory_size", {})), "source": object.get(seen[0], "source", verdict.msg("known_memory_mod.not_named", {})), "confidence": object.get(seen[0], "confidence", "not stated")}),
		["/device/memory", "/device/pci/device_id"],
	),
	object.get(seen[0], "id", ""),
) if {
	count(seen) > 0
} else := verdict.unknown(
	verdict.msg("known_memory_mod.told", {"title": object.get(rumoured[0], "title", verdict.msg("known_memory_mod.nameless", {})), "source": object.get(rumoured[0], "source", verdict.msg("known_memory_mod.not_named", {}))}),
	["/catalogue/mods"],
) if {
	count(rumoured) > 0
} else := verdict.not_applicable(
	verdict.msg("known_memory_mod.not_applicable_2", {}),
	["/catalogue"],
) if {
	input.catalogue
	provenance.known_ids
	count(sized) == 0
	count(half) == 0
} else := verdict.pass(
	verdict.msg("known_memory_mod.pass", {}),
	["/device/memory", "/device/pci/device_id"],
) if {
	input.catalogue
	provenance.known_ids
	count(seen) == 0
	count(half) == 0
	count(provenance.claims) > 0
	count(provenance.claims) == count(input.device.memory)
	lib.complete(input.device, "/memory")
} else := verdict.unknown(verdict.msg("known_memory_mod.unknown", {}), ["/catalogue/mods"]) if {
	provenance.known_ids
	count(half) > 0
} else := lib.device_lacks(verdict.msg("known_memory_mod.lacks", {}), ["/memory", "/pci/vendor_id", "/pci/device_id"])
