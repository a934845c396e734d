package gpuaudit.rules.backdoor.driver_branch_ended_test

import data.gpuaudit.fixture
import data.gpuaudit.rules.backdoor.driver_branch_ended as rule

nvidia(version) := fixture.device({"driver": {"name": "nvidia", "module": {"name": "nvidia", "version": version}, "built_in": false}})

test_fails_after_the_end if {
	d := rule.decision with input as nvidia("535.309.01")
	d.status == "fail"
	contains(d.detail, "2026-06")
}

test_fails_when_stated_without_a_date if {
	d := rule.decision with input as nvidia("390.157")
	d.status == "fail"
}

test_passes_in_a_maintained_branch if {
	d := rule.decision with input as nvidia("580.178.04")
	d.status == "pass"
}

test_unknown_without_a_source if {
	d := rule.decision with input as nvidia("615.71.09")
	d.status == "unknown"
}

test_unknown_without_version if {
	d := rule.decision with input as json.remove(nvidia("580.178.04"), ["/device/driver/module/version"])
	d.status == "unknown"
}

test_not_applicable_to_other_drivers if {
	d := rule.decision with input as fixture.facts({})
	d.status == "not-applicable"
}

test_not_applicable_without_driver if {
	d := rule.decision with input as json.remove(fixture.facts({}), ["/device/driver"])
	d.status == "not-applicable"
}

test_fails_and_names_what_the_card_can_move_to if {
	d := rule.decision with input as object.union(nvidia("535.309.01"), {"catalogue": {"accelerator": {"architecture": "Pascal"}}})
	d.status == "fail"
	contains(d.detail, "R580 (until 2028-06)")
	not contains(d.detail, "R595")
}

test_fails_and_names_all_for_a_newer_card if {
	d := rule.decision with input as object.union(nvidia("535.309.01"), {"catalogue": {"accelerator": {"architecture": "Ada Lovelace"}}})
	contains(d.detail, "R620 (until 2029-09)")
}
