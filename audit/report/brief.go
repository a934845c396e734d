package report

import (
	"encoding/json"
	"fmt"
	"io"
	"regexp"
	"slices"
	"strings"

	"github.com/gpuaudit/gpuaudit/audit/finding"
	"github.com/gpuaudit/gpuaudit/audit/inventory"
	"github.com/gpuaudit/gpuaudit/audit/suggest"
)

// asks is how the screen puts each question.
var asks = map[finding.Question]string{
	finding.WhatIsIt: "What is it?", finding.MakersCode: "Maker's code?", finding.CanItHarm: "Can it harm?",
	finding.MayIUseIt: "May I use it?", finding.WillItWork: "Will it work?",
}

// brief writes the answers for a person: a block for each card, or one for several
// that are alike, the worst first; then the verdict, and what to do next.
func (t *table) brief() {
	groups := t.groups()
	for _, g := range groups {
		t.block(g)
	}
	if len(groups) > 0 {
		t.b.WriteByte('\n')
	}
	t.listedOnly()
	t.problems()
	t.briefVerdict()
	t.next(groups)
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
		g := group{title: Clean(shortTitle(inv, d))}
		if board := inv.Names.SubsystemVendor; board != nil && inventory.Text(inv.PCI.SubsystemVendorID) != inventory.Text(inv.PCI.VendorID) {
			g.title += " (board by " + Clean(shortMaker(*board)) + ")"
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
func shortTitle(d *inventory.Device, r *Device) string {
	long := title(d, r)
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
	text, err := json.Marshal(d.Answers)
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

func (t *table) block(g group) {
	address := Clean(g.devices[0].Address)
	if n := len(g.devices); n > 1 {
		g.title = fmt.Sprintf("%d × %s", n, g.title)
		var list []string
		for _, d := range g.devices {
			list = append(list, Clean(d.Address))
		}
		address = strings.Join(list[:min(n, 3)], " ")
		if n > 3 {
			address += fmt.Sprintf(" … %s", list[n-1])
		}
	}
	gap := max(2, t.width()-visible(g.title)-visible(address))
	if gap == 2 && len([]rune(g.title+address))+2 > t.width() {
		fmt.Fprintf(&t.b, "%s\n  %s\n", t.bold(g.title), address)
	} else {
		fmt.Fprintf(&t.b, "%s%s%s\n", t.bold(g.title), strings.Repeat(" ", gap), address)
	}
	for _, a := range g.devices[0].Answers {
		t.answer(&a)
	}
}

// askWidth and wordWidth hold the longest question and the longest common word.
const askWidth, wordWidth = 14, 13

// inBrackets are the paths behind a fact: the details and the JSON report name them.
var inBrackets = regexp.MustCompile(` \([^()\s]*/[^()\s]*\)`)

// answer is a line for each answer, two where it is bad: details are for who asks.
func (t *table) answer(a *Answer) {
	lines := 1
	if a.State == AnswerBad {
		lines = 2
	}
	word := t.word(a)
	text := clip(inBrackets.ReplaceAllString(a.Sentence, ""), t.width()-2-askWidth-1-max(wordWidth, len([]rune(a.Word)))-2, lines)
	pad := strings.Repeat(" ", max(0, wordWidth-len([]rune(a.Word))))
	fmt.Fprintf(&t.b, "  %-*s %s%s  %s\n", askWidth, asks[a.Question], word, pad, text[0])
	for _, line := range text[1:] {
		fmt.Fprintf(&t.b, "%s%s\n", strings.Repeat(" ", 2+askWidth+1+wordWidth+2), line)
	}
}

// clip wraps a text and ends it with an ellipsis where it takes more lines than that.
func clip(text string, width, lines int) []string {
	list := Wrap(Clean(text), width)
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
	list[lines-1] = strings.TrimRight(last, ".,;: ") + " …"
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
	t := &table{r: r, opts: opts}
	_, err := fmt.Fprintln(w, t.verdictLine())
	return err
}

// briefVerdict is the verdict with all that qualifies it.
func (t *table) briefVerdict() {
	t.labelled("verdict", Wrap(t.verdictLine(), t.width()-9))
	if t.r.Notice != "" && t.r.judged() > 0 {
		t.labelled("", Wrap(t.r.Notice, t.width()-9))
	}
}

// verdictLine is the verdict, its exit code and its reasons.
func (t *table) verdictLine() string {
	v := t.r.Verdict
	name := t.status(v.Status)
	if v.Status == NothingToAudit {
		name = "nothing to audit"
	}
	line := fmt.Sprintf("%s (exit code %d)", name, v.ExitCode)
	var rest []string
	for _, reason := range v.Reasons {
		if !slices.ContainsFunc(t.r.Problems, func(p Problem) bool { return p.decides() && reason == p.reason() }) {
			rest = append(rest, Clean(reason))
		}
	}
	if len(rest) > 0 {
		line += ": " + strings.Join(rest, "; ")
	}
	return line
}

// labelled writes lines beside a label.
func (t *table) labelled(label string, lines []string) {
	for _, l := range lines {
		fmt.Fprintf(&t.b, "%-7s  %s\n", label, l)
		label = ""
	}
}

// nextLimit is how many acts the screen names: the first decide the most.
const nextLimit = 3

// next lists what would decide or mend the most answers, as numbered acts.
func (t *table) next(groups []group) {
	type act struct {
		text   string
		weight int
	}
	var acts []act
	for _, g := range groups {
		for _, a := range g.devices[0].Answers {
			if a.Decide == "" || a.State == AnswerGood {
				continue
			}
			weight := map[AnswerState]int{AnswerBad: 64, AnswerUnknown: 8, AnswerNotAsked: 1}[a.State] * len(g.devices)
			i := slices.IndexFunc(acts, func(x act) bool { return x.text == a.Decide })
			if i < 0 {
				i = len(acts)
				acts = append(acts, act{text: a.Decide})
			}
			acts[i].weight += weight
		}
	}
	slices.SortStableFunc(acts, func(a, b act) int { return b.weight - a.weight })
	for i, a := range acts[:min(nextLimit, len(acts))] {
		lines := clip(fmt.Sprintf("%d. %s", i+1, a.text), t.width()-12, 2)
		for j := range lines[1:] {
			lines[j+1] = "   " + lines[j+1]
		}
		t.labelled(map[bool]string{true: "next"}[i == 0], lines)
	}
	if t.r.judged() > 0 {
		t.b.WriteString("details  --details shows all checks, --explain ID one\n")
	}
}

// width is how wide the screen may be.
func (t *table) width() int {
	if t.opts.Width == 0 {
		return 100
	}
	return max(60, min(t.opts.Width, 120))
}

// Explain writes what rules found, whole: the findings with these ids.
func Explain(w io.Writer, r *Report, opts TableOptions, ids []string) error {
	t := &table{r: r, opts: opts}
	for _, id := range ids {
		found := false
		for _, f := range r.Findings {
			if f.ID != id {
				continue
			}
			found = true
			fmt.Fprintf(&t.b, "%s  %s\n", t.bold(Clean(f.Device)), Clean(r.Title(f.Device)))
			t.finding(f)
			for _, p := range f.Evidence {
				t.row("", "seen at "+p)
			}
			for _, p := range f.Missing {
				t.row("", "lacks "+p)
			}
			t.row("do", f.Remediation)
			for _, ref := range f.References {
				t.row("see", ref)
			}
		}
		if !found {
			return fmt.Errorf("--explain %s: the report has no finding with this id%s", id, suggest.Meant(id, ruleIDs(r.Findings)))
		}
	}
	_, err := io.WriteString(w, t.b.String())
	return err
}
