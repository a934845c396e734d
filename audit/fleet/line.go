package fleet

import (
	"slices"

	"github.com/gpuaudit/gpuaudit/audit/finding"
	"github.com/gpuaudit/gpuaudit/audit/report"
)

// Line is what a report of one input comes to, in a line of JSON.
type Line struct {
	Input    string        `json:"input"`
	Status   report.Status `json:"status"`
	ExitCode int           `json:"exit_code"`
	Reasons  []string      `json:"reasons"`
	// Signature is what became of the signature of a signed report.
	Signature string `json:"signature,omitempty"`
	Devices   []Card `json:"devices"`
	// Host are the ids of the rules that failed or lack facts on the machine.
	Host Rules `json:"host"`
	// Titles say what the rules look at whose ids are above.
	Titles map[string]string `json:"titles,omitempty"`
}

// Card is what it says of one card.
type Card struct {
	Address  string                 `json:"address"`
	Name     string                 `json:"name"`
	Status   report.Status          `json:"status"`
	Identity report.IdentityVerdict `json:"identity"`
	// Answers are those of the report, in a word each.
	Answers []Answer `json:"answers"`
	Rules
}

// Answer is one in a word.
type Answer struct {
	Question finding.Question   `json:"question"`
	State    report.AnswerState `json:"state"`
	Word     string             `json:"word"`
}

func inWords(answers []report.Answer) []Answer {
	list := make([]Answer, len(answers))
	for i, a := range answers {
		list[i] = Answer{a.Question, a.State, a.Word}
	}
	return list
}

// Rules are the ids of those that decide.
type Rules struct {
	Failed  []string `json:"failed"`
	Unknown []string `json:"unknown"`
	// Waived are the ids that somebody accepted, whatever their severity.
	Waived []string `json:"waived,omitempty"`
}

// LineOf puts a report on a line; signature says what became of the signature of a signed one.
func LineOf(input, signature string, r *report.Report) Line {
	line := Line{Input: input, Status: r.Verdict.Status, ExitCode: r.Verdict.ExitCode, Reasons: r.Verdict.Reasons,
		Signature: signature, Devices: []Card{}, Host: decided(r, "host")}
	for i := range r.Devices {
		d := &r.Devices[i]
		line.Devices = append(line.Devices, Card{Address: d.Address, Name: r.Title(d.Address), Status: d.Status,
			Identity: d.Identity.Verdict, Answers: inWords(d.Answers), Rules: decided(r, d.Address)})
	}
	line.Titles = titles(r, &line)
	return line
}

// titles are those of the rules that a line names.
func titles(r *report.Report, line *Line) map[string]string {
	all := map[string]string{}
	for _, f := range r.Findings {
		all[f.ID] = f.Title
	}
	named := map[string]string{}
	add := func(rules Rules) {
		for _, id := range slices.Concat(rules.Failed, rules.Unknown, rules.Waived) {
			named[id] = all[id]
		}
	}
	add(line.Host)
	for i := range line.Devices {
		add(line.Devices[i].Rules)
	}
	return named
}

// decided lists the rules that decide the status of an owner.
func decided(r *report.Report, owner string) Rules {
	rules := Rules{Failed: []string{}, Unknown: []string{}}
	for _, f := range r.Findings {
		switch {
		case f.Device != owner || f.Status != finding.Waived && !r.Decides(&f):
		case f.Status == finding.Waived:
			rules.Waived = append(rules.Waived, f.ID)
		case f.Status == finding.Fail:
			rules.Failed = append(rules.Failed, f.ID)
		case f.Status == finding.Unknown:
			rules.Unknown = append(rules.Unknown, f.ID)
		}
	}
	return rules
}

// Unjudged is what is said of an input that could not be judged, which says nothing about
// the others.
func Unjudged(input, reason string, code int) Line {
	return Line{Input: input, Status: report.Incomplete, ExitCode: code, Reasons: []string{reason},
		Devices: []Card{}, Host: Rules{Failed: []string{}, Unknown: []string{}}}
}
