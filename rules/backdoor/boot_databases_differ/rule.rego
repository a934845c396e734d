# METADATA
# title: Secure Boot's databases are not those that firmware measured
# description: |
#   What the system shows of db (who may sign) or dbx (what is revoked) is not
#   what firmware measured at the start. An update since then explains it, and
#   ends with the next start. Otherwise the system shows revocations or
#   authorities that were not in force when the card's driver was run.
# related_resources:
# - ref: https://uefi.org/revocationlistfile
# custom:
#   id: GA-BD-056
#   severity: medium
#   scope: host
#   question: harm
#   remediation: >-
#     Start the machine again and repeat the scan. If the difference stays,
#     compare the databases in the firmware's setup with those of a machine of the
#     same model.
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
