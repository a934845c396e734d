# METADATA
# related_resources:
# - ref: https://envytools.readthedocs.io/en/latest/hw/mmio.html
# - ref: https://attack.mitre.org/techniques/T1200/
# custom:
#   id: GA-PR-033
#   severity: high
#   scope: device
#   question: identity
#   identity: counterfeit
#   proves: contradiction
package gpuaudit.rules.provenance.windows_of_family

import data.gpuaudit.lib
import data.gpuaudit.provenance
import data.gpuaudit.verdict

pci := input.device.pci

# registers is the least size of the first window, in bytes.
registers := 16777216

first := [bar | some bar in pci.bars; bar.index == 0; bar.kind == "memory"][0]

known if {
	pci.vendor_id == "10de"
	input.catalogue.accelerator
	not provenance.unified
}

present := {substring(f.class_code, 0, 4) | some f in lib.functions_of_card; f.class_code}

expected := object.get(input, ["catalogue", "accelerator", "functions"], [])

lacking := [class | some class in expected; not class in present]

decision := verdict.not_applicable(
	verdict.msg("windows_of_family.not_applicable", {}),
	provenance.virtual_evidence,
) if {
	provenance.virtual
} else := verdict.not_applicable(verdict.msg("windows_of_family.not_applicable_2", {}), ["/device/pci/vendor_id", "/device/pci/device_id"]) if {
	input.catalogue
	provenance.known_ids
	not known
} else := verdict.fail(
	verdict.msg("windows_of_family.fail", {"window": floor(first.bytes / 1024), "least": registers / 1024, "functions": functions}),
	["/device/pci/bars"],
) if {
	known
	first.bytes < registers
} else := verdict.fail(
	verdict.msg("windows_of_family.fail_2", {"functions": functions}),
	["/device/pci/bars"],
) if {
	known
	some bar in pci.bars
	bar.index == 0
	bar.kind == "io"
} else := verdict.pass(
	verdict.msg("windows_of_family.pass", {"window": floor(first.bytes / 1048576), "functions": functions}),
	["/device/pci/bars"],
) if {
	known
	first.bytes >= registers
	lib.complete(input.device, "/pci/bars")
} else := lib.device_lacks(verdict.msg("windows_of_family.lacks", {}), ["/pci/bars", "/pci/vendor_id", "/pci/device_id"])

functions := verdict.msg("windows_of_family.functions", {"classes": lacking}) if {
	count(lacking) > 0
} else := ""
