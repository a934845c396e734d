// Package html writes reports as one page for a browser: what the screen says of each
// card, and the evidence behind it on demand, with pictures of the way to memory and of
// the firmware. The page loads nothing, runs nothing and is not signed. It judges
// nothing: its colours are those of findings.
package html

import (
	"bytes"
	"crypto/sha256"
	_ "embed"
	"encoding/base64"
	"errors"
	"fmt"
	"html/template"
	"io"
	"strings"
	"sync"
	"time"

	"github.com/gpuaudit/gpuaudit/audit/finding"
	"github.com/gpuaudit/gpuaudit/audit/report"
)

// maxBytes bounds the page: a browser opens that much at once. What does not fit is
// left out by whole cards, with a line that says so; answers come before evidence.
const maxBytes = 4500 << 10

//go:embed page.tmpl
var pageText string

//go:embed style.css
var styleText string

// Encode writes one page for all reports of a set, in the language of the set.
func Encode(w io.Writer, s *report.Set) error {
	words, err := textsOf(s.Language.Code())
	if err != nil {
		return err
	}
	tmpl, err := parsed()
	if err != nil {
		return err
	}
	if tmpl, err = tmpl.Clone(); err != nil {
		return err
	}
	e := &encoder{words: words, tmpl: tmpl.Funcs(template.FuncMap{"t": words.of, "en": words.english}), room: maxBytes}
	e.said = make([]report.Named, len(s.Reports))
	for i, r := range s.Reports {
		e.said[i] = report.Named{Name: r.Name, Report: r.In(s.Language)}
	}
	return e.page(w)
}

// parsed is the template, in whose texts a function stands in for that of a language.
var parsed = sync.OnceValues(func() (*template.Template, error) {
	return template.New("").Funcs(template.FuncMap{"t": (&texts{}).of, "en": (&texts{}).english}).Parse(pageText)
})

type encoder struct {
	// said are the reports in the language of the page.
	said  []report.Named
	words *texts
	tmpl  *template.Template
	// room is how many bytes may still be written, left how many blocks did not fit.
	room, left int
	// full says that evidence was left out: no more is made.
	full bool
	ids  int
}

// page is what the template named so shows.
type page struct {
	Policy, Title string
	Style         template.CSS
	Reports       []reportView
	Left          string
	Bundle, Lang  string
	Bundles       string
}

func (e *encoder) page(w io.Writer) error {
	sum := sha256.Sum256([]byte(styleText))
	p := page{
		// Nothing is loaded, nothing runs, and the one style is known by its digest.
		Policy: "default-src 'none'; style-src 'sha256-" + base64.StdEncoding.EncodeToString(sum[:]) + "'; base-uri 'none'; form-action 'none'",
		Style:  template.CSS(styleText),
		Bundle: "report.sigstore.json", Bundles: "report.sigstore.json", Title: e.words.of("heading"),
	}
	if len(e.said) > 1 {
		p.Bundles = "*.sigstore.json"
	}
	if e.words.language != "en" {
		p.Lang = " --lang " + e.words.language
	}
	e.room -= len(styleText) + 8<<10
	drafts := make([]*draft, len(e.said))
	for i := range e.said {
		var err error
		if drafts[i], err = e.draft(&e.said[i]); err != nil {
			return err
		}
	}
	for _, d := range drafts {
		v, err := e.report(d)
		if err != nil {
			return err
		}
		p.Reports = append(p.Reports, v)
	}
	if len(p.Reports) == 1 {
		p.Title += e.words.of("colon") + p.Reports[0].Word
	}
	if e.left > 0 {
		p.Left = e.words.of("left", "n", e.left)
	}
	var b bytes.Buffer
	if err := e.tmpl.ExecuteTemplate(&b, "page", p); err != nil {
		return err
	}
	_, err := report.Safe(w, false).Write(b.Bytes())
	return err
}

// id is the name of a place in the page; no text of a report is part of one.
func (e *encoder) id(of string) string {
	e.ids++
	return fmt.Sprintf("%s%d", of, e.ids)
}

// made runs a template by its name.
func (e *encoder) made(name string, data any) (template.HTML, error) {
	var b bytes.Buffer
	err := e.tmpl.ExecuteTemplate(&b, name, data)
	return template.HTML(b.String()), err //nolint:gosec // made by a template of this package
}

// errRoom ends a template whose text does not fit.
var errRoom = errors.New("no room is left on the page")

// roomy keeps what is written as far as there is room.
type roomy struct {
	text strings.Builder
	room int
}

func (r *roomy) Write(p []byte) (int, error) {
	if r.text.Len()+len(p) > r.room {
		return 0, errRoom
	}
	return r.text.Write(p)
}

// block takes room for what a template makes; it is "" where there is none left.
func (e *encoder) block(name string, data any) (template.HTML, error) {
	r := &roomy{room: e.room}
	switch err := e.tmpl.ExecuteTemplate(r, name, data); {
	case errors.Is(err, errRoom):
		e.left++
		return "", nil
	case err != nil:
		e.left++
		return "", err
	}
	text := template.HTML(r.text.String()) //nolint:gosec // made by a template of this package
	e.room -= len(text)
	return text, nil
}

