package gpuaudit.restriction_test

import data.gpuaudit.data.restrictions
import data.gpuaudit.fixture
import data.gpuaudit.restriction
import data.gpuaudit.restriction_fixture as given

us := {"US"}

firms := {"company", "exporter"}

answer(facts) := d if d := restriction.aside(us, firms) with input as facts

test_not_asked if {
	d := answer(given.part(given.h100))
	d.status == "not-applicable"
	contains(d.detail, "give --jurisdiction and --profile")
}

test_answers_when_asked if not answer(given.asks(given.part(given.h100), given.company))

test_needs_the_place if {
	d := answer(given.asks(given.part(given.h100), {"profile": "company"}))
	d.status == "unknown"
	d.missing == ["/question/jurisdiction"]
}

# Without a profile a private person and a company are answered side by side.
test_answers_without_the_profile if {
	not answer(given.asks(given.part(given.h100), {"jurisdiction": "US"}))
}

test_other_profiles_alone if {
	d := restriction.aside(us, {"exporter"}) with input as given.asks(given.part(given.h100), {"jurisdiction": "US"})
	d.status == "not-applicable"
	contains(d.detail, "give --profile")
}

# A pack for the home says who uses the machine, and asks nothing.
test_private_use_without_a_place_asks_nothing if {
	d := answer(given.asks(given.part(given.h100), {"profile": "private"}))
	d.status == "not-applicable"
}

# The seller's words are held against the card, and ask nothing of the law.
test_an_offer_asks_nothing if {
	d := answer(given.asks(given.part(given.h100), {"sold_as": "H100 80GB"}))
	d.status == "not-applicable"
	e := answer(given.asks(given.part(given.h100), {"sold_as": "H100 80GB", "purchase": {"seller": "a shop", "date": "2026-11-01", "price": "2500.00 USD"}}))
	e.status == "not-applicable"
}

test_papers_of_customs_ask if {
	some purchase in [{"hts": "8473.30.1180"}, {"entry_date": "2026-11-01"}, {"component_makers": ["YMTC"]}, {"end_use_sha256": "00"}]
	d := answer(given.asks(given.part(given.h100), {"purchase": purchase}))
	d.status == "unknown"
}

test_the_origin_asks if {
	d := answer(given.asks(given.part(given.h100), {"origin": "CN"}))
	d.status == "unknown"
}

test_who_fails if {
	f := restriction.fails({"company"}, "x", ["/question"]) with input as given.asks(fixture.base, {"jurisdiction": "US"})
	f.status == "unknown"
	g := restriction.fails({"company"}, "x", ["/question"]) with input as given.asks(fixture.base, given.company)
	g.status == "fail"
	h := restriction.fails({"company", "private"}, "x", ["/question"]) with input as given.asks(fixture.base, {"jurisdiction": "US"})
	h.status == "fail"
}

test_another_place if {
	d := answer(given.asks(given.part(given.h100), {"jurisdiction": "FR", "profile": "company"}))
	d.status == "not-applicable"
}

test_another_profile if {
	d := answer(given.asks(given.part(given.h100), {"jurisdiction": "US", "profile": "private"}))
	d.status == "not-applicable"
}

test_management_graphics_are_no_accelerator if {
	d := answer(given.asks(given.made_by("1a03", {}), given.company))
	d.status == "not-applicable"
}

test_data_too_old if {
	d := answer(given.at(given.asks(given.part(given.h100), given.company), "2028-03-01T00:00:00Z"))
	d.status == "unknown"
	contains(d.detail, "too old")
}

test_a_member_is_in_the_union if {
	not restriction.aside({"EU"}, {"*"}) with input as given.asks(given.part(given.h100), {"jurisdiction": "FR"})
	not restriction.aside({"EU"}, {"*"}) with input as given.asks(given.part(given.h100), {"jurisdiction": "EU"})
	d := restriction.aside({"EU"}, {"*"}) with input as given.asks(given.part(given.h100), {"jurisdiction": "CH"})
	d.status == "not-applicable"
}

in_force(id, now) if restriction.in_force(id) with input as given.at(fixture.base, now)

test_effective_dates if {
	not in_force("us-gp10-prc-3a090", "2025-05-12T23:59:59Z")
	in_force("us-gp10-prc-3a090", "2025-05-13T00:00:00Z")
	in_force("us-s122-surcharge", "2026-07-23T12:00:00Z")
	not in_force("us-s122-surcharge", "2026-07-24T00:00:00Z")
}

