package gpuaudit.rules.backdoor.kernel_foreign_test

import data.gpuaudit.fixture
import data.gpuaudit.rules.backdoor.kernel_foreign as rule

with_modules(letters, modules) := fixture.host_only({"kernel": {"taint_flags": letters, "tainted_modules": modules}})

test_fails_on_a_stranger if {
	d := rule.decision with input as with_modules("PO", [{"name": "nvidia", "flags": "PO"}, {"name": "rogue", "flags": "O"}])
	d.status == "fail"
	endswith(d.detail, ": rogue.")
}

test_fails_when_the_module_is_gone if {
	d := rule.decision with input as with_modules("PO", [{"name": "nvidia", "flags": "P"}])
	d.status == "fail"
	contains(d.detail, "hides")
}

test_passes_with_a_makers_driver if {
	d := rule.decision with input as with_modules("POE", [{"name": "nvidia", "flags": "POE"}, {"name": "nvidia_uvm", "flags": "POE"}])
	d.status == "pass"
}

test_passes_without_marks if {
	d := rule.decision with input as with_modules("W", [])
	d.status == "pass"
}

test_unknown_when_modules_are_not_known if {
	gap := {"gaps": [{"fact": "/kernel/tainted_modules", "source": "sys/module", "reason": "not-requested"}]}
	d := rule.decision with input as object.union(fixture.host_only({"kernel": {"taint_flags": "PO"}}), {"host": gap})
	d.status == "unknown"
}

test_unknown_when_unread if {
	d := rule.decision with input as json.remove(fixture.host_only({}), ["/host/kernel/taint_flags"])
	d.status == "unknown"
}
