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

test_fails_on_maker_and_board_swapped if {
	d := unknown_board_vendor.decision with input as fixture.device({"names": {"subsystem_vendor": "nCipher Security"}, "pci": {"subsystem_vendor_id": "0100", "subsystem_device_id": "2782"}})
	d.status == "fail"
	contains(d.detail, "2782")
}

test_fails_on_swapped_bytes if {
	d := unknown_board_vendor.decision with input as fixture.device({"pci": {"subsystem_vendor_id": "4310"}})
	d.status == "fail"
	contains(d.detail, "1043")
}

test_fails_on_a_holder_that_is_called_wrong if {
	d := unknown_board_vendor.decision with input as fixture.device({"names": {"subsystem_vendor": "Dell (wrong ID)"}, "pci": {"subsystem_vendor_id": "0e55"}})
	d.status == "fail"
}
