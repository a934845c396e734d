// Package jsonl writes reports as JSON lines, for what takes records and not documents:
// a log shipper, a database, jq. Each line is a JSON object that can be understood
// alone; the schema of a line is docs/schema/line.v1.json.
package jsonl

import (
	"io"
	"time"

	"github.com/gpuaudit/gpuaudit/audit/facts"
	"github.com/gpuaudit/gpuaudit/audit/finding"
	"github.com/gpuaudit/gpuaudit/audit/report"
)

// Schema names the version of a line.
const Schema = "gpuaudit.line/v1"

// Line is one record. Of Report, Problem, Device and Finding the one that Kind names is
// set. A report's own line comes first, its findings last.
type Line struct {
	Schema string `json:"schema"`
	Kind   Kind   `json:"kind"`
	// Source is what the report was read from; "" for that of a scan.
	Source string `json:"source,omitempty"`
	// Now is the clock of every judgement in the report.
	Now     time.Time       `json:"now"`
	Report  *Head           `json:"report,omitempty"`
	Problem *report.Problem `json:"problem,omitempty"`
	Device  *Device         `json:"device,omitempty"`
	Finding *Finding        `json:"finding,omitempty"`
}

// Kind says what a line holds.
type Kind string

const (
	KindReport  Kind = "report"
	KindProblem Kind = "problem"
	KindDevice  Kind = "device"
	KindFinding Kind = "finding"
)

// Head is what a report says of the audit as a whole.
type Head struct {
	Tool     report.Tool      `json:"tool"`
	Question facts.Purpose    `json:"question"`
	FailOn   finding.Severity `json:"fail_on"`
	Verdict  report.Verdict   `json:"verdict"`
	DataSets []facts.DataSet  `json:"data_sets"`
}

// Device is what was concluded of one device.
type Device struct {
	Address  string          `json:"address"`
	Name     string          `json:"name"`
	Role     string          `json:"role,omitempty"`
	Status   report.Status   `json:"status"`
	Identity report.Identity `json:"identity"`
	Counts   report.Counts   `json:"counts"`
	Answers  []report.Answer `json:"answers,omitempty"`
}

// Finding is a finding, with the name of the card and with what it does to the verdict.
type Finding struct {
	finding.Finding
	Name string `json:"name"`
	// Decides says that the finding decides the verdict: it failed or lacks facts, at or
	// above the threshold.
	Decides bool `json:"decides"`
}

// Encode writes the lines of all reports of a set. A set with a report without devices
// has the line of the report, whose verdict says so.
func Encode(w io.Writer, s *report.Set) error {
	for _, r := range s.Reports {
		if err := encode(w, r); err != nil {
			return err
		}
	}
	return nil
}

func encode(w io.Writer, r report.Named) error {
	put := func(l Line) error {
		l.Schema, l.Source, l.Now = Schema, r.Name, r.Now
		return report.EncodeJSON(w, &l, "")
	}
	head := &Head{Tool: r.Tool, Question: r.Question, FailOn: r.FailOn, Verdict: r.Verdict, DataSets: r.DataSets}
	if head.DataSets == nil {
		head.DataSets = []facts.DataSet{}
	}
	if err := put(Line{Kind: KindReport, Report: head}); err != nil {
		return err
	}
	for i := range r.Problems {
		if err := put(Line{Kind: KindProblem, Problem: &r.Problems[i]}); err != nil {
			return err
		}
	}
	owners := r.Owners()
	for _, o := range owners {
		if d := o.Device; d != nil {
			line := &Device{Address: d.Address, Name: o.Title, Role: d.Role, Status: d.Status, Identity: d.Identity, Counts: d.Counts, Answers: d.Answers}
			if err := put(Line{Kind: KindDevice, Device: line}); err != nil {
				return err
			}
		}
	}
	for _, o := range owners {
		for i := range o.Findings {
			f := &o.Findings[i]
			if err := put(Line{Kind: KindFinding, Finding: &Finding{Finding: *f, Name: o.Title, Decides: r.Decides(f)}}); err != nil {
				return err
			}
		}
	}
	return nil
}
