package main

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

const (
	sources = ".."
	data    = "../../data"
)

// TestDataAreThoseOfTheSources: the data that the program carries were made of the sources
// as they are, by nobody's hand.
func TestDataAreThoseOfTheSources(t *testing.T) {
	if err := run(sources, data, true); err != nil {
		t.Error(err)
	}
}

// TestSourcesThatAreRefused: what could not be cited, or would be judged by nobody, is not
// built.
func TestSourcesThatAreRefused(t *testing.T) {
	law := filepath.Join("law", "eu.yaml")
	for _, tc := range []struct{ name, file, old, new, want string }{
		{"as they are", law, "", "", ""},
		{"no source", law, "  source: https://www.sorena.io/artifacts/eu/emc-directive/faq/eu-importer-duties\n", "", "no source that a reader can open"},
		{"a source that no reader can open", law, "source: https://www.sorena.io/artifacts/eu/emc-directive/faq/eu-importer-duties", "source: the ministry", "no source that a reader can open"},
		{"a day that is none", law, "effective_from: '2016-04-20'", "effective_from: 20.4.2016", "day 20.4.2016"},
		{"an unknown field", law, "  authority: EU\n", "  authority: EU\n  severity: high\n", "field severity"},
		{"no sentence for a profile", law, "    company: B2B imports follow the ordinary rules.\n", "", "no sentence for the profile company"},
		{"a kind that is none", law, "kind: market-access", "kind: market", "kind market"},
		{"judged by nobody", law, "  judged_by:\n  - GA-IR-024\n", "", "one of judged_by, raises and silent"},
		{"judged by a rule of another kind", law, "- GA-IR-024", "- GA-BD-024", "judged_by GA-BD-024"},
		{"a note that is judged", law, "  status: proposed\n", "  status: proposed\n  silent: a proposal\n", "it gives no findings"},
		{"a place that is none", law, "  places:\n  - RU\n", "  places:\n  - Russia\n", "place Russia"},
		{"an entry twice", law, "- id: eu-gpsr", "- id: eu-cra", "eu-cra stands twice"},
		{"a group that is none", filepath.Join("law", "us.yaml"), "  - D:5\n", "  - D:9\n", `no country group "D:9"`},
		{"a part that is none", filepath.Join("law", "cn.yaml"), "  - 10de:2335\n", "  - H200\n", "part H200"},
		{"an id that YAML reads as a number", filepath.Join("law", "us.yaml"), "    - \"1e30\"\n", "    - 1e30\n", "vendor_ids 1e+30 is no id"},
		{"a maker without a seat", "makers.csv", "1d0f,\"Amazon.com, Inc.\",US,", "1d0f,\"Amazon.com, Inc.\",,", "or no name, seat or words searched for"},
		{"a maker twice", "makers.csv", "1de0,Groq", "1d0f,Groq", "stands twice"},
		{"an entry that is none", "makers.csv", "us-el-cambricon", "us-el-cambrian", `entity_list says "us-el-cambrian"`},
		{"a list that nobody searched", "makers.csv", "not-read,not-read,\n10ee", "no-record,not-read,\n10ee", "no edition was searched"},
		{"another column", "makers.csv", "vendor_id,name", "vendor_id,title", "are wanted"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			from := t.TempDir()
			if err := os.CopyFS(from, os.DirFS(sources)); err != nil {
				t.Fatal(err)
			}
			name := filepath.Join(from, tc.file)
			text, err := os.ReadFile(name)
			if err != nil {
				t.Fatal(err)
			}
			if !strings.Contains(string(text), tc.old) {
				t.Fatalf("%s has no %q", tc.file, tc.old)
			}
			if err := os.WriteFile(name, []byte(strings.Replace(string(text), tc.old, tc.new, 1)), 0o600); err != nil {
				t.Fatal(err)
			}
			_, err = restrictions(from)
			if tc.want == "" && err != nil || tc.want != "" && (err == nil || !strings.Contains(err.Error(), tc.want)) {
				t.Errorf("%v, want %q", err, tc.want)
			}
		})
	}
}

