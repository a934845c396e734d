package report_test

import (
	"bytes"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/gpuaudit/gpuaudit/audit/facts"
	"github.com/gpuaudit/gpuaudit/audit/finding"
	"github.com/gpuaudit/gpuaudit/audit/inventory"
	"github.com/gpuaudit/gpuaudit/audit/report"
)

const card = "0000:01:00.0"

// on is a finding of a question.
func on(q finding.Question, id string, severity finding.Severity, status finding.Status) finding.Finding {
	return finding.Finding{ID: id, Question: q, Severity: severity, Status: status, Device: card, Title: "Title " + id, Detail: "Detail " + id + ".", Remediation: "Mend " + id + "."}
}

func answered(t *testing.T, findings ...finding.Finding) map[finding.Question]report.Answer {
	t.Helper()
	r := &report.Report{FailOn: finding.High, Devices: []report.Device{{Address: card}}, Findings: findings,
		Inventory: inventory.Inventory{Devices: []inventory.Device{{Address: card,
			Gaps: []inventory.Gap{{Fact: "/firmware/roms", Source: "sys/bus/pci/devices/" + card + "/rom", Reason: inventory.ReasonNotRequested}}}}}}
	r.Decide()
	answers := map[finding.Question]report.Answer{}
	for _, a := range r.Devices[0].Answers {
		answers[a.Question] = a
	}
	return answers
}

func TestAnswers(t *testing.T) {
	lead := on(finding.WillItWork, "GA-PR-022", finding.Low, finding.Pass)
	lead.Lead = true
	noReference := on(finding.MakersCode, "GA-PR-001", finding.Low, finding.Fail)
	noReference.Means = finding.MeansUnknown
	waived := on(finding.CanItHarm, "GA-BD-018", finding.Medium, finding.Waived)
	waived.Waiver = &finding.Waiver{Status: finding.Fail}
	disabled := on(finding.CanItHarm, "GA-BD-018", finding.Medium, finding.Disabled)
	disabled.Changed = &finding.Change{Status: finding.Unknown}
	unread := on(finding.MakersCode, "GA-BD-007", finding.Critical, finding.Unknown)
	unread.Missing = []string{"/inventory/devices/0/firmware/roms"}
	changed := on(finding.MakersCode, "GA-BD-007", finding.Critical, finding.Fail)
	changed.Identity = finding.Modified
	sign := on(finding.WhatIsIt, "GA-PR-032", finding.Medium, finding.Fail)
	sign.Identity = finding.Counterfeit
	proof := on(finding.WhatIsIt, "GA-BD-006", finding.High, finding.Fail)
	proof.Identity = finding.Counterfeit
	host := on(finding.CanItHarm, "GA-BD-017", finding.Medium, finding.Fail)
	host.Device = "host"
	for _, tc := range []struct {
		name     string
		of       finding.Question
		findings []finding.Finding
		state    report.AnswerState
		word     string
		has      string // in the sentence
		decide   string
	}{
		{"a sign of a counterfeit", finding.WhatIsIt, []finding.Finding{sign}, report.AnswerBad, "DOUBTFUL", "Title GA-PR-032", "Mend GA-PR-032."},
		{"a counterfeit", finding.WhatIsIt, []finding.Finding{sign, proof}, report.AnswerBad, "COUNTERFEIT", "Title GA-BD-006", "Mend GA-BD-006."},
		{"a high failure", finding.WillItWork, []finding.Finding{on(finding.WillItWork, "A", finding.High, finding.Fail)}, report.AnswerBad, "NO", "Title A: Detail A.", "Mend A."},
		{"a medium failure is a risk", finding.WillItWork, []finding.Finding{on(finding.WillItWork, "A", finding.Medium, finding.Fail)}, report.AnswerBad, "limited", "Title A", "Mend A."},
		{"the gravest speaks, the others are counted", finding.WillItWork, []finding.Finding{on(finding.WillItWork, "A", finding.Medium, finding.Fail), on(finding.WillItWork, "B", finding.High, finding.Fail)}, report.AnswerBad, "NO", "Detail B. (and 1 more)", "Mend B."},
		{"a failure stands over what is unknown", finding.WillItWork, []finding.Finding{on(finding.WillItWork, "A", finding.High, finding.Unknown), on(finding.WillItWork, "B", finding.Medium, finding.Fail)}, report.AnswerBad, "limited", "B", "Mend B."},
		{"a grave harm has a word of its own", finding.CanItHarm, []finding.Finding{on(finding.CanItHarm, "A", finding.High, finding.Fail)}, report.AnswerBad, "it could", "Title A", "Mend A."},
		{"a low failure is a note", finding.CanItHarm, []finding.Finding{on(finding.CanItHarm, "A", finding.Low, finding.Fail)}, report.AnswerGood, "no sign of it", "But: Title A", ""},
		{"unknown is not good", finding.CanItHarm, []finding.Finding{on(finding.CanItHarm, "A", finding.Medium, finding.Unknown)}, report.AnswerUnknown, "cannot tell", "Not known: detail A", ""},
		{"what would be a note leaves nothing open", finding.CanItHarm, []finding.Finding{on(finding.CanItHarm, "A", finding.Low, finding.Unknown)}, report.AnswerGood, "no sign of it", "", ""},
		{"firmware that was not read", finding.MakersCode, []finding.Finding{unread}, report.AnswerUnknown, "cannot tell", "the card's firmware (not asked for)", "--read-rom"},
		{"nobody vouches", finding.MakersCode, []finding.Finding{noReference}, report.AnswerUnknown, "nobody knows", "GA-PR-001", "Mend"},
		{"software that runs, with a gap beside it", finding.WillItWork, []finding.Finding{lead, on(finding.WillItWork, "A", finding.Medium, finding.Unknown)}, report.AnswerUnknown, "likely", "Detail GA-PR-022. Not known: detail A", ""},
		{"the lead's sentence", finding.WillItWork, []finding.Finding{lead}, report.AnswerGood, "yes", "Detail GA-PR-022.", ""},
		{"a waiver does not change what was seen", finding.CanItHarm, []finding.Finding{waived}, report.AnswerBad, "some risk", "GA-BD-018", "Mend"},
		{"nor does a pack", finding.CanItHarm, []finding.Finding{disabled}, report.AnswerUnknown, "cannot tell", "", ""},
		{"the host counts for its cards", finding.CanItHarm, []finding.Finding{host, on(finding.CanItHarm, "A", finding.High, finding.Pass)}, report.AnswerBad, "some risk", "GA-BD-017", "Mend"},
		{"changed code is a changed card", finding.WhatIsIt, []finding.Finding{changed}, report.AnswerBad, "MODIFIED", "GA-BD-007", "Mend"},
		{"no rule on identity", finding.WhatIsIt, []finding.Finding{lead}, report.AnswerUnknown, "cannot tell", "No rule spoke of it.", ""},
		{"law that nobody asked for", finding.MayIUseIt, []finding.Finding{on(finding.MayIUseIt, "A", finding.High, finding.Unknown)}, report.AnswerNotAsked, "not asked", "", "--jurisdiction"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			a := answered(t, tc.findings...)[tc.of]
			if a.State != tc.state || a.Word != tc.word || !strings.Contains(a.Sentence, tc.has) || !strings.Contains(a.Decide, tc.decide) {
				t.Errorf("the answer is %+v", a)
			}
		})
	}
}

