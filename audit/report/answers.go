package report

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/gpuaudit/gpuaudit/audit/facts"
	"github.com/gpuaudit/gpuaudit/audit/finding"
	"github.com/gpuaudit/gpuaudit/audit/inventory"
	"github.com/gpuaudit/gpuaudit/audit/message"
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
	// Messages are the texts by ids and parameters, for readers in another language; nil
	// in reports of older versions.
	Messages *AnswerMessages `json:"messages,omitempty"`
}

// AnswerMessages are the messages that an answer's texts are made of. One is nil where
// the text is, or begins, another one of them, or is somebody's own words.
type AnswerMessages struct {
	Word     *finding.Message `json:"word,omitempty"`
	Sentence *finding.Message `json:"sentence,omitempty"`
	Short    *finding.Message `json:"short,omitempty"`
	Decide   *finding.Message `json:"decide,omitempty"`
}

// answer is an answer in the making.
type answer struct {
	state                         AnswerState
	word, sentence, short, decide message.Said
	reasons                       []string
}

func (a answer) to(q finding.Question) Answer {
	return Answer{Question: q, State: a.state, Word: a.word.Text, Sentence: a.sentence.Text, Short: a.short.Text, Reasons: a.reasons, Decide: a.decide.Text,
		Messages: &AnswerMessages{a.word.Message, a.sentence.Message, a.short.Message, a.decide.Message}}
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
		var a answer
		switch q {
		case finding.WhatIsIt:
			a = w.identity(d.Identity)
		case finding.MayIUseIt:
			a = w.law(r, d.Restrictions)
		default:
			a = w.answer(q)
			if q == finding.MakersCode && a.state == AnswerGood && (unchanged(d.Reference.Firmware) || r.ownMeasurements(d)) {
				a.word = message.Say("answer.code.unchanged", nil)
			}
		}
		list = append(list, a.to(q))
	}
	return list
}

// unchanged says that operators alone vouch: they say that code is as it was, and not
// whose it is.
func unchanged(v facts.Verdict) bool {
	return v.State == facts.Match && len(v.Vouchers) > 0 && !slices.ContainsFunc(v.Vouchers, func(w facts.Voucher) bool { return w.Kind != "operator" })
}