// TestAdvisoriesThatAreRefused: a fix of no bulletin, of no version or that nothing judges
// is not built.
func TestAdvisoriesThatAreRefused(t *testing.T) {
	const fixes, bulletins, branches, products = "fixes.csv", "bulletins.csv", "branches.csv", "products.csv"
	for _, tc := range []struct{ name, file, old, new, want string }{
		{"as they are", fixes, "", "", ""},
		{"no bulletin", fixes, "CVE-2026-32677,INTEL-SA-01489", "CVE-2026-32677,INTEL-SA-01490", `no bulletin "INTEL-SA-01490"`},
		{"no version", fixes, ",1.24.0,5.4,", ",soon,5.4,", "no dotted version"},
		{"a version of another branch", fixes, "R580,NVIDIA-5861,NVIDIA-5861,580.178.04", "R580,NVIDIA-5861,NVIDIA-5861,595.178.04", "nothing judges nvidia-display-driver-linux R580"},
		{"a score that is none", fixes, ",1.24.0,5.4,", ",1.24.0,54,", "is no score"},
		{"a vector that is none", fixes, ",5.4,CVSS:4.0/", ",5.4,CVSS:5.0/", "no vector"},
		{"a condition without a version", fixes, "1.17.5,CDI mode,", ",CDI mode,", "belong together"},
		{"a product that is not judged", fixes, "intel-gaudi-container-runtime,,CVE", "amd-rocm,,CVE", "nothing judges amd-rocm"},
		{"a bulletin without an address", bulletins, "https://www.intel.com", "www.intel.com", "an address that a reader can open"},
		{"a bulletin of no day", bulletins, "INTEL-SA-01489,Intel,2026-08-11", "INTEL-SA-01489,Intel,August", "a day"},
		{"a bulletin after the data", bulletins, "NVIDIA-5861,NVIDIA,2026-09-30", "NVIDIA-5861,NVIDIA,2026-10-01", "after the day of the data"},
		{"a branch with an end that is none", branches, "R580,LTSB,2028-06", "R580,LTSB,June", "an end that is no month"},
		{"a branch without a source", branches, "R620,LTSB,2029-09,,,https://", "R620,LTSB,2029-09,,,", "no source that a reader can open"},
		{"not judged for no reason", products, "amd-software-windows,AMD,no,,Windows", "amd-software-windows,AMD,no,,", "for a reason"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			from := t.TempDir()
			if err := os.CopyFS(from, os.DirFS(sources)); err != nil {
				t.Fatal(err)
			}
			name := filepath.Join(from, "advisories", tc.file)
			text, err := os.ReadFile(name)
			if err != nil {
				t.Fatal(err)
			}
			if !strings.Contains(string(text), tc.old) {
				t.Fatalf("%s has no %q", tc.file, tc.old)
			}
			if err := os.WriteFile(name, []byte(strings.Replace(string(text), tc.old, tc.new, 1)), 0o600); err != nil {
				t.Fatal(err)
			}
			_, err = advisories(from)
			if tc.want == "" && err != nil || tc.want != "" && (err == nil || !strings.Contains(err.Error(), tc.want)) {
				t.Errorf("%v, want %q", err, tc.want)
			}
		})
	}
}

// TestCheckNoticesOtherData: with -check nothing is written, and data that are not those of
// the sources are named.
func TestCheckNoticesOtherData(t *testing.T) {
	out := t.TempDir()
	if err := run(sources, out, false); err != nil {
		t.Fatal(err)
	}
	name := filepath.Join(out, "restrictions.json")
	text, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	other := append([]byte(" "), text...)
	if err := os.WriteFile(name, other, 0o600); err != nil {
		t.Fatal(err)
	}
	if err := run(sources, out, true); err == nil || !strings.Contains(err.Error(), "run make data") {
		t.Errorf("%v", err)
	}
	if after, err := os.ReadFile(name); err != nil || string(after) != string(other) {
		t.Error("checking wrote the file")
	}
}

// TestSentencesStandAlone: who reads a finding sees the sentence for one profile, and not
// the one that the source refers to.
func TestSentencesStandAlone(t *testing.T) {
	e := entry{Who: map[string]string{
		"private": "It needs a licence.", "company": "Same, and a clause.", "federal-contractor": "As private; see the list.",
		"critical-infrastructure": "As company.", "exporter": "Same question as ever.",
	}}
	e.writeOut()
	for profile, want := range map[string]string{
		"private": "It needs a licence.", "company": "It needs a licence, and a clause.", "federal-contractor": "It needs a licence; see the list.",
		"critical-infrastructure": "It needs a licence, and a clause.", "exporter": "Same question as ever.",
	} {
		if e.Who[profile] != want {
			t.Errorf("%s: %q, want %q", profile, e.Who[profile], want)
		}
	}
}

func TestDotted(t *testing.T) {
	for s, want := range map[string][]int{"390.157": {390, 157, 0}, "535.54.03": {535, 54, 3}, "580.178.04": {580, 178, 4}} {
		if got, err := dotted(s, 3); err != nil || !slices.Equal(got, want) {
			t.Errorf("%s: %v, %v", s, got, err)
		}
	}
	for _, s := range []string{"", "535.", "none", "1.2.3.4", "-1"} {
		if got, err := dotted(s, 3); err == nil {
			t.Errorf("%q: %v", s, got)
		}
	}
}
