// Package ocsf writes reports as events of the Open Cybersecurity Schema Framework, 1.6.0,
// for a SIEM: JSON lines, a compliance finding for each verdict and each check, and beside it a
// detection finding for what failed in a way that harms, or that a card is not what it says.
// What could not be decided has the status that the schema has for it: missing information.
package ocsf

import (
	"io"
	"slices"
	"strings"
	"time"

	"github.com/gpuaudit/gpuaudit/audit/controls"
	"github.com/gpuaudit/gpuaudit/audit/finding"
	"github.com/gpuaudit/gpuaudit/audit/report"
)

const version = "1.6.0"

// Ids of the schema: category findings, its classes, and activity "Create".
const (
	categoryFindings = 2
	classCompliance  = 2003
	classDetection   = 2004
	activityCreate   = 1
)

// Status of a check (object compliance, status_id), and of a finding.
const (
	checkPass    = 1
	checkWarning = 2 // "did not yield a result due to missing information"
	checkFail    = 3

	findingNew        = 1
	findingSuppressed = 3
)

// event is a finding of either class.
type event struct {
	ActivityID   int          `json:"activity_id"`
	ActivityName string       `json:"activity_name"`
	CategoryUID  int          `json:"category_uid"`
	CategoryName string       `json:"category_name"`
	ClassUID     int          `json:"class_uid"`
	ClassName    string       `json:"class_name"`
	TypeUID      int          `json:"type_uid"`
	Time         int64        `json:"time"` // milliseconds
	SeverityID   int          `json:"severity_id"`
	Severity     string       `json:"severity"`
	Message      string       `json:"message"`
	StatusID     int          `json:"status_id,omitempty"`
	Status       string       `json:"status,omitempty"`
	StatusDetail string       `json:"status_detail,omitempty"`
	IsAlert      *bool        `json:"is_alert,omitempty"`
	Metadata     metadata     `json:"metadata"`
	Info         findingInfo  `json:"finding_info"`
	Compliance   *compliance  `json:"compliance,omitempty"`
	Evidences    []evidence   `json:"evidences,omitempty"`
	Resources    []resource   `json:"resources"`
	Remediation  *remediation `json:"remediation,omitempty"`
}

type metadata struct {
	Version string   `json:"version"`
	Product product  `json:"product"`
	LogName string   `json:"log_name,omitempty"` // the name of the report
	Labels  []string `json:"labels,omitempty"`
}

type product struct {
	Name    string `json:"name"`
	Vendor  string `json:"vendor_name"`
	Version string `json:"version,omitempty"`
}

type findingInfo struct {
	UID      string    `json:"uid"`
	Title    string    `json:"title"`
	Desc     string    `json:"desc,omitempty"`
	Created  int64     `json:"created_time"`
	Types    []string  `json:"types,omitempty"`
	Analytic *analytic `json:"analytic,omitempty"`
}

type analytic struct {
	UID    string `json:"uid"`
	Name   string `json:"name"`
	TypeID int    `json:"type_id"` // 1: a rule
	Type   string `json:"type"`
}

type compliance struct {
	Standards []string `json:"standards,omitempty"`
	Control   string   `json:"control,omitempty"`
	Needs     []string `json:"requirements,omitempty"`
	StatusID  int      `json:"status_id"`
	Status    string   `json:"status"`
	Details   []string `json:"status_details,omitempty"`
}

type resource struct {
	UID  string `json:"uid"`
	Name string `json:"name"`
	Type string `json:"type"`
}

type evidence struct {
	Data map[string]any `json:"data"`
}

type remediation struct {
	Desc       string   `json:"desc"`
	References []string `json:"references,omitempty"`
}

// Encode writes the events of all reports of a set, a line each. What does not apply to a
// machine is no event.
func Encode(w io.Writer, s *report.Set) error {
	for _, r := range s.Reports {
		if err := report.EncodeJSON(w, verdict(&r), ""); err != nil {
			return err
		}
		for _, o := range r.Owners() {
			for i := range o.Findings {
				f := &o.Findings[i]
				if f.Status == finding.NotApplicable {
					continue
				}
				if err := report.EncodeJSON(w, check(&r, &o, f), ""); err != nil {
					return err
				}
				if detected(f) {
					if err := report.EncodeJSON(w, detection(&r, &o, f), ""); err != nil {
						return err
					}
				}
			}
		}
	}
	return nil
}

// base is what every event of a report has.
func base(r *report.Named, class int, name string) event {
	return event{ActivityID: activityCreate, ActivityName: "Create", CategoryUID: categoryFindings, CategoryName: "Findings", ClassUID: class, ClassName: name,
		TypeUID: class*100 + activityCreate, Time: milliseconds(r.Now),
		Metadata: metadata{Version: version, LogName: clean(r.Name), Product: product{Name: "gpuaudit", Vendor: "gpuaudit", Version: clean(r.Tool.Version)}}}
}

