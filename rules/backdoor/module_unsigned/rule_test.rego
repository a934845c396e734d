package gpuaudit.rules.backdoor.module_unsigned_test

import data.gpuaudit.fixture
import data.gpuaudit.rules.backdoor.module_unsigned

module(patch) := fixture.device({"driver": {"module": patch}})

test_fails_without_signature if {
	d := module_unsigned.decision with input as module({"file": {"signature": {"present": false}}})
	d.status == "fail"
	d.evidence == ["/device/driver/module/file/signature"]
}

test_fails_when_marked if {
	d := module_unsigned.decision with input as module({"taint": "OE"})
	d.status == "fail"
	d.evidence == ["/device/driver/module/taint"]
}

test_passes_when_signed if {
	d := module_unsigned.decision with input as fixture.facts({})
	d.status == "pass"
}

test_not_applicable_without_driver if {
	d := module_unsigned.decision with input as fixture.without("/device/driver")
	d.status == "not-applicable"
}

test_not_applicable_to_built_in_driver if {
	d := module_unsigned.decision with input as fixture.device({"driver": {"built_in": true, "module": null}})
	d.status == "not-applicable"
}

test_unknown_when_driver_was_not_read if {
	d := module_unsigned.decision with input as object.union(
		fixture.without("/device/driver"),
		{"device": {"gaps": [{"fact": "/driver", "source": "sys/driver", "reason": "io-error"}]}},
	)
	d.status == "unknown"
}

test_unknown_without_mark if {
	d := module_unsigned.decision with input as fixture.without("/device/driver/module/taint")
	d.status == "unknown"
	d.missing == ["/device/driver/module/taint"]
}