test_suspension_includes_its_last_day if {
	in_force("us-affiliates-50", "2025-11-09T12:00:00Z")
	not in_force("us-affiliates-50", "2025-11-10T00:00:00Z")
	not in_force("us-affiliates-50", "2026-11-09T23:59:59Z")
}

# What followed a suspension is verified where the source is younger than its end.
test_after_a_suspension if {
	facts := given.at(fixture.base, "2026-11-10T00:00:00Z")
	restriction.lapsed("us-affiliates-50") with input as facts
	not restriction.in_force("us-affiliates-50") with input as facts
	read := json.patch(restrictions, [{"op": "replace", "path": "/rules/us-affiliates-50/as_of", "value": "2026-11-10"}])
	restriction.in_force("us-affiliates-50") with input as facts with data.gpuaudit.data.restrictions as read
	not restriction.lapsed("us-affiliates-50") with input as facts with data.gpuaudit.data.restrictions as read
}

# What nobody has verified, and what is no law, is never in force.
test_disabled_entries if {
	not in_force("eu-ai-act-chips-act", "2026-11-24T00:00:00Z")
	not in_force("us-ai-diffusion-rescinded", "2025-02-01T00:00:00Z")
}

asking := given.asks(fixture.base, given.exporter)

cited(id) := c if c := restriction.cite(id) with input as asking

test_citation if {
	c := cited("us-s122-surcharge")
	contains(c, "Proclamation 2026-02-20")
	contains(c, "effective from 2026-02-24 until 2026-07-24")
	contains(c, "as of 2026-05-11, read in the source text (https://hts.usitc.gov/). This is not legal advice.")
	contains(cited("us-1260h"), "effective from 2026-06-30 (that date: secondary);")
	contains(cited("us-gp10-prc-3a090"), "read in secondary sources only")
}

# Huawei makes BMC graphics, too: its id alone tells no accelerator.
test_vendor_ids_of_many_products if {
	bmc := object.union(fixture.base, {"device": {"pci": {"vendor_id": "19e5", "device_id": "1711", "class_code": "030000"}}})
	not restriction.accelerator with input as bmc
	restriction.accelerator with input as object.union(bmc, {"device": {"pci": {"class_code": "120000"}}})
	restriction.accelerator with input as object.union(bmc, {"catalogue": {"accelerator": {"name": "Ascend 910B (Atlas A2)"}}})
	restriction.accelerator with input as fixture.base
}

day := 86400000000000

on(id, ns) if restriction.in_force(id) with restriction.now as ns

# Every law begins with its day and not a moment before, and ends with the
# beginning of the day on which it ends.
test_both_sides_of_every_date if {
	every id, law in restrictions.rules {
		every ns in edges(law) {
			not on(id, ns - 1)
		}
		every ns in opens(law) {
			on(id, ns)
		}
		every ns in closes(law) {
			not on(id, ns)
			on(id, ns - 1)
		}
	}
}

# edges are the moments before which a law is not in force.
edges(law) := [ns | ns := restriction.start(law.effective_from)]

# opens are those from which it is: its beginning, where somebody read it then or later, and
# the end of a suspension of which somebody read what followed.
opens(law) := array.concat(
	[ns | law.enabled; law.as_of >= law.effective_from; ns := restriction.start(law.effective_from)],
	[ns | law.enabled; law.as_of > law.suspended.to; ns := restriction.start(law.suspended.to) + day],
)

# closes are those from which it is not: its end, and the beginning of a suspension.
closes(law) := array.concat(
	[ns | law.enabled; ns := restriction.start(law.effective_to)],
	[ns | law.enabled; ns := restriction.start(law.suspended.from)],
)

# A law that was read before its first day alone waits from then on: it is neither in force
# nor not.
test_begun_and_not_read_since if {
	some id in ["us-ndaa-5949", "eu-forced-labour-2024-3015"]
	first := restriction.start(restrictions.rules[id].effective_from)
	not restriction.begun(id) with restriction.now as first - 1
	restriction.begun(id) with restriction.now as first
	not on(id, first)
	d := restriction.dormant(id) with restriction.now as first with input as asking
	d.status == "unknown"
	contains(d.detail, "is not verified")
}

# The last day on which the data are a ground for an answer, and the first on
# which they are not.
test_both_sides_of_the_age if {
	last := restriction.start(restrictions.date) + (restriction.longest + 1) * day
	restriction.age <= restriction.longest with restriction.now as last - 1
	restriction.age > restriction.longest with restriction.now as last
}
