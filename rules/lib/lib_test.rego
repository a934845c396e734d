package gpuaudit.lib_test

import data.gpuaudit.fixture
import data.gpuaudit.lib

roms_unread := {"gaps": [{"fact": "/firmware/roms", "source": "sys/rom", "reason": "io-error"}]}

test_gap_covers_what_lies_below if {
	lib.gap(roms_unread, "/firmware/roms/0/images").reason == "io-error"
	not lib.gap(roms_unread, "/firmware/rom")
	not lib.gap(roms_unread, "/firmware")
}

test_gap_without_a_fact_covers_everything if lib.gap({"gaps": [{"reason": "io-error"}]}, "/pci")

test_complete_needs_an_owner_without_gaps if {
	lib.complete({}, "/firmware")
	not lib.complete(roms_unread, "/firmware")
	not lib.complete(roms_unread, "/firmware/roms/0")
}

test_reason_in_words if {
	lib.reason(roms_unread, "/firmware/roms") == "reading it failed (sys/rom)"
	lib.reason({}, "/firmware/roms") == "no source states it"
	lib.reason({"gaps": [{"fact": "/a"}]}, "/a") == "it could not be read (source not named)"
}

denied := {"gaps": [{"fact": "/a", "source": "sys/a", "reason": "permission"}]}

test_root_is_not_told_to_become_root if {
	said := lib.reason(denied, "/a") with input as {"host": {"read_by_root": true}}
	contains(said, "refused to root")
	not contains(said, "run as root")
}

test_others_are_told_what_helps if {
	said := lib.reason(denied, "/a") with input as {"host": {"read_by_root": false}}
	said == "reading it takes more privileges: run as root (sys/a)"
}

test_nobody_knows_who_read_an_older_capture if {
	lib.reason(denied, "/a") == "reading it takes more privileges than the scan had (sys/a)" with input as {"host": {}}
}

test_refusal_without_a_source if {
	lib.reason({"gaps": [{"fact": "/a", "reason": "permission"}]}, "/a") == "reading it takes more privileges than the scan had (source not named)" with input as {}
}

test_lacks_lists_what_is_absent if {
	d := lib.device_lacks("the ROM", ["/firmware/roms", "/pci/vendor_id"]) with input as fixture.without("/device/firmware/roms")
	d.status == "unknown"
	d.missing == ["/device/firmware/roms"]
}

test_lacks_lists_what_has_a_gap if {
	d := lib.device_lacks("the ROM", ["/pci/vendor_id", "/firmware/roms"]) with input as fixture.device(roms_unread)
	d.missing == ["/device/firmware/roms"]
	d.detail == "the ROM could not be determined: reading it failed (sys/rom)."
}

test_lacks_lists_all_when_none_is_absent if {
	d := lib.host_lacks("the TPM", ["/tpm/present"]) with input as fixture.facts({})
	d.missing == ["/host/tpm/present"]
}

no_rom_base := {
	"firmware": {"roms": []},
	"gaps": [{"fact": "/firmware/roms", "source": "sys/rom", "reason": "not-present"}],
	"pci": {"bars": [{"index": 0, "bytes": 4096, "kind": "memory"}]},
}

test_no_rom_needs_the_windows if {
	lib.no_rom with input as fixture.device(no_rom_base)
	not lib.no_rom with input as fixture.device(object.union(no_rom_base, {"pci": {"bars": []}}))
	not lib.no_rom with input as fixture.facts({})
}

test_functions_of_card if {
	functions := lib.functions_of_card with input as fixture.facts({})
	[f.address | some f in functions] == ["0000:01:00.1"]
}
