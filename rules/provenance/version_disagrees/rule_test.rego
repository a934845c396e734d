package gpuaudit.rules.provenance.version_disagrees_test

import data.gpuaudit.fixture
import data.gpuaudit.rules.provenance.version_disagrees

card(claim) := fixture.device({"firmware": {"versions": [{"source": "nvidia", "version": claim}], "roms": [{"source": "sysfs", "version": "86.02.46.00.0A", "part": "G001"}]}})

test_fails_on_another_version if {
	d := version_disagrees.decision with input as card("86.02.46.00.0B")
	d.status == "fail"
	d.key == "86.02.46.00.0B"
}

test_passes_on_the_same_version if {
	d := version_disagrees.decision with input as card("86.02.46.00.0a")
	d.status == "pass"
}

# amdgpu reports what the ROM calls its part.
test_passes_on_the_part if {
	d := version_disagrees.decision with input as fixture.base
	d.status == "pass"
}

test_unknown_without_the_rom if {
	d := version_disagrees.decision with input as json.remove(card("86.02.46.00.0B"), ["/device/firmware/roms"])
	d.status == "unknown"
	d.missing == ["/device/firmware/roms"]
}

test_unknown_without_the_driver if {
	d := version_disagrees.decision with input as json.remove(card("86.02.46.00.0B"), ["/device/firmware/versions"])
	d.status == "unknown"
}

# A driver that does not know the version has stated none.
test_unknown_with_a_placeholder if {
	every text in ["xxx-xxx-xxx", "??.??.??.??.??"] {
		d := version_disagrees.decision with input as card(text)
		d.status == "unknown"
	}
}

test_unknown_says_that_the_rom_names_no_version if {
	d := version_disagrees.decision with input as object.union(
		json.remove(fixture.facts({}), ["/device/firmware/roms/0/version", "/device/firmware/roms/0/part"]),
		{},
	)
	d.status == "unknown"
	d.missing == ["/device/firmware/roms/0/version"]
}

test_not_applicable_without_rom if {
	d := version_disagrees.decision with input as fixture.romless
	d.status == "not-applicable"
}
