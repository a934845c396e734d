package gpuaudit.rules.backdoor.rom_engineering_test

import data.gpuaudit.fixture
import data.gpuaudit.rules.backdoor.rom_engineering as rule

card(text, applications) := fixture.device({"firmware": {"roms": [object.union(fixture.rom_base, {
	"texts": [{"name": "banner", "offset": 1, "text": text}],
	"microcode": [{"offset": 1, "application": a, "target": "07", "descriptor": 3} | some a in applications],
})]}})

test_fails_on_words if {
	every text in ["GK107 P2022 SKU 0001 VGA BIOS (HWDIAG) mod by Somebody", "Engineering Sample", "NAVI31 BRING-UP", "debug build", "MODIFIED BY x"] {
		d := rule.decision with input as card(text, [])
		d.status == "fail"
		d.evidence == ["/device/firmware/roms/0/texts/0"]
	}
}

test_fails_on_a_version_that_is_none if {
	d := rule.decision with input as fixture.device({"firmware": {"versions": [{"source": "nvidia", "version": "DE.AD.00.BE.EF"}]}})
	d.status == "fail"
	d.evidence == ["/device/firmware/versions/0"]
}

test_fails_on_the_debug_build_alone if {
	d := rule.decision with input as card("GA104 VGA BIOS", ["01", "45"])
	d.status == "fail"
	d.evidence == ["/device/firmware/roms/0/microcode"]
}

test_passes_beside_the_build_for_sale if {
	d := rule.decision with input as card("GA104 VGA BIOS", ["01", "45", "85"])
	d.status == "pass"
}

# A word within a word is another word.
test_passes_on_other_words if {
	every text in ["REEVALUATIONS builds", "Debugger's", "GeForce GTX 1660 VGA BIOS", "GM204 VBIOS (HWDIAG)", "For Evaluation Use Only.", "Latest by date"] {
		not rule.telling(text)
	}
	d := rule.decision with input as card("GeForce GTX 1660 VGA BIOS", [])
	d.status == "pass"
}

# A dump that was given, of a card that does not give its ROM: what is missing is
# what the driver states, and not the ROM.
test_unknown_names_what_is_missing if {
	given := fixture.device({
		"firmware": {"roms": [object.union(fixture.rom_base, {"texts": [{"name": "banner", "offset": 1, "text": "VGA BIOS"}]})], "versions": []},
		"gaps": [
			{"fact": "/firmware/roms", "source": "sys/rom", "reason": "not-present"},
			{"fact": "/firmware/versions", "source": "proc/information", "reason": "permission"},
		],
	})
	d := rule.decision with input as given
	d.status == "unknown"
	d.missing[0] == "/device/firmware/versions"
	contains(d.detail, "proc/information")
}

test_not_applicable_without_texts if {
	d := rule.decision with input as json.remove(fixture.facts({}), ["/device/firmware/versions"])
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
