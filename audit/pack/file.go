// Package pack lets an organisation say how the rules count for it: with which
// severity, which of them have to be answered, which do not apply and why, how
// fresh data must be and who must vouch. A pack holds no rules. Whatever it
// changes stands in each finding, and what a rule that it disables said stays in
// the report.
package pack

import (
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/gpuaudit/gpuaudit/attest/strictyaml"
	"github.com/gpuaudit/gpuaudit/audit/country"
	"github.com/gpuaudit/gpuaudit/audit/facts"
	"github.com/gpuaudit/gpuaudit/audit/finding"
	"github.com/gpuaudit/gpuaudit/audit/lazyregexp"
	"github.com/gpuaudit/gpuaudit/audit/suggest"
)

// ErrPack says that a pack cannot be used; the text says where it is wrong.
var ErrPack = errors.New("invalid pack")

// fileLimit caps a pack.
const fileLimit = 1 << 20

// File is the form of a pack.
type File struct {
	Version     int    `yaml:"version" json:"version" jsonschema:"enum=1"`
	Name        string `yaml:"name" json:"name" jsonschema:"pattern=^[a-z][a-z0-9-]{0\\,39}$"`
	Description string `yaml:"description" json:"description" jsonschema:"minLength=1"`
	// Date is the day on which somebody last looked the pack over, YYYY-MM-DD.
	Date string `yaml:"date" json:"date" jsonschema:"format=date"`
	// Answers are the questions that have to be answered, each with the evidence that the
	// answer rests on, in words.
	Answers Answers `yaml:"answers" json:"answers,omitempty"`
	// FailOn is the severity from which on a failure decides the verdict; high
	// where it is not given. A command line may ask for more, never for less.
	FailOn finding.Severity `yaml:"fail_on" json:"fail_on,omitempty" jsonschema:"enum=critical,enum=high,enum=medium,enum=low,enum=info"`
	// UnknownFrom is the severity from which on a missing answer decides; where it
	// is not given, the one from which on a failure does.
	UnknownFrom finding.Severity `yaml:"unknown_from" json:"unknown_from,omitempty" jsonschema:"enum=critical,enum=high,enum=medium,enum=low,enum=info"`
	// Question is what is asked where the command line does not say.
	Question Question `yaml:"question" json:"question,omitzero"`
	Require  Require  `yaml:"require" json:"require,omitzero"`
	// Rules are changes to rules, by id.
	Rules map[string]Rule `yaml:"rules" json:"rules,omitempty"`
	// Data are demands on data sets, by name (gpuaudit channel status).
	Data    map[string]Data `yaml:"data" json:"data,omitempty"`
	Waivers Waivers         `yaml:"waivers" json:"waivers,omitzero"`
	// Managed are settings that nobody may weaken.
	Managed Managed `yaml:"managed" json:"managed,omitzero"`
}

// Question is asked where the command line does not say.
type Question struct {
	Jurisdiction string `yaml:"jurisdiction" json:"jurisdiction,omitempty" jsonschema:"pattern=^[A-Z]{2}$"`
	Profile      string `yaml:"profile" json:"profile,omitempty"`
}

// Answers are questions, and what their answers rest on.
type Answers map[finding.Question]string

// List gives the questions in the order in which a report answers them.
func (a Answers) List() []finding.Question {
	return slices.DeleteFunc(finding.Questions(), func(q finding.Question) bool { return a[q] == "" })
}

func (a Answers) check() error {
	for _, q := range slices.Sorted(maps.Keys(a)) {
		if !q.Known() {
			return fmt.Errorf("answers: unknown question %.40q: use identity, code, harm, law or work", q)
		}
		if a[q] == "" {
			return fmt.Errorf("answers: %s: say what the answer rests on", q)
		}
	}
	return nil
}

// Require says what evidence there must be.
type Require struct {
	// Manifest is whose signed manifest must match the firmware: that of the
	// vendor, or anybody's that is trusted.
	Manifest string `yaml:"manifest" json:"manifest,omitempty" jsonschema:"enum=vendor,enum=any"`
	// Attestation is what must have proven itself: the machine's boot by its TPM, its GPUs,
	// or both.
	Attestation string `yaml:"attestation" json:"attestation,omitempty" jsonschema:"enum=tpm,enum=gpu,enum=tpm\\,gpu"`
}

// proofs are what may have to be proven, "" for nothing.
var proofs = []string{"", "tpm", "gpu", "tpm,gpu"}

// Rule is a change to one rule.
type Rule struct {
	Severity finding.Severity `yaml:"severity" json:"severity,omitempty" jsonschema:"enum=critical,enum=high,enum=medium,enum=low,enum=info"`
	// Required makes the rule decide whatever its severity: it must have its facts
	// and be content.
	Required bool `yaml:"required" json:"required,omitempty"`
	// Disabled keeps the rule from deciding. What it says stays in the report.
	Disabled bool   `yaml:"disabled" json:"disabled,omitempty"`
	Reason   string `yaml:"reason" json:"reason" jsonschema:"minLength=1"`
}

// Data is a demand on a data set.
type Data struct {
	MaxAgeDays int `yaml:"max_age_days" json:"max_age_days" jsonschema:"minimum=1"`
}

