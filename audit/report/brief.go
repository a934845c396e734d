package report

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/gpuaudit/gpuaudit/audit/finding"
	"github.com/gpuaudit/gpuaudit/audit/inventory"
	"github.com/gpuaudit/gpuaudit/audit/lazyregexp"
	"github.com/gpuaudit/gpuaudit/audit/message"
	"github.com/gpuaudit/gpuaudit/audit/suggest"
)

// ask is how the screen puts a question.
func ask(q finding.Question) message.Said { return message.Word("ask.", string(q)) }

func (t *table) ask(q finding.Question) string { return Clean(t.say(ask(q))) }

// blockLines is how many lines a card takes at most, with the verdict and what to do
// next: one for each answer, and what room is left for those that are bad.
const blockLines = 12

// brief writes the answers for a person: a block for each card, or one for several
// that are alike, the worst first; then the verdict, and what to do next.
func (t *table) brief() {
	groups := t.groups()
	acts := t.acts(groups)
	notAsked := t.notAsked(groups)
	room := blockLines*len(groups) - t.verdictLines() - len(notAsked) - 1
	for i := range acts {
		room -= len(t.actLines(i, acts[i], 1))
	}
	bad := false
	for _, g := range groups {
		room -= t.titleLines(g) + len(t.lines(g.devices[0]))
		bad = bad || slices.ContainsFunc(g.devices[0].Answers, func(a Answer) bool { return a.State == AnswerBad })
	}
	// The gravest reason is worth more than a third act, and a command that can be read more
	// than a further one.
	for n := len(acts); (room < 1 && bad && n > 2) || (room < 0 && n > 1); n = len(acts) {
		acts, room = acts[:n-1], room+len(t.actLines(n-1, acts[n-1], 1))
	}
	for _, g := range groups {
		t.answers(g, &room)
	}
	if len(groups) > 0 {
		t.b.WriteByte('\n')
	}
	t.listedOnly()
	t.problems()
	t.briefVerdict()
	t.labelled(t.label("law"), notAsked)
	t.next(acts, &room)
}

// notAsked is a line on what to add to have the law looked up, where nobody asked. A
// country of the locale is said to be a guess: an assumed place would be another's law.
func (t *table) notAsked(groups []group) []string {
	for _, g := range groups {
		for _, a := range g.devices[0].Answers {
			switch {
			case a.State != AnswerNotAsked:
			case t.opts.Locale == "":
				return t.fitted(t.say(message.Say("screen.law_not_asked", nil)))
			default:
				return t.fitted(t.say(message.Say("screen.law_guess", message.Params{"country": t.opts.Locale})))
			}
		}
	}
	return nil
}

// fitted is a text in the lines beside a label, without what is in brackets where one line
// is too short for it.
func (t *table) fitted(text string) []string {
	lines := Wrap(Clean(text), t.width()-9)
	if len(lines) > 1 {
		lines = Wrap(bracketed.ReplaceAllString(Clean(text), ""), t.width()-9)
	}
	return lines
}

// group is devices that are alike: one model, one board, and the same answers.
type group struct {
	title   string
	devices []*Device
}

// groups sorts the devices that were judged: the worst first, and those that are alike
// together, in the order of their addresses.
func (t *table) groups() []group {
	var list []group
	at := map[string]int{}
	for i := range t.r.Devices {
		d := &t.r.Devices[i]
		if d.Role != "" {
			continue
		}
		inv := t.inventory(d.Address)
		g := group{title: Clean(t.shortTitle(inv, d))}
		if board := inv.Names.SubsystemVendor; board != nil && inventory.Text(inv.PCI.SubsystemVendorID) != inventory.Text(inv.PCI.VendorID) {
			g.title = t.say(message.Say("screen.board", message.Params{"title": g.title, "maker": Clean(shortMaker(*board))}))
		}
		key := g.title + string(d.Status) + alike(d)
		n, known := at[key]
		if !known {
			n = len(list)
			at[key] = n
			list = append(list, g)
		}
		list[n].devices = append(list[n].devices, d)
	}
	slices.SortStableFunc(list, func(a, b group) int { return b.devices[0].rank() - a.devices[0].rank() })
	return list
}

// shortTitle is the title with the maker's everyday name.
func (t *table) shortTitle(d *inventory.Device, of *Device) string {
	long := t.r.title(d, of)
	if d.Names.Vendor == nil {
		return long
	}
	return shortMaker(*d.Names.Vendor) + strings.TrimPrefix(long, *d.Names.Vendor)
}

// shortMaker is the name in brackets, or the name without the legal form.
func shortMaker(name string) string {
	if _, rest, ok := strings.Cut(name, "["); ok {
		if short, _, ok := strings.Cut(rest, "]"); ok && short != "" {
			return short
		}
	}
	for _, form := range [...]string{", Inc", " Inc", " Corporation", " Corp.", " Co.,", " Co,", " Technology Limited", " Limited", " Ltd"} {
		if short, _, ok := strings.Cut(name, form); ok && short != "" {
			return short
		}
	}
	return name
}

