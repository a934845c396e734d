// Package oscal writes reports as assessment results of NIST's OSCAL 1.2.3, for governance
// programs. Every check is an observation. What failed, and what could not be decided, is
// a risk, and makes each control that it is about not satisfied. No control is ever called
// satisfied: a control asks for more than a scan of a machine can see.
package oscal

import (
	"crypto/sha1" //nolint:gosec // of UUIDs (RFC 9562, 5.5), no signature
	"encoding/hex"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"github.com/gpuaudit/gpuaudit/audit/controls"
	"github.com/gpuaudit/gpuaudit/audit/finding"
	"github.com/gpuaudit/gpuaudit/audit/report"
)

const (
	version = "1.2.3"
	// namespace is that of our properties.
	namespace = "https://gpuaudit.github.io/ns/oscal"
	// catalogue is the framework whose controls OSCAL's own catalogues name.
	catalogue = "nist-800-53"
)

// Encode writes one document for all reports of a set, a result for each. The same
// reports give the same bytes, UUIDs included.
func Encode(w io.Writer, s *report.Set) error {
	e := encoder{}
	plan := e.uuid("plan")
	doc := document{Results: assessmentResults{
		Metadata: metadata{Title: "gpuaudit: trust and firmware of GPUs", Version: "1", OSCALVersion: version,
			Remarks: "Each result is a report of gpuaudit. Its verdict is a property of the result. What could not be decided is an observation with a risk, and no control is called satisfied."},
		ImportAP: importAP{Href: "#" + plan, Remarks: "There is no assessment plan: the checks are those of the program."},
		BackMatter: backMatter{Resources: []resource{{UUID: plan, Title: "No assessment plan",
			Description: "These results were made without an assessment plan. What was checked is in each result."}}},
	}}
	names := []string{"document"}
	var last time.Time
	for i, r := range s.Reports {
		doc.Results.Results = append(doc.Results.Results, e.result(i, &r))
		if r.Now.After(last) {
			last = r.Now
		}
		names = append(names, doc.Results.Results[i].UUID)
	}
	if len(s.Reports) > 0 {
		doc.Results.Metadata.Version = line(s.Reports[0].Tool.Version, "1")
	}
	doc.Results.Metadata.LastModified = instant(last)
	doc.Results.UUID = e.uuid(names...)
	return report.EncodeJSON(w, doc, "  ")
}

type encoder struct{}

// uuid is made from names, as version 5.
func (encoder) uuid(names ...string) string {
	h := sha1.New() //nolint:gosec // see the import
	fmt.Fprint(h, namespace)
	for _, name := range names {
		fmt.Fprintf(h, "%d:%s", len(name), name)
	}
	b := h.Sum(nil)[:16]
	b[6], b[8] = b[6]&0x0f|0x50, b[8]&0x3f|0x80
	x := hex.EncodeToString(b)
	return x[:8] + "-" + x[8:12] + "-" + x[12:16] + "-" + x[16:20] + "-" + x[20:]
}

// about is what is held against a control in one result.
type about struct {
	observed []relatedObserved
	risks    []relatedRisk
	failed   bool
}

func (e encoder) result(n int, r *report.Named) result {
	name := line(r.Name, "report")
	id := e.uuid("result", fmt.Sprint(n), name, instant(r.Now))
	out := result{UUID: id, Title: name, Description: description(r), Start: instant(r.Now), End: instant(r.Now),
		Props: props("verdict", string(r.Verdict.Status), "exit-code", fmt.Sprint(r.Verdict.ExitCode), "judged-cards", fmt.Sprint(r.Judged()))}
	if !r.Inventory.CollectedAt.IsZero() && r.Inventory.CollectedAt.Before(r.Now) {
		out.Start = instant(r.Inventory.CollectedAt)
	}
	held := map[string]*about{}
	var items []inventoryItem
	for i, o := range r.Owners() {
		item := inventoryItem{UUID: e.uuid(id, "item", fmt.Sprint(i)), Description: line(o.Title, "unnamed"), Props: props("pci-address", o.Address)}
		if o.Device != nil {
			item.Props = append(item.Props, props("verdict", string(o.Device.Status), "identity", string(o.Device.Identity.Verdict))...)
			for _, a := range o.Device.Answers {
				item.Props = append(item.Props, props("answer-"+string(a.Question), a.Word)...)
			}
		}
		items = append(items, item)
		for j := range o.Findings {
			e.observe(&out, held, item.UUID, fmt.Sprintf("%d/%d", i, j), r, &o.Findings[j])
		}
	}
	if len(items) > 0 {
		out.Local = &localDefinitions{Items: items}
	}
	e.conclude(&out, held)
	return out
}

func description(r *report.Named) string {
	return line("Verdict "+string(r.Verdict.Status)+": "+strings.Join(r.Verdict.Reasons, "; "), "no verdict")
}

