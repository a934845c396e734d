package rules_test

import (
	"cmp"
	"context"
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/gpuaudit/gpuaudit/audit/facts"
	"github.com/gpuaudit/gpuaudit/audit/finding"
	"github.com/gpuaudit/gpuaudit/audit/hosttest"
	"github.com/gpuaudit/gpuaudit/policy"
	"github.com/gpuaudit/gpuaudit/rules"
)

// What the matrix asks. The first day is asked of everybody, the others show what a date
// changes for companies and exporters, of parts that stand for the rest.
var (
	lawPlaces   = []string{"US", "CN", "HK", "EU", "DE", "FR", "GB", "CH", "JP", "KR", "CA", "AU", "SG", "TW", "IN", "MY", "AE", "RU", "BY", "CU", "IR", "KP", "SY", "BR"}
	lawProfiles = []string{"private", "company", "exporter", "federal-contractor"}
	lawParts    = []struct{ name, vendor, device string }{
		{"RTX 4090", "10de", "2684"},
		{"RTX 5090", "10de", "2b85"},
		{"RTX 4090 D", "10de", "2685"},
		{"RTX 5090 D", "10de", "2b87"},
		{"RTX PRO 6000", "10de", "2bb1"},
		{"H100 PCIe", "10de", "2331"},
		{"H800", "10de", "2324"},
		{"A800", "10de", "20f3"},
		{"H20", "10de", "2329"},
		{"L20", "10de", "26b7"},
		{"L2", "10de", "27b6"},
		{"B200", "10de", "2901"},
		{"MI308X", "1002", "74a2"},
		{"Arc Pro B60", "8086", "e211"},
		{"Gaudi 3", "1da3", "1060"},
		{"Ascend 910B", "19e5", "d802"},
		{"MTT S80", "1ed5", "0201"},
		{"Kunlun P800", "1d22", "3688"},
	}
	lawDated = []string{"RTX 4090", "RTX 5090 D", "H20", "Ascend 910B", "Kunlun P800"}
	lawDays  = []string{"2026-11-30", "2025-08-28", "2026-01-20", "2026-09-01", "2027-12-31"}
)

// lawAnswer is what the rules on law say: restricted, needs a human, and context.
type lawAnswer struct{ restricted, human, context []string }

func (a *lawAnswer) String() string {
	var parts []string
	for _, p := range []struct {
		what string
		ids  []string
	}{{"**restricted** ", a.restricted}, {"ask ", a.human}, {"know ", a.context}} {
		if len(p.ids) > 0 {
			parts = append(parts, p.what+strings.Join(p.ids, " "))
		}
	}
	return cmp.Or(strings.Join(parts, "; "), "–")
}

type lawQuestion struct{ day, place, profile, part string }

