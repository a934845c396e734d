package gpuaudit.rules.import_restriction.part_named_test

import data.gpuaudit.restriction_fixture as given
import data.gpuaudit.rules.import_restriction.part_named

decide(facts) := d if d := part_named.decision with input as facts

test_fails_for_a_named_part if {
	d := decide(given.numbered("2329", given.h20))
	d.status == "fail"
	contains(d.detail, "is informed")
	d.key == "cn-cac-h20-rtx6000d,us-is-informed-h20-mi308"
}

test_fails_for_an_ascend_by_its_id if {
	facts := object.union(given.made_by("19e5", {"name": "Ascend 910_93 (Atlas A3)"}), {"device": {"pci": {"device_id": "d803"}}})
	d := decide(facts)
	d.status == "fail"
	contains(d.detail, "General Prohibition 10")
}

test_passes_for_others if decide(given.numbered("2684", given.rtx4090)).status == "pass"

test_not_applicable_to_display_adapters if decide(given.made_by("1a03", {})).status == "not-applicable"

test_unknown_without_the_part if {
	decide(json.remove(given.part(given.h20), ["/device/pci/device_id"])).status == "unknown"
}
