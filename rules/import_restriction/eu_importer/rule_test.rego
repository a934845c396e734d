package gpuaudit.rules.import_restriction.eu_importer_test

import data.gpuaudit.fixture
import data.gpuaudit.restriction_fixture as given
import data.gpuaudit.rules.import_restriction.eu_importer

decide(facts, question) := d if d := eu_importer.decision with input as given.asks(facts, question)

firm := {"jurisdiction": "FR", "profile": "company"}

test_fails_when_no_maker_can_be_named if {
	d := decide(fixture.base, firm)
	d.status == "fail"
	contains(d.detail, "will apply in full from 2027-12-11")
	contains(d.detail, "2014/30/EU")
}

test_passes_for_an_origin_within_the_union if {
	decide(fixture.base, object.union(firm, {"origin": "DE"})).status == "pass"
}

test_not_applicable_to_private_use if {
	decide(fixture.base, {"jurisdiction": "FR", "profile": "private"}).status == "not-applicable"
}

test_unknown_when_the_makers_are_named if {
	d := decide(fixture.device({"names": {"vendor": "NVIDIA Corporation"}}), firm)
	d.status == "unknown"
	contains(d.detail, "needs a human")
}

test_unknown_under_the_resilience_act if {
	d := eu_importer.decision with input as given.at(given.asks(fixture.device({"names": {"vendor": "NVIDIA Corporation"}}), firm), "2027-12-11T00:00:00Z")
	d.status == "unknown"
	contains(d.detail, "applies in full")
}

test_unknown_without_the_ids if {
	d := decide(fixture.without("/device/pci/vendor_id"), firm)
	d.status == "unknown"
	d.missing == ["/device/pci/vendor_id"]
}

# Product safety is for what consumers use.
test_unknown_cites_the_duties_of_the_market if {
	card := fixture.device({"names": {"vendor": "NVIDIA Corporation"}})
	consumer := decide(card, firm)
	contains(consumer.detail, "2011/65/EU")
	contains(consumer.detail, "2023/988")
	professional := decide(object.union(card, {"catalogue": {"accelerator": {"market": "data-centre"}}}), firm)
	not contains(professional.detail, "2023/988")
}