// Waivers are demands on the waiver file.
type Waivers struct {
	MaxDays   int  `yaml:"max_days" json:"max_days,omitempty" jsonschema:"minimum=1,maximum=365"`
	TwoPerson bool `yaml:"two_person" json:"two_person,omitempty"`
	Signed    bool `yaml:"signed" json:"signed,omitempty"`
}

// Pack is a pack that was read and is complete.
type Pack struct {
	File
	sha256 string
}

// SHA256 is the digest of the file.
func (p *Pack) SHA256() string { return p.sha256 }

var (
	nameForm = lazyregexp.New(`^[a-z][a-z0-9-]{0,39}$`)
)

// Parse reads a pack. Nothing in it is skipped: what is not known is refused.
func Parse(text []byte) (*Pack, error) {
	p := &Pack{}
	if err := strictyaml.Unmarshal(text, fileLimit, &p.File); err != nil {
		return nil, fmt.Errorf("%w: %w", ErrPack, err)
	}
	if err := p.check(); err != nil {
		return nil, fmt.Errorf("%w: %w", ErrPack, err)
	}
	p.FailOn = cmp.Or(p.FailOn, finding.High)
	sum := sha256.Sum256(text)
	p.sha256 = hex.EncodeToString(sum[:])
	return p, nil
}

func (p *Pack) check() error {
	_, dateErr := time.Parse(time.DateOnly, p.Date)
	switch {
	case p.Version != 1:
		return fmt.Errorf("version is %d, not 1", p.Version)
	case !nameForm.MatchString(p.Name):
		return fmt.Errorf("name %.60q: use lower-case letters, digits and -", p.Name)
	case p.Description == "":
		return errors.New("description is missing: say for whom the pack is")
	case dateErr != nil:
		return fmt.Errorf("date %.40q is no day (2026-11-26)", p.Date)
	case p.FailOn != "" && p.FailOn.Rank() == 0:
		return fmt.Errorf("fail_on: %w", noSeverity(p.FailOn))
	case p.UnknownFrom != "" && p.UnknownFrom.Rank() == 0:
		return fmt.Errorf("unknown_from: %w", noSeverity(p.UnknownFrom))
	case p.Question.Jurisdiction != "" && country.Check(p.Question.Jurisdiction) != nil:
		return fmt.Errorf("question: jurisdiction: %w", country.Check(p.Question.Jurisdiction))
	case !slices.Contains([]string{"", "vendor", "any"}, p.Require.Manifest):
		return fmt.Errorf("require: manifest %.40q: use vendor or any", p.Require.Manifest)
	case !slices.Contains(proofs, p.Require.Attestation):
		return fmt.Errorf("require: attestation %.40q: use tpm, gpu or tpm,gpu", p.Require.Attestation)
	case p.Waivers.MaxDays < 0 || p.Waivers.MaxDays > 365:
		return fmt.Errorf("waivers: max_days is %d, use 1 to 365", p.Waivers.MaxDays)
	}
	if err := p.Answers.check(); err != nil {
		return err
	}
	if err := p.Managed.check(); err != nil {
		return fmt.Errorf("managed: %w", err)
	}
	for _, id := range slices.Sorted(maps.Keys(p.Rules)) {
		if err := p.Rules[id].check(); err != nil {
			return fmt.Errorf("rule %.40s: %w", id, err)
		}
	}
	for _, name := range slices.Sorted(maps.Keys(p.Data)) {
		if p.Data[name].MaxAgeDays < 1 {
			return fmt.Errorf("data %.40s: max_age_days is %d, use 1 or more", name, p.Data[name].MaxAgeDays)
		}
	}
	return nil
}

func (r Rule) check() error {
	switch {
	case r.Reason == "":
		return errors.New("reason is missing: say why the rule counts otherwise here")
	case r.Severity != "" && r.Severity.Rank() == 0:
		return noSeverity(r.Severity)
	case r.Disabled && (r.Required || r.Severity != ""):
		return errors.New("it is disabled and has a severity or is required: one of them")
	case !r.Disabled && !r.Required && r.Severity == "":
		return errors.New("it changes nothing: give severity, required or disabled")
	}
	return nil
}

func noSeverity(s finding.Severity) error {
	return fmt.Errorf("unknown severity %.40q: use critical, high, medium, low or info", s)
}

// Known compares the names in the pack with the rules and the data sets that
// there are. A rule or a set that does not exist is more likely misspelt than
// meant, and the demand on it would be met by nothing.
func (p *Pack) Known(rules, sets []string) error {
	for _, id := range slices.Sorted(maps.Keys(p.Rules)) {
		if !slices.Contains(rules, id) {
			return fmt.Errorf("%w: %s names the rule %.40s, which does not exist%s: gpuaudit policy list names all", ErrPack, p.Name, id, suggest.Meant(id, rules))
		}
	}
	for _, name := range slices.Sorted(maps.Keys(p.Data)) {
		// Which channels there are is a matter of the machine, and a packed reference of GPUs
		// has to be given; one that did not take part in an audit leaves the demand on it open.
		if !slices.Contains(sets, name) && !strings.HasPrefix(name, "channel:") && name != facts.CollateralSet {
			return fmt.Errorf("%w: %s names the data set %.40s, which does not exist%s: gpuaudit channel status names all", ErrPack, p.Name, name, suggest.Meant(name, sets))
		}
	}
	return nil
}
