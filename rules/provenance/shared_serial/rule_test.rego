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

test_unknown_while_another_cards_id_is if {
	unread := {"reference": {"shared": [], "shared_unread": ["0000:02:00.0"]}}
	every d in [fixture.device({"identity": serial}), fixture.facts({})] {
		found := rule.decision with input as object.union(d, unread)
		found.status == "unknown"
		contains(found.detail, "0000:02:00.0")
	}
}

test_fails_when_shared_though_others_are_unread if {
	reference := {"reference": {"shared": [{"kind": "serial", "with": ["0000:03:00.0"]}], "shared_unread": ["0000:02:00.0"]}}
	d := rule.decision with input as object.union(fixture.device({"identity": serial}), reference)
	d.status == "fail"
}

test_unknown_names_the_first_few if {
	many := [sprintf("0000:0%d:00.0", [i]) | some i in [1, 2, 3, 4, 5, 6, 7, 8, 9]]
	d := rule.decision with input as object.union(fixture.device({"identity": serial}), {"reference": {"shared": [], "shared_unread": many}})
	contains(d.detail, "0000:04:00.0, 5 more are not known")
}

test_unknown_says_that_there_may_be_more if {
	digits := [1, 2, 3, 4, 5, 6, 7, 8]
	many := [sprintf("0000:%d%d:00.0", [i, j]) | some i in digits; some j in digits]
	d := rule.decision with input as object.union(fixture.device({"identity": serial}), {"reference": {"shared": [], "shared_unread": many}})
	contains(d.detail, "0000:14:00.0, at least 60 more are not known")
}
