package gpuaudit.rules.provenance.memory_overclocked_test

import data.gpuaudit.fixture
import data.gpuaudit.rules.provenance.memory_overclocked as rule

part := {"accelerator": {"name": "Radeon RX 580", "fastest_line_mbps": 8000}}

card(clocks) := of(part, clocks)

of(catalogue, clocks) := fixture.facts({
	"catalogue": catalogue,
	"device": {"firmware": {"roms": [object.union(fixture.rom_base, {"clocks": clocks})]}},
})

test_fails_beyond_what_makers_sell if {
	d := rule.decision with input as card([{"of": "engine"}, {"of": "memory", "line_mbps": 8900}])
	d.status == "fail"
	d.evidence[0] == "/device/firmware/roms/0/clocks/1"
	contains(d.detail, "8000")
}

test_passes_what_makers_sell if {
	d := rule.decision with input as card([{"of": "memory", "line_mbps": 8480}])
	d.status == "pass"
}

test_not_applicable_without_a_reference if {
	d := rule.decision with input as of({}, [{"of": "memory", "line_mbps": 8900}])
	d.status == "not-applicable"
}

test_not_applicable_without_clocks if {
	d := rule.decision with input as card([{"of": "memory"}])
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
