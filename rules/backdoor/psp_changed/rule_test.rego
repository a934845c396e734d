package gpuaudit.rules.backdoor.psp_changed_test

import data.gpuaudit.fixture
import data.gpuaudit.rules.backdoor.psp_changed as rule

card(entries) := fixture.device({"firmware": {"roms": [object.union(fixture.rom_base, {"psp": entries})]}})

entry(state) := {"type": "12", "read": true, "signed": true, "encrypted": false, "state": state}

test_fails_on_a_changed_program if {
	d := rule.decision with input as card([entry("authentic"), entry("changed")])
	d.status == "fail"
	d.evidence == ["/device/firmware/roms/0/psp/1/state"]
}

test_passes_where_all_is_signed if {
	d := rule.decision with input as card([{"type": "00", "read": true}, entry("authentic"), entry("encrypted"), {"type": "01", "read": false}])
	d.status == "pass"
}

test_not_applicable_to_unknown_keys if {
	d := rule.decision with input as card([entry("unknown-key")])
	d.status == "not-applicable"
}

test_not_applicable_without_programs if {
	d := rule.decision with input as fixture.facts({})
	d.status == "not-applicable"
}

test_unknown_where_a_signature_was_not_judged if {
	d := rule.decision with input as card([{"type": "12", "read": true, "signed": true}])
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