// observe adds a check, and the risk that stays where it did not pass.
func (e encoder) observe(out *result, held map[string]*about, item, place string, r *report.Named, f *finding.Finding) {
	o := observation{UUID: e.uuid(out.UUID, "observation", place), Title: line(f.Title, "untitled"), Description: line(f.Detail, "no detail"),
		Methods: []string{"TEST"}, Types: []string{"finding"}, Subjects: []subject{{item, "inventory-item"}}, Collected: out.Start, Remarks: report.Altered(f),
		Props: props("rule", f.ID, "result", string(f.Status), "severity", string(f.Severity), "fingerprint", f.Fingerprint, "decides-verdict", fmt.Sprint(r.Decides(f)))}
	for _, c := range controls.Of(f.ID) {
		o.Props = append(o.Props, props("control", c.Name())...)
	}
	for _, pointer := range slices.Concat(f.Evidence, f.Missing) {
		o.Evidence = append(o.Evidence, evidence{line("In the JSON report: "+pointer, "")})
	}
	out.Observations = append(out.Observations, o)
	risky := risk{UUID: e.uuid(out.UUID, "risk", place), Title: o.Title, Description: o.Description, Props: props("rule", f.ID, "severity", string(f.Severity)), Related: []relatedObserved{{o.UUID}}}
	switch f.Status {
	case finding.Pass, finding.NotApplicable:
		return
	case finding.Fail:
		risky.Status, risky.Statement = "open", "The check failed."
	case finding.Waived:
		risky.Status, risky.Statement = "deviation-approved", line("Accepted: "+report.Altered(f), "Accepted.")
		if f.Waiver != nil {
			risky.Deadline = instant(f.Waiver.Expires)
		}
	case finding.Disabled:
		risky.Status, risky.Statement = "deviation-approved", line("The rule does not count: "+report.Altered(f), "The rule does not count.")
	default:
		risky.Status, risky.Statement = "investigating", "The check lacked its facts: what it looks at is not known."
	}
	if f.Remediation != "" {
		risky.Remediation = []response{{e.uuid(out.UUID, "response", place), "recommendation", "What to do", line(f.Remediation, "-")}}
	}
	out.Risks = append(out.Risks, risky)
	for _, c := range controls.Of(f.ID) {
		if c.Framework != catalogue {
			continue
		}
		a := held[c.ID]
		if a == nil {
			a = &about{}
			held[c.ID] = a
		}
		a.observed = append(a.observed, relatedObserved{o.UUID})
		a.risks = append(a.risks, relatedRisk{risky.UUID})
		a.failed = a.failed || report.Said(f) == finding.Fail
	}
}

// conclude says which controls were looked at, and which of them are not satisfied.
func (e encoder) conclude(out *result, held map[string]*about) {
	selection := controlSelection{Description: "The controls of NIST SP 800-53 that the program's checks have evidence for. The observations say what was checked on this machine."}
	for _, c := range controls.All() {
		if c.Framework != catalogue {
			continue
		}
		id := controlID(c.ID)
		selection.Include = append(selection.Include, includedControl{id})
		a := held[c.ID]
		if a == nil {
			continue
		}
		reason, why := "other", "Checks that have evidence for it lacked their facts."
		if a.failed {
			reason, why = "fail", "Checks that have evidence for it failed."
		}
		out.Findings = append(out.Findings, controlFinding{UUID: e.uuid(out.UUID, "finding", id), Title: line(c.Name()+": "+c.Title, ""), Description: why,
			Target: target{"statement-id", id + "_smt", status{"not-satisfied", reason}}, Observed: a.observed, Risks: a.risks})
	}
	out.Reviewed = reviewedControls{[]controlSelection{selection}}
}

// controlID is a control as NIST's catalogue in OSCAL has it: "si-7.9" for SI-7(9).
func controlID(id string) string {
	return strings.ToLower(strings.NewReplacer("(", ".", ")", "").Replace(id))
}

// props are properties by name and value in turn; an empty value is none.
func props(pairs ...string) []prop {
	var list []prop
	for i := 0; i+1 < len(pairs); i += 2 {
		if value := line(pairs[i+1], ""); value != "" {
			list = append(list, prop{token(pairs[i]), namespace, value})
		}
	}
	return list
}

// token is a name as OSCAL takes it: an NCName.
func token(s string) string {
	t := strings.Map(func(r rune) rune {
		switch {
		case r >= 'a' && r <= 'z', r >= 'A' && r <= 'Z', r >= '0' && r <= '9', r == '-', r == '_', r == '.':
			return r
		}
		return '_'
	}, s)
	if t == "" || !(t[0] >= 'a' && t[0] <= 'z' || t[0] >= 'A' && t[0] <= 'Z' || t[0] == '_') {
		return "_" + t
	}
	return t
}

// line is a text on one line, and another where nothing is left of it.
func line(s, otherwise string) string {
	if text := strings.Join(strings.Fields(report.Clean(s)), " "); text != "" {
		return text
	}
	return otherwise
}

// instant is a time with its zone. The pattern of OSCAL takes no year before 1000.
func instant(t time.Time) string {
	if t.Year() < 1970 || t.Year() > 9998 {
		t = time.Unix(0, 0)
	}
	return t.UTC().Format(time.RFC3339)
}
