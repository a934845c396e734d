package policy

import (
	"fmt"

	"github.com/open-policy-agent/opa/v1/ast"
	"github.com/open-policy-agent/opa/v1/util"
)

// parseData reads the documents that a source has in place of those of its files.
func parseData(documents map[string][]byte) (map[string]any, error) {
	parsed := map[string]any{}
	for name, text := range documents {
		var v any
		if err := util.UnmarshalJSON(text, &v); err != nil {
			return nil, fmt.Errorf("read the data %s: %w", name, err)
		}
		parsed[name] = v
	}
	return parsed, nil
}

// replaceData puts documents in the place of the set's own. One that the rules were not
// made with is refused: nothing would read it.
func (s *sourceSet) replaceData(documents map[string]any) error {
	for name, v := range documents {
		if s.data[name] == nil {
			return fmt.Errorf("no rule knows data %s", name)
		}
		s.data[name] = v
	}
	return nil
}

// replaceData does the same in a plan, whose document is gpuaudit.data.NAME.
func (p *planned) replaceData(documents map[string]any) error {
	c, err := p.code()
	if err != nil {
		return err
	}
	found, err := c.data.Value.Find(ast.Ref{ast.StringTerm("gpuaudit"), ast.StringTerm("data")})
	if err != nil {
		return errPlan
	}
	old, ok := found.(ast.Object)
	if !ok {
		return errPlan
	}
	fresh := ast.NewObject()
	old.Foreach(func(k, v *ast.Term) {
		fresh.Insert(k, v)
	})
	for name, document := range documents {
		key := ast.StringTerm(name)
		if old.Get(key) == nil {
			return fmt.Errorf("no rule knows data %s", name)
		}
		v, err := ast.InterfaceToValue(document)
		if err != nil {
			return fmt.Errorf("read the data %s: %w", name, err)
		}
		fresh.Insert(key, ast.NewTerm(v))
	}
	c.data = ast.NewTerm(ast.NewObject([2]*ast.Term{ast.StringTerm("gpuaudit"), ast.NewTerm(ast.NewObject([2]*ast.Term{ast.StringTerm("data"), ast.NewTerm(fresh)}))}))
	return nil
}
