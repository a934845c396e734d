package gpuaudit.rules.provenance.partition_changed_test

import data.gpuaudit.fixture
import data.gpuaudit.rules.provenance.no_reference
import data.gpuaudit.rules.provenance.partition_changed as rule

holder := object.union(fixture.legacy_base, {"index": 0, "code_type": "f1", "vendor_id": "8086", "chain": 0})

code := object.union(fixture.legacy_base, {"index": 1, "vendor_id": "8086", "chain": 0, "partition": 0})

authentic := {
	"image": 0, "offset": 704, "name": "OROM", "state": "authentic", "key": "DG2", "version": "20.1079.0.0",
	"modules": [{"name": "CODE", "offset": 2048, "bytes": 1024, "matches": true}],
}

card(images, partitions) := fixture.device({"firmware": {"roms": [object.union(
	fixture.rom_base,
	{"images": images, "partitions": partitions},
)]}})

test_passes_as_signed if {
	d := rule.decision with input as card([holder, code], [authentic])
	d.status == "pass"
	contains(d.detail, "20.1079.0.0")
	contains(d.detail, "DG2")
}

test_fails_on_a_changed_module if {
	d := rule.decision with input as card([holder, code], [object.union(authentic, {"state": "changed", "changed": ["CODE"]})])
	d.status == "fail"
	d.evidence == ["/device/firmware/roms/0/partitions/0"]
	contains(d.detail, "CODE")
}

test_names_what_is_no_entry if {
	d := rule.decision with input as card([holder, code], [object.union(authentic, {"state": "changed", "changed": ["padding"]})])
	d.status == "fail"
	contains(d.detail, "around the modules")
}

test_fails_on_code_outside if {
	d := rule.decision with input as card([holder, code, object.remove(code, ["partition"])], [authentic])
	d.status == "fail"
	d.evidence == ["/device/firmware/roms/0/images/2"]
}

# What lies behind the end of the chain is run by nobody.
test_passes_with_an_image_behind_the_chain if {
	d := rule.decision with input as card([holder, code, object.union(object.remove(code, ["partition"]), {"chain": 1})], [authentic])
	d.status == "pass"
}

test_unknown_without_signature if {
	d := rule.decision with input as card([holder, code], [{"image": 0, "offset": 704, "name": "OROM", "state": "unsigned"}])
	d.status == "unknown"
	contains(d.detail, "no signature")
}

test_unknown_for_another_key if {
	d := rule.decision with input as card([holder, code], [{"image": 0, "offset": 704, "name": "OROM", "state": "unknown-key", "key_sha256": "aa"}])
	d.status == "unknown"
	contains(d.detail, "not known")
}

test_unknown_when_cut if {
	d := rule.decision with input as card([holder, code], [object.union(authentic, {"state": "incomplete"})])
	d.status == "unknown"
}

test_unknown_without_partition if {
	d := rule.decision with input as card([holder, code], [])
	d.status == "unknown"
}

test_unknown_without_state if {
	d := rule.decision with input as card([holder, code], [object.remove(authentic, ["state"])])
	d.status == "unknown"
}

test_not_applicable_to_others if {
	d := rule.decision with input as fixture.facts({})
	d.status == "not-applicable"
}

test_not_applicable_without_rom if {
	d := rule.decision with input as fixture.romless
	d.status == "not-applicable"
}

test_unknown_when_rom_was_not_read if {
	d := rule.decision with input as fixture.device({"firmware": {"roms": []}, "gaps": [fixture.rom_gap]})
	d.status == "unknown"
}

# Who needs a manifest when the maker's own signature is in the ROM.
test_vouches_without_a_manifest if {
	d := no_reference.decision with input as card([holder, code], [authentic])
	d.status == "pass"
	contains(d.detail, "DG2")
}

test_does_not_vouch_when_changed if {
	d := no_reference.decision with input as card([holder, code], [object.union(authentic, {"state": "changed", "changed": ["CODE"]})])
	d.status == "fail"
}

# A file of the configuration alone says nothing of the code.
test_does_not_vouch_for_configuration_alone if {
	configuration := object.union(authentic, {"modules": [{"name": "VBT", "offset": 2048, "bytes": 1024, "matches": true}]})
	f := card([object.union(holder, {"code_type": "f0"}), object.union(holder, {"code_type": "ff", "partition": 0})], [configuration])
	a := rule.decision with input as f
	a.status == "pass"
	b := no_reference.decision with input as f
	b.status == "fail"
}
