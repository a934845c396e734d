package gpuaudit.rules.provenance.built_before_launch_test

import data.gpuaudit.fixture
import data.gpuaudit.rules.provenance.built_before_launch as rule

card(launch, rom) := object.union(
	fixture.device({"firmware": {"roms": [object.union(fixture.rom_base, rom)]}}),
	{"catalogue": {"accelerator": launch}},
)

test_fails_on_old_firmware if {
	d := rule.decision with input as card({"name": "GTX 1050 Ti", "launch_date": "2016-10-25"}, {"build_date": "2011-03-01"})
	d.status == "fail"
	contains(d.detail, "2011-03-01")
}

test_passes_on_firmware_built_before_the_launch if {
	d := rule.decision with input as card({"launch_date": "2016-10-25"}, {"build_date": "2016-08-01"})
	d.status == "pass"
}

test_passes_on_a_launch_known_by_year if {
	d := rule.decision with input as card({"launch_date": "2016"}, {"build_date": "2014-01-01"})
	d.status == "pass"
}

test_unknown_without_launch_date if {
	d := rule.decision with input as card({}, {"build_date": "2016-08-01"})
	d.status == "unknown"
	d.missing == ["/catalogue/accelerator/launch_date"]
}

test_not_applicable_without_build_date if {
	d := rule.decision with input as card({"launch_date": "2016"}, {})
	d.status == "not-applicable"
}

test_not_applicable_without_rom if {
	d := rule.decision with input as object.union(fixture.romless, {"catalogue": {"accelerator": {"launch_date": "2016"}}})
	d.status == "not-applicable"
}

test_unknown_when_rom_was_not_read if {
	d := rule.decision with input as object.union(
		fixture.device({"firmware": {"roms": []}, "gaps": [fixture.rom_gap]}),
		{"catalogue": {"accelerator": {"launch_date": "2016"}}},
	)
	d.status == "unknown"
}

test_unknown_when_one_rom_states_no_date if {
	d := rule.decision with input as object.union(
		fixture.device({"firmware": {"roms": [object.union(fixture.rom_base, {"build_date": "2016-08-01"}), fixture.rom_base]}}),
		{"catalogue": {"accelerator": {"launch_date": "2016"}}},
	)
	d.status == "unknown"
	d.missing == ["/device/firmware/roms/1/build_date"]
}

# A dump that was given, of a card that does not give its ROM.
test_passes_on_a_dump_beside_an_unread_rom if {
	d := rule.decision with input as object.union(card({"launch_date": "2016"}, {"build_date": "2016-08-01"}), {"device": {"gaps": [fixture.rom_gap]}})
	d.status == "pass"
	e := rule.decision with input as object.union(card({"launch_date": "2016"}, {}), {"device": {"gaps": [fixture.rom_gap]}})
	e.status == "not-applicable"
}

test_unknown_when_a_part_was_not_read if {
	d := rule.decision with input as object.union(
		card({"launch_date": "2016"}, {"build_date": "2016-08-01"}),
		{"device": {"gaps": [{"fact": "/firmware/roms/0/texts", "source": "test", "reason": "limit"}]}},
	)
	d.status == "unknown"
}
