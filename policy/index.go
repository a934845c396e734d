package policy

import (
	"github.com/open-policy-agent/opa/v1/ast"
)

// The index is a module that the engine writes itself: an object of all
// decisions of one set of rules, by rule id. One query then answers for all
// rules of the set, and a rule without a decision is an empty list.
const indexFile = "gpuaudit-index"

var indexPackage = ast.MustParseRef("data.gpuaudit.index")

// ruleSet is rules that are asked together: of one scope, and either built in or
// the user's own.
type ruleSet struct {
	scope Scope
	own   bool
}

// ruleSets are all there are; never written to.
var ruleSets = [...]ruleSet{{ScopeDevice, false}, {ScopeHost, false}, {ScopeDevice, true}, {ScopeHost, true}}

func (r *Rule) set() ruleSet { return ruleSet{r.Scope, Users(r.File)} }

func (s ruleSet) name() string {
	if s.own {
		return "own_" + string(s.scope)
	}
	return string(s.scope)
}

func (s ruleSet) ref() ast.Ref { return indexPackage.Append(ast.StringTerm(s.name())) }

// indexModule is, for each set:
//
//	<set> := {"GA-BD-001": [d | d := <package>.decision], ...}
//
// A partial rule for each key (<set>["GA-BD-001"] := ...) would say the same, and
// OPA would merge the whole object anew for each of them.
func indexModule(rules []Rule) *ast.Module {
	m := &ast.Module{Package: &ast.Package{Path: indexPackage, Location: indexLocation()}}
	m.SetRegoVersionSpan(ast.RegoVersionSpanOf(ast.RegoV1))
	sets := decisions(rules)
	for _, set := range ruleSets {
		head := &ast.Head{Name: ast.Var(set.name()), Reference: ast.Ref{ast.VarTerm(set.name())},
			Value: sets[set], Assign: true, Location: indexLocation()}
		m.Rules = append(m.Rules, &ast.Rule{Head: head, Body: ast.NewBody(ast.NewExpr(ast.BooleanTerm(true))), Module: m, Location: indexLocation()})
	}
	return m
}

// decisions are, for each set, the object of all decisions.
func decisions(rules []Rule) map[ruleSet]*ast.Term {
	items := map[ruleSet][][2]*ast.Term{}
	for _, r := range rules {
		items[r.set()] = append(items[r.set()], ast.Item(ast.StringTerm(r.ID), asked(r.decision)))
	}
	objects := map[ruleSet]*ast.Term{}
	for _, set := range ruleSets {
		objects[set] = ast.ObjectTerm(items[set]...)
	}
	return objects
}

// asked is an array of the value at a reference, empty where there is none.
func asked(ref ast.Ref) *ast.Term {
	d := ast.VarTerm("d")
	body := ast.NewBody(ast.Assign.Expr(d, ast.NewTerm(ref.Copy())))
	return ast.ArrayComprehensionTerm(d, body)
}

func indexLocation() *ast.Location { return ast.NewLocation(nil, indexFile, 1, 1) }
