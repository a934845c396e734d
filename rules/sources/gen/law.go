package main

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"time"

	"go.yaml.in/yaml/v3"
)

// entry is a law, a list or a note in the sources.
type entry struct {
	ID           string `yaml:"id" json:"id"`
	Jurisdiction string `yaml:"jurisdiction" json:"jurisdiction"`
	Kind         string `yaml:"kind" json:"kind"`
	Authority    string `yaml:"authority" json:"authority"`
	Citation     string `yaml:"citation" json:"citation"`
	Effect       string `yaml:"effect" json:"effect"`
	// From and To are the first day on which it counts and the first on which it does
	// not any more.
	From           string `yaml:"effective_from" json:"effective_from,omitempty"`
	FromConfidence string `yaml:"effective_from_confidence" json:"effective_from_confidence,omitempty"`
	To             string `yaml:"effective_to" json:"effective_to,omitempty"`
	ToConfidence   string `yaml:"effective_to_confidence" json:"effective_to_confidence,omitempty"`
	// Suspended is from the beginning of one day to the end of another. What became of
	// the entry after it is known where as_of is later.
	Suspended *struct {
		From string `yaml:"from" json:"from"`
		To   string `yaml:"to" json:"to"`
	} `yaml:"suspended" json:"suspended,omitempty"`
	Status string `yaml:"status" json:"status,omitempty"`
	// Off keeps an entry from giving findings: a note.
	Off *bool `yaml:"enabled" json:"-"`
	// JudgedBy, Raises and Silent say what becomes of it: a rule of its own, a question
	// or a context by profile, or nothing and why.
	JudgedBy []string          `yaml:"judged_by" json:"judged_by,omitempty"`
	Raises   map[string]string `yaml:"raises" json:"raises,omitempty"`
	Silent   string            `yaml:"silent" json:"silent,omitempty"`
	// Places are those of use that it asks about beside its jurisdiction's own; groups
	// are country groups of US law.
	Places    []string       `yaml:"places" json:"places,omitempty"`
	Groups    []string       `yaml:"place_groups" json:"-"`
	Parts     []string       `yaml:"parts" json:"parts,omitempty"`
	When      *when          `yaml:"when" json:"when,omitempty"`
	Limits    map[string]int `yaml:"limits" json:"limits,omitempty"`
	Matches   map[string]any `yaml:"matches" json:"matches"`
	Exclusion map[string]any `yaml:"exclusion" json:"exclusion,omitempty"`
	Relief    *relief        `yaml:"relief" json:"relief,omitempty"`
	Stages    []stage        `yaml:"milestones" json:"milestones,omitempty"`
	// Who is a sentence for each profile. One that begins with "Same" begins as that of
	// the profile before it (see profiles), "As private" and "As company" as theirs.
	Who        map[string]string `yaml:"who" json:"who"`
	Source     string            `yaml:"source" json:"source,omitempty"`
	AsOf       string            `yaml:"as_of" json:"as_of,omitempty"`
	Searched   string            `yaml:"searched_until" json:"searched_until,omitempty"`
	Confidence string            `yaml:"confidence" json:"confidence"`
	// Enabled is worked out: findings may rest on it.
	Enabled bool `yaml:"-" json:"enabled"`
	// More are fields that tell a reader of the source where else it was read, and that
	// no program needs.
	More map[string]any `yaml:",inline" json:"-"`
}

// when narrows down whom an entry concerns: everything that is stated has to hold.
type when struct {
	Parts      []string `yaml:"parts" json:"parts,omitempty"`
	VendorIDs  []string `yaml:"vendor_ids" json:"vendor_ids,omitempty"`
	Threshold  string   `yaml:"threshold" json:"threshold,omitempty"`
	HTS        []string `yaml:"hts" json:"hts,omitempty"`
	MakerHQNot string   `yaml:"maker_hq_not" json:"maker_hq_not,omitempty"`
}

// relief is what small parcels from abroad are spared, up to a value.
type relief struct {
	// Kind is free: no duty up to the value; flat: a flat duty up to it; ended: there was a
	// relief up to it before the entry's first day.
	Kind     string `yaml:"kind" json:"kind"`
	Value    int    `yaml:"value" json:"value"`
	Currency string `yaml:"currency" json:"currency"`
	// Earlier are the first days of an end for goods of some countries.
	Earlier map[string]string `yaml:"earlier" json:"earlier,omitempty"`
}

type stage struct {
	Date string `yaml:"date" json:"date"`
	What string `yaml:"what" json:"what"`
}

