package gpuaudit.rules.backdoor.kernel_unsigned_test

import data.gpuaudit.fixture
import data.gpuaudit.rules.backdoor.kernel_unsigned as rule

with_modules(letters, modules) := fixture.host_only({"kernel": {"taint_flags": letters, "tainted_modules": modules}})

test_fails_on_a_module_without_signature if {
	d := rule.decision with input as with_modules("POE", [{"name": "nvidia", "flags": "PO"}, {"name": "rogue", "flags": "OE"}])
	d.status == "fail"
	endswith(d.detail, ": rogue.")
	d.key == "rogue"
}

test_fails_when_the_module_is_gone if {
	d := rule.decision with input as with_modules("OE", [{"name": "nvidia", "flags": "O"}])
	d.status == "fail"
	contains(d.detail, "hides")
}

test_fails_when_modules_are_not_known if {
	gap := {"gaps": [{"fact": "/kernel/tainted_modules", "source": "sys/module", "reason": "not-requested"}]}
	d := rule.decision with input as object.union(fixture.host_only({"kernel": {"taint_flags": "E"}}), {"host": gap})
	d.status == "fail"
	contains(d.detail, "not known")
}

test_passes_on_other_marks if {
	d := rule.decision with input as with_modules("POK", [])
	d.status == "pass"
}

test_unknown_when_unread if {
	d := rule.decision with input as json.remove(fixture.host_only({}), ["/host/kernel/taint_flags"])
	d.status == "unknown"
}
