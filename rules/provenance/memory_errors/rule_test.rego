package gpuaudit.rules.provenance.memory_errors_test

import data.gpuaudit.fixture
import data.gpuaudit.rules.provenance.memory_errors

card(claims) := fixture.device({"health": [{"kind": kind, "source": "nvml", "count": n} | some kind, n in claims]})

test_fails_on_each_count if {
	every kind in memory_errors.kinds {
		d := memory_errors.decision with input as card(object.union({"memory-uncorrected": 0}, {kind: 3}))
		d.status == "fail"
		d.key == kind
	}
}

# One source that counted none does not speak for the other.
test_fails_on_one_of_two_sources if {
	facts := fixture.device({"health": [
		{"kind": "memory-uncorrected", "source": "nvml", "count": 0},
		{"kind": "memory-uncorrected", "source": "nvidia-smi", "count": 8},
	]})
	d := memory_errors.decision with input as facts
	d.status == "fail"
	d.evidence == ["/device/health/1"]
	contains(d.detail, "(8, by nvidia-smi)")
}

test_passes_on_zero if {
	d := memory_errors.decision with input as card({"memory-uncorrected": 0, "memory-corrected": 40, "rows-remapped": 0})
	d.status == "pass"
}

test_not_applicable_to_a_share_of_a_card if {
	d := memory_errors.decision with input as fixture.device({"pci": {"sriov": {"physical_function": "0000:01:00.0"}}})
	d.status == "not-applicable"
}

test_unknown_when_nobody_counted if {
	d := memory_errors.decision with input as card({"pcie-fatal": 0})
	d.status == "unknown"
}

test_unknown_when_a_count_was_not_read if {
	facts := object.union(card({"memory-uncorrected": 0}), {"device": {"gaps": [{"fact": "/health/memory", "source": "ras/umc_err_count", "reason": "malformed"}]}})
	d := memory_errors.decision with input as facts
	d.status == "unknown"
	d.missing == ["/device/health/memory"]
}

graphics := object.union(card({}), {"device": {"address": "0000:00:02.0", "pci": {"vendor_id": "8086"}}})

test_not_applicable_to_graphics_of_a_processor if {
	d := memory_errors.decision with input as graphics
	d.status == "not-applicable"
}

test_fails_on_graphics_that_count if {
	d := memory_errors.decision with input as object.union(graphics, {"device": {"health": [{"kind": "memory-uncorrected", "source": "x", "count": 3}]}})
	d.status == "fail"
}

test_unknown_on_graphics_that_count_something_else if {
	d := memory_errors.decision with input as object.union(graphics, {"device": {"health": [{"kind": "rows-remapped", "source": "x", "count": 0}]}})
	d.status == "unknown"
}
