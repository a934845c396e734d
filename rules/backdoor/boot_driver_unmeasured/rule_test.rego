package gpuaudit.rules.backdoor.boot_driver_unmeasured_test

import data.gpuaudit.fixture
import data.gpuaudit.rules.backdoor.boot_driver_unmeasured

test_fails_when_never_measured if {
	d := boot_driver_unmeasured.decision with input as fixture.attested(fixture.measured("present-never-measured"))
	d.status == "fail"
}

test_passes_when_measured if {
	d := boot_driver_unmeasured.decision with input as fixture.attested({})
	d.status == "pass"
}

test_not_applicable_without_drivers if {
	d := boot_driver_unmeasured.decision with input as fixture.attested({"boot": {"drivers": []}})
	d.status == "not-applicable"
}

test_not_applicable_when_not_asked if {
	d := boot_driver_unmeasured.decision with input as fixture.facts({})
	d.status == "not-applicable"
}

test_unknown_when_not_proven if {
	d := boot_driver_unmeasured.decision with input as fixture.attested({"state": "unproven"})
	d.status == "unknown"
}
