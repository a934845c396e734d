package policy

import (
	"context"
	"maps"
	"slices"
	"strings"

	"github.com/open-policy-agent/opa/v1/ast"
)

// Reads lists, for each rule by its id, the parts of the input on which its decision
// can rest, as JSON pointers, sorted; "" is the whole input. What changes neither at,
// above nor below one of them changes nothing in the decision. Unlike [Rule.Facts],
// which are for people, the list leaves nothing out: a part that is handed to a
// function counts whole.
func (e *Engine) Reads() map[string][]string { return e.reads() }

// reads follows each rule through the modules as they were written.
func (s *sourceSet) reads(rules []Rule) map[string][]string {
	named, all := s.byName(), map[string][]string{}
	below := map[string][]*ast.Rule{}
	for name, rules := range named {
		for i, c := range name {
			if c == '.' {
				below[name[:i]] = append(below[name[:i]], rules...)
			}
		}
	}
	for i := range rules {
		r := reader{named: named, below: below, followed: map[string]bool{}, seen: map[*ast.Rule]bool{}, pointers: map[string]bool{}}
		for _, rule := range s.modules[rules[i].File].Rules {
			r.rule(rule)
		}
		all[rules[i].ID] = slices.Sorted(maps.Keys(r.pointers))
	}
	return all
}

type reader struct {
	// named are the rules by package and name, below those whose name goes on.
	named    map[string][]*ast.Rule
	below    map[string][]*ast.Rule
	followed map[string]bool
	seen     map[*ast.Rule]bool
	pointers map[string]bool
}

func (r *reader) rule(rule *ast.Rule) {
	if r.seen[rule] {
		return
	}
	r.seen[rule] = true
	r.walk(rule.Module, rule)
}

func (r *reader) walk(m *ast.Module, x any) {
	ast.WalkTerms(x, func(t *ast.Term) bool {
		switch v := t.Value.(type) {
		case ast.Call:
			if pointer, ok := gets(v); ok {
				r.pointers[pointer] = true
				r.walk(m, v[3]) // the value that stands in
				return true
			}
		case ast.Var:
			r.follow(m, ast.Ref{ast.NewTerm(v)})
		case ast.Ref:
			if v.HasPrefix(ast.InputRootRef) {
				r.pointers[pointerOf(v[1:])] = true
			} else {
				r.follow(m, v)
			}
		}
		return false
	})
}

// gets recognises object.get(input, PATH, …) with a path that is written out.
func gets(call ast.Call) (pointer string, ok bool) {
	if len(call) != 4 || !call[1].Equal(ast.NewTerm(ast.InputRootRef)) || call[0].String() != ast.ObjectGet.Name {
		return "", false
	}
	path := []*ast.Term{call[2]}
	if list, isList := call[2].Value.(*ast.Array); isList {
		path = nil
		list.Foreach(func(t *ast.Term) { path = append(path, t) })
	}
	pointer = pointerOf(path)
	return pointer, pointer != ""
}

// pointerOf is the part of the input that a path names, as far as it is known before
// the rule runs.
func pointerOf(path []*ast.Term) string {
	pointer := ""
	for _, term := range path {
		key, ok := term.Value.(ast.String)
		if !ok {
			break
		}
		pointer += "/" + string(key)
	}
	return pointer
}

// follow goes on with all rules that a reference can lead to: those whose name it
// begins with and, where it stops at a variable, those whose name begins with it.
func (r *reader) follow(m *ast.Module, ref ast.Ref) {
	full := resolveImport(m, ref)
	name := ""
	if full.HasPrefix(ast.DefaultRootRef) {
		name = strings.ReplaceAll(strings.TrimPrefix(pointerOf(full[1:]), "/"), "/", ".")
	} else if head, ok := full[0].Value.(ast.Var); ok {
		name = packageName(m) + "." + string(head)
	}
	if name == "" || r.followed[name] {
		return
	}
	r.followed[name] = true
	found := slices.Concat(r.below[name], r.named[name])
	for i, c := range name {
		if c == '.' {
			found = append(found, r.named[name[:i]]...)
		}
	}
	for _, rule := range found {
		r.rule(rule)
	}
}

// Only makes an engine of some of the rules, without compiling them again. It is
// for tests that judge thousands of inputs which differ in a fact or two.
func (e *Engine) Only(ctx context.Context, ids []string) (*Engine, error) {
	some := &Engine{planned: e.planned, limits: e.limits, own: e.own, ownSHA: e.ownSHA, reads: e.reads, messages: e.messages}
	kept := func(rules []Rule) []Rule {
		return slices.DeleteFunc(slices.Clone(rules), func(r Rule) bool { return !slices.Contains(ids, r.ID) })
	}
	some.rules, some.described = kept(e.rules), func() []Rule { return kept(e.described()) }
	if e.planned != nil && !e.own {
		some.opa = e.opa // asked for single rules only
		return some, nil
	}
	if e.users != nil {
		var err error
		some.opa = e.opa // the built-in ones are asked for one by one
		some.users, err = e.users.only(ctx, usersOf(some.rules))
		return some, err
	}
	all, err := e.opa()
	if err != nil {
		return nil, err
	}
	in, err := all.only(ctx, some.rules)
	some.opa = func() (*interpreter, error) { return in, nil }
	return some, err
}