// TestLawMatrix holds what the rules on law answer, of places, profiles, parts and days:
// with each finding's words in testdata/law.golden, and as tables in docs/restrictions.md.
func TestLawMatrix(t *testing.T) {
	e := load(t)
	answers, words := map[lawQuestion]*lawAnswer{}, map[string]bool{}
	cards := lawCards(t)
	for i, day := range lawDays {
		for _, place := range lawPlaces {
			for _, profile := range lawProfiles {
				if i > 0 && profile != "company" && profile != "exporter" {
					continue
				}
				for n, p := range lawParts {
					if i > 0 && !slices.Contains(lawDated, p.name) {
						continue
					}
					answers[lawQuestion{day, place, profile, p.name}] = askLaw(t, e, cards[n], lawQuestion{day, place, profile, p.name}, words)
				}
			}
		}
	}
	golden := lawGolden(answers, words)
	page := lawPage(t, e, answers)
	const name, docs = "testdata/law.golden", "../docs/restrictions.md"
	have, err := os.ReadFile(docs)
	if err != nil {
		t.Fatal(err)
	}
	before, rest, found := strings.Cut(string(have), lawBegin)
	old, after, ends := strings.Cut(rest, lawEnd)
	if !found || !ends {
		t.Fatalf("%s has no part for the matrix", docs)
	}
	if *update {
		if err := os.WriteFile(name, []byte(golden), 0o644); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(docs, []byte(before+lawBegin+page+lawEnd+after), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	const again = "if that is right: go test ./rules -run TestLawMatrix -update"
	if was, err := os.ReadFile(name); err != nil || string(was) != golden {
		t.Errorf("%s: %v: the rules on law answer otherwise: %s\n%s", name, err, firstOther(string(was), golden), again)
	}
	if old != page {
		t.Errorf("%s is not what the rules answer: %s\n%s", docs, firstOther(old, page), again)
	}
}

const lawBegin, lawEnd = "<!-- matrix: begin -->\n", "<!-- matrix: end -->\n"

// firstOther is the first line in which two texts differ.
func firstOther(was, now string) string {
	a, b := strings.Split(was, "\n"), strings.Split(now, "\n")
	for i := range min(len(a), len(b)) {
		if a[i] != b[i] {
			return fmt.Sprintf("line %d was %.300q and is %.300q", i+1, a[i], b[i])
		}
	}
	return fmt.Sprintf("%d lines were, %d are", len(a), len(b))
}

// lawCards are the facts of one card of each part.
func lawCards(t *testing.T) []*facts.Facts {
	t.Helper()
	h := hosttest.New()
	for i, p := range lawParts {
		c := hosttest.NVIDIACard(fmt.Sprintf("0000:%02x:00.0", i+1))
		c.Vendor, c.Device, c.Driver, c.UUID = p.vendor, p.device, "", ""
		h.Add(c)
	}
	all := audited(t, nil, machine{name: "law", env: h.Env()})
	var cards []*facts.Facts
	for i := range lawParts {
		f := all[fmt.Sprintf("0000:%02x:00.0", i+1)].facts
		if f == nil || f.Catalogue == nil || f.Catalogue.Accelerator == nil {
			t.Fatalf("the catalogue lacks %s", lawParts[i].name)
		}
		cards = append(cards, f)
	}
	return cards
}

func askLaw(t *testing.T, e *policy.Engine, card *facts.Facts, q lawQuestion, words map[string]bool) *lawAnswer {
	t.Helper()
	f := *card
	f.Now, _ = time.Parse(time.DateOnly, q.day)
	f.Question = facts.Purpose{Jurisdiction: &q.place, Profile: &q.profile}
	f.DataSets = nil
	for _, d := range rules.Data() {
		at, err := time.Parse(time.DateOnly, d.Date)
		if err != nil {
			t.Fatal(err)
		}
		f.DataSets = append(f.DataSets, facts.DataSet{Name: d.Name, Date: d.Date, AgeDays: int(f.Now.Sub(at).Hours() / 24)})
	}
	list, err := e.Evaluate(context.Background(), &f)
	if err != nil {
		t.Fatal(err)
	}
	a := &lawAnswer{}
	for _, x := range list {
		number, law := strings.CutPrefix(x.ID, "GA-IR-")
		switch {
		case !law:
			continue
		case x.Status == finding.Fail && x.Severity == finding.Info:
			a.context = append(a.context, number)
		case x.Status == finding.Fail:
			a.restricted = append(a.restricted, number)
		case x.Status == finding.Unknown:
			a.human = append(a.human, number)
		default:
			continue
		}
		words[fmt.Sprintf("%s %s: %s", x.ID, x.Status, x.Detail)] = true
	}
	return a
}

// lawGolden is every answer, and every sentence that one of them says.
func lawGolden(answers map[lawQuestion]*lawAnswer, words map[string]bool) string {
	var lines []string
	for q, a := range answers {
		lines = append(lines, fmt.Sprintf("%s %s %s %s: %s", q.day, q.place, q.part, q.profile, strings.ReplaceAll(a.String(), "*", "")))
	}
	slices.Sort(lines)
	var said []string
	for w := range words {
		said = append(said, w)
	}
	slices.Sort(said)
	return strings.Join(lines, "\n") + "\n\n" + strings.Join(said, "\n") + "\n"
}

// lawPage is the matrix for people.
func lawPage(t *testing.T, e *policy.Engine, answers map[lawQuestion]*lawAnswer) string {
	t.Helper()
	var b strings.Builder
	used := map[string]bool{}
	for _, a := range answers {
		for _, id := range slices.Concat(a.restricted, a.human, a.context) {
			used[id] = true
		}
	}
	fmt.Fprintf(&b, "\nOn %s, without a purchase record:\n", lawDays[0])
	for i := 0; i < len(lawPlaces); {
		table, n := lawTable(answers, lawPlaces[i]), 1
		for i+n < len(lawPlaces) && lawTable(answers, lawPlaces[i+n]) == table {
			n++
		}
		fmt.Fprintf(&b, "\n### %s\n\n%s", strings.Join(lawPlaces[i:i+n], ", "), table)
		i += n
	}
	fmt.Fprintf(&b, "\n### What a date changes\n\nFor companies and exporters, against %s, of %s:\n\n%s", lawDays[0], strings.Join(lawDated, ", "), lawChanges(answers))
	b.WriteString("\n### What the numbers mean\n\n| rule | says | rests on |\n| --- | --- | --- |\n")
	law := law(t)
	for _, r := range e.Rules() {
		if number, is := strings.CutPrefix(r.ID, "GA-IR-"); is && used[number] {
			fmt.Fprintf(&b, "| %s | %s | %s |\n", number, r.Title, lawGrounds(law, r.ID))
		}
	}
	return b.String()
}

// lawTable has a row for parts of which everybody hears the same.
func lawTable(answers map[lawQuestion]*lawAnswer, place string) string {
	var rows []string
	parts := map[string][]string{}
	for _, p := range lawParts {
		row := ""
		for _, profile := range lawProfiles {
			row += " " + answers[lawQuestion{lawDays[0], place, profile, p.name}].String() + " |"
		}
		if parts[row] == nil {
			rows = append(rows, row)
		}
		parts[row] = append(parts[row], p.name)
	}
	var b strings.Builder
	b.WriteString("| part | private person | company | exporter | US government contractor |\n| --- | --- | --- | --- | --- |\n")
	for _, row := range rows {
		fmt.Fprintf(&b, "| %s |%s\n", strings.Join(parts[row], ", "), row)
	}
	return b.String()
}

// lawChanges say what another day adds to the answers, and takes from them.
func lawChanges(answers map[lawQuestion]*lawAnswer) string {
	var order []string
	parts := map[string][]string{} // by day, change, place and profile
	for _, day := range lawDays[1:] {
		for _, place := range lawPlaces {
			for _, profile := range []string{"company", "exporter"} {
				for _, part := range lawDated {
					today, then := answers[lawQuestion{lawDays[0], place, profile, part}], answers[lawQuestion{day, place, profile, part}]
					if today.String() == then.String() {
						continue
					}
					key := strings.Join([]string{day, today.change(then), place, profile}, "|")
					if parts[key] == nil {
						order = append(order, key)
					}
					parts[key] = append(parts[key], part)
				}
			}
		}
	}
	var lines []string
	where := map[string][]string{}
	for _, key := range order {
		f := strings.Split(key, "|")
		which := strings.Join(parts[key], ", ")
		if len(parts[key]) == len(lawDated) {
			which = "all of these"
		}
		line := fmt.Sprintf("| %s | %s | %s | %s | %%s |\n", f[0], f[1], which, f[3])
		if where[line] == nil {
			lines = append(lines, line)
		}
		where[line] = append(where[line], f[2])
	}
	var b strings.Builder
	b.WriteString("| day | against today | parts | profile | places |\n| --- | --- | --- | --- | --- |\n")
	for _, line := range lines {
		fmt.Fprintf(&b, line, strings.Join(where[line], ", "))
	}
	return b.String()
}

// change is what another answer has more and less.
func (a *lawAnswer) change(then *lawAnswer) string {
	tokens := func(a *lawAnswer) (list []string) {
		for what, ids := range map[string][]string{"restricted": a.restricted, "ask": a.human, "know": a.context} {
			for _, id := range ids {
				list = append(list, what+" "+id)
			}
		}
		slices.Sort(list)
		return list
	}
	today, other := tokens(a), tokens(then)
	var list []string
	for _, x := range other {
		if !slices.Contains(today, x) {
			list = append(list, "also "+x)
		}
	}
	for _, x := range today {
		if !slices.Contains(other, x) {
			list = append(list, "not "+x)
		}
	}
	return strings.Join(list, ", ")
}

// lawGrounds are the entries that a rule judges by, or that it says of: each with its
// source and the day that it speaks for.
func lawGrounds(l *rules.Law, id string) string {
	const most = 6
	var list []string
	for _, r := range l.Restrictions {
		how := map[string]string{"GA-IR-027": "question", "GA-IR-028": "context"}[id]
		raised := false
		for _, h := range r.Raises {
			raised = raised || how != "" && h == how
		}
		if r.Enabled && (raised || slices.Contains(r.JudgedBy, id)) {
			list = append(list, fmt.Sprintf("[%s](%s) (%s)", r.ID, r.Source, r.AsOf))
		}
	}
	switch {
	case len(list) == 0:
		return "the catalogue, the lists of makers and what was asked"
	case len(list) > most:
		return fmt.Sprintf("%s, and %d more (`channel restrictions`)", strings.Join(list[:most], ", "), len(list)-most)
	}
	return strings.Join(list, ", ")
}
