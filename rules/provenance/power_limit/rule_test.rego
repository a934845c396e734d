package gpuaudit.rules.provenance.power_limit_test

import data.gpuaudit.fixture
import data.gpuaudit.rules.provenance.power_limit as rule

part := {"accelerator": {"name": "GeForce RTX 3090", "board_power_w": 350}}

card(rom) := of(part, rom)

of(catalogue, rom) := fixture.facts({
	"catalogue": catalogue,
	"device": {"firmware": {"roms": [object.union(fixture.rom_base, rom)]}},
})

test_fails_where_a_user_may_set_twice_as_much if {
	d := rule.decision with input as card({"power": {"of": "card", "default_mw": 430000, "max_mw": 1000000}})
	d.status == "fail"
	d.evidence[0] == "/device/firmware/roms/0/power"
	contains(d.detail, "1000")
}

test_fails_on_the_chip_alone if {
	d := rule.decision with input as card({"power": {"of": "chip", "default_mw": 530000, "max_mw": 530000}})
	d.status == "fail"
}

test_passes_what_makers_sell if {
	d := rule.decision with input as card({"power": {"of": "card", "default_mw": 430000, "max_mw": 480000}})
	d.status == "pass"
}

# A user may raise the limit of a chip by half.
test_passes_a_chip_that_may_be_raised if {
	d := rule.decision with input as card({"power": {"of": "chip", "default_mw": 400000, "max_mw": 600000}})
	d.status == "pass"
}

test_not_applicable_without_a_reference if {
	d := rule.decision with input as of({}, {"power": {"of": "card", "default_mw": 1, "max_mw": 1000000}})
	d.status == "not-applicable"
}

test_not_applicable_without_a_limit if {
	d := rule.decision with input as card({})
	d.status == "not-applicable"
}

test_not_applicable_without_rom if {
	d := rule.decision with input as fixture.romless
	d.status == "not-applicable"
}

test_unknown_when_rom_was_not_read if {
	d := rule.decision with input as fixture.facts({"catalogue": part, "device": {"firmware": {"roms": []}, "gaps": [fixture.rom_gap]}})
	d.status == "unknown"
}
