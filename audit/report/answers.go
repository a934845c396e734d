package report

import (
	"cmp"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/gpuaudit/gpuaudit/audit/facts"
	"github.com/gpuaudit/gpuaudit/audit/finding"
	"github.com/gpuaudit/gpuaudit/audit/inventory"
)

// Answer is what the findings on a card, and those on its host, say to one of the
// five questions. It is made from the findings alone and decides nothing: the verdict
// counts findings.
type Answer struct {
	Question finding.Question `json:"question"`
	State    AnswerState      `json:"state"`
	// Word is the answer in a word or two, Sentence the reason in one sentence.
	Word     string `json:"word"`
	Sentence string `json:"sentence"`
	// Short is the reason where there is room for a few words; "" in reports of older
	// versions.
	Short string `json:"short,omitempty"`
	// Reasons are the ids of the rules behind it, the gravest first.
	Reasons []string `json:"reasons,omitempty"`
	// Decide is the one act that would decide the answer, or mend it; "" where there
	// is none.
	Decide string `json:"decide,omitempty"`
}

// AnswerState sorts answers for programs.
type AnswerState string

const (
	AnswerGood     AnswerState = "good"
	AnswerBad      AnswerState = "bad"
	AnswerUnknown  AnswerState = "unknown"
	AnswerNotAsked AnswerState = "not-asked"
)

// answers answers the five questions for a device from the findings on it and on the
// host. It is nil where no finding names a question, as in reports of older versions,
// and where there are no facts.
func (r *Report) answers(d *Device, inv *inventory.Device, own, host []finding.Finding) []Answer {
	if inv == nil || !slices.ContainsFunc(own, func(f finding.Finding) bool { return f.Question != "" }) {
		return nil
	}
	list := make([]Answer, 0, len(finding.Questions()))
	for _, q := range finding.Questions() {
		w := weigh(q, own, host)
		w.facts, w.host = inv, &r.Inventory.Host
		var a Answer
		switch q {
		case finding.WhatIsIt:
			a = w.identity(d.Identity)
		case finding.MayIUseIt:
			a = w.law(r, d.Restrictions)
		default:
			a = w.answer(wording[q])
			if q == finding.MakersCode && a.State == AnswerGood && unchanged(d.Reference.Firmware) {
				a.Word = "unchanged"
			}
		}
		a.Question = q
		list = append(list, a)
	}
	return list
}

// unchanged says that operators alone vouch: they say that code is as it was, and not
// whose it is.
func unchanged(v facts.Verdict) bool {
	return v.State == facts.Match && len(v.Vouchers) > 0 && !slices.ContainsFunc(v.Vouchers, func(w facts.Voucher) bool { return w.Kind != "operator" })
}

// weights are the findings on one question by what they mean for it, the gravest of
// each first.
type weights struct {
	bad, open, notes, unknown []finding.Finding
	// leads are those that passed and whose detail answers the question.
	leads []finding.Finding
	facts *inventory.Device
	host  *inventory.Host
}

// weigh sorts findings. A waiver accepts a risk, and a pack may not want a rule to
// count: neither changes the answer. A rule on another question that says what the
// card is speaks to that one, too.
func weigh(q finding.Question, own, host []finding.Finding) *weights {
	w := &weights{}
	for _, f := range slices.Concat(own, host) {
		if f.Question != q && (q != finding.WhatIsIt || f.Identity == "") {
			continue
		}
		means := meant(q, &f)
		switch said(&f) {
		case finding.Fail:
			switch means {
			case finding.MeansBad:
				w.bad = append(w.bad, f)
			case finding.MeansUnknown:
				w.open = append(w.open, f)
			default:
				w.notes = append(w.notes, f)
			}
		case finding.Pass:
			if f.Lead && f.Question == q {
				w.leads = append(w.leads, f)
			}
		case finding.NotApplicable:
		default: // a rule whose failure would be a note leaves no question open
			if q == finding.WhatIsIt && f.Identity == "" {
				continue // no part of the report's identity
			}
			if means != finding.MeansNote || f.Lead {
				w.unknown = append(w.unknown, f)
			}
		}
	}
	for _, list := range [...][]finding.Finding{w.bad, w.open, w.notes, w.unknown, w.leads} {
		slices.SortStableFunc(list, func(a, b finding.Finding) int {
			return cmp.Or(b.Severity.Rank()-a.Severity.Rank(), cmp.Compare(a.ID, b.ID))
		})
	}
	return w
}

