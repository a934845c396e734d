package policy

import (
	"github.com/open-policy-agent/opa/v1/ast"
)

// The index is a module that the engine writes itself: an object of all
// decisions of one set of rules, by rule id. One query then answers for all
// rules of the set, and a rule without a decision is a key that is not there.
const indexFile = "gpuaudit-index"

var indexPackage = ast.MustParseRef("data.gpuaudit.index")

// ruleSet is rules that are asked together: of one scope, and either built in or
// the user's own.
type ruleSet struct {
	scope Scope
	own   bool
}

func (r *Rule) set() ruleSet { return ruleSet{r.Scope, Users(r.File)} }

func (s ruleSet) name() string {
	if s.own {
		return "own_" + string(s.scope)
	}
	return string(s.scope)
}

func (s ruleSet) ref() ast.Ref { return indexPackage.Append(ast.StringTerm(s.name())) }

// indexModule is, for each rule: <set>["GA-BD-001"] := <package>.decision
func indexModule(rules []Rule) *ast.Module {
	m := &ast.Module{Package: &ast.Package{Path: indexPackage, Location: indexLocation()}}
	m.SetRegoVersionSpan(ast.RegoVersionSpanOf(ast.RegoV1))
	for _, r := range rules {
		name := r.set().name()
		head := &ast.Head{
			Name:      ast.Var(name),
			Reference: ast.Ref{ast.VarTerm(name), ast.StringTerm(r.ID)},
			Value:     ast.NewTerm(r.decision.Copy()),
			Assign:    true, Location: indexLocation(),
		}
		body := ast.NewBody(ast.NewExpr(ast.BooleanTerm(true)))
		m.Rules = append(m.Rules, &ast.Rule{Head: head, Body: body, Module: m, Location: indexLocation()})
	}
	return m
}

func indexLocation() *ast.Location { return ast.NewLocation(nil, indexFile, 1, 1) }
