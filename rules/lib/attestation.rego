# METADATA
# description: |
#   What the TPM proves of the boot. Bad news counts whoever vouches for the TPM;
#   good news counts only where every check of the evidence passed.
package gpuaudit.attestation

import data.gpuaudit.lib
import data.gpuaudit.verdict

# not_asked is the verdict where nobody asked for an attestation.
not_asked := verdict.not_applicable(verdict.msg("attestation.not_asked", {}), ["/host/tpm"]) if {
	not input.attestation
}

# proven: every check passed, so that what the log says may be believed.
proven if input.attestation.state == "verified"

# lacking is what a rule says that only proven evidence could answer.
lacking(what) := verdict.msg("attestation.lacking", {"what": what, "reason": reason})

# reason is why the evidence is worth what it is.
reason := trim_right(input.attestation.reason, ".") if {
	input.attestation.reason
} else := verdict.msg("attestation.not_verified", {})

# all_drivers are those of the whole machine, if each of them says whose it is
# and how it was judged. It is undefined otherwise.
all_drivers := list if {
	list := input.attestation.boot.drivers
	lib.all_have(list, ["device", "verdict"])
}

# drivers are those of the device, with their pointers.
drivers := [{"pointer": sprintf("/attestation/boot/drivers/%d", [i]), "value": d} |
	some i, d in object.get(object.get(object.get(input, "attestation", {}), "boot", {}), "drivers", [])
	object.get(d, "device", "") == input.device.address
]

# complete_digests: every driver that was measured says what was measured.
complete_digests if {
	lib.all_have([d.value | some d in drivers; object.get(d.value, "verdict", "") != "present-never-measured"], ["digest"])
}

# named_by_maker are the drivers that a signed manifest names.
named_by_maker := [d | some d in drivers; object.get(object.get(d.value, "reference", {}), "state", "") == "match"]

# judged are the drivers of the device with a verdict.
judged(verdicts) := [d | some d in drivers; object.get(d.value, "verdict", "") in verdicts]

# measured are the drivers of the device that firmware measured.
measured := [d | some d in drivers; object.get(d.value, "verdict", "") != "present-never-measured"]

# no_strays: every event of the log that may be code of a card is of a certain
# device. The place beside a digest is not measured: while one is of no certain
# device, no card's drivers are known to be all that ran from it.
no_strays if count(input.attestation.boot.unexplained) == 0

# strays is the verdict of a rule on measured drivers where some are of no
# certain device.
strays := verdict.unknown(
	verdict.msg("attestation.strays", {"events": count(input.attestation.boot.unexplained)}),
	["/attestation/boot/unexplained"],
) if {
	proven
	count(input.attestation.boot.unexplained) > 0
}

pointers(list) := [d.pointer | some d in list]

# named says of each driver which one is meant: digest and, where there is one, the
# reason.
named(list) := [driver(object.get(d.value, "digest", verdict.msg("attestation.not_measured", {})), object.get(d.value, "reason", "")) | some d in list]

driver(digest, "") := verdict.msg("attestation.driver", {"digest": digest})

driver(digest, reason) := verdict.msg("attestation.driver_because", {"digest": digest, "reason": reason}) if reason != ""

# none_measured is the verdict of a rule on measured drivers where the log has
# none of this card.
none_measured := verdict.not_applicable(verdict.msg("attestation.none_measured", {}), ["/attestation/boot/drivers"]) if {
	proven
	all_drivers
	count(judged({"present-never-measured"})) == count(drivers)
}

# certain: no driver of this card can stand in the log under another device. The
# device beside a driver is not measured; but the card's ROM was read, or every
# driver of the log is in the ROM of the device that it is said to be of.
certain if lib.no_rom

certain if {
	count(input.device.firmware.roms) > 0
	lib.complete(input.device, "/firmware/roms")
}

certain if {
	count(input.attestation.boot.unexplained) == 0
	every d in all_drivers {
		d.verdict in {"corroborated", "corroborated-other-form", "present-never-measured"}
	}
}

# uncertain is the verdict of a rule on measured drivers where the log has none of
# this card and may have one of it under another device.
uncertain := verdict.unknown(
	verdict.msg("attestation.uncertain", {}),
	["/device/firmware/roms", "/attestation/boot/drivers"],
) if {
	none_measured
	no_strays
	not certain
}

# no_driver is the verdict of a rule on measured drivers where the log has none of
# this card, as far as can be known.
no_driver := uncertain if {
	uncertain
} else := none_measured if {
	none_measured
	no_strays
}

# checks of the evidence, by name.
failed_checks(prefix) := [{"pointer": sprintf("/attestation/checks/%d", [i]), "value": c} |
	some i, c in object.get(object.get(input, "attestation", {}), "checks", [])
	object.get(c, "status", "") == "fail"
	startswith(object.get(c, "name", ""), prefix)
]

said(list) := [verdict.msg("attestation.check", {"name": c.value.name, "code": object.get(c.value, "code", verdict.msg("attestation.no_code", {})), "detail": trim_right(object.get(c.value, "detail", ""), ".")}) | some c in list]
