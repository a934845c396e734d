package gpuaudit.rules.backdoor.rom_unnamed_code_test

import data.gpuaudit.fixture
import data.gpuaudit.rules.backdoor.rom_unnamed_code as rule

card(vendor, kind, dense, programs) := fixture.device({"firmware": {"roms": [object.union(fixture.rom_base, {
	"images": [object.union(fixture.legacy_base, {"vendor_id": vendor})],
	"regions": [{"kind": kind, "offset": 65536, "bytes": 65536, "dense_bytes": dense, "executables": programs, "sha256": "aa"}],
})]}})

test_fails_on_dense_bytes if {
	d := rule.decision with input as card("1002", "tail", 8192, 0)
	d.status == "fail"
	d.key == "aa"
	contains(d.detail, "dense bytes: 8192")
}

test_fails_on_a_program if {
	d := rule.decision with input as card("10de", "gap", 0, 1)
	d.status == "fail"
}

test_fails_in_front_of_another_vendors_images if {
	d := rule.decision with input as card("1002", "lead", 8192, 0)
	d.status == "fail"
}

test_passes_in_front_of_nvidias_images if {
	d := rule.decision with input as card("10de", "lead", 8192, 0)
	d.status == "pass"
}

test_passes_on_padding if {
	d := rule.decision with input as card("1002", "tail", 0, 0)
	d.status == "pass"
}

test_passes_without_regions if {
	d := rule.decision with input as fixture.facts({})
	d.status == "pass"
}

test_unknown_of_a_file_without_an_image if {
	d := rule.decision with input as json.patch(card("1002", "opaque", 8192, 0), [{"op": "replace", "path": "/device/firmware/roms/0/images", "value": []}])
	d.status == "unknown"
}

test_not_applicable_without_rom if {
	d := rule.decision with input as fixture.romless
	d.status == "not-applicable"
}

test_unknown_when_not_weighed if {
	d := rule.decision with input as json.remove(card("1002", "tail", 0, 0), ["/device/firmware/roms/0/regions/0/dense_bytes"])
	d.status == "unknown"
}
