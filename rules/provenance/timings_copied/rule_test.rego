package gpuaudit.rules.provenance.timings_copied_test

import data.gpuaudit.fixture
import data.gpuaudit.rules.provenance.timings_copied as rule

card(timings) := fixture.device({"firmware": {"roms": [object.union(fixture.rom_base, {"timings": timings})]}})

test_fails_on_copied_timings if {
	d := rule.decision with input as card([{"mhz": 1500, "same_as_mhz": 0}, {"mhz": 1750, "same_as_mhz": 1500}])
	d.status == "fail"
	d.evidence == ["/device/firmware/roms/0/timings/1"]
	contains(d.detail, "1500")
}

with_clocks(timings, mhz) := fixture.device({"firmware": {"roms": [object.union(fixture.rom_base, {"timings": timings, "clocks": [{"of": "memory", "mhz": mhz}]})]}})

test_fails_on_copied_timings_that_count if {
	d := rule.decision with input as with_clocks([{"mhz": 1500, "same_as_mhz": 0}, {"mhz": 1750, "same_as_mhz": 1500}], [300, 1750])
	d.status == "fail"
}

# A set for clocks that the ROM does not run at changes nothing.
test_passes_on_timings_above_the_fastest_clock if {
	d := rule.decision with input as with_clocks([{"mhz": 1500, "same_as_mhz": 0}, {"mhz": 1750, "same_as_mhz": 1500}], [300, 1500])
	d.status == "pass"
}

# Makers have one set for the two fastest clocks of some chips.
test_passes_on_the_fastest if {
	d := rule.decision with input as card([{"mhz": 2000, "same_as_mhz": 0}, {"mhz": 2250, "same_as_mhz": 2000}])
	d.status == "pass"
}

test_not_applicable_without_timings if {
	d := rule.decision with input as fixture.facts({})
	d.status == "not-applicable"
}

test_not_applicable_without_rom if {
	d := rule.decision with input as fixture.romless
	d.status == "not-applicable"
}

test_unknown_when_a_set_was_not_read if {
	d := rule.decision with input as card([{"mhz": 1500}])
	d.status == "unknown"
}

test_unknown_when_rom_was_not_read if {
	d := rule.decision with input as fixture.device({"firmware": {"roms": []}, "gaps": [fixture.rom_gap]})
	d.status == "unknown"
}