// alike is what the answers of a device say, its own address aside.
func alike(d *Device) string {
	text, err := json.Marshal([]any{d.Answers, d.Reference.Offer})
	if err != nil {
		return d.Address // never alike
	}
	return strings.ReplaceAll(string(text), d.Address, "")
}

// rank orders devices by how bad their answers are.
func (d *Device) rank() int {
	n := map[Status]int{Failed: 3, Undecided: 2, Passed: 1}[d.Status] << 8
	for _, a := range d.Answers {
		n += map[AnswerState]int{AnswerBad: 16, AnswerUnknown: 1}[a.State]
	}
	return n
}

// block is a card's answers with two lines for each that is bad.
func (t *table) block(g group) {
	room := len(g.devices[0].Answers)
	t.answers(g, &room)
}

// answers is the heading of a group with its answers.
func (t *table) answers(g group, room *int) {
	t.title(g)
	for _, a := range t.lines(g.devices[0]) {
		t.answer(&a, room)
	}
}

// lines are the answers on a device, with the one on an offer where there was one.
func (t *table) lines(d *Device) []Answer {
	if a := t.r.offer(d); a != nil {
		return append(slices.Clone(d.Answers), *a)
	}
	return d.Answers
}

// heading is what a block begins with: what the cards are, and where.
func (t *table) heading(g group) (title, address string) {
	title, address = g.title, Clean(g.devices[0].Address)
	if n := len(g.devices); n > 1 {
		title = fmt.Sprintf("%d × %s", n, g.title)
		var list []string
		for _, d := range g.devices {
			list = append(list, Clean(d.Address))
		}
		address = strings.Join(list[:min(n, 3)], " ")
		if n > 3 {
			address += fmt.Sprintf(" … %s", list[n-1])
		}
	}
	return clip(title, t.width(), 1)[0], clip(address, t.width()-2, 1)[0]
}

// titleLines is one where title and address fit beside each other.
func (t *table) titleLines(g group) int {
	title, address := t.heading(g)
	if len([]rune(title+address))+2 > t.width() {
		return 2
	}
	return 1
}

func (t *table) title(g group) {
	title, address := t.heading(g)
	if t.titleLines(g) == 2 {
		fmt.Fprintf(&t.b, "%s\n  %s\n", t.bold(title), address)
		return
	}
	gap := t.width() - len([]rune(title+address))
	fmt.Fprintf(&t.b, "%s%s%s\n", t.bold(title), strings.Repeat(" ", gap), address)
}

// narrow is a screen on which the short reasons take two lines.
const narrow = 76

// askWidth and wordWidth hold the longest question and the longest common word.
const askWidth, wordWidth = 14, 13

// askWidth is how wide the questions are in the language of the reader.
func (t *table) askWidth() int {
	if t.r.language == nil {
		return askWidth
	}
	width := askWidth
	for _, q := range finding.Questions() {
		width = max(width, utf8.RuneCountInString(t.ask(q)))
	}
	return width
}

// inBrackets are the paths behind a fact: the details and the JSON report name them.
var inBrackets = lazyregexp.New(` \([^()\s]*/[^()\s]*\)`)

// folders are those of a path in a sentence: the name of the file is enough there.
var folders = lazyregexp.New(`(?:[\w.+-]+/){2,}`)

func withoutPaths(text string) string {
	return folders.ReplaceAllString(inBrackets.ReplaceAllString(text, ""), "")
}

// answer is a line for each answer, and two where it is bad and there is room. Where the
// whole sentence does not fit, the short one stands: details are for who asks.
func (t *table) answer(a *Answer, room *int) {
	lines := 1
	if a.State == AnswerBad && *room > 0 || t.width() < narrow {
		lines = 2
	}
	asks := t.askWidth()
	width := t.width() - 2 - asks - 1 - max(wordWidth, len([]rune(Clean(a.Word)))) - 2
	sentence := Clean(withoutPaths(a.Sentence))
	text := Wrap(sentence, width)
	if short := Clean(withoutPaths(a.Short)); len(text) > lines && short != "" && (lines == 1 || a.State != AnswerBad) {
		sentence, text = short, Wrap(short, width)
	}
	text = clip(strings.Join(text, " "), width, lines)
	*room -= len(text) - 1
	pad := strings.Repeat(" ", max(0, wordWidth-len([]rune(Clean(a.Word)))))
	fmt.Fprintf(&t.b, "  %-*s %s%s  %s\n", asks, t.ask(a.Question), t.word(a), pad, text[0])
	for _, line := range text[1:] {
		fmt.Fprintf(&t.b, "%s%s\n", strings.Repeat(" ", 2+asks+1+wordWidth+2), line)
	}
}

