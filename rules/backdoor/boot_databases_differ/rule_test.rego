package gpuaudit.rules.backdoor.boot_databases_differ_test

import data.gpuaudit.fixture
import data.gpuaudit.rules.backdoor.boot_databases_differ

test_fails_on_another_dbx if {
	d := boot_databases_differ.decision with input as fixture.attested_host({"boot": {"dbx_agrees": "differs"}})
	d.status == "fail"
	d.evidence == ["/attestation/boot/dbx_agrees"]
}

test_passes_when_both_agree if {
	d := boot_databases_differ.decision with input as fixture.attested_host({})
	d.status == "pass"
}

test_unknown_when_dbx_was_not_read if {
	d := boot_databases_differ.decision with input as fixture.attested_host({"boot": {"dbx_agrees": "unknown"}})
	d.status == "unknown"
}

test_not_applicable_when_not_asked if {
	d := boot_databases_differ.decision with input as fixture.host_only({})
	d.status == "not-applicable"
}
