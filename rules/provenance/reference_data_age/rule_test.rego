package gpuaudit.rules.provenance.reference_data_age_test

import data.gpuaudit.fixture
import data.gpuaudit.rules.provenance.reference_data_age

aged(catalogue, ids) := object.union(fixture.host_only({}), {"data_sets": [
	{"name": "catalogue", "date": "2026-11-23", "age_days": catalogue, "sha256": "aa"},
	{"name": "pci-ids", "date": "2026-10-24", "age_days": ids, "sha256": "bb"},
	{"name": "rules", "date": "2020-01-01", "age_days": 9999, "sha256": "cc"},
]})

test_fails_when_old if {
	d := reference_data_age.decision with input as aged(1, 366)
	d.status == "fail"
	contains(d.detail, "pci-ids of 2026-10-24")
	not contains(d.detail, "catalogue")
}

test_passes_when_fresh if {
	d := reference_data_age.decision with input as aged(365, 0)
	d.status == "pass"
}

test_unknown_when_the_clock_is_early if {
	d := reference_data_age.decision with input as aged(-1, 30)
	d.status == "unknown"
}

test_unknown_when_not_stated if {
	d := reference_data_age.decision with input as fixture.host_only({})
	d.status == "unknown"
}