// clip wraps a text and ends it with an ellipsis where it takes more lines than that.
func clip(text string, width, lines int) []string {
	list := Wrap(Clean(text), width)
	for i, line := range list {
		if runes := []rune(line); len(runes) > width { // one word
			list[i] = string(runes[:width-1]) + "…"
		}
	}
	if len(list) <= lines {
		return list
	}
	list = list[:lines]
	last := list[lines-1]
	for len([]rune(last))+2 > width {
		shorter := strings.LastIndexByte(last, ' ')
		if shorter < 0 {
			break
		}
		last = last[:shorter]
	}
	last = strings.TrimRight(last, ".,;: …"+string(noBreak))
	last = strings.TrimSuffix(strings.TrimSuffix(last, " (and"), " (et") // of "(and 2 more)"
	list[lines-1] = last + " …"
	return list
}

func (t *table) word(a *Answer) string {
	switch a.State {
	case AnswerBad:
		return t.colour(red, Clean(a.Word))
	case AnswerGood:
		return t.colour(green, Clean(a.Word))
	}
	return t.colour(yellow, Clean(a.Word))
}

// VerdictLine is the verdict alone, in one line.
func VerdictLine(w io.Writer, r *Report, opts TableOptions) error {
	r = r.In(opts.Language)
	t := &table{r: r, opts: opts}
	_, err := fmt.Fprintln(w, t.verdictBecause(t.r.Verdict.Reasons))
	return err
}

// briefVerdict is the verdict with all that qualifies it.
func (t *table) briefVerdict() {
	t.labelled(t.label("verdict"), Wrap(t.verdictLine(), t.width()-9))
}

func (t *table) verdictLines() int { return len(Wrap(t.verdictLine(), t.width()-9)) }

// verdictWord is the verdict and its exit code.
func (t *table) verdictWord() string {
	v := t.r.Verdict
	return t.say(message.Say("verdict.line", message.Params{"verdict": t.status(v.Status), "code": v.ExitCode}))
}

// verdictLine is the verdict, its exit code and its reasons, but for the problems, which the
// screen lists before.
func (t *table) verdictLine() string {
	var rest []string
	for _, reason := range t.r.Verdict.Reasons {
		if !slices.ContainsFunc(t.r.Problems, func(p Problem) bool { return p.Decides() && reason == t.say(p.reason()) }) {
			rest = append(rest, reason)
		}
	}
	return t.verdictBecause(rest)
}

func (t *table) verdictBecause(reasons []string) string {
	if len(reasons) == 0 {
		return t.verdictWord()
	}
	var clean []string
	for _, reason := range reasons {
		clean = append(clean, Clean(reason))
	}
	return t.say(message.Say("verdict.because", message.Params{"line": t.verdictWord(), "reasons": clean}))
}

// labelled writes lines beside a label.
func (t *table) labelled(name string, lines []string) {
	for _, l := range lines {
		fmt.Fprintf(&t.b, "%-7s  %s\n", name, l)
		name = ""
	}
}

// nextLimit is how many acts the screen names: the first decide the most.
const nextLimit = 3

// act is what would decide or mend answers.
type act struct {
	text   string
	weight int
	// decides says that the verdict hangs on what it would decide or mend.
	decides bool
}

// acts are those that would decide or mend the most answers. What the verdict hangs on goes
// before what it does not, and what decides many open questions before what mends one.
func (t *table) acts(groups []group) []act {
	var acts []act
	for _, g := range groups {
		for _, a := range g.devices[0].Answers {
			if a.Decide == "" || a.State == AnswerGood || a.State == AnswerNotAsked { // which has a line of its own
				continue
			}
			weight := map[AnswerState]int{AnswerBad: 16, AnswerUnknown: 12 + 2*len(a.Reasons)}[a.State] * len(g.devices)
			if a.State == AnswerBad && a.Question == finding.WhatIsIt {
				weight *= 4
			}
			i := slices.IndexFunc(acts, func(x act) bool { return whatToDo(x.text) == whatToDo(a.Decide) })
			if i < 0 {
				i = len(acts)
				acts = append(acts, act{text: a.Decide})
			}
			acts[i].weight += weight
			acts[i].decides = acts[i].decides || t.decides(g.devices[0], &a)
		}
	}
	slices.SortStableFunc(acts, func(a, b act) int {
		if a.decides != b.decides {
			return map[bool]int{true: -1, false: 1}[a.decides]
		}
		return b.weight - a.weight
	})
	return acts[:min(nextLimit, len(acts))]
}

