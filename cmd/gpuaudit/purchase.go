package main

import (
	"fmt"
	"time"

	"github.com/gpuaudit/gpuaudit/audit/facts"
	"github.com/gpuaudit/gpuaudit/audit/purchase"
)

// question is what the user said about the use of the device, by flags and by
// the purchase record. Where both state the origin, they have to agree.
func (f *scanFlags) question(now time.Time) (facts.Purpose, error) {
	q := facts.Purpose{Jurisdiction: said(f.jurisdiction), Profile: said(f.profile), Origin: said(f.origin)}
	if f.purchase == "" {
		return q, nil
	}
	text, err := readFile(f.purchase, purchase.Limit)
	if err != nil {
		return q, fmt.Errorf("--purchase: %w", err)
	}
	p, err := purchase.Parse(text, now)
	if err != nil {
		return q, fmt.Errorf("--purchase %s: %w", f.purchase, err)
	}
	if p.Origin != "" && f.origin != "" && p.Origin != f.origin {
		return q, fmt.Errorf("--origin says %s and --purchase %s says %s: correct one of them", f.origin, f.purchase, p.Origin)
	}
	if q.Origin == nil {
		q.Origin = said(p.Origin)
	}
	facts := p.Facts()
	q.Purchase = &facts
	return q, nil
}
