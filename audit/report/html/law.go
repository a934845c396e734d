package html

import (
	"slices"
	"strings"
	"sync"

	"github.com/gpuaudit/gpuaudit/audit/finding"
	"github.com/gpuaudit/gpuaudit/audit/inventory"
	"github.com/gpuaudit/gpuaudit/audit/report"
	"github.com/gpuaudit/gpuaudit/rules"
)

// place is what the laws of one place say of a card.
type place struct {
	Place  string
	Checks []check
}

// lawsKnown are the laws of the embedded data.
var lawsKnown = sync.OnceValue(func() []rules.Restriction {
	law, err := rules.Restrictions()
	if err != nil {
		panic("html: " + err.Error()) // embedded at build, held by a test
	}
	return law.Restrictions
})

// placesOf are whose laws a finding is about, sorted: of those that its rule judges by, the
// ones that it cites, by citation or source; all of them where it cites none.
func (c *cards) placesOf(f *finding.Finding) []string {
	var cited, judged []string
	for i := range c.laws {
		l := &c.laws[i]
		if !slices.Contains(l.JudgedBy, f.ID) {
			continue
		}
		judged = append(judged, l.Jurisdiction)
		if l.Citation != "" && strings.Contains(f.Detail, l.Citation) || l.Source != "" && strings.Contains(f.Detail, l.Source) {
			cited = append(cited, l.Jurisdiction)
		}
	}
	if len(cited) > 0 {
		judged = cited
	}
	slices.Sort(judged)
	return slices.Compact(judged)
}

// law sorts findings on law by place, and returns the other findings. What does not apply
// here or to this purpose is among them.
func (c *cards) law(findings []finding.Finding, gaps []inventory.Gap) (places []place, elsewhere string, rest []finding.Finding) {
	at := map[string][]check{}
	aside := 0
	for i := range findings {
		f := &findings[i]
		switch {
		case f.Category != finding.ImportRestriction:
		case report.Said(f) == finding.NotApplicable:
			aside++
		default:
			var names []string
			for _, code := range c.placesOf(f) {
				names = append(names, c.words.or("place."+code, code))
			}
			name := orElse(strings.Join(names, ", "), c.words.of("place.none"))
			at[name] = append(at[name], c.check(f, gaps))
			continue
		}
		rest = append(rest, *f)
	}
	for name, checks := range at {
		places = append(places, place{name, checks})
	}
	none := c.words.of("place.none")
	slices.SortFunc(places, func(a, b place) int {
		switch {
		case a.Place == none:
			return 1
		case b.Place == none:
			return -1
		}
		return strings.Compare(a.Place, b.Place)
	})
	if len(places) > 0 && aside > 0 {
		elsewhere = c.words.of("law.aside", "n", aside)
	}
	return places, elsewhere, rest
}
