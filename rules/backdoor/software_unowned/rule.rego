# METADATA
# related_resources:
# - ref: https://attack.mitre.org/techniques/T1543/
# custom:
#   id: GA-BD-081
#   severity: low
#   scope: host
#   question: harm
#   means: note
package gpuaudit.rules.backdoor.software_unowned

import data.gpuaudit.lib
import data.gpuaudit.verdict

files := object.get(input, ["host", "software"], [])

rooted := [i | some i, f in files; f.root == true]

unowned := [i | some i in rooted; files[i].package_owned == false]

told := [i | some i in rooted; is_boolean(files[i].package_owned)]

pointers(list) := [sprintf("/host/software/%d", [i]) | some i in list]

decision := verdict.keyed(
	verdict.fail(verdict.msg("software_unowned.fail", {"files": [files[i].path | some i in unowned]}), pointers(unowned)),
	concat(",", sort([object.get(files[i], "sha256", "") | some i in unowned])),
) if {
	count(unowned) > 0
} else := verdict.not_applicable(verdict.msg("software_unowned.not_applicable", {}), ["/host/software"]) if {
	is_array(input.host.software)
	count(rooted) == 0
	lib.complete(input.host, "/software")
	lib.all_have(files, ["root"])
} else := verdict.pass(verdict.msg("software_unowned.pass", {"number": count(rooted)}), ["/host/software"]) if {
	count(rooted) > 0
	count(told) == count(rooted)
	lib.complete(input.host, "/software")
	lib.all_have(files, ["root"])
} else := lib.host_lacks(verdict.msg("software_unowned.lacks", {}), ["/software"])
