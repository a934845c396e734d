package waive_test

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/gpuaudit/gpuaudit/audit/finding"
	"github.com/gpuaudit/gpuaudit/audit/inventory"
	"github.com/gpuaudit/gpuaudit/audit/report"
	"github.com/gpuaudit/gpuaudit/audit/waive"
)

const entry = `  - finding: GA-PR-015
    scope: {device: "0000:01:00.0"}
    reason: bought as what it is
    owner: ops
    approver: security
    issued: 2026-11-01
    expires: 2026-12-31
`

func file(entries string) string { return "version: 1\nwaivers:\n" + entries }

func TestParseRefuses(t *testing.T) {
	edit := func(old, now string) string { return strings.Replace(file(entry), old, now, 1) }
	tests := map[string]struct{ text, want string }{
		"version":                     {edit("version: 1", "version: 2"), "version is 2"},
		"unknown field":               {edit("reason:", "because:"), "because"},
		"finding":                     {edit("GA-PR-015", "everything"), "line 3: finding"},
		"waiver of a waiver":          {edit("GA-PR-015", "GA-WV-001"), "cannot be waived"},
		"no scope":                    {edit(`{device: "0000:01:00.0"}`, "{}"), "scope is empty"},
		"model":                       {edit(`device: "0000:01:00.0"`, "model: rx580"), "scope.model"},
		"no reason":                   {edit("bought as what it is", "ok"), "reason"},
		"both kinds of unknown":       {edit("GA-PR-015", "GA-PR-015\n    unknown: true\n    unknown_only: true"), "exclude each other"},
		"no owner":                    {edit("owner: ops", `owner: " "`), "owner and approver"},
		"no approver":                 {edit("approver: security", "approver:"), "owner and approver"},
		"no expiry":                   {edit("expires: 2026-12-31", "expires:"), "expires"},
		"other form of a date":        {edit("2026-12-31", "31.12.2026"), "neither a day"},
		"words for a date":            {edit("2026-12-31", "never"), "neither a day"},
		"month only":                  {edit("2026-12-31", "2026-12"), "neither a day"},
		"ends before it began":        {edit("2026-12-31", "2026-10-31"), "must end after"},
		"too long":                    {edit("2026-12-31", "2028-01-01"), "within 365 days"},
		"longer than the file allows": {edit("version: 1", "version: 1\nmax_days: 30"), "within 30 days"},
		"longer than anything":        {edit("version: 1", "version: 1\nmax_days: 999"), "max_days is 999"},
		"one person":                  {strings.Replace(edit("version: 1", "version: 1\ntwo_person: true"), "approver: security", "approver: Ops", 1), "are the same"},
	}
	for name, tt := range tests {
		if _, err := waive.Parse([]byte(tt.text)); !errors.Is(err, waive.ErrFile) || !strings.Contains(err.Error(), tt.want) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// TestLongestTime is kept to the second where times are given, and to the day
// where days are.
func TestLongestTime(t *testing.T) {
	for _, tc := range []struct {
		issued, expires string
		ok              bool
	}{
		{"2026-11-01", "2026-11-02", true},
		{"2026-11-01", "2026-11-03", false},
		{"2026-11-01T10:00:00Z", "2026-11-02T10:00:00Z", true},
		{"2026-11-01T10:00:00Z", "2026-11-02T10:00:01Z", false},
		{"2026-11-01T10:00:00+09:00", "2026-11-02T01:00:00Z", true},
		{"2026-11-01T10:00:00+09:00", "2026-11-02T01:00:01Z", false},
		{"2026-11-01", "2026-11-02T00:00:00Z", true},
		{"2026-11-01", "2026-11-02T00:00:01Z", false},
		{"2026-11-01T10:00:00Z", "2026-11-02", true},
	} {
		text := strings.NewReplacer("2026-11-01", tc.issued, "2026-12-31", tc.expires, "version: 1", "version: 1\nmax_days: 1").Replace(file(entry))
		if _, err := waive.Parse([]byte(text)); (err == nil) != tc.ok {
			t.Errorf("%s to %s: %v", tc.issued, tc.expires, err)
		}
	}
}

// made is a report with one open finding of each kind.
func made(now time.Time) *report.Report {
	r := &report.Report{Now: now, FailOn: finding.Medium, Devices: []report.Device{{Address: "0000:01:00.0"}}}
	r.Inventory.Devices = []inventory.Device{{Address: "0000:01:00.0", PCI: inventory.PCI{VendorID: new("1002"), DeviceID: new("6fdf")},
		Identity: []inventory.IdentityClaim{{Kind: "serial", Value: "77"}}}}
	r.Findings = []finding.Finding{
		{ID: "GA-PR-015", Device: "0000:01:00.0", Severity: finding.High, Status: finding.Fail, Identity: finding.Counterfeit, Fingerprint: "ff"},
		{ID: "GA-BD-001", Device: "0000:01:00.0", Severity: finding.High, Status: finding.Unknown},
		{ID: "GA-BD-002", Device: "0000:01:00.0", Severity: finding.High, Status: finding.Pass},
	}
	return r
}

func day(d int) time.Time { return time.Date(2026, 11, d, 12, 0, 0, 0, time.UTC) }

func TestApply(t *testing.T) {
	edit := func(pairs ...string) string { return strings.NewReplacer(pairs...).Replace(entry) }
	scope := func(s string) string { return edit(`{device: "0000:01:00.0"}`, s) }
	tests := []struct {
		name, entries, fleet string
		now                  time.Time
		want                 string // ids with their status
	}{
		{"device", entry, "", day(24), "waived"},
		{"serial", scope(`{serial: "77"}`), "", day(24), "waived"},
		{"model", scope(`{model: "1002:6fdf"}`), "", day(24), "waived"},
		{"fingerprint", scope(`{fingerprint: ff}`), "", day(24), "waived"},
		{"fleet", scope(`{fleet: lab}`), "lab", day(24), "waived"},
		{"all of them", scope(`{fleet: lab, model: "1002:6fdf", serial: "77", device: "0000:01:00.0", fingerprint: ff}`), "lab", day(24), "waived"},
		{"another fleet", scope(`{fleet: lab, model: "1002:6fdf"}`), "", day(24), "fail GA-WV-002"},
		{"another serial", scope(`{serial: "78"}`), "", day(24), "fail GA-WV-002"},
		{"another model", scope(`{model: "1002:67df"}`), "", day(24), "fail GA-WV-002"},
		{"another device", scope(`{device: "host"}`), "", day(24), "fail GA-WV-002"},
		{"one of two does not fit", scope(`{serial: "77", model: "1002:67df"}`), "", day(24), "fail GA-WV-002"},
		{"last second of the last day", edit("2026-12-31", "2026-11-24"), "", time.Date(2026, 11, 24, 23, 59, 59, 0, time.UTC), "waived"},
		{"midnight after it", edit("2026-12-31", "2026-11-24"), "", time.Date(2026, 11, 25, 0, 0, 0, 0, time.UTC), "fail GA-WV-001"},
		{"time in another zone", edit("2026-12-31", `"2026-11-24T12:30:00+01:00"`), "", day(24), "fail GA-WV-001"},
		{"not yet", edit("2026-11-01", "2026-11-25"), "", day(24), "fail GA-WV-001"},
		{"what is not known", edit("GA-PR-015", "GA-BD-001"), "", day(24), "fail GA-WV-002"},
		{"a failure, where what is not known is accepted", edit("GA-PR-015", "GA-PR-015\n    unknown: true"), "", day(24), "waived"},
		{"a failure, where only what is not known is accepted", edit("GA-PR-015", "GA-PR-015\n    unknown_only: true"), "", day(24), "fail GA-WV-002"},
		{"what passed", edit("GA-PR-015", "GA-BD-002"), "", day(24), "fail GA-WV-002"},
	}
	for _, tt := range tests {
		s, err := waive.Parse([]byte(file(tt.entries)))
		if err != nil {
			t.Fatalf("%s: %v", tt.name, err)
		}
		r := made(tt.now)
		s.Apply(r, tt.fleet)
		got := []string{string(r.Findings[0].Status)}
		for _, f := range r.Findings[3:] {
			got = append(got, f.ID)
		}
		if strings.Join(got, " ") != tt.want {
			t.Errorf("%s: %v, want %s", tt.name, got, tt.want)
		}
		if waived := r.Findings[0].Waiver; (waived != nil) != (tt.want == "waived") {
			t.Errorf("%s: waiver %+v", tt.name, waived)
		}
		if r.Findings[1].Status != finding.Unknown || r.Findings[2].Status != finding.Pass {
			t.Errorf("%s: other findings were touched", tt.name)
		}
	}
}

func TestUnknownIsWaivedOnlyWhenSaid(t *testing.T) {
	for _, said := range []string{"unknown", "unknown_only"} {
		s, err := waive.Parse([]byte(file(strings.Replace(entry, "GA-PR-015", "GA-BD-001\n    "+said+": true", 1))))
		if err != nil {
			t.Fatal(err)
		}
		r := made(day(24))
		r.Findings[1].Identity = finding.Modified // and it is no sign of that
		s.Apply(r, "")
		r.Decide()
		if r.Findings[1].Status != finding.Waived || r.Devices[0].Identity.Verdict == report.Modified {
			t.Errorf("%s: status %s, identity %+v", said, r.Findings[1].Status, r.Devices[0].Identity)
		}
	}
}

// TestTheCardStaysWhatItIs: a waiver changes the verdict, not the identity.
func TestTheCardStaysWhatItIs(t *testing.T) {
	s, err := waive.Parse([]byte(file(entry + strings.Replace(entry, "GA-PR-015", "GA-BD-001\n    unknown: true", 1))))
	if err != nil {
		t.Fatal(err)
	}
	r := made(day(24))
	s.Apply(r, "")
	r.Decide()
	if r.Verdict.Status != report.Passed || r.Verdict.Counts.Waived != 2 || r.Devices[0].Identity.Verdict != report.CounterfeitSigns {
		t.Errorf("verdict %+v, identity %+v", r.Verdict, r.Devices[0].Identity)
	}
}

func FuzzParse(f *testing.F) {
	f.Add([]byte(file(entry)))
	f.Add([]byte("version: 1\nmax_days: 3\ntwo_person: true\nwaivers: []\n"))
	f.Fuzz(func(t *testing.T, b []byte) {
		s, err := waive.Parse(b)
		if err != nil {
			if !errors.Is(err, waive.ErrFile) {
				t.Error(err)
			}
			return
		}
		s.Apply(made(day(24)), "lab")
	})
}

// TestAFingerprintSaysWhomItCovers: the unit, or the model where no serial number is
// known, which other cards share.
func TestAFingerprintSaysWhomItCovers(t *testing.T) {
	for _, tc := range []struct {
		scope    string
		identity []inventory.IdentityClaim
		want     string
	}{
		{"{fingerprint: ff}", []inventory.IdentityClaim{{Kind: "serial", Value: "77"}}, "the card with serial number 77"},
		{"{fingerprint: ff}", nil, "every card of model 1002:6fdf on boards 1da2:e387, for no serial number is known"},
		{"{fingerprint: ff}", []inventory.IdentityClaim{{Kind: "serial", Value: "redacted"}}, "every card of model 1002:6fdf on boards 1da2:e387, for no serial number is known"},
		{"{fingerprint: ff}", []inventory.IdentityClaim{{Kind: "serial", Value: "N/A"}}, "every card of model 1002:6fdf on boards 1da2:e387, for no serial number is known"},
		{`{fingerprint: ff, device: "0000:01:00.0"}`, nil, "every card of model 1002:6fdf on boards 1da2:e387 at 0000:01:00.0, for no serial number is known"},
		{"{fingerprint: ff, fleet: lab}", nil, "every card of model 1002:6fdf on boards 1da2:e387 in lab, for no serial number is known"},
		{`{model: "1002:6fdf"}`, nil, ""},
	} {
		s, err := waive.Parse([]byte(file(strings.Replace(entry, `{device: "0000:01:00.0"}`, tc.scope, 1))))
		if err != nil {
			t.Fatal(err)
		}
		r := made(day(24))
		d := &r.Inventory.Devices[0]
		d.Identity, d.PCI.SubsystemVendorID, d.PCI.SubsystemDeviceID = tc.identity, new("1da2"), new("e387")
		s.Apply(r, "lab")
		if w := r.Findings[0].Waiver; w == nil || w.Covers != tc.want {
			t.Errorf("%s with %v: %+v", tc.scope, tc.identity, w)
		}
	}
}