// meant is what a failure means for a question. What a rule says of the identity of a
// card is what it means for that question.
func meant(q finding.Question, f *finding.Finding) finding.Meaning {
	switch {
	case q != finding.WhatIsIt || f.Identity == "":
		return f.Meant()
	case f.Identity == finding.Unidentified:
		return finding.MeansUnknown
	}
	return finding.MeansBad
}

// said is what the rule itself said, before a pack or a waiver.
func said(f *finding.Finding) finding.Status {
	switch {
	case f.Status == finding.Disabled && f.Changed != nil:
		return f.Changed.Status
	case f.Status == finding.Waived && f.Waiver != nil && f.Waiver.Status != "":
		return f.Waiver.Status
	case f.Status == finding.Waived:
		return finding.Fail
	}
	return f.Status
}

// words are what an answer says in a word or two. A risk is what only findings of
// medium severity speak for: what they saw has honest causes, too.
type words struct{ good, open, risk, bad, likely, sentence, short string }

var wording = map[finding.Question]words{
	finding.WhatIsIt: {good: "genuine", open: cannotTell, risk: "DOUBTFUL", bad: "DOUBTFUL",
		sentence: "Nothing contradicts what it says it is.", short: "Nothing contradicts it, as far as can be seen"},
	finding.MakersCode: {good: "yes", open: "nobody knows", risk: "doubtful", bad: "NO",
		sentence: "Nothing of the code that was read was changed.", short: "Nothing that was read was changed"},
	finding.CanItHarm: {good: "no sign of it", open: cannotTell, risk: "it could", bad: "it could",
		sentence: "Nothing that was read shows a way to harm this machine.", short: "Nothing that was read points to harm"},
	finding.MayIUseIt: {good: "no rule found", open: cannotTell, risk: "on conditions", bad: "RESTRICTED",
		sentence: "No list and no rule that is known here names the maker or the part.", short: "No known list or rule names maker or part"},
	finding.WillItWork: {good: "yes", open: cannotTell, risk: "limited", bad: "NO", likely: "likely",
		sentence: "No fault was seen.", short: "No fault was seen"},
}

const cannotTell = "cannot tell"

// answer is the answer that the meaning of failures and the lack of facts give.
func (w *weights) answer(words words) Answer {
	switch {
	case len(w.bad) > 0 && w.bad[0].Severity.AtLeast(finding.High):
		return failed(w.bad, AnswerBad, words.bad)
	case len(w.bad) > 0:
		return failed(w.bad, AnswerBad, words.risk)
	case len(w.unknown) > 0:
		return w.undecided(words)
	case len(w.open) > 0:
		return failed(w.open, AnswerUnknown, words.open)
	}
	a := Answer{State: AnswerGood, Word: words.good, Sentence: words.sentence, Short: words.short}
	if len(w.leads) > 0 {
		a.Sentence, a.Reasons = leading(w.leads), ruleIDs(w.leads)
		if w.leads[0].Question == finding.WillItWork { // what runs is what was asked
			a.Short = firstSentence(w.leads[0].Detail)
		}
	}
	if len(w.notes) > 0 {
		a.Sentence += " But: " + seenAs(&w.notes[0]) + andMore(len(ruleIDs(w.notes))-1)
		a.Reasons = append(a.Reasons, ruleIDs(w.notes)...)
	}
	return a
}

