# METADATA
# related_resources:
# - ref: https://github.com/intel/igsc
# - ref: https://csrc.nist.gov/pubs/sp/800/193/final
# custom:
#   id: GA-PR-060
#   severity: high
#   scope: device
#   question: code
#   identity: modified
#   proves: reference
package gpuaudit.rules.provenance.partition_changed

import data.gpuaudit.lib
import data.gpuaudit.rom
import data.gpuaudit.verdict

changed := [p | some p in rom.partitions; p.value.state == "changed"]

says(p) := verdict.msg("partition_changed.changed", {"key": p.value.key, "what": [words(w) | some w in p.value.changed]})

words(w) := object.get(named, w, w)

named := {
	"key": verdict.msg("partition_changed.key", {}),
	"directory": verdict.msg("partition_changed.directory", {}),
	"padding": verdict.msg("partition_changed.padding", {}),
}

found := array.concat(
	[says(p) | some p in changed],
	[verdict.msg("partition_changed.stray", {"image": x.image}) | some x in rom.strays],
)

pointers := array.concat([p.pointer | some p in changed], [x.pointer | some x in rom.strays])

# open says what is not known of the others.
open contains reasons[p.value.state] if some p in rom.partitions

open contains verdict.msg("partition_changed.unread", {}) if {
	count(rom.partitions) == 0
	rom.partitioned
}

reasons := {
	"unsigned": verdict.msg("partition_changed.unsigned", {}),
	"unknown-key": verdict.msg("partition_changed.unknown_key", {}),
	"incomplete": verdict.msg("partition_changed.incomplete", {}),
	"unreadable": verdict.msg("partition_changed.unreadable", {}),
}

decision := verdict.keyed(
	verdict.fail(verdict.msg("partition_changed.fail", {"found": sort(found)}), pointers),
	concat(",", sort([object.get(x.value, "sha256", "") | some x in rom.images])),
) if {
	count(pointers) > 0
} else := rom.none if {
	rom.none
} else := verdict.pass(
	verdict.msg("partition_changed.pass", {"signed": rom.signed_as, "sources": rom.sources}),
	[p.pointer | some p in rom.partitions],
) if {
	rom.as_signed
} else := verdict.not_applicable(verdict.msg("partition_changed.not_applicable", {}), ["/device/firmware/roms"]) if {
	rom.read
	not rom.partitioned
} else := verdict.unknown(
	verdict.msg("partition_changed.unknown", {"reasons": sort(open)}),
	["/device/firmware/roms"],
) if {
	rom.read
	count(open) > 0
} else := lib.device_lacks(verdict.msg("partition_changed.lacks", {}), ["/firmware/roms"])
