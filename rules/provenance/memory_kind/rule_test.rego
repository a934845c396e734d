package gpuaudit.rules.provenance.memory_kind_test

import data.gpuaudit.fixture
import data.gpuaudit.rules.provenance.memory_kind as rule

sold(type) := {"accelerator": {"name": "A card", "memory_type": type}}

card(catalogue, types) := fixture.facts({
	"catalogue": catalogue,
	"device": {"firmware": {"roms": [object.union(fixture.rom_base, {"memory": [{"place": "bit.M", "type": t} | some t in types]})]}},
})

# An old card under the number of a new one.
test_fails_on_memory_of_another_time if {
	d := rule.decision with input as card(sold("GDDR6"), ["GDDR5", "GDDR5"])
	d.status == "fail"
	d.severity == "medium"
	contains(d.detail, "GDDR5")
}

test_weighs_less_where_makers_sell_both if {
	d := rule.decision with input as card(sold("GDDR5"), ["DDR4"])
	d.status == "fail"
	d.severity == "low"
}

test_passes_on_one_of_several if {
	d := rule.decision with input as card(sold("GDDR6"), ["GDDR5", "GDDR6"])
	d.status == "pass"
}

test_passes_on_kinds_that_tables_do_not_tell_apart if {
	d := rule.decision with input as card(sold("HBM2e"), ["HBM2"])
	d.status == "pass"
}

test_not_applicable_to_a_kind_that_is_not_known if {
	d := rule.decision with input as card(sold("GDDR6"), ["5b"])
	d.status == "not-applicable"
}

test_not_applicable_without_a_reference if {
	d := rule.decision with input as card({}, ["GDDR6"])
	d.status == "not-applicable"
}

test_not_applicable_without_a_table if {
	d := rule.decision with input as card(sold("GDDR6"), [])
	d.status == "not-applicable"
}

test_not_applicable_without_rom if {
	d := rule.decision with input as fixture.romless
	d.status == "not-applicable"
}

test_unknown_when_rom_was_not_read if {
	d := rule.decision with input as fixture.facts({"catalogue": sold("GDDR6"), "device": {"firmware": {"roms": []}, "gaps": [fixture.rom_gap]}})
	d.status == "unknown"
}
