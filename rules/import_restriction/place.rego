# METADATA
# description: |
#   Entries of the data that no rule of their own judges: they raise a question or a
#   context for a profile, where what they state of part, maker and papers holds. So a law
#   that is new can come with the data alone.
package gpuaudit.place

import data.gpuaudit.data.restrictions
import data.gpuaudit.restriction
import data.gpuaudit.threshold

# raised are the entries in force that raise something for whom the answer is for.
raised(how) := sort([id |
	some id, law in restrictions.rules
	some profile in restriction.concerned
	law.raises[profile] == how
	asks(law)
	restriction.in_force(id)
	not excepted(law)
])

# waiting are those that would raise something, and that nobody has verified since they were
# to begin or to come back: whatever they would raise, that is a question.
waiting := sort([id |
	some id, law in restrictions.rules
	some profile in restriction.concerned
	law.raises[profile]
	asks(law)
	restriction.waiting(id)
	not excepted(law)
])

# asks: the entry is one of the place of use, of its union, or names it.
asks(law) if law.jurisdiction in restriction.here

asks(law) if {
	some p in law.places
	p in restriction.here
}

asks(law) if "*" in law.places

# excepted: something that the entry states does not hold. What cannot be told does not
# except.
excepted(law) if {
	law.when.parts
	not restriction.part in law.when.parts
}

excepted(law) if {
	law.when.vendor_ids
	not input.device.pci.vendor_id in law.when.vendor_ids
}

excepted(law) if {
	law.when.threshold == "3A090"
	threshold.state_a == "no"
	threshold.state_b == "no"
}

excepted(law) if {
	law.when.hts
	not strings.any_prefix_match(input.question.purchase.hts, law.when.hts)
	input.question.purchase.hts
}

excepted(law) if law.when.maker_hq_not == restriction.maker.hq_country

# known are the kinds of law of which these data have an entry for the place.
known := {law.kind |
	some law in restrictions.rules
	law.enabled
	asks(law)
	not "*" in object.get(law, "places", [])
}

# elsewhere are the places that rules of this one keep parts from; own: one of its rules
# is on the parts in the place itself.
elsewhere contains p if {
	some law in restrictions.rules
	law.enabled
	asks(law)
	some p in law.places
	p != "*"
	not p in restriction.here
}

own if {
	some law in restrictions.rules
	law.enabled
	asks(law)
	count(object.get(law, "places", [])) == 0
}

own if {
	some law in restrictions.rules
	law.enabled
	some p in law.places
	p in restriction.here
}

kinds := {"import-ban", "procurement-ban", "tariff", "entity-list", "export-control", "market-access"}
