# METADATA
# description: |
#   What GPUs prove of themselves. Of a card there is one entry or none: a list that is
#   empty proves nothing, so that each use asks for the number first.
package gpuaudit.gpuproof

import data.gpuaudit.verdict

# not_asked is the verdict where nobody asked GPUs to prove themselves, or where the card
# is of another maker.
not_asked := verdict.not_applicable(verdict.msg("gpuproof.not_asked", {}), ["/device"]) if {
	not input.gpu_proof
} else := verdict.not_applicable(verdict.msg("gpuproof.other_maker", {}), ["/device/pci/vendor_id"]) if {
	input.device.pci.vendor_id
	input.device.pci.vendor_id != "10de"
}

# host_not_asked is the same for the host's rules.
host_not_asked := verdict.not_applicable(verdict.msg("gpuproof.not_asked", {}), ["/host"]) if {
	not input.gpu_proof
}

# card is what this card proves; undefined where it did not answer.
card := input.gpu_proof.devices[0] if count(input.gpu_proof.devices) == 1

# genuine: a device whose certificates lead to its maker signed.
genuine if card.outcome in {"genuine-and-matches", "genuine-no-reference", "genuine-differs"}

# check is the one of a name.
check(name) := found[0] if {
	found := [c | some c in object.get(card, "checks", []); object.get(c, "name", "") == name]
	count(found) == 1
}

# pointer leads to it.
pointer(name) := found[0] if {
	found := [sprintf("/gpu_proof/devices/0/checks/%d", [i]) | some i, c in object.get(card, "checks", []); object.get(c, "name", "") == name]
	count(found) == 1
}

# failed are those of names that failed.
failed(names) := [c | some c in object.get(card, "checks", []); object.get(c, "name", "") in names; object.get(c, "status", "") == "fail"]

# told is the first of them in words.
told(list) := verdict.msg("gpuproof.check", {"name": list[0].name, "code": object.get(list[0], "code", ""), "detail": trim_right(object.get(list[0], "detail", ""), ".")})

# lacking is what a rule says that only such a proof could answer.
lacking(what) := verdict.msg("gpuproof.lacking", {"what": what, "reason": reason})

# reason is why there is no proof, or none that answers.
reason := trim_right(reasons[0], ".") if {
	reasons := [r | some r in open; r != ""]
	count(reasons) > 0
} else := verdict.msg("gpuproof.no_answer", {})

# open are the first check that failed and the first that is not known, and where there is
# no card, what the whole says.
open := [said(c) | some c in object.get(card, "checks", []); object.get(c, "status", "") == "fail"] if {
	count([c | some c in object.get(card, "checks", []); object.get(c, "status", "") == "fail"]) > 0
} else := [said(c) | some c in object.get(card, "checks", []); object.get(c, "status", "") == "unknown"; not object.get(c, "code", "") in {"not-reached", "not-stated", "not-reported"}] if {
	card
} else := [object.get(object.get(input, "gpu_proof", {}), "reason", "")]

said(c) := concat("", [object.get(c, "name", ""), " (", object.get(c, "code", ""), ")"])

# measured is what the card signed held against manifests of this project: one's own
# reference, and never the maker's.
measured := input.reference.measurements

# stated are those who vouch for it, and since when.
stated := sort([verdict.msg("no_reference.voucher", {"day": object.get(v, "issued", verdict.msg("no_reference.some_day", {})), "who": object.get(v, "issuer", verdict.msg("no_reference.somebody", {}))}) |
	some v in object.get(measured, "vouchers", [])
])

# unchanged: a genuine card for which the maker's manifest is not at hand measured what one's
# own states, and nothing else about its proof is open.
unchanged if {
	card.outcome == "genuine-no-reference"
	measured.state == "match"
	count(stated) > 0
	count(object.get(card, "checks", [])) > 0
	every c in object.get(card, "checks", []) {
		closed(c)
	}
}

closed(c) if object.get(c, "status", "") == "pass"

closed(c) if {
	object.get(c, "status", "") == "unknown"
	object.get(c, "code", "") in {"not-stated", "not-reported"}
}

closed(c) if {
	object.get(c, "status", "") == "unknown"
	of_manifest(object.get(c, "name", ""))
}

# of_manifest: a check of the maker's manifests.
of_manifest(name) if {
	contains(name, "-manifest")
	name != "measurement-manifest"
}

of_manifest(name) if endswith(name, "-measurements")

of_manifest("manifests-disjoint")