// verdict is the event of the report as a whole, so that one of a machine without a card
// is not nothing.
func verdict(r *report.Named) event {
	e := base(r, classCompliance, "Compliance Finding")
	e.Info = findingInfo{UID: "gpuaudit.verdict:" + orElse(clean(r.Name), "report"), Title: "Verdict of the audit", Created: e.Time}
	status, severity := checkWarning, finding.Severity("")
	switch r.Verdict.Status {
	case report.Passed:
		status, severity = checkPass, finding.Info
	case report.Failed:
		status, severity = checkFail, finding.High
	}
	e.severity(severity)
	e.Compliance = &compliance{StatusID: status, Status: statusName(status)}
	for _, reason := range r.Verdict.Reasons {
		e.Compliance.Details = append(e.Compliance.Details, clean(reason))
	}
	e.Message = clean("Verdict: " + string(r.Verdict.Status))
	e.Resources = []resource{{UID: "host", Name: r.HostLine(), Type: "Host"}}
	return e
}

func check(r *report.Named, o *report.Owner, f *finding.Finding) event {
	e := of(r, o, f, classCompliance, "Compliance Finding")
	e.Compliance = &compliance{StatusID: checkWarning}
	switch f.Status {
	case finding.Pass:
		e.Compliance.StatusID = checkPass
	case finding.Fail:
		e.Compliance.StatusID = checkFail
	case finding.Waived, finding.Disabled:
		if report.Said(f) == finding.Fail {
			e.Compliance.StatusID = checkFail
		}
	}
	e.Compliance.Status = statusName(e.Compliance.StatusID)
	for _, c := range controls.Of(f.ID) {
		e.Compliance.Needs = append(e.Compliance.Needs, c.Name())
		if framework := strings.TrimSuffix(c.Name(), " "+c.ID); !slices.Contains(e.Compliance.Standards, framework) {
			e.Compliance.Standards = append(e.Compliance.Standards, framework)
		}
		if e.Compliance.Control == "" {
			e.Compliance.Control = c.ID + " " + c.Title
		}
	}
	if e.Info.Desc != "" {
		e.Compliance.Details = []string{e.Info.Desc}
	}
	return e
}

// detected says that a failure is worth a detection: it is grave, and speaks of a card that
// is not what it says, of foreign code, or of a way to harm.
func detected(f *finding.Finding) bool {
	if f.Status != finding.Fail || !f.Severity.AtLeast(finding.Medium) || f.Meant() != finding.MeansBad {
		return false
	}
	switch f.Question {
	case finding.WhatIsIt, finding.MakersCode, finding.CanItHarm:
		return true
	}
	return f.Category == finding.Backdoor
}

func detection(r *report.Named, o *report.Owner, f *finding.Finding) event {
	e := of(r, o, f, classDetection, "Detection Finding")
	alert := r.Decides(f)
	e.IsAlert = &alert
	pointers := make([]string, 0, len(f.Evidence))
	for _, p := range f.Evidence {
		pointers = append(pointers, clean(p))
	}
	e.Evidences = []evidence{{map[string]any{"rule": clean(f.ID), "seen": clean(f.Detail), "report_pointers": pointers}}}
	return e
}

// of is an event of a finding.
func of(r *report.Named, o *report.Owner, f *finding.Finding, class int, name string) event {
	e := base(r, class, name)
	e.severity(f.Severity)
	e.Message = clean(o.Title + ", " + o.Address + ": " + f.Detail)
	e.Info = findingInfo{UID: orElse(clean(f.Fingerprint), clean(f.ID+" "+o.Address)), Title: orElse(clean(f.Title), clean(f.ID)), Desc: clean(f.Detail), Created: e.Time,
		Analytic: &analytic{UID: orElse(clean(f.ID), "rule"), Name: orElse(clean(f.Title), "rule"), TypeID: 1, Type: "Rule"}}
	if category := clean(string(f.Category)); category != "" {
		e.Info.Types = []string{category}
	}
	kind := "GPU or accelerator"
	if o.Device == nil {
		kind = "Host"
	}
	e.Resources = []resource{{UID: orElse(clean(o.Address)), Name: orElse(clean(o.Title)), Type: kind}}
	if f.Remediation != "" {
		e.Remediation = &remediation{Desc: clean(f.Remediation)}
		for _, ref := range f.References {
			if ref = clean(ref); ref != "" {
				e.Remediation.References = append(e.Remediation.References, ref)
			}
		}
	}
	switch f.Status {
	case finding.Pass:
	case finding.Waived, finding.Disabled:
		e.StatusID, e.Status, e.StatusDetail = findingSuppressed, "Suppressed", report.Altered(f)
	default:
		e.StatusID, e.Status = findingNew, "New"
	}
	if r.Decides(f) {
		e.Metadata.Labels = []string{"decides-verdict"}
	}
	return e
}

// severity fills in the schema's ids: 1 for info up to 5 for critical, 0 for what it does
// not have.
func (e *event) severity(s finding.Severity) {
	e.SeverityID = s.Rank()
	e.Severity = [...]string{"Unknown", "Informational", "Low", "Medium", "High", "Critical"}[e.SeverityID]
}

func statusName(id int) string {
	return map[int]string{checkPass: "Pass", checkWarning: "Warning", checkFail: "Fail"}[id]
}

func milliseconds(t time.Time) int64 {
	if t.Year() < 1970 || t.Year() > 9999 {
		return 0
	}
	return t.UnixMilli()
}

func clean(s string) string { return strings.TrimSpace(report.Clean(s)) }

// orElse is the first text that is not empty.
func orElse(texts ...string) string {
	for _, s := range texts {
		if s != "" {
			return s
		}
	}
	return "unnamed"
}
