package policy

import (
	"slices"
	"strings"

	"github.com/open-policy-agent/opa/v1/ast"
)

// factRoots are the parts of the input that hold facts.
var factRoots = [...]string{"device", "host", "catalogue", "reference", "question"}

// factsOf lists the facts that a rule names, as JSON pointers into its input: in
// references (input.device.pci.vendor_id) and in the pointers that it gives as
// evidence or as missing. Those that a library reads for it are not among them.
func factsOf(m *ast.Module) []string {
	var facts []string
	ast.WalkRefs(m, func(ref ast.Ref) bool {
		if ref.HasPrefix(ast.InputRootRef) {
			pointer := ""
			for _, term := range ref.GroundPrefix()[1:] {
				key, ok := term.Value.(ast.String)
				if !ok {
					break
				}
				pointer += "/" + string(key)
			}
			facts = append(facts, pointer)
		}
		return false
	})
	ast.WalkTerms(m, func(t *ast.Term) bool {
		if s, ok := t.Value.(ast.String); ok && strings.HasPrefix(string(s), "/") && !strings.ContainsAny(string(s), "% ") {
			facts = append(facts, string(s))
		}
		return false
	})
	facts = slices.DeleteFunc(facts, func(p string) bool {
		root, rest, _ := strings.Cut(strings.TrimPrefix(p, "/"), "/")
		return rest == "" || !slices.Contains(factRoots[:], root)
	})
	slices.Sort(facts)
	return slices.Compact(facts)
}
