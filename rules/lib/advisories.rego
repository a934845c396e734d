# METADATA
# description: |
#   What bulletins say of versions: of NVIDIA's Linux driver by branch, of other drivers'
#   modules where data name them, and of packages; and how grave what is open is here.
package gpuaudit.advisories

import data.gpuaudit.data.driver_advisories
import data.gpuaudit.lib
import data.gpuaudit.verdict

# numbers are the first four numbers of a version of numbers and dots, without an epoch and
# without what a distribution adds: 535.54.03 gives [535, 54, 3, 0], 1:1.17.8-1 gives
# [1, 17, 8, 0]. Versions are never compared as texts. It is undefined for other forms, and
# for versions before a release.
numbers(version) := array.slice(array.concat(list, [0, 0, 0, 0]), 0, 4) if {
	regex.match(`^([0-9]{1,4}:)?v?[0-9]{1,9}(\.[0-9]{1,9}){0,3}([-+][^:]*)?$`, version)
	not contains(version, "rc")
	parts := split(version, ":")
	plain := split(split(parts[count(parts) - 1], "-")[0], "+")[0]
	list := [to_number(trim_left_zeros(part)) | some part in split(trim_prefix(plain, "v"), ".")]
}

trim_left_zeros(s) := "0" if {
	trim_left(s, "0") == ""
} else := trim_left(s, "0")

# installed is the version of NVIDIA's loaded module as three numbers. It is undefined
# for other forms, and for other drivers.
installed := array.slice(numbers(version), 0, 3) if {
	input.device.driver.name == "nvidia"
	version := input.device.driver.module.version
	regex.match(`^[0-9]{3,4}(\.[0-9]{1,6}){1,2}$`, version)
}

branch_name := sprintf("R%d", [installed[0]])

branch := driver_advisories.nvidia[branch_name]

# module is what data say of another driver's module.
module := driver_advisories.modules[input.device.driver.module.name] if input.device.driver.name != "nvidia"

module_version := numbers(input.device.driver.module.version) if module

# open are the vulnerabilities that the installed version still has. A fix of
# another branch says nothing: 580.159.03 can hold it and 595.58.03 lack it.
open := [f | some f in branch.fixes; installed < f.fixed] if {
	branch
} else := [f | some f in module.fixes; lacks(module_version, f)] if {
	module_version
}

# lacks: a version is among those that a vulnerability is in.
lacks(version, f) if {
	version < f.fixed
	version >= object.get(f, "from", [0, 0, 0, 0])
}

# certain: it is open for everybody, and not only for who uses one part of the product.
certain(version, f) if version >= object.get(f, "certain_from", [0, 0, 0, 0])

# written is a version for a reader. NVIDIA writes its driver's last number with two digits.
written(v) := concat(".", [sprintf("%d", [v[0]]), sprintf("%d", [v[1]]), sprintf("%02d", [v[2]])]) if {
	count(v) == 3
} else := trim_suffix(concat(".", [sprintf("%d", [n]) | some n in v]), ".0")

# score is the highest, as a message.
score(list) := verdict.msg("advisories.score", {"score": max([f.score | some f in list; f.score])}) if {
	some f in list
	f.score
} else := verdict.msg("advisories.no_score", {})

no_driver := verdict.not_applicable(verdict.msg("lib.no_driver", {}), ["/device"]) if not input.device.driver

other_driver := verdict.not_applicable(
	verdict.msg("advisories.other_driver", {"driver": input.device.driver.name}),
	["/device/driver/name"],
) if {
	input.device.driver.name != "nvidia"
	not module
}

# longest is how old the bulletins may be for a version without a known fault to
# pass, in days.
longest := 180

fresh if {
	some set in input.data_sets
	set.name == "driver_advisories"
	set.age_days >= 0
	set.age_days <= longest
}

# worst is the highest score. What has none is taken for a grave one.
worst(list) := max([object.get(f, "score", 7) | some f in list])

# personal are the types of chassis (DSP0134, 7.4.1) of machines that stand or lie with the
# person who works with them.
personal := {3, 4, 6, 7, 8, 9, 10, 11, 13, 14, 15, 16, 24, 30, 31, 32, 35, 36}

# own_programs: the programs that reach the GPU are those of the person whose machine it
# is. What does not show it counts as a machine that others use, too.
own_programs if {
	input.host.dmi.chassis_type in personal
	is_array(input.host.software)
	lib.complete(input.host, "/software")
	not hands_to_containers
}

hands_to_containers if {
	some f in input.host.software
	f.role == "hook"
}

# grade is how grave open vulnerabilities are on this machine, and why.
grade(list) := {"severity": "high", "why": verdict.msg("advisories.exploited", {})} if {
	some f in list
	f.exploited == true
} else := {"severity": "high", "why": verdict.msg("advisories.critical", {})} if {
	worst(list) >= 9
} else := {"severity": "high", "why": verdict.msg("advisories.shared", {})} if {
	worst(list) >= 7
	not own_programs
} else := {"severity": "medium", "why": verdict.msg("advisories.behind", {"number": count({f.bulletin | some f in list})})} if {
	worst(list) >= 7
	count({f.bulletin | some f in list}) > 1
} else := {"severity": "medium", "why": verdict.msg("advisories.shared", {})} if {
	worst(list) >= 4
	not own_programs
} else := {"severity": "low", "why": verdict.msg("advisories.own", {})} if {
	own_programs
} else := {"severity": "low", "why": verdict.msg("advisories.slight", {})}
