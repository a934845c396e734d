# METADATA
# related_resources:
# - ref: https://csrc.nist.gov/pubs/sp/800/193/final
# custom:
#   id: GA-PR-002
#   severity: info
#   scope: device
#   question: code
package gpuaudit.rules.provenance.operator_reference

import data.gpuaudit.verdict

firmware := input.reference.firmware

others contains voucher.issuer if {
	some voucher in firmware.vouchers
	voucher.kind != "operator"
}

operators contains voucher.issuer if {
	some voucher in firmware.vouchers
	voucher.kind == "operator"
}

decision := verdict.pass(
	verdict.msg("operator_reference.pass", {"others": sort(others)}),
	["/reference/firmware/vouchers"],
) if {
	firmware.state == "match"
	count(others) > 0
} else := verdict.fail(
	verdict.msg("operator_reference.fail", {"operators": sort(operators)}),
	["/reference/firmware/vouchers"],
) if {
	firmware.state == "match"
	count(operators) > 0
} else := verdict.not_applicable(
	verdict.msg("operator_reference.not_applicable", {}),
	["/reference/firmware/state"],
) if {
	firmware.state in {"not-covered", "mismatch"}
} else := verdict.unknown(
	verdict.msg("operator_reference.unknown", {}),
	["/reference/firmware/vouchers"],
)
