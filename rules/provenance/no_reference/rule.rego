# METADATA
# related_resources:
# - ref: https://csrc.nist.gov/pubs/sp/800/193/final
# custom:
#   id: GA-PR-001
#   severity: low
#   scope: device
#   question: code
#   means: unknown
#   lead: pass
package gpuaudit.rules.provenance.no_reference

import data.gpuaudit.provenance
import data.gpuaudit.rom
import data.gpuaudit.verdict

firmware := input.reference.firmware

# own: everybody who vouches is an operator, who states that nothing changed, and not
# whose code it is.
own if {
	count(firmware.vouchers) > 0
	every voucher in firmware.vouchers {
		voucher.kind == "operator"
	}
}

# stated are those who vouch, and since when.
stated contains words if {
	some voucher in firmware.vouchers
	words := verdict.msg("no_reference.voucher", {"day": object.get(voucher, "issued", verdict.msg("no_reference.some_day", {})), "who": object.get(voucher, "issuer", verdict.msg("no_reference.somebody", {}))})
}

decision := verdict.pass(
	verdict.msg("no_reference.signed", {"signed": rom.signed_as}),
	[p.pointer | some p in rom.partitions],
) if {
	firmware.state == "not-covered"
	rom.maker_signed
} else := rom.none if {
	# Graphics of a processor have no firmware of their own; a card without a window for
	# its ROM has, all the same.
	firmware.state == "not-covered"
	provenance.no_card
	rom.none
} else := verdict.fail(
	verdict.msg("no_reference.fail", {"reason": firmware.reason}),
	["/reference/firmware"],
) if {
	firmware.state == "not-covered"
} else := verdict.pass(
	verdict.msg("no_reference.pass", {"vouchers": sort(stated)}),
	["/reference/firmware/vouchers"],
) if {
	firmware.state == "match"
	own
} else := verdict.pass(
	verdict.msg("no_reference.pass_2", {"reason": firmware.reason}),
	["/reference/firmware"],
) if {
	firmware.state == "match"
} else := verdict.not_applicable(
	verdict.msg("no_reference.not_applicable", {}),
	["/reference/firmware"],
) if {
	firmware.state == "mismatch"
} else := verdict.unknown(
	verdict.msg("no_reference.not_found_out", {"reason": object.get(firmware, "reason", "")}),
	["/device/firmware/roms"],
) if {
	firmware.state == "unknown"
} else := verdict.unknown(verdict.msg("no_reference.unknown", {}), ["/reference/firmware"])
