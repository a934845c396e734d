package policy

import (
	"cmp"
	"maps"
	"regexp"
	"slices"
	"time"

	"github.com/open-policy-agent/opa/v1/ast"

	"github.com/gpuaudit/gpuaudit/audit/finding"
)

// Scope says what a rule judges.
type Scope string

const (
	ScopeDevice Scope = "device" // once for each device
	ScopeHost   Scope = "host"   // once for the machine
)

// Rule is what a rule says of itself in its metadata.
type Rule struct {
	ID          string           `json:"id"`
	Category    finding.Category `json:"category"`
	Severity    finding.Severity `json:"severity"`
	Scope       Scope            `json:"scope"`
	Title       string           `json:"title"`
	Description string           `json:"description"`
	Remediation string           `json:"remediation"`
	References  []string         `json:"references"`
	// Effective is when the rule begins to count: before it a failure has the
	// severity info. Nil means always.
	Effective *time.Time `json:"effective,omitempty"`
	// Identity says what a failure means for the question what the card is; ""
	// where it means nothing for it.
	Identity finding.Identity `json:"identity,omitempty"`
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

var ruleID = regexp.MustCompile(`^[A-Z]{2,8}-[A-Z]{2,4}-[0-9]{3,5}$`)

// rules finds the rules among the modules and checks the shape of each.
func (s *sourceSet) rules() ([]Rule, error) {
	var rules []Rule
	packages := map[string]string{}
	for _, file := range slices.Sorted(maps.Keys(s.modules)) {
		m := s.modules[file]
		if !m.Package.Path.HasPrefix(rulesPackage) || isTest(file) {
			continue
		}
		r, err := newRule(file, m)
		if err != nil {
			return nil, err
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
	return rules, nil
}

func newRule(file string, m *ast.Module) (*Rule, error) {
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
	return r, r.annotate(m)
}
