# METADATA
# description: |
#   The software that runs on an accelerator, by the documents of those who make
#   it. The data are data.gpuaudit.data.software_support.
package gpuaudit.software

import data.gpuaudit.data.software_support
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

# source names where a statement was read, and of which day it is.
source(x) := verdict.msg("software.source", {"source": software_support.sources[x.source], "day": object.get(x, "as_of", verdict.msg("software.unknown_day", {}))})

source(x) := verdict.msg("software.no_source", {}) if not known(x)

# A rule of its own: under "not", a look-up by something that is not there would be
# undefined, and not true.
known(x) if software_support.sources[x.source]

evidence := ["/device/pci/vendor_id", "/device/pci/device_id"]

needs := ["/pci/vendor_id", "/pci/device_id"]

# nameless: the ids were not read, by which a family is found.
nameless if not vendor

nameless if not device