// failed words what the gravest of failures saw.
func failed(list []finding.Finding, state AnswerState, word string) Answer {
	ids := ruleIDs(list)
	return Answer{State: state, Word: word, Reasons: ids, Decide: list[0].Remediation,
		Sentence: seenAs(&list[0]) + andMore(len(ids)-1), Short: list[0].Title + andMore(len(ids)-1)}
}

// undecided names what is not known, and how to come to know the gravest of it. What
// is known of the question stands before it.
func (w *weights) undecided(words words) Answer {
	a := Answer{State: AnswerUnknown, Word: cannotTell, Reasons: ruleIDs(w.unknown)}
	var lacks, short []string
	for _, c := range causes(w.unknown, slices.Concat(w.facts.Gaps, w.host.Gaps)) {
		if lack := c.words(); !slices.Contains(lacks, lack) {
			lacks = append(lacks, lack)
		}
		if s := c.short(); !slices.Contains(short, s) {
			short = append(short, s)
		}
		if a.Decide == "" {
			a.Decide = w.help(&c)
		}
	}
	a.Sentence = "Not known: " + strings.Join(lacks, "; ") + "."
	a.Short = "Not known: " + short[0] + andMore(len(short)-1)
	if words.likely != "" && len(w.leads) > 0 {
		a.Word, a.Sentence = words.likely, leading(w.leads)+" "+a.Sentence
		a.Short = firstSentence(w.leads[0].Detail)
	}
	return a
}

// words is what a cause leaves unknown.
func (c *cause) words() string {
	if c.gap != nil {
		return sourceWords(c.gap.Source) + " (" + shortReason[c.gap.Reason] + ")"
	}
	fact, _, _ := strings.Cut(c.detail, " could not be determined")
	return uncapital(strings.TrimSuffix(fact, "."))
}

// short is words without the reason.
func (c *cause) short() string {
	if c.gap != nil {
		return sourceWords(c.gap.Source)
	}
	return c.words()
}

// firstSentence is a text up to its first full stop that a space follows.
func firstSentence(text string) string {
	first, _, _ := strings.Cut(text, ". ")
	return strings.TrimSuffix(first, ".")
}

// leading joins the details of the rules that answer a question by passing.
func leading(leads []finding.Finding) string {
	said := make([]string, len(leads))
	for i := range leads {
		said[i] = leads[i].Detail
	}
	return strings.Join(said, " ")
}

// help is what would read what a cause lacks.
func (w *weights) help(c *cause) string {
	if c.gap == nil || c.gap.Reason == inventory.ReasonNotPresent {
		if ask := askDriver(c.findings, w.facts); ask != "" {
			return ask
		}
	}
	if c.gap == nil {
		return ""
	}
	return reasonHelp(c.gap, w.host.ReadByRoot)
}

// identity words the identity of the device as the report has it. What it cannot rule
// out, a good answer says in the same breath.
func (w *weights) identity(i Identity) Answer {
	switch i.Verdict {
	case Modified:
		return failed(w.bad, AnswerBad, "MODIFIED")
	case CounterfeitSigns:
		return failed(first(w.bad, func(f finding.Finding) bool { return f.Identity == finding.Counterfeit }), AnswerBad, "COUNTERFEIT")
	}
	a := w.answer(wording[finding.WhatIsIt])
	switch {
	case a.State == AnswerGood && i.Verdict != Genuine:
		return Answer{State: AnswerUnknown, Word: cannotTell, Sentence: "No rule spoke of it.", Short: "No rule spoke of it", Reasons: i.Reasons}
	case a.State == AnswerGood:
		a.Sentence = "As far as can be seen. " + a.Sentence
	}
	return a
}

