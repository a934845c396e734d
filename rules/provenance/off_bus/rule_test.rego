package gpuaudit.rules.provenance.off_bus_test

import data.gpuaudit.fixture
import data.gpuaudit.rules.provenance.off_bus

card(patch) := fixture.device(object.union({"pci": {"vendor_id": "10de"}}, patch))

claim(kind, n) := {"kind": kind, "source": "nvidia-smi", "count": n}

test_fails if {
	d := off_bus.decision with input as card({"health": [object.union(claim("off-bus", 1), {"detail": "Unknown Error"})]})
	d.status == "fail"
	d.evidence == ["/device/health/0"]
	contains(d.detail, "Unknown Error, by nvidia-smi")
}

test_fails_without_a_word if {
	d := off_bus.decision with input as card({"health": [claim("memory-uncorrected", 0), claim("off-bus", 1)]})
	d.status == "fail"
	d.evidence == ["/device/health/1"]
}

test_fails_whatever_the_maker_is if {
	d := off_bus.decision with input as fixture.device({"health": [claim("off-bus", 1)]})
	d.status == "fail"
}

test_passes if {
	d := off_bus.decision with input as card({"health": [claim("memory-uncorrected", 0)]})
	d.status == "pass"
}

test_passes_whatever_the_maker_is if {
	d := off_bus.decision with input as fixture.facts({})
	d.status == "pass"
}

test_passes_when_nobody_says_so if {
	d := off_bus.decision with input as card({})
	d.status == "pass"
}

test_unknown_when_it_does_not_answer if {
	d := off_bus.decision with input as card({"pci": {"vendor_id": "10de", "config": {"bytes_read": 256, "faults": [{"kind": "no-answer"}]}}})
	d.status == "unknown"
}

test_unknown_when_not_read if {
	d := off_bus.decision with input as json.remove(card({}), ["/device/pci/config"])
	d.status == "unknown"
	"/device/pci/config" in d.missing
}

test_unknown_when_what_was_said_may_be_of_another if {
	d := off_bus.decision with input as card({"gaps": [{"fact": "/health", "source": "smi.txt", "reason": "unconfirmed"}]})
	d.status == "unknown"
	"/device/health" in d.missing
}
