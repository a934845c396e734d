package gpuaudit.rules.provenance.sound_generation_test

import data.gpuaudit.fixture
import data.gpuaudit.rules.provenance.sound_generation

sound(id, name) := {"address": "0000:01:00.1", "vendor_id": "10de", "device_id": id, "class_code": "040300", "name": name}

card(functions) := fixture.device({
	"pci": {"vendor_id": "10de", "device_id": "1c82"},
	"names": {"device": "GP107 [GeForce GTX 1050 Ti]"},
	"functions": functions,
})

gp107 := sound("0fb9", "GP107GL High Definition Audio Controller")

gf116 := sound("0bee", "GF116 High Definition Audio Controller")

test_fails_on_the_sound_of_an_older_chip if {
	d := sound_generation.decision with input as card([gf116])
	d.status == "fail"
	d.key == "0bee"
	contains(d.detail, "GF116")
}

test_fails_on_one_of_two if {
	d := sound_generation.decision with input as card([gp107, gf116])
	d.status == "fail"
}

test_passes_on_its_own if {
	d := sound_generation.decision with input as card([gp107])
	d.status == "pass"
}

test_passes_on_another_chip_of_the_generation if {
	d := sound_generation.decision with input as card([sound("10f1", "GP106 High Definition Audio Controller")])
	d.status == "pass"
}

test_by_the_chip_of_the_catalogue if {
	facts := object.union(json.remove(card([gf116]), ["/device/names/device"]), {"catalogue": {"accelerator": {"chip": "GP107"}}})
	d := sound_generation.decision with input as facts
	d.status == "fail"
	e := sound_generation.decision with input as json.remove(facts, ["/catalogue/accelerator/chip"])
	e.status == "not-applicable"
}

test_unknown_in_a_guest if {
	d := sound_generation.decision with input as object.union(card([gf116]), {"host": {"dmi": {"system_vendor": "QEMU"}}})
	d.status == "unknown"
}

test_not_applicable_without_sound if {
	every functions in [[], [sound("ffff", "Audio device")], [object.union(gf116, {"class_code": "0c0330"})], [object.union(gf116, {"vendor_id": "8086"})]] {
		d := sound_generation.decision with input as card(functions)
		d.status == "not-applicable"
	}
}

test_not_applicable_to_another_maker if {
	d := sound_generation.decision with input as object.union(card([gf116]), {"device": {"pci": {"vendor_id": "1002"}}})
	d.status == "not-applicable"
}

test_not_applicable_to_a_share if {
	d := sound_generation.decision with input as object.union(card([gf116]), {"device": {"pci": {"sriov": {"physical_function": "0000:01:00.0"}}}})
	d.status == "not-applicable"
}

test_unknown_where_functions_were_not_read if {
	d := sound_generation.decision with input as object.union(card([]), {"device": {"gaps": [{"fact": "/functions", "source": "sysfs", "reason": "permission"}]}})
	d.status == "unknown"
}

test_unknown_without_ids if {
	d := sound_generation.decision with input as json.remove(card([gp107]), ["/device/pci/device_id"])
	d.status == "unknown"
}
