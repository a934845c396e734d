package gpuaudit.rules.provenance.seen_modified_test

import data.gpuaudit.fixture
import data.gpuaudit.rules.provenance.seen_modified as rule

seen(patch) := object.union(
	fixture.facts({}),
	{"reference": {"sightings": [object.union(
		{"rom": 0, "image": 0, "by": "image", "owners": 1, "modified": 0, "as_published": 0, "places": ["a/b@1:f"]},
		patch,
	)]}},
)

test_fails_when_all_look_modified if {
	d := rule.decision with input as seen({"modified": 2})
	d.status == "fail"
	d.evidence == ["/device/firmware/roms/0/images/0/sha256"]
}

test_passes_when_one_does_not if {
	d := rule.decision with input as seen({"modified": 2, "as_published": 1})
	d.status == "pass"
}

test_not_applicable_when_never_seen if {
	d := rule.decision with input as fixture.facts({})
	d.status == "not-applicable"
}

test_not_applicable_to_efi_images if {
	d := rule.decision with input as seen({"image": 1, "modified": 2})
	d.status == "not-applicable"
}

test_not_applicable_without_rom if {
	d := rule.decision with input as fixture.romless
	d.status == "not-applicable"
}

test_unknown_when_rom_was_not_read if {
	d := rule.decision with input as fixture.device({"firmware": {"roms": []}, "gaps": [fixture.rom_gap]})
	d.status == "unknown"
}