// reportView is one report on the page.
type reportView struct {
	ID, Name, Heading, NavLabel string
	Machine                     string
	Word, Class                 string
	Exit, Judged                int
	Counts                      report.Counts
	Tally                       string
	Reasons                     []string
	Problems                    []named
	Acts                        []string
	Contents                    []link
	Parts                       []template.HTML
	Body                        template.HTML
}

type named struct{ Name, Text string }

// link leads to a block, and says what the block comes to.
type link struct{ ID, Text, Word, Class string }

// draft is a report whose verdict, answers and host have their room, and whose evidence has
// not.
type draft struct {
	view   reportView
	cards  *cards
	groups []drafted
	rest   []template.HTML
}

type drafted struct {
	view *groupView
	of   report.Group
}

// draft takes room for what stands on the page before any evidence on cards.
func (e *encoder) draft(r *report.Named) (*draft, error) {
	e.words.report = r.Report
	d := &draft{view: e.view(r), cards: newCards(e, r)}
	for _, g := range r.Groups() {
		v := d.cards.group(g)
		block, err := e.block("group", v)
		if err != nil {
			return nil, err
		}
		if block != "" {
			d.groups = append(d.groups, drafted{v, g})
			d.view.Contents = append(d.view.Contents, link{ID: v.ID, Text: v.Title + ", " + v.Where, Word: v.Word, Class: v.Class})
		}
	}
	add := func(name, id, title string, data any) error {
		block, err := e.block(name, data)
		if err != nil || block == "" {
			return err
		}
		d.rest = append(d.rest, block)
		d.view.Contents = append(d.view.Contents, link{ID: id, Text: title})
		return nil
	}
	for _, o := range d.cards.others() {
		if err := add("owner", o.ID, o.Title, o); err != nil {
			return nil, err
		}
	}
	if list := d.cards.aside(); len(list) > 0 {
		id := e.id("a")
		if err := add("aside", id, e.words.of("aside"), map[string]any{"ID": id, "List": list}); err != nil {
			return nil, err
		}
	}
	id := e.id("m")
	err := add("made", id, e.words.of("made"), map[string]any{"ID": id, "Rows": made(e.words, r.Report), "Notice": clean(r.Notice)})
	head, failed := e.made("report", &d.view)
	e.room -= len(head)
	return d, errors.Join(err, failed)
}

// report adds the evidence on cards, as far as there is room.
func (e *encoder) report(d *draft) (reportView, error) {
	e.words.report = d.cards.r.Report
	for _, g := range d.groups {
		for _, like := range d.cards.variants(g.of.Devices) {
			if e.full {
				e.left++
				continue
			}
			block, err := e.block("variant", d.cards.variant(like))
			if err != nil {
				return d.view, err
			}
			if e.full = block == ""; !e.full {
				g.view.Variants = append(g.view.Variants, block)
			}
		}
		block, err := e.made("group", g.view)
		if err != nil {
			return d.view, err
		}
		d.view.Parts = append(d.view.Parts, block)
	}
	d.view.Parts = append(d.view.Parts, d.rest...)
	var err error
	d.view.Body, err = e.made("report", &d.view)
	return d.view, err
}

// view is what a report comes to.
func (e *encoder) view(r *report.Named) reportView {
	v := r.Verdict
	view := reportView{ID: e.id("r"), Name: clean(orElse(r.Name, e.words.of("report"))), Exit: v.ExitCode, Judged: r.Judged(), Counts: v.Counts, Acts: r.Acts()}
	view.Word, view.Class = e.words.status(v.Status), classOf(v.Status)
	view.Heading = e.words.of("report.heading", "date", r.Now.UTC().Format(time.DateOnly))
	view.Machine = e.words.of("report.machine", "host", r.HostLine())
	if r.Name != "" {
		view.Heading = view.Name + e.words.of("colon") + view.Heading
	}
	view.NavLabel = e.words.of("contents.of", "name", view.Name)
	c := v.Counts
	view.Tally = e.words.of("tally", "devices", r.Judged(), "failed", c.Fail, "unknown", c.Unknown, "passed", c.Pass, "other", c.NotApplicable, "waived", c.Waived, "disabled", c.Disabled)
	for _, reason := range v.Reasons {
		view.Reasons = append(view.Reasons, clean(reason))
	}
	for _, p := range r.Problems {
		view.Problems = append(view.Problems, named{clean(p.Input), clean(p.Cause)})
	}
	return view
}

// classOf is the colour of a verdict.
func classOf(s report.Status) string {
	switch s {
	case report.Passed:
		return "good"
	case report.Failed:
		return "bad"
	}
	return "open"
}

// answerClass is the colour of an answer.
func answerClass(s report.AnswerState) string {
	switch s {
	case report.AnswerGood:
		return "good"
	case report.AnswerBad:
		return "bad"
	case report.AnswerNotAsked:
		return "asked"
	}
	return "open"
}

// resultClass is the colour of a check.
func resultClass(s finding.Status) string {
	switch s {
	case finding.Fail:
		return "bad"
	case finding.Pass:
		return "good"
	case finding.NotApplicable:
		return "asked"
	}
	return "open"
}

func clean(s string) string { return strings.TrimSpace(report.Clean(s)) }

func orElse(s, other string) string {
	if s == "" {
		return other
	}
	return s
}
