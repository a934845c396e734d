package policy

import (
	"slices"
	"strings"

	"github.com/open-policy-agent/opa/v1/ast"
)

// factRoots are the parts of the input that hold facts.
var factRoots = [...]string{"device", "host", "catalogue", "reference", "question", "data_sets", "now", "evidence", "gpu_proof"}

// facts collects what a rule looks at.
type facts struct {
	named    map[string][]*ast.Rule // the rules that can be followed to
	seen     map[*ast.Rule]bool
	pointers []string
}

// factsOf lists the facts that a rule looks at, as JSON pointers into its input:
// those in references (input.device.pci.vendor_id) and in the pointers that it
// gives as evidence or as missing, its own and those of the library rules and
// functions that it calls.
func factsOf(m *ast.Module, named map[string][]*ast.Rule) []string {
	f := &facts{named: named, seen: map[*ast.Rule]bool{}}
	for _, r := range m.Rules {
		f.rule(r)
	}
	list := slices.DeleteFunc(f.pointers, func(p string) bool {
		root, rest, _ := strings.Cut(strings.TrimPrefix(p, "/"), "/")
		whole := root == "data_sets" || root == "now" || root == "evidence"
		return rest == "" && !whole || !slices.Contains(factRoots[:], root)
	})
	slices.Sort(list)
	return slices.Compact(list)
}

// rule takes what one rule names, and follows it to the rules that it names.
func (f *facts) rule(r *ast.Rule) {
	if f.seen[r] {
		return
	}
	f.seen[r] = true
	ast.WalkTerms(r, func(t *ast.Term) bool {
		switch v := t.Value.(type) {
		case ast.String:
			if s := string(v); strings.HasPrefix(s, "/") && !strings.ContainsAny(s, "% ") {
				f.pointers = append(f.pointers, s)
			}
		case ast.Var:
			f.follow(r.Module, ast.Ref{ast.NewTerm(v)})
		case ast.Ref:
			f.reference(r.Module, v)
		}
		return false
	})
}

func (f *facts) reference(m *ast.Module, ref ast.Ref) {
	if !ref.HasPrefix(ast.InputRootRef) {
		f.follow(m, ref)
		return
	}
	pointer := ""
	for _, term := range ref.GroundPrefix()[1:] {
		key, ok := term.Value.(ast.String)
		if !ok {
			break
		}
		pointer += "/" + string(key)
	}
	f.pointers = append(f.pointers, pointer)
}

// follow finds the rules that a reference names: of the module itself, or by way
// of an import of a library.
func (f *facts) follow(m *ast.Module, ref ast.Ref) {
	full := resolveImport(m, ref)
	if name, ok := full[0].Value.(ast.Var); ok && !full.HasPrefix(ast.DefaultRootRef) {
		for _, r := range f.named[packageName(m)+"."+string(name)] {
			f.rule(r)
		}
		return
	}
	name := ""
	for _, term := range full[1:] {
		key, ok := term.Value.(ast.String)
		if !ok {
			return
		}
		name += string(key)
		for _, r := range f.named[name] {
			f.rule(r)
		}
		name += "."
	}
}

// withFacts adds to each rule the facts that it looks at.
func (s *sourceSet) withFacts(rules []Rule) []Rule {
	rules, named := slices.Clone(rules), s.byName()
	for i := range rules {
		rules[i].Facts = factsOf(s.modules[rules[i].File], named)
	}
	return rules
}

// byName lists the rules of all modules but tests by package and name.
func (s *sourceSet) byName() map[string][]*ast.Rule {
	named := map[string][]*ast.Rule{}
	for file, m := range s.modules {
		if isTest(file) {
			continue
		}
		for _, r := range m.Rules {
			head, ok := r.Head.Ref()[0].Value.(ast.Var)
			if name := packageName(m) + "." + string(head); ok {
				named[name] = append(named[name], r)
			}
		}
	}
	return named
}
