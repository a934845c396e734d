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
