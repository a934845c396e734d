// Package reporttest gives reports to the tests of the formats that they are written in.
package reporttest

import (
	"bytes"
	"flag"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/gpuaudit/gpuaudit/audit/facts"
	"github.com/gpuaudit/gpuaudit/audit/finding"
	"github.com/gpuaudit/gpuaudit/audit/inventory"
	"github.com/gpuaudit/gpuaudit/audit/report"
)

var update = flag.Bool("update", false, "write the golden files anew")

// Updating says that golden files and schemas are to be written anew.
func Updating() bool { return *update }

// Stored is a report of testdata/stored, named as there.
func Stored(t testing.TB, name string) report.Named {
	t.Helper()
	text, err := os.ReadFile(filepath.Join("../../../testdata/stored", name+".json"))
	if err != nil {
		t.Fatal(err)
	}
	r, err := report.Decode(text, len(text))
	if err != nil {
		t.Fatal(err)
	}
	return report.Named{Name: name + ".json", Report: r}
}

// Of is a set of one report without a name, as a scan gives it.
func Of(r report.Named) *report.Set {
	return &report.Set{Reports: []report.Named{{Report: r.Report}}}
}

// HostileTexts are what somebody writes into a card to reach whoever reads the report:
// the escapes of terminals, and what means something in HTML, XML, Markdown, SARIF's
// messages, spreadsheets and the text format of Prometheus.
var HostileTexts = []string{
	"a\x1b]0;x\x07\r\x7f\u009b31m\u202e\u2066\u200e\u2028\u2029\ufeff\U000e0041z",
	"<script>alert(1)</script><img src=x onerror=alert(1)>&amp;",
	"]]><failure/><!-- <![CDATA[ -->",
	"[click](https://evil.example/) ![x](https://evil.example/p.png) <https://evil.example>",
	"https://evil.example www.evil.example mailto:a@evil.example @everyone #1 GH-1 evil/repo#1",
	"| a | b |\n\n# Heading\n\n- item\n\n```\ncode\n```\n    indented\n\n***\n",
	"`code` **bold** _it_ ~~gone~~ \\ back ``two`` <!-- gone",
	"=HYPERLINK(\"https://evil.example\")", "+1+1", "-2+3", "@SUM(A1)", "\t=1", "\r=1",
	"{0} {{1}} {placeholder} %s ${{ secrets.X }} $(id)",
	"quote\" back\\slash\nline} 1 1\nevil{a=\"b\"} 2",
	"::set-output name=x::y\n::error::boo", "bad \xff\xfe utf8 \x00 nul",
	"1. one", "  2) two", "--- three", "",
}

// Hostile is a report of one card, with a hostile text wherever a card or a stored report can
// put one.
func Hostile(text string) report.Named {
	const address = "0000:03:00.0"
	r := &report.Report{
		Schema: report.Schema, Tool: report.Tool{Name: "gpuaudit", Version: text}, Now: time.Date(2026, 11, 24, 0, 0, 0, 0, time.UTC), FailOn: finding.High,
		Problems:  []report.Problem{{Kind: report.ProblemInput, Input: text, Cause: text}},
		DataSets:  []facts.DataSet{{Name: text, Date: "2026-11-23", AgeDays: 1}},
		Devices:   []report.Device{{Address: address}},
		Inventory: inventory.Inventory{Schema: inventory.Schema, Devices: []inventory.Device{{Address: address, Names: inventory.Names{Vendor: &text, Device: &text}}}},
	}
	for _, status := range []finding.Status{finding.Fail, finding.Unknown, finding.Pass, finding.NotApplicable, finding.Waived, finding.Disabled, finding.Status(text)} {
		r.Findings = append(r.Findings, finding.Finding{ID: "GA-XX-" + string(status) + text, Category: finding.Category(text), Severity: finding.High, Status: status,
			Device: address, Title: text, Detail: text, Remediation: text, References: []string{text}, Fingerprint: text, Question: finding.WhatIsIt,
			Waiver: &finding.Waiver{Reason: text, Owner: text, Approver: text}, Changed: &finding.Change{Pack: text, Reason: text, Status: finding.Fail}})
	}
	r.Findings = append(r.Findings, finding.Finding{ID: "GA-XX-002", Severity: finding.Severity(text), Status: finding.Fail, Device: text, Title: text, Detail: text})
	r.Decide()
	return report.Named{Name: text, Report: r}
}

// Nothing is the report of a machine without a card.
func Nothing() report.Named {
	r := &report.Report{Schema: report.Schema, Tool: report.Tool{Name: "gpuaudit", Version: "0.1.0"}, Now: time.Date(2026, 11, 24, 0, 0, 0, 0, time.UTC), FailOn: finding.High}
	r.Decide()
	return report.Named{Report: r}
}

// Many is a report with n cards, each with a failure and an unknown.
func Many(n int, address func(int) string) report.Named {
	r := &report.Report{Schema: report.Schema, Tool: report.Tool{Name: "gpuaudit", Version: "0.1.0"}, Now: time.Date(2026, 11, 24, 0, 0, 0, 0, time.UTC), FailOn: finding.High}
	for i := range n {
		a := address(i)
		r.Devices = append(r.Devices, report.Device{Address: a})
		r.Findings = append(r.Findings,
			finding.Finding{ID: "GA-XX-001", Severity: finding.High, Status: finding.Fail, Device: a, Title: "Failed", Detail: "It failed.", Fingerprint: finding.Fingerprint("GA-XX-001", a, "")},
			finding.Finding{ID: "GA-XX-002", Severity: finding.High, Status: finding.Unknown, Device: a, Title: "Unknown", Detail: "It is not known.", Fingerprint: finding.Fingerprint("GA-XX-002", a, "")})
	}
	r.Decide()
	return report.Named{Report: r}
}

// Golden holds an encoding of a set to the file testdata/NAME of the package under test.
func Golden(t *testing.T, name string, got []byte) {
	t.Helper()
	file := filepath.Join("testdata", name)
	if *update {
		if err := os.MkdirAll("testdata", 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(file, got, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(got, want) {
		t.Errorf("%s is another text than is written now: look at the difference, and run the tests with -update", file)
	}
}