// TestWhatToKnowOfTheLaw: where nothing restricts, what a buyer should know of the place
// that was asked about is said first, and not that no rule was found.
func TestWhatToKnowOfTheLaw(t *testing.T) {
	anywhere, here := on(finding.MayIUseIt, "A", finding.Info, finding.Fail), on(finding.MayIUseIt, "B", finding.Info, finding.Fail)
	anywhere.Evidence, here.Evidence = []string{"/devices/0/pci/device_id"}, []string{"/question/jurisdiction"}
	place, profile := "GB", "private"
	r := &report.Report{FailOn: finding.High, Devices: []report.Device{{Address: card}}, Findings: []finding.Finding{anywhere, here},
		Question: facts.Purpose{Jurisdiction: &place, Profile: &profile}, Inventory: inventory.Inventory{Devices: []inventory.Device{{Address: card}}}}
	r.Decide()
	for _, a := range r.Devices[0].Answers {
		if a.Question == finding.MayIUseIt && (a.State != report.AnswerGood || a.Word != "no ban known" || a.Short != "To know: title B (and 1 more)" ||
			a.Sentence != "Nothing that is known here forbids it. To know: Title B: Detail B. (and 1 more)" || !slices.Equal(a.Reasons, []string{"A", "B"})) {
			t.Errorf("%+v", a)
		}
	}
}

// TestAnswersOfOldReports: a report whose findings name no question has no answers,
// and is shown in detail.
func TestAnswersOfOldReports(t *testing.T) {
	if a := answered(t, find(finding.High, finding.Fail)); len(a) != 0 {
		t.Errorf("answers without questions: %v", a)
	}
}

// TestSameAnswers: what a stored report answers follows from its findings, whatever
// words it has.
func TestSameAnswers(t *testing.T) {
	fresh := func() []report.Answer {
		r := &report.Report{FailOn: finding.High, Devices: []report.Device{{Address: card}},
			Findings:  []finding.Finding{on(finding.CanItHarm, "A", finding.High, finding.Fail)},
			Inventory: inventory.Inventory{Devices: []inventory.Device{{Address: card}}}}
		r.Decide()
		return r.Devices[0].Answers
	}
	for _, tc := range []struct {
		name   string
		change func([]report.Answer) []report.Answer
		same   bool
	}{
		{"itself", func(a []report.Answer) []report.Answer { return a }, true},
		{"none", func([]report.Answer) []report.Answer { return nil }, true},
		{"other words", func(a []report.Answer) []report.Answer { a[2].Sentence = "of an older version"; return a }, true},
		{"another state", func(a []report.Answer) []report.Answer { a[2].State = report.AnswerGood; return a }, false},
		{"other reasons", func(a []report.Answer) []report.Answer { a[2].Reasons = nil; return a }, false},
		{"an answer left out", func(a []report.Answer) []report.Answer { return slices.Delete(a, 2, 3) }, false},
	} {
		t.Run(tc.name, func(t *testing.T) {
			if err := report.SameAnswers(tc.change(fresh()), fresh()); (err == nil) != tc.same {
				t.Errorf("the answers agree: %v", err)
			}
		})
	}
}

