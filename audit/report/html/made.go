package html

import (
	"fmt"
	"strings"

	"github.com/gpuaudit/gpuaudit/audit/report"
)

// madeRow is something that shaped the report.
type madeRow struct{ Kind, Name, SHA256 string }

// made lists all that shaped a report beside the machine.
func made(words *texts, r *report.Report) []madeRow {
	var rows []madeRow
	add := func(kind, name, sum string) {
		rows = append(rows, madeRow{words.or("made."+kind, kind), clean(name), clean(sum)})
	}
	add("tool", r.Tool.Name+" "+r.Tool.Version, r.Tool.SHA256)
	add("time", r.Now.UTC().Format("2006-01-02 15:04:05 MST"), "")
	add("fail-on", string(r.FailOn), "")
	for _, q := range [...]struct {
		kind  string
		value *string
	}{{"jurisdiction", r.Question.Jurisdiction}, {"profile", r.Question.Profile}, {"origin", r.Question.Origin}, {"offer", r.Question.SoldAs}} {
		if q.value != nil {
			add(q.kind, *q.value, "")
		}
	}
	if len(r.Asked) > 0 {
		add("asked", strings.Join(r.Asked, ", "), "")
	}
	for _, d := range r.DataSets {
		add("data", words.of("made.dated", "name", d.Name, "date", d.Date, "days", d.AgeDays), d.SHA256)
	}
	for _, m := range r.Manifests {
		add("manifest", fmt.Sprintf("%s, %s (%s)", m.Name, m.Issuer, m.Kind), m.SHA256)
	}
	for _, c := range r.Catalogues {
		add("catalogue", fmt.Sprintf("%s, %s", c.Name, c.Signer), c.SHA256)
	}
	if p := r.Policy; p != nil {
		add("policy", p.Source, p.SHA256)
	}
	if p := r.Pack; p != nil {
		add("pack", p.Name, p.SHA256)
		for _, d := range p.Disabled {
			add("disabled", d.ID+": "+d.Reason, "")
		}
	}
	if w := r.Waivers; w != nil {
		add("waivers", fmt.Sprint(w.Entries), w.SHA256)
	}
	for _, i := range r.Inputs {
		add("input", strings.TrimSpace(string(i.Kind)+" "+i.Name+" "+i.Device), i.SHA256)
	}
	return rows
}
