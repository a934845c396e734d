# METADATA
# related_resources:
# - ref: https://pcisig.com/specifications
# - ref: https://docs.kernel.org/PCI/sysfs-pci.html
# custom:
#   id: GA-BD-060
#   severity: high
#   scope: device
#   question: identity
package gpuaudit.rules.backdoor.class_contradicted

import data.gpuaudit.lib
import data.gpuaudit.verdict

class := input.device.pci.class_code

uses := object.get(input.device, "uses", [])

# display: displays, the VGA of old, accelerators.
display if strings.any_prefix_match(class, {"03", "0001", "12"})

# gpu_makers give their GPUs no other class. Intel's ids of that kind are not all in
# one list.
gpu_makers := {"10de", "1002"}

used := sort({verdict.msg("class_contradicted.use", {"kind": object.get(u, "kind", "use"), "name": object.get(u, "name", "")}) | some u in uses})

decision := verdict.keyed(
	verdict.fail(
		verdict.msg("class_contradicted.fail", {"class": class, "uses": used}),
		["/device/pci/class_code", "/device/uses"],
	),
	class,
) if {
	not display
	input.device.kind != "known-vendor"
	count(uses) > 0
} else := verdict.keyed(
	verdict.fail(
		verdict.msg("class_contradicted.fail_2", {"class": class, "vendor": input.device.pci.vendor_id, "device": object.get(input.device.pci, "device_id", "unknown")}),
		["/device/pci/class_code", "/device/pci/device_id"],
	),
	class,
) if {
	not display
	input.device.kind == "known-id"
	input.device.pci.vendor_id in gpu_makers
} else := verdict.keyed(
	verdict.fail(
		verdict.msg("class_contradicted.fail_3", {"class": class}),
		["/device/pci/class_code", "/device/kind"],
	),
	class,
) if {
	not display
	input.device.kind in {"display", "accelerator"}
} else := verdict.unknown(
	verdict.msg("class_contradicted.unknown", {"class": class, "vendor": object.get(input.device.pci, "vendor_id", "unknown")}),
	["/device/uses"],
) if {
	not display
	input.device.kind != "known-vendor"
} else := verdict.pass(
	verdict.msg("class_contradicted.pass", {"class": class}),
	["/device/pci/class_code"],
) if {
	display
	input.device.kind in {"display", "accelerator"}
} else := verdict.pass(
	verdict.msg("class_contradicted.pass_2", {"class": class}),
	["/device/pci/class_code", "/device/kind"],
) if {
	input.device.kind == "known-vendor"
	class
} else := lib.device_lacks(verdict.msg("class_contradicted.lacks", {}), ["/pci/class_code"])
