# METADATA
# title: Mainstream inference software does not run on this accelerator
# description: |
#   By what their documents and build files say, none of llama.cpp, vLLM and PyTorch
#   supports this family of accelerators upstream: it works by the maker's own
#   plugins, by forks, or not at all. The card may be a brick for the purpose it
#   was bought for. It says nothing against the card otherwise.
# related_resources:
# - ref: https://pytorch.org/get-started/locally/
# - ref: https://docs.vllm.ai/
# - ref: https://github.com/ggml-org/llama.cpp
# custom:
#   id: GA-PR-022
#   severity: low
#   scope: device
#   remediation: >-
#     Before you buy or provision, run your own model on one such card, and ask who
#     maintains the plugin or fork that it needs.
package gpuaudit.rules.provenance.software_support

import data.gpuaudit.data.software_support
import data.gpuaudit.lib
import data.gpuaudit.verdict

vendor := input.device.pci.vendor_id

device := input.device.pci.device_id

# The most specific statement counts: ids, then ranges of ids, then architectures.
by_id := [f | some f in software_support.families; some m in f.matches; m.vendor == vendor; device in m.ids]

by_range := [f |
	some f in software_support.families
	some m in f.matches
	m.vendor == vendor
	some r in m.ranges
	device >= r[0]
	device <= r[1]
]

by_architecture := [f |
	some f in software_support.families
	some m in f.matches
	m.vendor == vendor
	input.catalogue.accelerator.architecture in m.architectures
]

family := array.concat(array.concat(by_id, by_range), by_architecture)[0]

# asked are the frameworks that most people ask for.
asked := {"llama_cpp": "llama.cpp", "vllm": "vLLM", "pytorch": "PyTorch"}

statuses := concat(", ", [sprintf("%s: %s", [name, object.get(family.frameworks, key, "unknown")]) | some key, name in asked])

sentence := sprintf("%s: %s (of %s; driver %s, %s).", [
	family.label,
	statuses,
	software_support.date,
	object.get(family, "driver", "not known"),
	object.get(family, "stack", "compute stack not known"),
])

evidence := ["/device/pci/vendor_id", "/device/pci/device_id"]

decision := verdict.keyed(verdict.fail(sentence, evidence), family.id) if {
	family.level in {"none", "community", "vendor-plugin"}
} else := verdict.pass(sentence, evidence) if {
	family.level in {"mainstream", "partial"}
} else := lib.device_lacks("Which software runs on this accelerator", ["/pci/vendor_id", "/pci/device_id"]) if {
	not vendor
} else := lib.device_lacks("Which software runs on this accelerator", ["/pci/vendor_id", "/pci/device_id"]) if {
	not device
} else := verdict.unknown("No source that is known here says which software runs on this accelerator.", evidence)
