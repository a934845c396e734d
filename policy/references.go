package policy

import (
	"errors"

	"github.com/open-policy-agent/opa/v1/ast"
)

// checkReferences refuses a reference under data that names nothing: neither a
// rule, nor a package, nor a value in the data files. OPA lets it be undefined,
// so that a misspelt list of forbidden things would be an empty list. What
// stands behind the first variable of a reference is not known yet and not
// checked.
func checkReferences(c *ast.Compiler, set *sourceSet) error {
	var errs []error
	document := set.document()
	for _, m := range c.Modules {
		ast.WalkRefs(m, func(ref ast.Ref) bool {
			if ref.HasPrefix(ast.DefaultRootRef) && !defined(c, document, ref) {
				at := m.Package.Location
				if ref[0].Location != nil {
					at = ref[0].Location
				}
				errs = append(errs, compileError(at.String(), "%s names no rule and no data", ref))
			}
			return false
		})
	}
	return errors.Join(errs...)
}

// defined follows a reference until it reaches a rule, whose value is not known
// here, or leaves the rules for the data.
func defined(c *ast.Compiler, document map[string]any, ref ast.Ref) bool {
	ground := ref.GroundPrefix()
	tree := c.RuleTree
	for _, term := range ground {
		next := tree.Child(term.Value)
		if next == nil {
			return inDocument(document, ground[1:])
		}
		if tree = next; len(tree.Values) > 0 {
			return true
		}
	}
	return true
}

func inDocument(v any, path ast.Ref) bool {
	for _, term := range path {
		object, isObject := v.(map[string]any)
		if !isObject {
			_, isArray := v.([]any)
			return isArray
		}
		key, isText := term.Value.(ast.String)
		if !isText {
			return false
		}
		next, ok := object[string(key)]
		if !ok {
			return false
		}
		v = next
	}
	return true
}
