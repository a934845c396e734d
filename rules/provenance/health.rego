# METADATA
# description: |
#   Counts of errors and of wear: what the sources state, and whether all of it
#   was stated. A count of zero is good news only where somebody counted.
package gpuaudit.health

import data.gpuaudit.lib

claims := object.get(input.device, "health", [])

# words name a count in a sentence.
words := {
	"memory-uncorrected": "uncorrected memory errors",
	"rows-remapped": "memory rows replaced by spare ones",
	"pages-retired": "memory pages taken out of use",
	"retirement-pending": "a row or page that waits for a reset to be taken out of use",
	"remapping-failed": "a row that could not be replaced, because there is no spare one",
	"memory-threshold-exceeded": "more errors of the caches than the maker lets a card have",
	"memory-unrepairable": "memory that can be repaired no more",
	"repair-pending": "a repair that waits for a reset",
	"pcie-fatal": "fatal errors of the PCIe link",
	"pcie-nonfatal": "uncorrected errors of the PCIe link",
	"pcie-correctable": "corrected errors of the PCIe link",
	"pcie-replays": "packets sent again over the PCIe link",
}

# bad are the counts of some kinds that are not zero, with their places.
bad(kinds) := [{"pointer": sprintf("/device/health/%d", [i]), "text": text, "kind": c.kind} |
	some i, c in claims
	c.kind in kinds
	c.count > 0
	text := sprintf("%s (%d, by %s)", [words[c.kind], c.count, object.get(c, "source", "a source without a name")])
]

# stating are the claims that something is so, with the sources' own words.
stating(kind) := {"pointers": [f.pointer | some f in found], "words": [f.words | some f in found]} if {
	found := [{"pointer": sprintf("/device/health/%d", [i]), "words": words} |
		some i, c in claims
		c.kind == kind
		c.count > 0
		source := object.get(c, "source", "a source without a name")
		words := concat("", [object.get(c, "detail", ""), {true: ", ", false: ""}[object.get(c, "detail", "") != ""], "by ", source])
	]
}

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