// ownMeasurements says that what a card signed is held by manifests of operators alone.
func (r *Report) ownMeasurements(d *Device) bool {
	p := r.GPUProof.Of(d.Address)
	return p != nil && p.Outcome == facts.OutcomeNoReference && unchanged(d.Reference.Measurements)
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
	for _, list := range [...][]finding.Finding{own, host} {
		for i := range list {
			if f := &list[i]; f.Question == q || q == finding.WhatIsIt && f.Identity != "" {
				w.add(q, f)
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

// add puts a finding where its meaning belongs.
func (w *weights) add(q finding.Question, f *finding.Finding) {
	means := meant(q, f)
	switch said(f) {
	case finding.Fail:
		switch means {
		case finding.MeansBad:
			w.bad = append(w.bad, *f)
		case finding.MeansUnknown:
			w.open = append(w.open, *f)
		default:
			w.notes = append(w.notes, *f)
		}
	case finding.Pass:
		if f.Lead && f.Question == q {
			w.leads = append(w.leads, *f)
		}
	case finding.NotApplicable:
	default: // a rule whose failure would be a note leaves no question open
		if q == finding.WhatIsIt && f.Identity == "" {
			return // no part of the report's identity
		}
		if means != finding.MeansNote || f.Lead {
			w.unknown = append(w.unknown, *f)
		}
	}
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

// wordOf is what an answer says in a word or two: good, open, risk, bad or likely. A risk
// is what only findings of medium severity speak for: what they saw has honest causes, too.
func wordOf(q finding.Question, what string) message.Said {
	return message.Say("answer."+string(q)+"."+what, nil)
}

// answer is the answer that the meaning of failures and the lack of facts give.
func (w *weights) answer(q finding.Question) answer {
	switch {
	case len(w.bad) > 0 && w.bad[0].Severity.AtLeast(finding.High):
		return failed(w.bad, AnswerBad, wordOf(q, "bad"))
	case len(w.bad) > 0:
		return failed(w.bad, AnswerBad, wordOf(q, "risk"))
	case len(w.unknown) > 0:
		return w.undecided(q)
	case len(w.open) > 0:
		return failed(w.open, AnswerUnknown, wordOf(q, "open"))
	}
	a := answer{state: AnswerGood, word: wordOf(q, "good"), sentence: wordOf(q, "good_sentence"), short: wordOf(q, "good_short")}
	if len(w.leads) > 0 {
		a.sentence, a.reasons = leading(w.leads), ruleIDs(w.leads)
		if w.leads[0].Question == finding.WillItWork { // what runs is what was asked
			a.short = message.Plain(firstSentence(w.leads[0].Detail))
		}
	}
	if len(w.notes) > 0 {
		a.sentence = message.Say("answer.but", message.Params{"sentence": a.sentence, "seen": seenAs(&w.notes[0]), "more": andMore(len(ruleIDs(w.notes)) - 1)})
		a.reasons = append(a.reasons, ruleIDs(w.notes)...)
	}
	return a
}

// failed words what the gravest of failures saw.
func failed(list []finding.Finding, state AnswerState, word message.Said) answer {
	ids := ruleIDs(list)
	more := andMore(len(ids) - 1)
	return answer{state: state, word: word, reasons: ids, decide: doOf(&list[0]),
		sentence: joined(seenAs(&list[0]), more), short: joined(titleOf(&list[0]), more)}
}

// undecided names what is not known, and how to come to know the gravest of it. What
// is known of the question stands before it.
func (w *weights) undecided(q finding.Question) answer {
	a := answer{state: AnswerUnknown, word: message.Say("answer.cannot_tell", nil), reasons: ruleIDs(w.unknown)}
	var lacks, short []message.Said
	add := func(list []message.Said, s message.Said) []message.Said {
		if slices.ContainsFunc(list, func(other message.Said) bool { return other.Text == s.Text }) {
			return list
		}
		return append(list, s)
	}
	for _, c := range causes(w.unknown, slices.Concat(w.facts.Gaps, w.host.Gaps)) {
		lacks, short = add(lacks, c.words()), add(short, c.short())
		if a.decide.Text == "" {
			a.decide = w.help(&c)
		}
	}
	a.sentence = message.Say("answer.not_known", message.Params{"lacks": lacks})
	a.short = joined(message.Say("answer.not_known_short", message.Params{"lack": short[0]}), andMore(len(short)-1))
	if q == finding.WillItWork && len(w.leads) > 0 {
		a.word, a.sentence = wordOf(q, "likely"), joined(leading(w.leads), message.Say("answer.and", message.Params{"sentence": a.sentence}))
		a.short = message.Plain(firstSentence(w.leads[0].Detail))
	}
	return a
}

// words is what a cause leaves unknown.
func (c *cause) words() message.Said {
	if c.gap != nil {
		return message.Say("answer.lack", message.Params{"source": sourceWords(c.gap.Source), "reason": message.Word("reason.short.", string(c.gap.Reason))})
	}
	fact, _, _ := strings.Cut(c.detail, " could not be determined")
	said := message.Plain(message.Inner(fact))
	if m := c.findings[0].Message; m != nil {
		said.Message = m
		if what, ok := m.Params["what"].(*finding.Message); ok {
			said.Message = what
		}
	}
	return said
}

// short is words without the reason.
func (c *cause) short() message.Said {
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
func leading(leads []finding.Finding) message.Said {
	said := make([]message.Said, len(leads))
	for i := range leads {
		said[i] = detailOf(&leads[i])
	}
	if len(said) == 1 {
		return said[0]
	}
	return message.Say("answer.leads", message.Params{"leads": said})
}

// help is what would read what a cause lacks.
func (w *weights) help(c *cause) message.Said {
	if c.gap == nil || c.gap.Reason == inventory.ReasonNotPresent {
		if ask := askDriver(c.findings, w.facts); ask.Text != "" {
			return ask
		}
	}
	if c.gap == nil {
		return message.Said{}
	}
	return reasonHelp(c.gap, w.host.ReadByRoot)
}

// identity words the identity of the device as the report has it. What it cannot rule
// out, a good answer says in the same breath.
func (w *weights) identity(i Identity) answer {
	switch i.Verdict {
	case Modified:
		return failed(w.bad, AnswerBad, message.Say("answer.identity.modified", nil))
	case CounterfeitSigns:
		bad := first(w.bad, func(f finding.Finding) bool { return f.Identity == finding.Counterfeit })
		word := message.Say("answer.identity.counterfeit", nil)
		if !slices.ContainsFunc(bad, func(f finding.Finding) bool {
			return f.Identity == finding.Counterfeit && f.Severity.AtLeast(finding.High)
		}) {
			word = message.Say("answer.identity.bad", nil) // signs of it, and no proof
		}
		return failed(bad, AnswerBad, word)
	}
	a := w.answer(finding.WhatIsIt)
	switch {
	case a.state == AnswerGood && i.Verdict != Genuine:
		return answer{state: AnswerUnknown, word: message.Say("answer.cannot_tell", nil), sentence: message.Say("answer.identity.no_rule", nil),
			short: message.Say("answer.identity.no_rule_short", nil), reasons: i.Reasons}
	case a.state == AnswerGood:
		a.sentence = message.Say("answer.identity.as_far", message.Params{"sentence": a.sentence})
	}
	return a
}

// law words what the rules on law say. Where nobody said where and for whom the card
// is, no answer is an answer. Where only the place was said, a private person and a
// company are answered side by side.
func (w *weights) law(r *Report, said *Restrictions) answer {
	if !r.asked() || r.homely() && len(w.bad)+len(w.unknown)+len(w.open) == 0 {
		a := answer{state: AnswerNotAsked, word: message.Say("answer.law.not_asked", nil), sentence: message.Say("answer.law.nobody", nil),
			short: message.Say("answer.law.nobody_short", nil), decide: message.Say("answer.law.ask", nil)}
		if said != nil && len(said.Context) > 0 && len(w.notes) > 0 {
			more, title := andMore(len(ruleIDs(w.notes))-1), titleOf(&w.notes[0])
			title.Text = message.Inner(title.Text)
			a.sentence, a.reasons = message.Say("answer.law.in_any_case", message.Params{"seen": joined(seenAs(&w.notes[0]), more)}), said.Context
			a.short = message.Say("answer.law.in_any_case", message.Params{"seen": joined(title, more)})
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

func (w *weights) lawful() answer {
	a := w.answer(finding.MayIUseIt)
	switch {
	case len(w.bad) == 0 && len(w.unknown) > 0:
		a.word = message.Say("answer.law.human", nil)
	case a.state == AnswerGood && len(w.notes) > 0: // a rule was found, and it forbids nothing
		note := w.closest()
		title, more := titleOf(note), andMore(len(ruleIDs(w.notes))-1)
		title.Text = message.Inner(title.Text)
		a.word = message.Say("answer.law.no_ban", nil)
		a.sentence = message.Say("answer.law.no_ban_sentence", message.Params{"seen": joined(seenAs(note), more)})
		a.short = message.Say("answer.law.no_ban_short", message.Params{"seen": joined(title, more)})
	}
	return a
}

// closest is the note to say first: one that rests on the place and person that were asked
// about, before what is so of the part anywhere.
func (w *weights) closest() *finding.Finding {
	for i := range w.notes {
		if e := w.notes[i].Evidence; len(e) > 0 && strings.HasPrefix(e[0], "/question") {
			return &w.notes[i]
		}
	}
	return &w.notes[0]
}

// sideBySide answers for a private person and for a company where the profile decides a
// rule; it is nil where it decides none, or both are restricted. State and reasons are
// those of the findings, as without it.
func (w *weights) sideBySide() *answer {
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
	title := titleOf(&company.bad[0])
	title.Text = message.Inner(title.Text)
	a.word = message.Say("answer.law.depends", nil)
	a.sentence = message.Say("answer.law.both", message.Params{"private": p.word, "private_why": p.sentence, "company": c.word, "company_why": c.sentence})
	a.short = message.Say("answer.law.both_short", message.Params{"private": p.word, "company": c.word, "why": title})
	a.decide = message.Say("answer.law.who", nil)
	return &a
}

// titleOf, detailOf and doOf are the texts of a finding.
func titleOf(f *finding.Finding) message.Said { return textOf(f, f.Title, "title") }

func doOf(f *finding.Finding) message.Said { return textOf(f, f.Remediation, "do") }

func detailOf(f *finding.Finding) message.Said {
	return message.Said{Text: f.Detail, Message: f.Message}
}

func textOf(f *finding.Finding, text, part string) message.Said {
	if f.Rule == "" {
		return message.Plain(text)
	}
	return message.Said{Text: text, Message: &finding.Message{ID: f.Rule + "." + part}}
}

// seenAs is what a rule looks at and what it saw.
func seenAs(f *finding.Finding) message.Said {
	if f.Detail == "" {
		return message.Say("answer.title", message.Params{"title": titleOf(f)})
	}
	if f.Title != "" && strings.HasPrefix(strings.ToLower(f.Detail), strings.ToLower(f.Title)) { // it says both
		return detailOf(f)
	}
	return message.Say("answer.seen", message.Params{"title": titleOf(f), "detail": detailOf(f)})
}

// joined puts one text behind another, which begins with a space or is empty.
func joined(a, b message.Said) message.Said {
	if b.Text == "" {
		return a
	}
	return message.Say("answer.joined", message.Params{"first": a, "second": b})
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

// andMore says how many more there are; "" where there are none.
func andMore(n int) message.Said {
	if n <= 0 {
		return message.Said{}
	}
	return message.Say("answer.more", message.Params{"n": n})
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
