package rules_test

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/gpuaudit/gpuaudit/audit/facts"
	"github.com/gpuaudit/gpuaudit/audit/finding"
	"github.com/gpuaudit/gpuaudit/audit/hosttest"
	"github.com/gpuaudit/gpuaudit/policy"
	"github.com/gpuaudit/gpuaudit/rules"
)

// lawPlaces, lawProfiles, lawParts and lawDays are the questions that the matrix asks.
var (
	lawPlaces   = []string{"US", "CN", "EU", "DE", "FR", "GB", "CH", "JP", "KR", "TW", "IN", "MY", "AE", "RU", "CU", "IR", "KP", "SY"}
	lawProfiles = []string{"private", "company", "exporter", "federal-contractor"}
	lawParts    = []struct{ name, vendor, device string }{
		{"GeForce RTX 4090", "10de", "2684"},
		{"GeForce RTX 5090", "10de", "2b85"},
		{"GeForce RTX 5090 D", "10de", "2b87"},
		{"NVIDIA H100 PCIe", "10de", "2331"},
		{"NVIDIA H20", "10de", "2329"},
		{"NVIDIA B200", "10de", "2901"},
		{"AMD Instinct MI308X", "1002", "74a2"},
		{"Intel Arc Pro B60", "8086", "e211"},
		{"Huawei Ascend 910B", "19e5", "d802"},
		{"Moore Threads MTT S80", "1ed5", "0201"},
		{"Baidu Kunlun P800", "1d22", "3688"},
	}
	lawDays = []string{"2026-11-30"}
)

func TestExplore(t *testing.T) {
	e := load(t)
	var ids []string
	for _, r := range e.Rules() {
		if strings.HasPrefix(r.ID, "GA-IR-") && r.Scope == policy.ScopeDevice {
			ids = append(ids, r.ID)
		}
	}
	only, err := e.Only(context.Background(), ids)
	if err != nil {
		t.Fatal(err)
	}
	h := hosttest.New()
	for i, p := range lawParts {
		c := hosttest.NVIDIACard(fmt.Sprintf("0000:%02x:00.0", i+1))
		c.Vendor, c.Device, c.Driver, c.UUID = p.vendor, p.device, "", ""
		h.Add(c)
	}
	all := audited(t, nil, machine{name: "law", env: h.Env()})
	start := time.Now()
	n := 0
	said := map[string]int{}
	for _, day := range lawDays {
		for _, place := range lawPlaces {
			for i, p := range lawParts {
				f := all[fmt.Sprintf("0000:%02x:00.0", i+1)].facts
				row := ""
				for _, profile := range lawProfiles {
					g := *f
					g.Now, _ = time.Parse(time.DateOnly, day)
					g.Question = facts.Purpose{Jurisdiction: &place, Profile: &profile}
					g.DataSets = nil
					for _, d := range rules.Data() {
						at, _ := time.Parse(time.DateOnly, d.Date)
						g.DataSets = append(g.DataSets, facts.DataSet{Name: d.Name, Date: d.Date, AgeDays: int(g.Now.Sub(at).Hours() / 24)})
					}
					list, err := only.Evaluate(context.Background(), &g)
					if err != nil {
						t.Fatal(err)
					}
					n++
					var cell []string
					for _, x := range list {
						mark := ""
						switch {
						case x.Status == finding.Fail && x.Severity == finding.Info:
							mark = "c"
						case x.Status == finding.Fail:
							mark = "R"
						case x.Status == finding.Unknown:
							mark = "?"
						default:
							continue
						}
						cell = append(cell, mark+x.ID[6:])
						said[x.ID+" "+string(x.Status)+" "+x.Detail]++
					}
					slices.Sort(cell)
					row += fmt.Sprintf(" | %s: %s", profile[:3], strings.Join(cell, " "))
				}
				fmt.Println(day, place, p.name, row)
			}
		}
	}
	fmt.Println(n, time.Since(start))
	for s, n := range said {
		fmt.Println(n, s)
	}
}
