// Package scaffold writes the files that a new rule begins with: a rule that compiles,
// judges and says unknown without its facts, and its tests.
package scaffold

import (
	_ "embed"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"text/template"

	"github.com/gpuaudit/gpuaudit/audit/lazyregexp"
)

//go:embed rule.rego.tmpl
var ruleText string

//go:embed rule_test.rego.tmpl
var testText string

// Rule is what is known of a rule before it is written.
type Rule struct {
	ID, Title, Severity string
	// Category is backdoor, provenance or import_restriction, as packages have it.
	Category string
}

var idForm = lazyregexp.New(`^([A-Z][A-Z0-9]{1,15})-(BD|PR|IR)-[0-9]{3,}$`)

var categories = map[string]string{"BD": "backdoor", "PR": "provenance", "IR": "import_restriction"}

// New checks what somebody asks for.
func New(id, title, severity string) (*Rule, error) {
	m := idForm.FindStringSubmatch(id)
	switch {
	case m == nil:
		return nil, fmt.Errorf("%.40q is no id of a rule: a prefix of yours, BD, PR or IR, and a number, such as ACME-PR-001", id)
	case m[1] == "GA":
		return nil, errors.New("ids that begin with GA- are the program's own: choose a prefix of yours, such as ACME-PR-001")
	case strings.TrimSpace(title) == "" || strings.ContainsFunc(title, func(r rune) bool { return r < ' ' }):
		return nil, errors.New("the title is one line that says what is wrong when the rule fails")
	}
	return &Rule{ID: id, Title: title, Severity: severity, Category: categories[m[2]]}, nil
}

// Folder is the name of the rule's folder and the end of its package.
func (r *Rule) Folder() string { return strings.ToLower(strings.ReplaceAll(r.ID, "-", "_")) }

// Files are the texts of the rule and its tests, by name.
func (r *Rule) Files() (map[string][]byte, error) {
	files := map[string][]byte{}
	for name, text := range map[string]string{"rule.rego": ruleText, "rule_test.rego": testText} {
		t, err := template.New(name).Funcs(template.FuncMap{"quoted": strconv.Quote}).Parse(text)
		if err != nil {
			return nil, err
		}
		var b strings.Builder
		if err := t.Execute(&b, r); err != nil {
			return nil, err
		}
		files[name] = []byte(b.String())
	}
	return files, nil
}