// decides says that a finding behind an answer decides the verdict: of a failed audit, a
// failure alone.
func (t *table) decides(d *Device, a *Answer) bool {
	return slices.ContainsFunc(t.r.Findings, func(f finding.Finding) bool {
		return (f.Device == d.Address || f.Device == "host") && slices.Contains(a.Reasons, f.ID) && t.r.Decides(&f) &&
			(f.Status == finding.Fail || t.r.Verdict.Status != Failed)
	})
}

// whatToDo is an act without the reason for it, which stands behind a colon.
func whatToDo(text string) string {
	do, _, _ := strings.Cut(text, ": ")
	return strings.TrimRight(do, string(noBreak))
}

// shorterActs are an act with less and less said of it: its first sentence, that without
// the reason behind a colon, without what is in brackets, and its first clause.
func shorterActs(text string) []string {
	first := firstSentence(text)
	do := whatToDo(first)
	bare := strings.TrimSpace(bracketed.ReplaceAllString(do, ""))
	clause, _, _ := strings.Cut(bare, ", ")
	clause, _, _ = strings.Cut(clause, "; ")
	return []string{first, do, bare, strings.TrimRight(clause, string(noBreak))}
}

// bracketed is a remark in brackets.
var bracketed = lazyregexp.New(` \([^()]*\)`)

// actLines is an act with its number, in so many lines or fewer, and in two where nothing
// shorter says it: an act without its command is none.
func (t *table) actLines(i int, a act, limit int) []string {
	width := t.width() - 12
	text := Clean(a.text)
	lines := Wrap(fmt.Sprintf("%d. %s", i+1, text), width)
	for _, shorter := range shorterActs(text) {
		if len(lines) > limit {
			text = fmt.Sprintf("%d. %s.", i+1, shorter)
			lines = Wrap(text, width)
		}
	}
	if len(lines) > limit {
		lines = clip(text, width, max(limit, 2))
	}
	for j := range lines[1:] {
		lines[j+1] = "   " + lines[j+1]
	}
	return lines
}

// next lists acts by number, in a line each where that says them, and in two where there is
// room.
func (t *table) next(acts []act, room *int) {
	for i, a := range acts {
		lines := t.actLines(i, a, 1+min(1, max(0, *room)))
		*room -= len(lines) - len(t.actLines(i, a, 1))
		name := ""
		if i == 0 {
			name = t.label("next")
		}
		t.labelled(name, lines)
	}
	if t.r.judged() > 0 {
		line := message.Say("screen.details", nil)
		if t.r.Notice != "" {
			line = message.Say("screen.details_law", nil)
		}
		t.labelled(t.label("details"), []string{t.say(line)})
	}
}

// width is how wide the screen may be.
func (t *table) width() int {
	if t.opts.Width == 0 {
		return 100
	}
	return max(60, min(t.opts.Width, 120))
}

// ErrNoFinding says that somebody asked for a finding that a report does not have.
var ErrNoFinding = errors.New("the report has no finding with this id")

// explain writes what a finding rests on, what it means and what to do. Of a check that
// passed, or does not apply, nothing follows that anybody would have to do.
func (t *table) explain(f *finding.Finding, about func(id string) *About) {
	for _, p := range f.Evidence {
		t.row("", t.say(message.Say("explain.seen_at", message.Params{"pointer": p})))
	}
	for _, p := range f.Missing {
		t.row("", t.say(message.Say("explain.lacks", message.Params{"pointer": p})))
	}
	said := said(f)
	open := said != finding.Pass && said != finding.NotApplicable
	if a := describe(about, f.ID); a != nil {
		t.row(t.label("looks_for"), a.Seen)
		if open {
			t.row(t.label("means"), a.Means)
			t.row(t.label("need_not"), a.NeedNot)
		}
	}
	if open {
		t.row(t.label("do"), f.Remediation)
	}
	for _, ref := range f.References {
		t.row(t.label("see"), ref)
	}
}

// About is what a failure of a rule means, in sentences.
type About struct{ Seen, Means, NeedNot string }

func describe(about func(id string) *About, id string) *About {
	if about == nil {
		return nil
	}
	return about(id)
}

// Explain writes what rules found, whole: the findings with these ids.
func Explain(w io.Writer, r *Report, opts TableOptions, ids []string) error {
	r = r.In(opts.Language)
	t := &table{r: r, opts: opts}
	for _, id := range ids {
		found := false
		for _, f := range r.Findings {
			if !strings.EqualFold(f.ID, id) {
				continue
			}
			found = true
			heading := t.bold(Clean(f.Device))
			if title := Clean(r.Title(f.Device)); title != f.Device { // the host has no other name
				heading += "  " + title
			}
			t.b.WriteString(heading + "\n")
			t.finding(f)
			t.explain(&f, opts.About)
		}
		if !found {
			return fmt.Errorf("--explain %.40s: %w%s", id, ErrNoFinding, suggest.Meant(id, ruleIDs(r.Findings)))
		}
	}
	_, err := io.WriteString(w, t.b.String())
	return err
}
