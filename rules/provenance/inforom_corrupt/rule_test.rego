package gpuaudit.rules.provenance.inforom_corrupt_test

import data.gpuaudit.fixture
import data.gpuaudit.rules.provenance.inforom_corrupt

card(patch) := fixture.device(object.union({"pci": {"vendor_id": "10de"}}, patch))

claim(kind, n) := {"kind": kind, "source": "nvidia-smi", "count": n}

test_fails if {
	d := inforom_corrupt.decision with input as card({"health": [object.union(claim("inforom-corrupt", 1), {"detail": "checksum"})]})
	d.status == "fail"
	d.evidence == ["/device/health/0"]
	contains(d.detail, "checksum, by nvidia-smi")
}

test_fails_without_a_word if {
	d := inforom_corrupt.decision with input as card({"health": [claim("memory-uncorrected", 0), claim("inforom-corrupt", 1)]})
	d.status == "fail"
	d.evidence == ["/device/health/1"]
}

test_fails_whatever_the_maker_is if {
	d := inforom_corrupt.decision with input as fixture.device({"health": [claim("inforom-corrupt", 1)]})
	d.status == "fail"
}

test_passes if {
	d := inforom_corrupt.decision with input as card({"health": [claim("inforom-corrupt", 0)]})
	d.status == "pass"
}

test_not_applicable_to_another_maker if {
	d := inforom_corrupt.decision with input as fixture.facts({})
	d.status == "not-applicable"
}

test_not_applicable_to_a_share_of_a_card if {
	d := inforom_corrupt.decision with input as card({"pci": {"vendor_id": "10de", "sriov": {"physical_function": "0000:01:00.0"}}})
	d.status == "not-applicable"
}

test_unknown_when_nobody_says if {
	d := inforom_corrupt.decision with input as card({})
	d.status == "unknown"
}

test_unknown_without_the_maker if {
	d := inforom_corrupt.decision with input as json.remove(fixture.facts({}), ["/device/pci/vendor_id"])
	d.status == "unknown"
}
