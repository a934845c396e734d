# METADATA
# related_resources:
# - ref: https://attack.mitre.org/techniques/T1543/
# custom:
#   id: GA-BD-080
#   severity: medium
#   scope: host
#   question: code
#   means: bad
package gpuaudit.rules.backdoor.software_changed

import data.gpuaudit.lib
import data.gpuaudit.verdict

files := object.get(input, ["host", "software"], [])

shipped := [i | some i, f in files; not startswith(object.get(f, "path", ""), "etc/")]

changed := [i | some i in shipped; files[i].package.digest == "mismatch"]

pointers(list) := [sprintf("/host/software/%d", [i]) | some i in list]

told := [i | some i in shipped; compared(files[i])]

# compared: no package lists the file, or what the one that does recorded of it was held
# against it.
compared(f) if f.package_owned == false

compared(f) if f.package.digest

packages := sort({object.get(files[i], ["package", "name"], verdict.msg("software_changed.a_package", {})) | some i in changed})

decision := verdict.keyed(
	verdict.fail(verdict.msg("software_changed.fail", {"files": [files[i].path | some i in changed], "packages": packages}), pointers(changed)),
	concat(",", sort([object.get(files[i], "sha256", "") | some i in changed])),
) if {
	count(changed) > 0
} else := verdict.not_applicable(verdict.msg("software_changed.not_applicable", {}), ["/host/software"]) if {
	input.host.software == []
	lib.complete(input.host, "/software")
} else := verdict.pass(verdict.msg("software_changed.pass", {"number": count(shipped)}), ["/host/software"]) if {
	count(shipped) > 0
	count(told) == count(shipped)
	lib.complete(input.host, "/software")
} else := lib.host_lacks(verdict.msg("software_changed.lacks", {}), ["/software"])