type list struct {
	ID       string   `yaml:"id" json:"id"`
	Date     string   `yaml:"date" json:"date"`
	Columns  []string `yaml:"column" json:"-"`
	What     string   `yaml:"what" json:"what"`
	ReadFrom string   `yaml:"read_from" json:"read_from"`
}

type countryGroups struct {
	Source   string              `yaml:"source"`
	ReadFrom string              `yaml:"read_from"`
	AsOf     string              `yaml:"as_of"`
	Groups   map[string][]string `yaml:"groups"`
}

var (
	profiles    = []string{"private", "company", "federal-contractor", "critical-infrastructure", "exporter"}
	kinds       = []string{"export-control", "entity-list", "procurement-ban", "market-access", "tariff", "import-ban"}
	confidences = []string{"verified-in-source", "official-summary", "secondary", "from-memory"}
	// alsoRead are the fields of More: other places where an entry was read.
	alsoRead = regexp.MustCompile(`^(source_[a-z0-9]+|read_from|verified_text_says|parts_note|other_entries|exemptions|rate_pct|rate_schedule|exempt_hts|not_found|[a-z0-9_]+_confidence)$`)
	entryID  = regexp.MustCompile(`^[a-z0-9-]+$`)
	ruleID   = regexp.MustCompile(`^GA-IR-[0-9]{3}$`)
	place    = regexp.MustCompile(`^([A-Z]{2}|\*)$`)
	part     = regexp.MustCompile(`^[0-9a-f]{4}:[0-9a-f]{4}$`)
	currency = regexp.MustCompile(`^[A-Z]{3}$`)
)

// restrictions makes restrictions.json.
func restrictions(from string) (any, error) {
	files, err := filepath.Glob(filepath.Join(from, "law", "*.yaml"))
	if err != nil || len(files) == 0 {
		return nil, fmt.Errorf("no law in %s: %w", from, errors.Join(err, os.ErrNotExist))
	}
	var groups countryGroups
	if err := read(filepath.Join(from, "groups.yaml"), &groups); err != nil {
		return nil, err
	}
	rules, newest := map[string]*entry{}, ""
	for _, file := range files {
		var entries []*entry
		if err := read(file, &entries); err != nil {
			return nil, err
		}
		for _, e := range entries {
			if rules[e.ID] != nil {
				return nil, fmt.Errorf("%s: %s stands twice", file, e.ID)
			}
			if err := e.finish(groups.Groups); err != nil {
				return nil, fmt.Errorf("%s: %s: %w", file, e.ID, err)
			}
			rules[e.ID], newest = e, max(newest, e.AsOf)
		}
	}
	var lists []*list
	if err := read(filepath.Join(from, "lists.yaml"), &lists); err != nil {
		return nil, err
	}
	byID := map[string]*list{}
	for _, l := range lists {
		if !day(l.Date) || l.What == "" || l.ReadFrom == "" {
			return nil, fmt.Errorf("lists.yaml: %s is not complete", l.ID)
		}
		byID[l.ID] = l
	}
	made, err := makers(filepath.Join(from, "makers.csv"), rules, lists)
	if err != nil {
		return nil, err
	}
	var metrics map[string]string
	if err := read(filepath.Join(from, "metrics.yaml"), &metrics); err != nil {
		return nil, err
	}
	return map[string]any{"schema": "gpuaudit.restrictions/v1", "date": newest, "metrics": metrics, "lists": byID,
		"groups": groups.Groups, "makers": made, "rules": rules}, nil
}

// read reads a source strictly: what the program does not know is a mistake.
func read(name string, v any) error {
	text, err := os.ReadFile(name)
	if err != nil {
		return err
	}
	d := yaml.NewDecoder(bytes.NewReader(text))
	d.KnownFields(true)
	if err := d.Decode(v); err != nil {
		return fmt.Errorf("read %s: %w", name, err)
	}
	return nil
}

func day(s string) bool {
	_, err := time.Parse(time.DateOnly, s)
	return err == nil
}

// finish checks an entry and works out what follows from it.
func (e *entry) finish(groups map[string][]string) error {
	for _, g := range e.Groups {
		if groups[g] == nil {
			return fmt.Errorf("no country group %q", g)
		}
		e.Places = append(e.Places, groups[g]...)
	}
	slices.Sort(e.Places)
	e.Places = slices.Compact(e.Places)
	none, _ := e.Matches["none"].(bool)
	e.writeOut()
	e.Enabled = e.Confidence != "from-memory" && e.Status == "" && !none && (e.Off == nil || *e.Off)
	return errors.Join(e.form(), e.fate(), e.cited())
}

