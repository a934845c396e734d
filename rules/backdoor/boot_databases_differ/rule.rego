# METADATA
# related_resources:
# - ref: https://uefi.org/revocationlistfile
# custom:
#   id: GA-BD-056
#   severity: medium
#   scope: host
#   question: harm
package gpuaudit.rules.backdoor.boot_databases_differ

import data.gpuaudit.attestation
import data.gpuaudit.verdict

boot := input.attestation.boot

stores := [name | some name in ["db", "dbx"]; object.get(boot, concat("", [name, "_agrees"]), "") == "differs"]

decision := attestation.not_asked if {
	attestation.not_asked
} else := verdict.fail(
	verdict.msg("boot_databases_differ.fail", {"stores": stores}),
	[sprintf("/attestation/boot/%s_agrees", [name]) | some name in stores],
) if {
	count(stores) > 0
} else := verdict.pass(verdict.msg("boot_databases_differ.pass", {}), ["/attestation/boot/db_agrees", "/attestation/boot/dbx_agrees"]) if {
	attestation.proven
	boot.db_agrees == "same"
	boot.dbx_agrees == "same"
} else := verdict.unknown(attestation.lacking(verdict.msg("boot_databases_differ.what", {})), ["/attestation"])
