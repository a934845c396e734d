package rules_test

import (
	"bytes"
	"errors"
	"io/fs"
	"strings"
	"testing"

	"github.com/gpuaudit/gpuaudit/rules"
)

// TestNewer: what may take the place of embedded data, and what may not.
func TestNewer(t *testing.T) {
	for _, tc := range []struct{ name, body, old, new, want string }{
		{"the same", "restrictions", "", "", ""},
		{"newer", "restrictions", `"date": "2026-08-22",`, `"date": "2026-12-01",`, ""},
		{"older", "restrictions", `"date": "2026-08-22",`, `"date": "2026-08-21",`, "older than the data of this program"},
		{"no day", "restrictions", `"date": "2026-08-22",`, `"date": "soon",`, "which day it speaks for"},
		{"no data of this program", "weather", "", "", "no rule of this program knows data weather"},
		{"another name's", "software_support", "", "", "has the schema"},
		{"another schema", "restrictions", "restrictions/v1", "restrictions/v2", "has the schema"},
		{"an entry is missing", "restrictions", `"us-1260h": {`, `"us-1260i": {`, "rules us-1260h is not what the rules expect"},
		{"a list is missing", "restrictions", `"us-csl": {`, `"us-cs": {`, "lists us-csl is not what the rules expect"},
		{"a maker is missing", "restrictions", `"10de": {`, `"10df": {`, "makers 10de is not what the rules expect"},
		{"a profile is missing", "restrictions", `"exporter":`, `"importer":`, "says nothing to the profile exporter"},
		{"no citation", "restrictions", `"citation":`, `"quotation":`, "lacks citation"},
		{"a day that is none", "restrictions", `"effective_from": "2023-11-17"`, `"effective_from": "17.11.2023"`, "effective_from is no day"},
		{"bulletins", "driver_advisories", "", "", ""},
		{"a branch is missing", "driver_advisories", `"R580": {`, `"R5800": {`, "nvidia R580 is not what the rules expect"},
		{"a package is missing", "driver_advisories", `"nvidia-dcgm": {`, `"dcgm": {`, "packages nvidia-dcgm is not what the rules expect"},
		{"a version of text", "driver_advisories", "309,\n      1\n", "309,\n      \"1\"\n", "fixed is no version of 3 numbers"},
		{"a version too short", "driver_advisories", "309,\n      1\n", "309\n", "fixed is no version of 3 numbers"},
		{"a score that is none", "driver_advisories", `"score": 8.5`, `"score": 85`, "its score is none"},
		{"a bulletin without an address", "driver_advisories", `"NVIDIA-5861": "https`, `"NVIDIA-5861": "ftp`, "without an address"},
		{"no fixes", "driver_advisories", `"modules": {}`, `"modules": {"mtgpu": {}}`, "modules mtgpu: it has no fixes"},
		{"a package of no name", "driver_advisories", `"packages": {`, `"packages": {"x": {"fixes": []},`, "it names no package"},
		{"cut off", "restrictions", `"schema"`, "", "read the data restrictions"},
		{"too deep", "restrictions", `"date": "2026-08-22",`, `"date": "2026-08-22", "x": ` + strings.Repeat("[", 40) + strings.Repeat("]", 40) + ",", "nests deeper than 32"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			of := "restrictions"
			if tc.body == "driver_advisories" {
				of = tc.body
			}
			text, err := fs.ReadFile(rules.FS(), "data/"+of+".json")
			if err != nil {
				t.Fatal(err)
			}
			if !bytes.Contains(text, []byte(tc.old)) {
				t.Fatalf("the data have no %s", tc.old)
			}
			set, err := rules.Newer(tc.body, bytes.Replace(text, []byte(tc.old), []byte(tc.new), 1))
			switch {
			case tc.want == "" && (err != nil || set.Name != tc.body || len(set.SHA256) != 64):
				t.Errorf("%+v, %v", set, err)
			case tc.want != "" && (err == nil || !strings.Contains(err.Error(), tc.want)):
				t.Errorf("%v, want %q", err, tc.want)
			}
			if older := tc.name == "older"; errors.Is(err, rules.ErrOlder) != older {
				t.Errorf("%v is older: %v", err, !older)
			}
		})
	}
}
