package policy

import (
	"github.com/open-policy-agent/opa/v1/ast"
)

// The index is a module that the engine writes itself: an object of all
// decisions of one scope, by rule id. One query then answers for all rules, and
// a rule without a decision is a key that is not there.
const indexFile = "gpuaudit-index"

var indexPackage = ast.MustParseRef("data.gpuaudit.index")

func indexRef(scope Scope) ast.Ref { return indexPackage.Append(ast.StringTerm(string(scope))) }

// indexModule is, for each rule: <scope>["GA-BD-001"] := <package>.decision
func indexModule(rules []Rule) *ast.Module {
	m := &ast.Module{Package: &ast.Package{Path: indexPackage, Location: indexLocation()}}
	m.SetRegoVersionSpan(ast.RegoVersionSpanOf(ast.RegoV1))
	for _, r := range rules {
		head := &ast.Head{
			Name:      ast.Var(r.Scope),
			Reference: ast.Ref{ast.VarTerm(string(r.Scope)), ast.StringTerm(r.ID)},
			Value:     ast.NewTerm(r.decision.Copy()),
			Assign:    true, Location: indexLocation(),
		}
		body := ast.NewBody(ast.NewExpr(ast.BooleanTerm(true)))
		m.Rules = append(m.Rules, &ast.Rule{Head: head, Body: body, Module: m, Location: indexLocation()})
	}
	return m
}

func indexLocation() *ast.Location { return ast.NewLocation(nil, indexFile, 1, 1) }
