# METADATA
# related_resources:
# - ref: https://attack.mitre.org/techniques/T1014/
# custom:
#   id: GA-BD-028
#   severity: medium
#   scope: device
#   question: identity
package gpuaudit.rules.backdoor.witness_disagreement

import data.gpuaudit.lib
import data.gpuaudit.verdict

witnesses := object.get(input.device, "witnesses", [])

points := [{"pointer": pointer, "value": d, "name": object.get(w, "name", "?")} |
	some i, w in witnesses
	some j, d in object.get(w, "disagreements", [])
	pointer := sprintf("/device/witnesses/%d/disagreements/%d", [i, j])
]

decision := verdict.keyed(
	verdict.fail(
		verdict.msg("witness_disagreement.fail", {"name": points[0].name, "facts": count(points), "fact": object.get(points[0].value, "fact", "?"), "ours": object.get(points[0].value, "ours", "?"), "theirs": object.get(points[0].value, "theirs", "?")}),
		[p.pointer | some p in points],
	),
	concat(",", sort([object.get(p.value, "fact", "") | some p in points])),
) if {
	count(points) > 0
} else := verdict.pass(
	verdict.msg("witness_disagreement.pass", {"name": [w.name | some w in witnesses]}),
	["/device/witnesses"],
) if {
	count(witnesses) > 0
	lib.all_have(witnesses, ["name"])
	lib.complete(input.device, "/witnesses")
} else := lib.device_lacks(verdict.msg("witness_disagreement.lacks", {}), ["/witnesses"])
