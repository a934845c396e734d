package report_test

import (
	"slices"
	"testing"

	"github.com/gpuaudit/gpuaudit/audit/finding"
	"github.com/gpuaudit/gpuaudit/audit/inventory"
	"github.com/gpuaudit/gpuaudit/audit/report"
)

// TestObstacles: each finding that decides is named, with what would help, and none other.
func TestObstacles(t *testing.T) {
	const first, second = "0000:01:00.0", "0000:02:00.0"
	rom := func(address string) inventory.Gap {
		return inventory.Gap{Fact: "/firmware/roms", Source: "sys/bus/pci/devices/" + address + "/rom", Reason: inventory.ReasonNotRequested}
	}
	r := &report.Report{FailOn: finding.High, Inventory: inventory.Inventory{Devices: []inventory.Device{
		{Address: first, Gaps: []inventory.Gap{rom(first)}}, {Address: second, Gaps: []inventory.Gap{rom(second)}}}},
		Devices: []report.Device{{Address: first}, {Address: second}}}
	add := func(id, device string, severity finding.Severity, status finding.Status, missing ...string) {
		r.Findings = append(r.Findings, finding.Finding{ID: id, Device: device, Severity: severity, Status: status, Title: "Title", Detail: "Detail " + id, Remediation: "Mend " + id, Missing: missing})
	}
	for _, at := range []string{first, second} {
		add("GA-BD-004", at, finding.High, finding.Unknown, "/firmware/roms")
		add("GA-BD-007", at, finding.Critical, finding.Unknown, "/firmware/roms")
		add("GA-BD-009", at, finding.Medium, finding.Unknown, "/firmware/roms")
		add("GA-BD-010", at, finding.High, finding.Pass)
	}
	add("GA-BD-033", second, finding.High, finding.Fail)
	add("GA-BD-020", "host", finding.High, finding.Unknown)
	got := r.Obstacles()
	if len(got) != 3 || !got[0].Failed || !slices.Equal(got[0].IDs, []string{"GA-BD-033"}) || got[0].Do != "Mend GA-BD-033" || got[0].What[0] != "Title: Detail GA-BD-033" {
		t.Fatalf("%+v", got)
	}
	if o := got[1]; o.Failed || !slices.Equal(o.Devices, []string{first, second}) || !slices.Equal(o.IDs, []string{"GA-BD-004", "GA-BD-007"}) || o.What[0] != "the card's firmware (not asked for)" || o.Do == "" {
		t.Errorf("%+v", o)
	}
	if o := got[2]; !slices.Equal(o.Devices, []string{"host"}) || !slices.Equal(o.IDs, []string{"GA-BD-020"}) || o.What[0] != "detail GA-BD-020" || o.Do != "" {
		t.Errorf("%+v", o)
	}
}
