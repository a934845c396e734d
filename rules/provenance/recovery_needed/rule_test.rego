package gpuaudit.rules.provenance.recovery_needed_test

import data.gpuaudit.fixture
import data.gpuaudit.rules.provenance.recovery_needed

card(patch) := fixture.device(object.union({"pci": {"vendor_id": "10de"}}, patch))

claim(kind, n) := {"kind": kind, "source": "nvidia-smi", "count": n}

test_fails if {
	d := recovery_needed.decision with input as card({"health": [object.union(claim("recovery-needed", 1), {"detail": "reset"})]})
	d.status == "fail"
	d.evidence == ["/device/health/0"]
	contains(d.detail, "reset, by nvidia-smi")
}

test_fails_without_a_word if {
	d := recovery_needed.decision with input as card({"health": [claim("memory-uncorrected", 0), claim("recovery-needed", 1)]})
	d.status == "fail"
	d.evidence == ["/device/health/1"]
}

test_fails_whatever_the_maker_is if {
	d := recovery_needed.decision with input as fixture.device({"health": [claim("recovery-needed", 1)]})
	d.status == "fail"
}

test_passes if {
	d := recovery_needed.decision with input as card({"health": [claim("recovery-needed", 0)]})
	d.status == "pass"
}

test_not_applicable_to_another_maker if {
	d := recovery_needed.decision with input as fixture.facts({})
	d.status == "not-applicable"
}

test_not_applicable_to_a_share_of_a_card if {
	d := recovery_needed.decision with input as card({"pci": {"vendor_id": "10de", "sriov": {"physical_function": "0000:01:00.0"}}})
	d.status == "not-applicable"
}

test_unknown_when_nobody_says if {
	d := recovery_needed.decision with input as card({})
	d.status == "unknown"
}

test_unknown_without_the_maker if {
	d := recovery_needed.decision with input as json.remove(fixture.facts({}), ["/device/pci/vendor_id"])
	d.status == "unknown"
}

test_unknown_when_it_was_not_read if {
	d := recovery_needed.decision with input as card({
		"health": [claim("recovery-needed", 0)],
		"gaps": [{"fact": "/health/recovery", "source": "smi.xml", "reason": "io-error"}],
	})
	d.status == "unknown"
}
