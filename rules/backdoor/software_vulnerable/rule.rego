# METADATA
# related_resources:
# - ref: https://github.com/NVIDIA/product-security
# - ref: https://www.intel.com/content/www/us/en/security-center/default.html
# custom:
#   id: GA-BD-110
#   severity: high
#   scope: host
#   question: harm
package gpuaudit.rules.backdoor.software_vulnerable

import data.gpuaudit.advisories
import data.gpuaudit.data.driver_advisories
import data.gpuaudit.lib
import data.gpuaudit.verdict

files := object.get(input, ["host", "software"], [])

# found are the packages that data have bulletins on, each by its name and version.
found contains {"name": f.package.name, "version": f.package.version, "product": product} if {
	some f in files
	some product, known in driver_advisories.packages
	f.package.name in known.packages
}

# uncompared are files of such packages whose version is not known, or of no form that is
# compared, and programs that hand GPUs to containers and are of no package.
uncompared contains f.path if {
	some f in files
	some known in driver_advisories.packages
	f.package.name in known.packages
	not advisories.numbers(object.get(f, ["package", "version"], ""))
}

uncompared contains f.path if {
	some f in files
	f.role == "hook"
	startswith(f.path, "usr/bin/")
	not f.package.name
}

# open are those of a package that everybody has who installed it, conditional those of who
# uses one part of it.
open(p) := [f |
	some f in driver_advisories.packages[p.product].fixes
	version := advisories.numbers(p.version)
	advisories.lacks(version, f)
	advisories.certain(version, f)
]

conditional(p) := [f |
	some f in driver_advisories.packages[p.product].fixes
	version := advisories.numbers(p.version)
	advisories.lacks(version, f)
	not advisories.certain(version, f)
]

faulty := [p | some p in found; count(open(p)) > 0]

perhaps := [p | some p in found; count(conditional(p)) > 0]

graded := advisories.grade([f | some p in faulty; some f in open(p)])

needed(list) := advisories.written(max([f.fixed | some f in list]))

said(p) := verdict.msg("software_vulnerable.one", {
	"package": p.name, "version": p.version, "count": count({f.id | some f in open(p)}), "score": advisories.score(open(p)),
	"fixed": needed(open(p)), "bulletin": sort({f.bulletin | some f in open(p)}),
})

evidence(list) := sort([sprintf("/host/software/%d", [i]) | some p in list; some i, f in files; f.package.name == p.name])

named := [verdict.msg("software_vulnerable.named", {"package": p.name, "version": p.version}) | some p in found]

newest := max([driver_advisories.packages[p.product].newest_published | some p in found])

decision := verdict.graded(verdict.keyed(
	verdict.fail(verdict.msg("software_vulnerable.fail", {"list": [said(p) | some p in faulty], "why": graded.why}), evidence(faulty)),
	concat(",", [sprintf("%s<%s", [p.name, needed(open(p))]) | some p in faulty]),
), graded.severity) if {
	count(faulty) > 0
} else := verdict.unknown(
	verdict.msg("software_vulnerable.conditional", {
		"package": perhaps[0].name, "version": perhaps[0].version, "only": conditional(perhaps[0])[0].only_in,
		"fixed": needed(conditional(perhaps[0])), "bulletin": sort({f.bulletin | some f in conditional(perhaps[0])}),
	}),
	evidence(perhaps),
) if {
	count(perhaps) > 0
} else := verdict.unknown(verdict.msg("software_vulnerable.unknown", {"files": sort(uncompared)}), ["/host/software"]) if {
	count(uncompared) > 0
} else := verdict.unknown(
	verdict.msg("software_vulnerable.unknown_2", {"date": driver_advisories.date, "list": named}),
	["/data_sets"],
) if {
	count(found) > 0
	not advisories.fresh
} else := verdict.pass(verdict.msg("software_vulnerable.pass", {"list": named, "day": newest}), evidence(found)) if {
	count(found) > 0
	lib.complete(input.host, "/software")
} else := verdict.not_applicable(verdict.msg("software_vulnerable.not_applicable", {}), ["/host/software"]) if {
	is_array(input.host.software)
	count(found) == 0
	lib.complete(input.host, "/software")
} else := lib.host_lacks(verdict.msg("software_vulnerable.lacks", {}), ["/software"])
