package gpuaudit.rules.provenance.evidence_age_test

import data.gpuaudit.fixture
import data.gpuaudit.rules.provenance.evidence_age as rule

aged(days) := object.union(fixture.host_only({}), {"evidence": {"collected_on": "2026-10-01", "age_days": days}})

test_fails_when_old if {
	d := rule.decision with input as aged(31)
	d.status == "fail"
	contains(d.detail, "read on 2026-10-01, 31 days")
}

test_passes_on_the_last_day if {
	d := rule.decision with input as aged(30)
	d.status == "pass"
}

test_passes_today if {
	d := rule.decision with input as aged(0)
	d.status == "pass"
}

test_unknown_when_read_tomorrow if {
	d := rule.decision with input as aged(-1)
	d.status == "unknown"
}

test_unknown_when_not_stated if {
	d := rule.decision with input as fixture.host_only({})
	d.status == "unknown"
}
