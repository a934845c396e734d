# METADATA
# related_resources:
# - ref: https://www.springlex.eu/en/packages/cra/cra-regulation/article-71/
# - ref: https://www.sorena.io/artifacts/eu/emc-directive/faq/eu-importer-duties
# custom:
#   id: GA-IR-011
#   severity: low
#   scope: device
#   question: law
package gpuaudit.rules.import_restriction.eu_importer

import data.gpuaudit.data.restrictions
import data.gpuaudit.lib
import data.gpuaudit.restriction
import data.gpuaudit.verdict

law := "eu-emc-importer"

# duties are all that may concern a card: that on product safety is for consumers.
duties := [law, "eu-rohs-importer", "eu-weee-importer", "eu-cra"] if input.catalogue.accelerator.market == "data-centre"

duties := [law, "eu-rohs-importer", "eu-weee-importer", "eu-cra", "eu-gpsr"] if not input.catalogue.accelerator.market == "data-centre"

cited := [restriction.cite(id) | some id in duties; restriction.in_force(id)]

# cra is the day from which the Cyber Resilience Act applies in full.
cra := [m.date | some m in restrictions.rules["eu-cra"].milestones; startswith(m.what, "everything else")][0]

stage := verdict.msg("eu_importer.cra_applies", {"day": cra}) if restriction.now >= restriction.start(cra)

stage := verdict.msg("eu_importer.cra_will_apply", {"day": cra}) if restriction.now < restriction.start(cra)

makers := [name |
	some path in [
		["catalogue", "maker", "name"], ["catalogue", "board_maker", "name"],
		["device", "names", "vendor"], ["device", "names", "subsystem_vendor"],
	]
	name := object.get(input, path, "")
	name != ""
]

profiles := restriction.organisations

outside := restriction.aside({"EU"}, profiles)

decision := outside if {
	outside
} else := verdict.pass(
	verdict.msg("eu_importer.pass", {"origin": input.question.origin, "law": restriction.cite(law)}),
	["/question/origin"],
) if {
	input.question.origin in restriction.members
} else := restriction.fails(
	profiles,
	verdict.msg("eu_importer.fail", {"stage": stage, "laws": cited}),
	["/device/pci/vendor_id", "/device/pci/subsystem_vendor_id"],
) if {
	input.device.pci.vendor_id
	input.device.names
	input.catalogue
	count(makers) == 0
} else := verdict.unknown(
	verdict.msg("eu_importer.unknown", {"stage": stage, "laws": cited}),
	["/question/origin"],
) if {
	count(makers) > 0
} else := lib.device_lacks(verdict.msg("eu_importer.lacks", {}), ["/pci/vendor_id", "/pci/subsystem_vendor_id"])
