package report

import (
	"github.com/gpuaudit/gpuaudit/audit/facts"
	"github.com/gpuaudit/gpuaudit/audit/finding"
	"github.com/gpuaudit/gpuaudit/audit/message"
)

// asSold is no question of the rules: it puts their findings on an offer in one line.
const asSold finding.Question = "as-sold"

// offer is [Device.offer] in the language of the report.
func (r *Report) offer(d *Device) *Answer {
	a := d.offer()
	if a == nil || r.language == nil {
		return a
	}
	said := r.answerIn(*a)
	return &said
}

// offer says which parts of what a seller said are true; nil where nobody said what the
// card was sold as. What a card says of itself counts for as much as the card does:
// where rules found that it is no such card, its name is doubtful, too.
func (d *Device) offer() *Answer {
	o := d.Reference.Offer
	if o == nil {
		return nil
	}
	a := answer{state: AnswerGood, word: message.Say("offer.as_said", nil)}
	var long, short []message.Said
	shown := false
	for _, p := range [...]struct {
		name, ids string
		part      *facts.OfferPart
	}{{"name", "GA-PR-070", &o.Name}, {"memory", "GA-PR-071", &o.Memory}, {"maker", "GA-PR-072", &o.Maker}, {"new", "GA-PR-073", &o.Condition}} {
		state, said := p.part.State, "cannot_tell"
		if state == facts.Match && p.name == "name" && d.Identity.Verdict == CounterfeitSigns {
			state, said = facts.Unknown, "doubtful"
		}
		switch state {
		case facts.Match:
			said, shown = "true", true
		case facts.Mismatch:
			said, a.state = "not_true", AnswerBad
		case facts.Unknown:
			if a.state == AnswerGood {
				a.state = AnswerUnknown
			}
		default: // not said
			continue
		}
		a.reasons = append(a.reasons, p.ids)
		part := message.Say("offer.part", message.Params{"what": message.Say("offer."+p.name, nil), "said": message.Say("offer."+said, nil)})
		short = append(short, part)
		long = append(long, message.Say("offer.because", message.Params{"part": part, "reason": p.part.Reason}))
	}
	switch {
	case len(long) == 0:
		a.state, a.word = AnswerUnknown, message.Say("answer.cannot_tell", nil)
		long = []message.Said{message.Say("offer.nothing", nil)}
		short = long
	case a.state == AnswerBad:
		a.word = message.Say("offer.not_as_said", nil)
	case a.state == AnswerUnknown && shown:
		a.word = message.Say("offer.so_far", nil)
	case a.state == AnswerUnknown:
		a.word = message.Say("answer.cannot_tell", nil)
	}
	a.sentence, a.short = message.Say("offer.parts", message.Params{"parts": long}), message.Say("offer.parts", message.Params{"parts": short})
	made := a.to(asSold)
	return &made
}
