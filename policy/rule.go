package policy

import (
	"cmp"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/open-policy-agent/opa/v1/ast"

	"github.com/gpuaudit/gpuaudit/audit/finding"
	"github.com/gpuaudit/gpuaudit/audit/lazyregexp"
)

// Scope says what a rule judges.
type Scope string

const (
	ScopeDevice Scope = "device" // once for each device
	ScopeHost   Scope = "host"   // once for the machine
)

// Proof is what kind of ground a failed rule is for a word on what a card is.
type Proof string

const (
	// ProvesReference: a signed statement says otherwise, or the maker's own signature
	// covers something else.
	ProvesReference Proof = "reference"
	// ProvesSignature: a signature or a checksum in the firmware does not hold.
	ProvesSignature Proof = "signature"
	// ProvesContradiction: two facts of the card exclude each other, or one excludes
	// what the maker ever made.
	ProvesContradiction Proof = "contradiction"
	// ProvesPublished: it is a modification that was published and shown.
	ProvesPublished Proof = "published"
	// ProvesSign: it has honest causes, too, and is a sign among others.
	ProvesSign Proof = "sign"
	// ProvesNothing: nothing is known to hold the card against.
	ProvesNothing Proof = "nothing"
)

// Known says that p is one of these.
func (p Proof) Known() bool {
	switch p {
	case ProvesReference, ProvesSignature, ProvesContradiction, ProvesPublished, ProvesSign, ProvesNothing:
		return true
	}
	return false
}

// Rule is what a rule says of itself in its metadata.
type Rule struct {
	ID string `json:"id"`
	// Name is what the texts of the rule are called in the catalogue of messages:
	// NAME.title, NAME.seen, NAME.means, NAME.need_not and NAME.do. It is "" for a rule
	// that has its texts in its metadata.
	Name        string           `json:"name,omitempty"`
	Category    finding.Category `json:"category"`
	Severity    finding.Severity `json:"severity"`
	Scope       Scope            `json:"scope"`
	Title       string           `json:"title"`
	Remediation string           `json:"remediation"`
	Texts
	References []string `json:"references"`
	// Effective is when the rule begins to count: before it a failure has the
	// severity info. Nil means always.
	Effective *time.Time `json:"effective,omitempty"`
	// Identity says what a failure means for the question what the card is; ""
	// where it means nothing for it.
	Identity finding.Identity `json:"identity,omitempty"`
	// Proves says what kind of ground a failure is for that; "" where the rule does not
	// say.
	Proves Proof `json:"proves,omitempty"`
	// Question, Means and Lead say which question of a report the rule speaks to, and
	// how; see [finding.Finding].
	Question finding.Question `json:"question,omitempty"`
	Means    finding.Meaning  `json:"means,omitempty"`
	Lead     bool             `json:"lead,omitempty"`
	// Facts are JSON pointers to the parts of the input that the rule looks at.
	Facts []string `json:"facts"`
	// Package is the Rego package, File where it was read from; the file of a
	// user's rule begins with "user:".
	Package string `json:"package"`
	File    string `json:"file"`

	decision ast.Ref
}

// rulesPackage is the root of all rules: gpuaudit.rules.<category>.<rule>.
var rulesPackage = ast.MustParseRef("data.gpuaudit.rules")

// categories maps the package's third element to a category.
var categories = map[string]finding.Category{
	"backdoor":           finding.Backdoor,
	"provenance":         finding.Provenance,
	"import_restriction": finding.ImportRestriction,
}

var ruleID = lazyregexp.New(`^[A-Z]{2,8}-[A-Z]{2,4}-[0-9]{3,5}$`)

// rules finds the rules among the modules and checks the shape of each.
func (s *sourceSet) rules(user bool) ([]Rule, error) {
	if _, err := s.messageUses(); err != nil {
		return nil, err
	}
	var rules []Rule
	own := 0
	packages := map[string]string{}
	for _, file := range slices.Sorted(maps.Keys(s.modules)) {
		m := s.modules[file]
		if isTest(file) {
			continue
		}
		if !m.Package.Path.HasPrefix(rulesPackage) {
			if Users(file) && meantAsRule(m) {
				return nil, compileError(m.Package.Location.String(), "package %s is none of a rule, and its decision would never be asked for: a rule's package is gpuaudit.rules.<category>.<rule>", packageName(m))
			}
			continue
		}
		r, err := s.newRule(file, m)
		if err != nil {
			return nil, err
		}
		if Users(file) {
			own++
			if strings.HasPrefix(r.ID, builtInPrefix) {
				return nil, compileError(m.Package.Location.String(), "id %s: ids that begin with %s are the program's own: choose a prefix of yours, such as ACME-BD-001", r.ID, builtInPrefix)
			}
		}
		if other, taken := packages[r.Package]; taken {
			return nil, compileError(m.Package.Location.String(), "package %s is also in %s: one rule is one file", r.Package, other)
		}
		packages[r.Package] = file
		rules = append(rules, *r)
	}
	slices.SortFunc(rules, func(a, b Rule) int { return cmp.Or(cmp.Compare(a.ID, b.ID), cmp.Compare(a.File, b.File)) })
	for i := 1; i < len(rules); i++ {
		if rules[i].ID == rules[i-1].ID {
			return nil, compileError(rules[i].File, "id %s belongs to %s: ids are never used twice", rules[i].ID, rules[i-1].File)
		}
	}
	if len(rules) == 0 {
		return nil, compileError("rules", "there is no rule")
	}
	if user && own == 0 {
		return nil, compileError("further rules", "no file is a rule: a rule's package is gpuaudit.rules.<category>.<rule>, and it has a decision")
	}
	return rules, nil
}

// builtInPrefix begins the ids of the built-in rules, now and later.
const builtInPrefix = "GA-"

// meantAsRule says that a module looks like a rule, whatever its package: it has a
// decision, or metadata with an id. A library has neither.
func meantAsRule(m *ast.Module) bool {
	if a := packageAnnotation(m); a != nil && a.Custom["id"] != nil {
		return true
	}
	return slices.ContainsFunc(m.Rules, func(r *ast.Rule) bool {
		return len(r.Head.Reference) > 0 && r.Head.Reference[0].Value.Compare(ast.Var(decisionRule)) == 0
	})
}

// OwnRules counts the user's rules.
func (e *Engine) OwnRules() int {
	n := 0
	for i := range e.rules {
		if Users(e.rules[i].File) {
			n++
		}
	}
	return n
}

func (s *sourceSet) newRule(file string, m *ast.Module) (*Rule, error) {
	at := m.Package.Location.String()
	if len(m.Package.Path) != len(rulesPackage)+2 {
		return nil, compileError(at, "package %s: a rule's package is gpuaudit.rules.<category>.<rule>", packageName(m))
	}
	category, _ := m.Package.Path[len(rulesPackage)].Value.(ast.String)
	r := &Rule{Category: categories[string(category)], Package: packageName(m), File: file}
	if r.Category == "" {
		return nil, compileError(at, "package %s: %q is no category: use backdoor, provenance or import_restriction", r.Package, string(category))
	}
	if err := checkDecision(m); err != nil {
		return nil, err
	}
	r.decision = m.Package.Path.Append(ast.StringTerm(decisionRule))
	return r, r.annotate(m, s.messages)
}
