package gpuaudit.rules.import_restriction.part_above_test

import data.gpuaudit.restriction_fixture as given
import data.gpuaudit.rules.import_restriction.part_above

decide(row) := d if d := part_above.decision with input as given.part(row)

test_fails_above_3a090a if {
	d := decide(given.rtx4090)
	d.status == "fail"
	contains(d.detail, "TPP = 5285")
	contains(d.detail, "3A090.a (TPP 4800")
}

test_fails_above_3a090b if {
	d := decide(given.l40)
	d.status == "fail"
	contains(d.detail, "ECCN 3A090.b")
}

test_fails_within_a_duty_band if {
	d := decide(given.h200)
	d.status == "fail"
	contains(d.detail, "section 232")
	contains(d.detail, "memory bandwidth 4800 GB/s")
	d.key == "us-232-semis-phase1,us-3a090a-tpp"
}

test_passes_below if {
	d := decide(given.h20)
	d.status == "pass"
	contains(d.detail, "296 x 8 = 2368")
}

test_unknown_without_figures if {
	d := decide({"name": "H800"})
	d.status == "unknown"
	"/catalogue/accelerator/tpp" in d.missing
}

test_not_applicable_to_display_adapters if {
	d := part_above.decision with input as given.made_by("1a03", {})
	d.status == "not-applicable"
}
