package policy

import (
	"fmt"

	"github.com/open-policy-agent/opa/v1/ast"
	"github.com/open-policy-agent/opa/v1/util"
)

// compile checks and compiles all modules. The schema is the type of input for
// every module, so that a misspelt path is an error; schema annotations, with
// which a module could choose another type for itself, are not looked at.
func compile(set *sourceSet, schema []byte, caps *ast.Capabilities) (*ast.Compiler, error) {
	var raw any
	if err := util.UnmarshalJSON(schema, &raw); err != nil {
		return nil, fmt.Errorf("read the schema of the input: %w", err)
	}
	schemas := ast.NewSchemaSet()
	schemas.Put(ast.SchemaRootRef, raw)
	c := ast.NewCompiler().
		WithCapabilities(caps).
		WithSchemas(schemas).
		WithStrict(true).
		WithDefaultRegoVersion(ast.RegoV1).
		WithUseTypeCheckAnnotations(false)
	c.Compile(set.modules)
	if c.Failed() {
		return nil, fmt.Errorf("%w: %w", ErrCompile, c.Errors)
	}
	if err := checkReferences(c, set); err != nil {
		return nil, err
	}
	return c, nil
}
