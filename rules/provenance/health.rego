# METADATA
# description: |
#   Counts of errors and of wear: what the sources state, and whether all of it
#   was stated. A count of zero is good news only where somebody counted.
package gpuaudit.health

import data.gpuaudit.lib
import data.gpuaudit.verdict

claims := object.get(input.device, "health", [])

# words name a count in a sentence.
words := {
	"memory-uncorrected": verdict.msg("health.memory_uncorrected", {}),
	"rows-remapped": verdict.msg("health.rows_remapped", {}),
	"pages-retired": verdict.msg("health.pages_retired", {}),
	"retirement-pending": verdict.msg("health.retirement_pending", {}),
	"remapping-failed": verdict.msg("health.remapping_failed", {}),
	"memory-threshold-exceeded": verdict.msg("health.memory_threshold_exceeded", {}),
	"memory-unrepairable": verdict.msg("health.memory_unrepairable", {}),
	"repair-pending": verdict.msg("health.repair_pending", {}),
	"pcie-fatal": verdict.msg("health.pcie_fatal", {}),
	"pcie-nonfatal": verdict.msg("health.pcie_nonfatal", {}),
	"pcie-correctable": verdict.msg("health.pcie_correctable", {}),
	"pcie-replays": verdict.msg("health.pcie_replays", {}),
}

# bad are the counts of some kinds that are not zero, with their places.
bad(kinds) := [{"pointer": sprintf("/device/health/%d", [i]), "text": text, "kind": c.kind} |
	some i, c in claims
	c.kind in kinds
	c.count > 0
	text := verdict.msg("health.count", {"what": words[c.kind], "count": c.count, "source": source(c)})
]

# stating are the claims that something is so, with the sources' own words.
stating(kind) := {"pointers": [f.pointer | some f in found], "words": [f.words | some f in found]} if {
	found := [{"pointer": sprintf("/device/health/%d", [i]), "words": words} |
		some i, c in claims
		c.kind == kind
		c.count > 0
		words := stated(object.get(c, "detail", ""), source(c))
	]
}

stated("", source) := verdict.msg("health.by", {"source": source})

stated(detail, source) := verdict.msg("health.detail_by", {"detail": detail, "source": source}) if detail != ""

source(c) := object.get(c, "source", verdict.msg("lib.nameless_source", {}))

# good: each needed kind is stated by somebody, every claim that is there can be
# read, and nothing is known to be left out.
good(needed, pointer) if {
	lib.all_have(claims, ["kind", "count"])
	every kind in needed {
		some c in claims
		c.kind == kind
	}
	not lib.has_gap(input.device, pointer)
	count(bad(needed)) == 0
}
