package gpuaudit.rules.provenance.shared_serial_test

import data.gpuaudit.fixture
import data.gpuaudit.rules.provenance.shared_serial as rule

serial := [{"kind": "serial", "source": "nvidia", "value": "77"}]

shared(list) := {"reference": {"shared": list}}

test_fails_when_shared if {
	d := rule.decision with input as object.union(fixture.device({"identity": serial}), shared([{"kind": "serial", "with": ["b.tar.gz 0000:01:00.0"]}]))
	d.status == "fail"
	contains(d.detail, "b.tar.gz")
}

test_passes_when_its_own if {
	d := rule.decision with input as object.union(fixture.device({"identity": serial}), shared([]))
	d.status == "pass"
}

test_not_applicable_without_serial if {
	d := rule.decision with input as object.union(fixture.facts({}), shared([]))
	d.status == "not-applicable"
}

test_unknown_when_not_compared if {
	d := rule.decision with input as json.remove(fixture.device({"identity": serial}), ["/reference/shared"])
	d.status == "unknown"
}

test_unknown_when_not_read if {
	d := rule.decision with input as object.union(
		fixture.device({"gaps": [{"fact": "/identity", "source": "nvml", "reason": "permission"}]}),
		shared([]),
	)
	d.status == "unknown"
}
