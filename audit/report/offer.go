package report

import (
	"strings"

	"github.com/gpuaudit/gpuaudit/audit/facts"
	"github.com/gpuaudit/gpuaudit/audit/finding"
)

// asSold is no question of the rules: it puts their findings on an offer in one line.
const asSold finding.Question = "as-sold"

// offer says which parts of what a seller said are true; nil where nobody said what the
// card was sold as. What a card says of itself counts for as much as the card does:
// where rules found that it is no such card, its name is doubtful, too.
func (d *Device) offer() *Answer {
	o := d.Reference.Offer
	if o == nil {
		return nil
	}
	a := &Answer{Question: asSold, State: AnswerGood, Word: "as said"}
	var long, short []string
	shown := false
	for _, p := range [...]struct {
		name, ids string
		part      *facts.OfferPart
	}{{"name", "GA-PR-070", &o.Name}, {"memory", "GA-PR-071", &o.Memory}, {"maker", "GA-PR-072", &o.Maker}, {"new", "GA-PR-073", &o.Condition}} {
		state, text := p.part.State, ""
		if state == facts.Match && p.name == "name" && d.Identity.Verdict == CounterfeitSigns {
			state, text = facts.Unknown, "doubtful"
		}
		switch state {
		case facts.Match:
			text, shown = "true", true
		case facts.Mismatch:
			text, a.State = "NOT TRUE", AnswerBad
		case facts.Unknown:
			if text == "" {
				text = cannotTell
			}
			if a.State == AnswerGood {
				a.State = AnswerUnknown
			}
		default: // not said
			continue
		}
		a.Reasons = append(a.Reasons, p.ids)
		short = append(short, p.name+" "+text)
		long = append(long, p.name+" "+text+": "+p.part.Reason)
	}
	switch {
	case len(long) == 0:
		a.State, a.Word = AnswerUnknown, cannotTell
		long = []string{"the words name nothing that could be held against the card"}
		short = long
	case a.State == AnswerBad:
		a.Word = "NOT AS SAID"
	case a.State == AnswerUnknown && shown:
		a.Word = "true so far"
	case a.State == AnswerUnknown:
		a.Word = cannotTell
	}
	a.Sentence, a.Short = strings.Join(long, "; "), strings.Join(short, "; ")
	return a
}