// TestBriefWidth: no line is wider than the screen, hostile words included, and the
// narrowest has 60 columns.
func TestBriefWidth(t *testing.T) {
	f := on(finding.CanItHarm, "A", finding.High, finding.Fail)
	f.Detail = strings.Repeat("long word \x1b[2J\u202e", 40)
	for _, width := range []int{0, 1, 60, 80, 100, 1000} {
		r := &report.Report{FailOn: finding.High, Devices: []report.Device{{Address: card}}, Findings: []finding.Finding{f},
			Inventory: inventory.Inventory{Devices: []inventory.Device{{Address: card}}}}
		r.Decide()
		var b bytes.Buffer
		if err := report.Table(&b, r, report.TableOptions{Width: width}); err != nil {
			t.Fatal(err)
		}
		limit := map[int]int{0: 100, 1: 60, 1000: 120}[width]
		if limit == 0 {
			limit = width
		}
		for line := range strings.Lines(b.String()) {
			if n := len([]rune(strings.TrimSuffix(line, "\n"))); n > limit {
				t.Errorf("at %d columns a line has %d: %q", width, n, line)
			}
		}
		if strings.ContainsAny(b.String(), "\x1b\u202e") {
			t.Errorf("the screen holds control characters:\n%q", b.String())
		}
	}
}

// TestExplain shows one finding whole, and says where there is none.
func TestExplain(t *testing.T) {
	r := &report.Report{FailOn: finding.High, Devices: []report.Device{{Address: card}},
		Findings:  []finding.Finding{on(finding.CanItHarm, "A", finding.High, finding.Fail)},
		Inventory: inventory.Inventory{Devices: []inventory.Device{{Address: card}}}}
	r.Decide()
	var b bytes.Buffer
	if err := report.Explain(&b, r, report.TableOptions{}, []string{"A"}); err != nil || !strings.Contains(b.String(), "Mend A.") {
		t.Errorf("%v\n%s", err, b.String())
	}
	about := func(string) *report.About { return &report.About{Seen: "Saw.", Means: "Means.", NeedNot: "Need not."} }
	for status, has := range map[finding.Status]bool{finding.Fail: true, finding.Unknown: true, finding.Pass: false, finding.NotApplicable: false} {
		r.Findings[0].Status = status
		b.Reset()
		if err := report.Explain(&b, r, report.TableOptions{About: about}, []string{"A"}); err != nil || !strings.Contains(b.String(), "Saw.") {
			t.Errorf("%v\n%s", err, b.String())
		}
		for _, text := range []string{"Mend A.", "Means.", "Need not."} {
			if strings.Contains(b.String(), text) != has {
				t.Errorf("of a check that is %s: %q is there: %v\n%s", status, text, !has, b.String())
			}
		}
	}
	if err := report.Explain(&b, r, report.TableOptions{}, []string{"B"}); err == nil {
		t.Error("an id that no finding has is explained")
	}
}

// TestStoredWords: a word of another version stands for itself, and nothing is said of what
// that version did not state.
func TestStoredWords(t *testing.T) {
	for _, name := range []string{"1-first", "3-pack", "9-messages"} {
		text, err := os.ReadFile(filepath.Join("../../testdata/stored", name+".json"))
		if err != nil {
			t.Fatal(err)
		}
		r, err := report.Decode(text, len(text))
		if err != nil {
			t.Fatal(err)
		}
		r.Findings[0].Status = "o-word"
		for i := range r.Devices[0].Answers {
			r.Devices[0].Answers[i].Question = "q-word"
		}
		var b bytes.Buffer
		if err := report.Table(&b, r, report.TableOptions{Details: true, All: true}); err != nil {
			t.Fatal(err)
		}
		for _, id := range []string{"verified.", "ask.", "label.", "reason."} {
			if regexp.MustCompile(`(^|\s)` + regexp.QuoteMeta(id)).MatchString(b.String()) {
				t.Errorf("%s: the screen holds an id:\n%s", name, &b)
			}
		}
		if !strings.Contains(b.String(), "o-word") || len(r.Devices[0].Answers) > 0 && !strings.Contains(b.String(), "q-word") {
			t.Errorf("%s: the screen lacks the words of the report:\n%s", name, &b)
		}
	}
}
