package gpuaudit.rules.backdoor.rom_unreadable_test

import data.gpuaudit.fixture
import data.gpuaudit.rules.backdoor.rom_unreadable as rule

refuses(reason) := fixture.device({"firmware": {"roms": []}, "gaps": [{"fact": "/firmware/roms", "source": "rom", "reason": reason}]})

test_fails_when_the_card_does_not_give_it if {
	every reason in object.keys(rule.refused) {
		d := rule.decision with input as refuses(reason)
		d.status == "fail"
	}
}

test_fails_and_names_the_usual_cause if {
	d := rule.decision with input as object.union(refuses("io-error"), {"device": {"pci": {"boot_vga": true}}})
	d.status == "fail"
	contains(d.detail, "started with this display")
}

test_passes_when_read if {
	d := rule.decision with input as fixture.facts({})
	d.status == "pass"
}

test_not_applicable_without_rom if {
	d := rule.decision with input as fixture.romless
	d.status == "not-applicable"
}

# Nobody asked, or might: that is no refusal.
test_unknown_when_not_asked_for if {
	every reason in ["not-requested", "permission"] {
		d := rule.decision with input as refuses(reason)
		d.status == "unknown"
	}
}
