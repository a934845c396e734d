package gpuaudit.rules.provenance.efi_dates_test

import data.gpuaudit.fixture
import data.gpuaudit.rules.provenance.efi_dates as rule

card(built, driver) := fixture.device({"firmware": {"roms": [object.union(
	fixture.rom_base,
	{"build_date": built, "images": [fixture.legacy_base, object.union(fixture.efi_base, {"efi": {"display": {"maker": "1002", "built": driver}}})]},
)]}})

test_fails_on_a_date_of_an_editor if {
	d := rule.decision with input as card("2022-02-25", "2017-03-27")
	d.status == "fail"
	d.evidence == ["/device/firmware/roms/0/build_date", "/device/firmware/roms/0/images/1/efi/display/built"]
}

test_fails_on_a_driver_that_came_later if {
	d := rule.decision with input as card("2017-03-27", "2018-02-25")
	d.status == "fail"
}

test_passes_on_a_driver_of_the_same_days if {
	d := rule.decision with input as card("2020-08-25", "2020-08-28")
	d.status == "pass"
}

test_passes_on_an_older_driver if {
	d := rule.decision with input as card("2016-11-24", "2016-02-01")
	d.status == "pass"
}

test_not_applicable_without_dates if {
	d := rule.decision with input as fixture.device({"firmware": {"roms": [object.union(fixture.rom_base, {"images": [fixture.legacy_base]})]}})
	d.status == "not-applicable"
}

test_unknown_where_a_driver_was_not_read if {
	d := rule.decision with input as fixture.device({"firmware": {"roms": [object.union(
		fixture.rom_base,
		{"images": [fixture.legacy_base, object.union(object.remove(fixture.efi_base, ["efi"]), {"efi": {"signed": true}})]},
	)]}})
	d.status == "unknown"
}

test_not_applicable_without_rom if {
	d := rule.decision with input as fixture.romless
	d.status == "not-applicable"
}

test_unknown_when_rom_was_not_read if {
	d := rule.decision with input as fixture.device({"firmware": {"roms": []}, "gaps": [fixture.rom_gap]})
	d.status == "unknown"
}
