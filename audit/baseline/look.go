package baseline

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/gpuaudit/gpuaudit/audit"
	"github.com/gpuaudit/gpuaudit/audit/fault"
	"github.com/gpuaudit/gpuaudit/audit/finding"
	"github.com/gpuaudit/gpuaudit/audit/machine"
	"github.com/gpuaudit/gpuaudit/audit/manifest"
	"github.com/gpuaudit/gpuaudit/audit/report"
)

// Look audits machines by their names. expect is how many cards each has, 0 where that
// differs. No baseline is made of what was not read whole.
func Look(ctx context.Context, audited *audit.Audit, machines []*machine.Machine, names []string) (list []Machine, expect int, err error) {
	counts := map[int]bool{}
	for i, m := range machines {
		r, err := audited.Run(ctx, m)
		if err != nil {
			return nil, 0, err
		}
		for _, p := range r.Problems {
			if p.Kind != report.ProblemOutdated {
				return nil, 0, fault.AsIncomplete(fmt.Errorf("%s: %s: %s: no baseline is made of what was not read whole", names[i], p.Input, p.Cause))
			}
		}
		list = append(list, Machine{Name: names[i], Report: r})
		cards := 0
		for _, d := range r.Devices {
			if d.Role == "" {
				cards++
			}
		}
		counts[cards], expect = true, cards
	}
	if len(counts) > 1 {
		expect = 0
	}
	return list, expect, nil
}

// Accepted says what was accepted on machines, each once.
func Accepted(tried []*report.Report) []string {
	var list []string
	said := map[string]bool{}
	for _, r := range tried {
		for _, x := range r.Findings {
			if x.Status != finding.Waived || x.Waiver == nil {
				continue
			}
			condition := ""
			if x.Waiver.Status == finding.Unknown {
				condition = ", as long as its facts are lacking,"
			}
			line := fmt.Sprintf("%s%s until %s: %s", x.ID, condition, x.Waiver.Expires.Format(time.DateOnly), x.Waiver.Reason)
			if !said[line] {
				list = append(list, line)
			}
			said[line] = true
		}
	}
	return list
}

// IDs names each check that stands against machines, once.
func IDs(standing []Standing) []string {
	var ids []string
	for _, s := range standing {
		if !slices.Contains(ids, s.ID) {
			ids = append(ids, s.ID)
		}
	}
	return ids
}

// Since is the day of the oldest statement of a baseline.
func (f *Folder) Since() string {
	var oldest time.Time
	for _, p := range f.Before {
		if oldest.IsZero() || p.Issued.Before(oldest) {
			oldest = p.Issued
		}
	}
	return oldest.Format(time.DateOnly)
}

// Aspects names what a statement speaks of.
func (s *Statement) Aspects() []string {
	p := s.Predicate
	var list []string
	for _, x := range [...]struct {
		name string
		is   bool
	}{{"firmware", len(p.OfKind(manifest.OptionROM)) > 0}, {"run-time firmware", len(p.OfKind(manifest.RuntimeFile)) > 0}, {"driver", len(p.Drivers) > 0},
		{"functions", p.Functions != nil}, {"memory", len(p.MemoryMiB) > 0}, {"windows", len(p.Windows) > 0}, {"place", len(p.Places) > 0}, {"measurements", len(p.Measurements) > 0}} {
		if x.is {
			list = append(list, x.name)
		}
	}
	return list
}
