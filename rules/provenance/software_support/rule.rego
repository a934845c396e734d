# METADATA
# related_resources:
# - ref: https://pytorch.org/get-started/locally/
# - ref: https://docs.vllm.ai/
# - ref: https://github.com/ggml-org/llama.cpp
# custom:
#   id: GA-PR-022
#   severity: low
#   scope: device
#   question: work
#   means: bad
#   lead: pass
package gpuaudit.rules.provenance.software_support

import data.gpuaudit.data.software_support
import data.gpuaudit.lib
import data.gpuaudit.software
import data.gpuaudit.verdict

family := software.family

# asked are the frameworks that most people ask for.
asked := {"llama_cpp": "llama.cpp", "vllm": "vLLM", "pytorch": "PyTorch", "ollama": "Ollama", "comfyui": "ComfyUI"}

# stated is what the sources say of each framework, by its name.
stated := {name: f |
	some key, name in asked
	f := object.get(family.frameworks, key, {"status": "unknown"})
}

# of names the frameworks that have a status.
of(status) := [name | some name, f in stated; f.status == status]

order := ["supported", "experimental", "plugin", "community", "none", "unknown"]

statuses := [verdict.msg("software_support.status", {"names": names, "status": words[status]}) |
	some status in order
	names := of(status)
	count(names) > 0
]

words := {
	"supported": verdict.msg("software_support.supported", {}),
	"experimental": verdict.msg("software_support.experimental", {}),
	"plugin": verdict.msg("software_support.plugin", {}),
	"community": verdict.msg("software_support.community", {}),
	"none": verdict.msg("software_support.none", {}),
	"unknown": verdict.msg("software_support.not_known", {}),
}

sources := [verdict.msg("software_support.source", {"name": name, "source": software.source(f)}) | some name, f in stated]

sentence := verdict.msg("software_support.said", {
	"statuses": statuses,
	"family": family.label,
	"driver": family.driver.name,
	"stack": family.stack.name,
	"sources": sources,
})

decision := verdict.keyed(verdict.fail(sentence, software.evidence), family.id) if {
	family.level in {"none", "community", "vendor-plugin"}
} else := verdict.pass(sentence, software.evidence) if {
	family.level in {"mainstream", "partial"}
} else := lib.device_lacks(verdict.msg("software_support.lacks", {}), software.needs) if {
	software.nameless
} else := verdict.unknown(
	verdict.msg("software_support.unknown", {"date": software_support.date}),
	software.evidence,
)
