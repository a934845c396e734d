# METADATA
# description: |
#   What the import-restriction rules share: whether the user asked, whether a law
#   is in force at the clock of the audit, how it is cited, and who the maker is.
#   The data are data.gpuaudit.data.restrictions; nothing here is legal advice.
package gpuaudit.restriction

import data.gpuaudit.data.restrictions
import data.gpuaudit.verdict

now := time.parse_rfc3339_ns(input.now)

# start is the beginning of a day (UTC), in nanoseconds.
start(day) := time.parse_rfc3339_ns(concat("", [day, "T00:00:00Z"]))

# age is that of the restriction data, in whole days.
age := floor((now - start(restrictions.date)) / 86400000000000)

# longest is the age in days beyond which the data are no ground for an answer.
longest := 540

disclaimer := verdict.msg("law.disclaimer", {})

asked if count(input.question) > 0

# display_only are management and virtual display adapters, which have no
# processing units to control: ASPEED and Matrox BMC graphics, and the adapters
# of QEMU, VirtIO, QXL, VMware and Cirrus.
display_only if input.device.pci.vendor_id in {"1a03", "102b", "1234", "1af4", "1b36", "15ad", "1013"}

# aside is the answer of a rule that does not come to its question: because
# nobody asked, the data are too old, or place and profile of use are others or
# not given. It is undefined where the rule has to answer. "*" stands for any
# place or any profile.
aside(places, profiles) := verdict.not_applicable(
	verdict.msg("law.not_asked", {}),
	["/question"],
) if {
	not asked
} else := verdict.not_applicable(
	verdict.msg("law.display_only", {}),
	["/device/pci/vendor_id"],
) if {
	display_only
} else := verdict.unknown(
	verdict.msg("law.too_old", {"date": restrictions.date, "age": age}),
	["/data_sets"],
) if {
	age > longest
} else := verdict.unknown(
	verdict.msg("law.place_needed", {}),
	["/question/jurisdiction"],
) if {
	not "*" in places
	not input.question.jurisdiction
} else := verdict.not_applicable(
	verdict.msg("law.other_place", {"places": sort(places), "here": input.question.jurisdiction}),
	["/question/jurisdiction"],
) if {
	not "*" in places
	count(places & here) == 0
} else := verdict.unknown(
	verdict.msg("law.profile_needed", {}),
	["/question/profile"],
) if {
	not "*" in profiles
	not input.question.profile
} else := verdict.not_applicable(
	verdict.msg("law.other_profile", {"profiles": sort(profiles), "yours": input.question.profile}),
	["/question/profile"],
) if {
	not "*" in profiles
	not input.question.profile in profiles
}

# here is the place of use, with the union that it belongs to.
here contains input.question.jurisdiction

here contains "EU" if input.question.jurisdiction in members

# members of the European Union, ISO 3166-1.
members := {
	"AT", "BE", "BG", "CY", "CZ", "DE", "DK", "EE", "ES", "FI", "FR", "GR", "HR", "HU",
	"IE", "IT", "LT", "LU", "LV", "MT", "NL", "PL", "PT", "RO", "SE", "SI", "SK",
}

# dormant is the answer of a rule whose law is not in force at the clock of the
# audit, or may not be applied because nobody has verified it.
dormant(id) := verdict.not_applicable(
	verdict.msg("law.not_in_force", {"day": substring(input.now, 0, 10), "law": cite(id)}),
	["/now"],
) if {
	not in_force(id)
}

in_force(id) if {
	law := restrictions.rules[id]
	law.enabled
	now >= start(law.effective_from)
	not ended(law)
	not suspended(law)
}

ended(law) if now >= start(law.effective_to)

# A suspension includes its last day.
suspended(law) if {
	now >= start(law.suspended.from)
	now < start(law.suspended.to) + 86400000000000
}

# cite names authority, citation, effective dates, the day the data speak for, how
# far they were verified, and where to read on.
cite(id) := verdict.msg("law.cite", {
	"authority": law.authority,
	"citation": law.citation,
	"from": law.effective_from,
	"doubt": doubt(law),
	"until": until(law),
	"as_of": law.as_of,
	"checked": object.get(checked, law.confidence, law.confidence),
	"source": law.source,
	"disclaimer": disclaimer,
}) if {
	law := restrictions.rules[id]
}

checked := {
	"verified-in-source": verdict.msg("law.read_in_source", {}),
	"secondary": verdict.msg("law.read_in_secondary", {}),
}

until(law) := verdict.msg("law.until", {"day": law.effective_to}) if law.effective_to

until(law) := "" if not law.effective_to

doubt(law) := verdict.msg("law.doubt", {"how": law.effective_from_confidence}) if law.effective_from_confidence

doubt(law) := "" if not law.effective_from_confidence

# maker is the entry of the silicon's maker in the lists.
maker := restrictions.makers[input.device.pci.vendor_id]

# busy are vendor ids under which makers sell network cards, storage, chipsets
# and BMC graphics besides accelerators: the id alone does not tell a part.
busy := {"19e5", "1d94", "1d17", "1ded", "1d22"}

# accelerator: this is a known part of the maker, and not another product of it.
accelerator if input.catalogue.accelerator

accelerator if startswith(input.device.pci.class_code, "12")

accelerator if not input.device.pci.vendor_id in busy

# entity_list are the rules in force by which the maker is on the US Entity List.
entity_list := [id |
	some id in maker.named_by
	law := restrictions.rules[id]
	law.kind == "entity-list"
	law.authority == "BIS"
	in_force(id)
]

# csl is the snapshot in which names were searched for the Entity List.
csl := restrictions.lists["us-csl-2026-07-31"]
