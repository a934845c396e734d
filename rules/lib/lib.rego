# METADATA
# description: Facts that are missing, and why. A rule asks here before it says pass.
package gpuaudit.lib

import data.gpuaudit.verdict

# covers: a gap at one pointer says that everything below it was not read. A gap
# that does not say what is missing has the empty pointer, and so covers
# everything.
covers(fact, pointer) if fact == pointer

covers(fact, pointer) if startswith(pointer, concat("", [fact, "/"]))

# gap is the first gap of an owner (input.device or input.host) that covers a
# pointer within that owner. It is undefined where there is none.
gap(owner, pointer) := [g |
	some g in object.get(owner, "gaps", [])
	covers(object.get(g, "fact", ""), pointer)
][0]

# has_gap says that a fact, or a part of it, was not read: a gap above, at or
# below the pointer.
has_gap(owner, pointer) if gap(owner, pointer)

has_gap(owner, pointer) if {
	some g in object.get(owner, "gaps", [])
	startswith(object.get(g, "fact", ""), concat("", [pointer, "/"]))
}

# complete: the owner was looked at, and nothing at, above or below the pointer
# was left unread. It is what a rule asks for when an empty list is good news.
complete(owner, pointer) if {
	owner
	not has_gap(owner, pointer)
}

# reason says in words why a fact is missing.
reason(owner, pointer) := verdict.msg("lib.reason", {"why": why(g), "source": object.get(g, "source", verdict.msg("lib.source_not_named", {}))}) if {
	g := gap(owner, pointer)
} else := verdict.msg("lib.reason.no_source", {})

why(g) := refused if {
	g.reason == "permission"
} else := object.get(reasons, object.get(g, "reason", ""), verdict.msg("lib.reason.unread", {}))

# refused says why a source must not be read. Who was root already is not told to
# become it; of older captures nobody knows who read.
refused := verdict.msg("lib.reason.refused_to_root", {}) if {
	input.host.read_by_root == true
} else := verdict.msg("lib.reason.refused", {}) if {
	input.host.read_by_root == false
} else := verdict.msg("lib.reason.refused_then", {})

reasons := {
	"not-supported": verdict.msg("lib.reason.not_supported", {}),
	"io-error": verdict.msg("lib.reason.io_error", {}),
	"not-present": verdict.msg("lib.reason.not_present", {}),
	"malformed": verdict.msg("lib.reason.malformed", {}),
	"not-requested": verdict.msg("lib.reason.not_requested", {}),
	"redacted": verdict.msg("lib.reason.redacted", {}),
	"limit": verdict.msg("lib.reason.limit", {}),
	"timeout": verdict.msg("lib.reason.timeout", {}),
	"unconfirmed": verdict.msg("lib.reason.unconfirmed", {}),
}

# device_lacks and host_lacks are the answer "unknown" for facts that are
# missing: what names them in words, pointers are within the device or host. Of
# the pointers, those that are not there are listed, and those of which a part was
# not read; where there are none, all. A gap beside a fact that is there, as when one
# source gave the ROM and another could not, is no reason while another fact is
# missing.
device_lacks(what, pointers) := lacks("/device", object.get(input, "device", {}), what, pointers)

host_lacks(what, pointers) := lacks("/host", object.get(input, "host", {}), what, pointers)

lacks(prefix, owner, what, pointers) := verdict.unknown(
	verdict.msg("lib.lacks", {"what": what, "reason": reason(owner, first)}),
	[concat("", [prefix, p]) | some p in listed],
) if {
	gone := [p | some p in pointers; absent(owner, p)]
	parts := [p | some p in pointers; not absent(owner, p); has_gap(owner, p)]
	listed := [list | some list in [array.concat(gone, parts), pointers]; count(list) > 0][0]
	first := [p | some p in array.concat(array.concat([p | some p in gone; gap(owner, p)], gone), listed)][0]
}

absent(owner, pointer) if value(owner, pointer) == null

# An empty list is no fact where something was not read.
absent(owner, pointer) if {
	value(owner, pointer) == []
	has_gap(owner, pointer)
}

value(owner, pointer) := object.get(owner, split(trim_left(pointer, "/"), "/"), null)

# functions_of_card are the other PCI functions that the card brings: those of
# its slot, and those that sit behind the same bridge.
functions_of_card := array.concat(
	object.get(input.device, "functions", []),
	object.get(input.device, "siblings", []),
)

# all_have: every object of a list has all of these keys. A rule asks so before
# it says pass of a whole list.
all_have(list, keys) if {
	every x in list {
		every k in keys {
			k in object.keys(x)
		}
	}
}

# reference_verdict judges one aspect of the comparison with signed manifests.
# It is undefined where nothing was compared.
reference_verdict(aspect, what, needs) := verdict.keyed(
	verdict.fail(
		verdict.msg("lib.reference_differs", {"what": what, "reason": trim_right(r.reason, ".")}),
		[concat("", ["/reference/", aspect])],
	),
	concat(",", sort([d.actual | some d in object.get(r, "differences", [])])),
) if {
	r := input.reference[aspect]
	r.state == "mismatch"
} else := verdict.pass(
	verdict.msg("lib.reference_matches", {"what": what, "reason": trim_right(r.reason, ".")}),
	[concat("", ["/reference/", aspect])],
) if {
	r := input.reference[aspect]
	r.state == "match"
} else := verdict.not_applicable(
	verdict.msg("lib.reference_silent", {"reason": trim_right(r.reason, ".")}),
	[concat("", ["/reference/", aspect])],
) if {
	r := input.reference[aspect]
	r.state == "not-covered"
} else := verdict.unknown(
	verdict.msg("lib.reference_unknown", {"what": what, "reason": trim_right(r.reason, ".")}),
	needs,
) if {
	r := input.reference[aspect]
	r.state == "unknown"
}

# no_module is the verdict of a rule on driver modules where there is no module:
# no driver is bound, or it is part of the kernel image.
no_module := verdict.not_applicable(verdict.msg("lib.no_driver", {}), ["/device"]) if {
	input.device
	not input.device.driver
	complete(input.device, "/driver")
} else := verdict.not_applicable(
	verdict.msg("lib.driver_built_in", {"driver": input.device.driver.name}),
	["/device/driver/built_in"],
) if {
	input.device.driver.built_in == true
}

# no_rom: the kernel listed the function's windows, and an expansion ROM is not
# among them. Then there is no ROM that the host could run. It is undefined when
# the windows are not known.
no_rom if {
	count(object.get(input.device.firmware, "roms", [])) == 0
	g := gap(input.device, "/firmware/roms")
	g.reason == "not-present"
	count(input.device.pci.bars) > 0
	complete(input.device, "/pci/bars")
	every bar in input.device.pci.bars {
		bar.kind != "rom"
	}
}

# no_iommu is the verdict of a rule on the IOMMU's work where there is none; the
# rule on the IOMMU itself says what that means.
no_iommu := verdict.not_applicable(verdict.msg("lib.no_iommu", {}), ["/host/iommu/enabled"]) if {
	input.host.iommu.enabled == false
}