// law words what the rules on law say. Where nobody said where and for whom the card
// is, no answer is an answer. Where only the place was said, a private person and a
// company are answered side by side.
func (w *weights) law(r *Report, said *Restrictions) Answer {
	if !r.asked() || r.homely() && len(w.bad)+len(w.unknown)+len(w.open) == 0 {
		a := Answer{State: AnswerNotAsked, Word: "not asked", Sentence: "Nobody said where the card is used, and by whom.",
			Short: "Nobody said where, and by whom, it is used", Decide: "Add --jurisdiction COUNTRY --profile private (or company, exporter, …): where the card is used, and by whom."}
		if said != nil && len(said.Context) > 0 && len(w.notes) > 0 {
			a.Sentence, a.Reasons = "In any case: "+seenAs(&w.notes[0])+andMore(len(ruleIDs(w.notes))-1), said.Context
			a.Short = "In any case: " + uncapital(w.notes[0].Title) + andMore(len(ruleIDs(w.notes))-1)
		}
		return a
	}
	if r.Question.Jurisdiction != nil && r.Question.Profile == nil {
		if a := w.sideBySide(); a != nil {
			return *a
		}
	}
	return w.lawful()
}

func (w *weights) lawful() Answer {
	a := w.answer(wording[finding.MayIUseIt])
	if len(w.bad) == 0 && len(w.unknown) > 0 {
		a.Word = "needs a human"
	}
	return a
}

// sideBySide answers for a private person and for a company where the profile decides a
// rule; it is nil where it decides none, or both are restricted. State and reasons are
// those of the findings, as without it.
func (w *weights) sideBySide() *Answer {
	if len(w.bad) > 0 {
		return nil
	}
	private, company := *w, *w
	private.unknown, company.unknown = nil, nil
	for _, f := range w.unknown {
		if slices.Contains(f.Missing, "/question/profile") { // it restricts a company alone
			company.bad = append(company.bad, f)
			continue
		}
		private.unknown, company.unknown = append(private.unknown, f), append(company.unknown, f)
	}
	if len(company.unknown) == len(w.unknown) {
		return nil
	}
	slices.SortStableFunc(company.bad, func(a, b finding.Finding) int { return b.Severity.Rank() - a.Severity.Rank() })
	a, p, c := w.lawful(), private.lawful(), company.lawful()
	a.Word = "depends"
	a.Sentence = fmt.Sprintf("A private person: %s. %s A company: %s. %s", p.Word, p.Sentence, c.Word, c.Sentence)
	a.Short = fmt.Sprintf("Private person: %s; company: %s (%s)", p.Word, c.Word, uncapital(company.bad[0].Title))
	a.Decide = "Add --profile private, or company, federal-contractor, critical-infrastructure, exporter: who uses the card."
	return &a
}

// seenAs is what a rule looks at and what it saw.
func seenAs(f *finding.Finding) string {
	if f.Detail == "" {
		return f.Title + "."
	}
	return f.Title + ": " + f.Detail
}

// first moves the findings that are meant to the front.
func first(list []finding.Finding, meant func(finding.Finding) bool) []finding.Finding {
	return slices.SortedStableFunc(slices.Values(list), func(a, b finding.Finding) int {
		switch {
		case meant(a) == meant(b):
			return 0
		case meant(a):
			return -1
		}
		return 1
	})
}

// ruleIDs names each rule once, in the order of the findings.
func ruleIDs(list []finding.Finding) []string {
	var ids []string
	for _, f := range list {
		if !slices.Contains(ids, f.ID) {
			ids = append(ids, f.ID)
		}
	}
	return ids
}

func andMore(n int) string {
	if n <= 0 {
		return ""
	}
	return " (and " + strconv.Itoa(n) + " more)"
}

// SameAnswers compares the answers of a stored report with those that its findings
// give: question, state and reasons. A report of an older version has none. Words are
// of the version that wrote them.
func SameAnswers(stored, again []Answer) error {
	if len(stored) == 0 {
		return nil
	}
	if len(stored) != len(again) {
		return fmt.Errorf("%d answers, and the findings give %d", len(stored), len(again))
	}
	for i, a := range stored {
		b := again[i]
		if a.Question != b.Question || a.State != b.State || !slices.Equal(a.Reasons, b.Reasons) {
			return fmt.Errorf("the answer to %.20q is %.20q, and the findings give %s", a.Question, a.State, b.State)
		}
	}
	return nil
}
