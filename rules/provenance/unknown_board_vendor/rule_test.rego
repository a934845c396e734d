package gpuaudit.rules.provenance.unknown_board_vendor_test

import data.gpuaudit.fixture
import data.gpuaudit.rules.provenance.unknown_board_vendor

test_fails_for_an_id_that_nobody_holds if {
	d := unknown_board_vendor.decision with input as fixture.device({"pci": {"subsystem_vendor_id": "dead"}})
	d.status == "fail"
}

# CardExpert is an unusual maker of genuine cards.
test_passes_for_an_unusual_board_maker if {
	d := unknown_board_vendor.decision with input as fixture.facts({
		"device": {"pci": {"subsystem_vendor_id": "10b0"}},
		"catalogue": {"board_maker": {"vendor_id": "10b0", "name": "CardExpert Technology"}},
	})
	d.status == "pass"
}

test_passes_by_the_id_list if {
	d := unknown_board_vendor.decision with input as fixture.device({"names": {"subsystem_vendor": "Sapphire"}})
	d.status == "pass"
}

test_passes_for_a_board_of_the_chip_maker if {
	d := unknown_board_vendor.decision with input as fixture.facts({
		"device": {"pci": {"vendor_id": "1d22", "subsystem_vendor_id": "1d22"}},
		"catalogue": {"maker": {"vendor_id": "1d22", "name": "Baidu Technology (Kunlunxin)"}},
	})
	d.status == "pass"
}

test_not_applicable_when_blank if {
	d := unknown_board_vendor.decision with input as fixture.device({"pci": {"subsystem_vendor_id": "0000"}})
	d.status == "not-applicable"
}

test_unknown_when_not_read if {
	d := unknown_board_vendor.decision with input as fixture.without("/device/pci/subsystem_vendor_id")
	d.status == "unknown"
}