// writeOut puts the whole sentence where the source refers to another profile's: who reads
// a finding sees one of them.
func (e *entry) writeOut() {
	before := ""
	for _, p := range profiles {
		for words, sentence := range map[string]string{"Same": before, "As private": e.Who["private"], "As company": e.Who["company"]} {
			if rest, refers := strings.CutPrefix(e.Who[p], words); refers && strings.IndexAny(rest, ".;,") == 0 {
				e.Who[p] = strings.TrimSuffix(sentence, ".") + rest
				break
			}
		}
		before = e.Who[p]
	}
}

// form: each field has the form that the rules expect of it.
func (e *entry) form() error {
	var problems []error
	bad := func(ok bool, what string) {
		if !ok {
			problems = append(problems, errors.New(what))
		}
	}
	bad(entryID.MatchString(e.ID), "its id is no id")
	bad(slices.Contains(kinds, e.Kind), "kind "+e.Kind)
	bad(slices.Contains(confidences, e.Confidence), "confidence "+e.Confidence)
	bad(e.Status == "" || e.Status == "proposed" || e.Status == "withdrawn", "status "+e.Status)
	bad(e.Authority != "" && e.Citation != "" && e.Effect != "" && e.Matches != nil, "authority, citation, effect and matches are needed")
	for _, d := range []string{e.From, e.To, e.AsOf, e.Searched} {
		bad(d == "" || day(d), "day "+d)
	}
	if e.Suspended != nil {
		bad(day(e.Suspended.From) && day(e.Suspended.To) && e.Suspended.From <= e.Suspended.To, "the suspension has no two days")
	}
	for _, p := range e.Places {
		bad(place.MatchString(p), "place "+p)
	}
	bad(place.MatchString(e.Jurisdiction) && e.Jurisdiction != "*", "jurisdiction "+e.Jurisdiction)
	parts := e.Parts
	if e.When != nil {
		parts = append(slices.Clone(parts), e.When.Parts...)
		bad(e.When.Threshold == "" || e.When.Threshold == "3A090", "threshold "+e.When.Threshold)
	}
	for _, p := range parts {
		bad(part.MatchString(p), "part "+p)
	}
	for _, field := range []string{"vendor_ids", "device_ids"} { // YAML reads 1e30 as a number
		list, _ := e.Matches[field].([]any)
		for _, id := range list {
			text, isText := id.(string)
			bad(isText && (vendorID.MatchString(text) || part.MatchString(text)), fmt.Sprintf("%s %v is no id", field, id))
		}
	}
	bad(e.Relief == nil || e.Relief.wellFormed(), "relief")
	for field := range e.More {
		bad(alsoRead.MatchString(field), "field "+field)
	}
	for _, p := range profiles {
		bad(e.Who[p] != "", "no sentence for the profile "+p)
	}
	bad(len(e.Who) == len(profiles), "sentences for profiles that are none")
	return errors.Join(problems...)
}

func (r *relief) wellFormed() bool {
	for country, d := range r.Earlier {
		if !place.MatchString(country) || !day(d) || r.Kind != "ended" {
			return false
		}
	}
	return slices.Contains([]string{"free", "flat", "ended"}, r.Kind) && r.Value > 0 && currency.MatchString(r.Currency)
}

// fate: what may give findings is judged by a rule, raised by profile, or silent for a
// reason; what may not is none of these.
func (e *entry) fate() error {
	ways := 0
	for _, has := range []bool{len(e.JudgedBy) > 0, len(e.Raises) > 0, e.Silent != ""} {
		if has {
			ways++
		}
	}
	switch {
	case e.Enabled && ways != 1:
		return errors.New("one of judged_by, raises and silent is needed")
	case !e.Enabled && ways != 0:
		return errors.New("it gives no findings, and judged_by, raises or silent says otherwise")
	}
	for _, id := range e.JudgedBy {
		if !ruleID.MatchString(id) {
			return fmt.Errorf("judged_by %s", id)
		}
	}
	for profile, how := range e.Raises {
		if !slices.Contains(profiles, profile) || how != "question" && how != "context" {
			return fmt.Errorf("raises %s: %s", profile, how)
		}
	}
	return nil
}

// cited: what may give findings can be looked up by whoever reads them.
func (e *entry) cited() error {
	switch {
	case !e.Enabled:
		return nil
	case !strings.HasPrefix(e.Source, "https://"):
		return errors.New("no source that a reader can open")
	case e.AsOf == "" || e.From == "":
		return errors.New("as_of and effective_from are needed")
	}
	return nil
}
