package gpuaudit.advisories_test

import data.gpuaudit.advisories
import data.gpuaudit.fixture

nvidia(version) := fixture.device({"driver": {"name": "nvidia", "module": {"name": "nvidia", "version": version}, "built_in": false}})

test_versions_are_numbers if {
	every text, want in {"535.54.03": [535, 54, 3], "390.157": [390, 157, 0], "580.00.0": [580, 0, 0]} {
		number(text) == want
	}
}

test_other_forms_are_no_version if {
	every text in {"", "535", "535.x", "535.1.2.3", "535.1;rm", "99999.1"} {
		not version(text)
	}
}

version(text) if {
	advisories.installed with input as nvidia(text)
}

number(text) := got if {
	got := advisories.installed with input as nvidia(text)
}

test_branches_are_apart if {
	open := advisories.open with input as nvidia("595.1.1")
	some f in open
	every g in open {
		g.fixed[0] == 595
	}
	f.fixed[0] == 595
}

fixture_desktop := fixture.host({"dmi": {"chassis_type": 3}, "software": []})

fixture_server := fixture.host({"dmi": {"chassis_type": 23}, "software": []})

open_at(score) := [{"id": "CVE-1", "bulletin": "B", "fixed": [2, 0, 0, 0], "score": score}]

test_grades_follow_score_and_exposure if {
	every row in [
		[fixture_server, 9.8, "high"], [fixture_server, 7.8, "high"], [fixture_server, 5.5, "medium"], [fixture_server, 2.1, "low"],
		[fixture_desktop, 9.8, "high"], [fixture_desktop, 7.8, "low"], [fixture_desktop, 5.5, "low"], [fixture_desktop, 2.1, "low"],
	] {
		graded(row[0], open_at(row[1])) == row[2]
	}
}

test_no_score_is_a_grave_one if {
	graded(fixture_server, [{"id": "CVE-1", "bulletin": "B", "fixed": [2, 0, 0, 0]}]) == "high"
	advisories.score([{"id": "CVE-1"}]) == "without a CVSS score"
}

graded(facts, list) := g.severity if {
	g := advisories.grade(list) with input as facts
}

test_versions_of_packages if {
	every text, want in {"1.17.8-1": [1, 17, 8, 0], "1:4.2.3-1": [4, 2, 3, 0], "v1.17": [1, 17, 0, 0], "24.6.1.2+deb12u1": [24, 6, 1, 2]} {
		advisories.numbers(text) == want
	}
	every text in {"", "1.x", "1.2.3.4.5", "1.17.8~rc.1-1", "1.18.0-0.1.rc.1", "git"} {
		not advisories.numbers(text)
	}
}
