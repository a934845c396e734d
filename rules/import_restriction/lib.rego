# METADATA
# description: |
#   What the import-restriction rules share: whether the user asked, whether a law
#   is in force at the clock of the audit, how it is cited, and who the maker is.
#   The data are data.gpuaudit.data.restrictions; nothing here is legal advice.
#   Where the place is given and nobody said who uses the device, a private person and a
#   company are answered side by side.
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

# asked: somebody wants to know. That a private person uses the device, without a place,
# is what packs for the home say, and no question of law; nor are the seller's words, nor
# who sold the device, when and for how much.
asked if input.question.jurisdiction

asked if input.question.origin

asked if input.question.profile != "private"

asked if {
	some key in ["hts", "entry_date", "component_makers", "end_use_sha256"]
	input.question.purchase[key]
}

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
} else := verdict.not_applicable(
	verdict.msg("law.only_profiles", {"profiles": sort(profiles)}),
	["/question/profile"],
) if {
	not "*" in profiles
	not input.question.profile
	count(profiles & either) == 0
} else := verdict.not_applicable(
	verdict.msg("law.other_profile", {"profiles": sort(profiles), "yours": input.question.profile}),
	["/question/profile"],
) if {
	not "*" in profiles
	input.question.profile
	not input.question.profile in profiles
}

# either are the profiles that are answered side by side where nobody said who uses
# the device.
either := {"private", "company"}

# organisations are the profiles of all but a private person.
organisations := {"company", "federal-contractor", "critical-infrastructure", "exporter"}

# concerned are the profiles that an answer is for.
concerned := {input.question.profile} if input.question.profile

concerned := either if not input.question.profile

# fails is a failure for the profiles of a rule. Where nobody said who uses the device,
# and the rule concerns a private person or a company alone, that decides.
fails(profiles, detail, evidence) := verdict.fail(detail, evidence) if {
	not split(profiles)
} else := verdict.unknown(
	verdict.msg("law.one_of_two", {"who": concat("", [who | some who in profiles & either]), "detail": detail}),
	["/question/profile"],
)

split(profiles) if {
	not input.question.profile
	not "*" in profiles
	count(profiles & either) == 1
}

# here is the place of use, with the union that it belongs to.
here contains input.question.jurisdiction

here contains "EU" if input.question.jurisdiction in members

members := {m | some m in restrictions.groups.EU}

# controlled: advanced chips need a US licence to this place, as it is applied: groups D:1,
# D:4 and D:5 outside A:5 and A:6 (15 CFR part 740, supplement 1). Macau is in D:1 and D:4.
controlled if {
	some group in ["D:1", "D:4", "D:5"]
	input.question.jurisdiction in restrictions.groups[group]
	not trusted
}

trusted if {
	some group in ["A:5", "A:6"]
	input.question.jurisdiction in restrictions.groups[group]
}

# somewhere: the place of use says where the part goes. Within the country of the law it
# does not.
somewhere if not input.question.jurisdiction == "US"

# dormant is the answer of a rule whose law does not count at the clock of the audit. A
# suspension that has ended by its own words, while nobody has read what followed, is
# neither in force nor not.
dormant(id) := verdict.unknown(waiting(id), ["/now"]) if {
	waiting(id)
} else := verdict.not_applicable(
	verdict.msg("law.not_in_force", {"day": substring(input.now, 0, 10), "law": cite(id)}),
	["/now"],
) if {
	not in_force(id)
}

# waiting says of a law that nobody has verified since its state was to change: it is
# neither in force nor not.
waiting(id) := verdict.msg("law.lapsed", {"until": restrictions.rules[id].suspended.to, "law": cite(id)}) if {
	lapsed(id)
} else := verdict.msg("law.begun", {"from": restrictions.rules[id].effective_from, "law": cite(id)}) if {
	begun(id)
}

in_force(id) if {
	law := restrictions.rules[id]
	law.enabled
	now >= start(law.effective_from)
	not ended(law)
	not suspended(law)
	not lapsed(id)
	not begun(id)
}

ended(law) if now >= start(law.effective_to)

# A suspension includes its last day.
suspended(law) if {
	now >= start(law.suspended.from)
	now < after(law.suspended.to)
}

# after is the end of a day.
after(day) := start(day) + 86400000000000

# lapsed: the suspension is over, and the newest source is from before its end.
lapsed(id) if {
	law := restrictions.rules[id]
	law.enabled
	now >= after(law.suspended.to)
	law.as_of <= law.suspended.to
	not ended(law)
}

# begun: its first day has come, and the newest source is from before it.
begun(id) if {
	law := restrictions.rules[id]
	law.enabled
	now >= start(law.effective_from)
	law.as_of < law.effective_from
	not ended(law)
	not suspended(law)
}

# cite says what a law means for whom the answer is for, and then names authority,
# citation, effective dates, the day the data speak for, how far they were verified,
# and where to read on. A private person reads who says so, and where; the dates and the
# degree stand in gpuaudit channel restrictions.
cite(id) := verdict.msg("law.cite_private", {
	"meaning": meaning(law),
	"authority": law.authority,
	"as_of": law.as_of,
	"source": law.source,
	"disclaimer": disclaimer,
}) if {
	law := restrictions.rules[id]
	input.question.profile == "private"
} else := verdict.msg("law.cite", {
	"meaning": meaning(law),
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

# meaning is the law's sentence for the profile, or for a private person and for a
# company.
meaning(law) := verdict.msg("law.for_one", {"sentence": law.who[input.question.profile]}) if {
	input.question.profile
} else := verdict.msg("law.for_two", {"private": law.who.private, "company": law.who.company})

checked := {
	"verified-in-source": verdict.msg("law.read_in_source", {}),
	"official-summary": verdict.msg("law.read_in_summary", {}),
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

# csl is the edition of the screening list in which names were searched.
csl := restrictions.lists["us-csl"]

# searched: the maker's name was searched in an edition of a list, and not found.
searched(edition) if edition in maker.no_record_in

# watched are the countries in which a maker's owners may be listed, so that no record
# of its own name is no clearance: China, Hong Kong and Macau.
watched if maker.hq_country in {"CN", "HK", "MO"}

# part is the PCI id, by which laws name products.
part := sprintf("%s:%s", [input.device.pci.vendor_id, input.device.pci.device_id])

names_part(id) if part in restrictions.rules[id].parts

# begins is the day from which a law counts.
begins(id) := restrictions.rules[id].effective_from

# short names a law where nobody asked what it means for him.
short(id) := verdict.msg("law.short", {"authority": law.authority, "citation": law.citation, "as_of": law.as_of}) if {
	law := restrictions.rules[id]
}

# unasked is the answer of a rule that gives context to everybody, where there is none to
# give.
unasked := verdict.not_applicable(verdict.msg("law.display_only", {}), ["/device/pci/vendor_id"]) if {
	display_only
} else := verdict.not_applicable(verdict.msg("law.too_old", {"date": restrictions.date, "age": age}), ["/data_sets"]) if {
	age > longest
}
