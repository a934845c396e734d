package policy

import (
	"slices"

	"github.com/open-policy-agent/opa/v1/ast"
)

// needed are the user's modules and those that they can reach, by any reference and by
// their packages: where the built-in rules are planned, or only the user's tests are run,
// nothing else has to be compiled. Of a reference counts what is known before the rules
// run: where that is a part of a package's path, all packages below it are reached.
func (s *sourceSet) needed() *sourceSet {
	some := *s
	some.modules = map[string]*ast.Module{}
	var next []string
	add := func(name string) {
		if some.modules[name] == nil {
			some.modules[name] = s.modules[name]
			next = append(next, name)
		}
	}
	for name := range s.modules {
		if Users(name) {
			add(name)
		}
	}
	reached := map[string]bool{}
	reach := func(ref ast.Ref) {
		if key := ref.String(); !reached[key] {
			reached[key] = true
			for name, m := range s.modules {
				if m.Package.Path.HasPrefix(ref) || ref.HasPrefix(m.Package.Path) {
					add(name)
				}
			}
		}
	}
	for len(next) > 0 {
		m := s.modules[next[0]]
		next = next[1:]
		reach(m.Package.Path)
		ast.WalkRefs(m, func(ref ast.Ref) bool {
			if ref.HasPrefix(ast.DefaultRootRef) {
				reach(ref.GroundPrefix())
			}
			return false
		})
	}
	return &some
}

// usersOf are the user's among some rules.
func usersOf(rules []Rule) []Rule {
	return slices.DeleteFunc(slices.Clone(rules), func(r Rule) bool { return !Users(r.File) })
}
