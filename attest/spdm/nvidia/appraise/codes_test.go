package appraise

import (
	"go/ast"
	"go/parser"
	"go/token"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
)

var (
	codeForm = regexp.MustCompile(`^[a-z][a-z0-9]*(-[a-z0-9]+)*$`)
	rowOf    = regexp.MustCompile("(?m)^\\| `([a-z0-9-]+)` \\|")
)

// TestCodesAreDocumented: each reason that a check can give stands in the table of the page,
// and the table has no other.
func TestCodesAreDocumented(t *testing.T) {
	codes := map[string]string{}
	for _, folder := range []string{"../..", "..", ".", "../../../rim", "../../../comid", "../../../revocation", "../../../check", "../../../../audit/gpuproof"} {
		names, err := filepath.Glob(filepath.Join(folder, "*.go"))
		if err != nil {
			t.Fatal(err)
		}
		for _, name := range names {
			if !strings.HasSuffix(name, "_test.go") {
				codesOf(t, name, codes)
			}
		}
	}
	if len(codes) < 80 {
		t.Fatalf("%d codes in the sources", len(codes))
	}
	page, err := os.ReadFile("../../../../docs/gpu-attestation.md")
	if err != nil {
		t.Fatal(err)
	}
	_, table, found := strings.Cut(string(page), "\n## All codes\n")
	if !found {
		t.Fatal("the page has no table of codes")
	}
	table, _, _ = strings.Cut(table, "\n## ")
	listed := map[string]bool{}
	for _, m := range rowOf.FindAllStringSubmatch(table, -1) {
		if listed[m[1]] {
			t.Errorf("%s is listed twice", m[1])
		}
		listed[m[1]] = true
		if codes[m[1]] == "" {
			t.Errorf("%s is listed, and nothing gives it", m[1])
		}
	}
	for _, code := range slices.Sorted(maps.Keys(codes)) {
		if !listed[code] {
			t.Errorf("%s (%s) is not listed", code, codes[code])
		}
	}
}

// codesOf collects the codes of a source: what is assigned to a field Code or to a constant
// of codes, what faults are made with, and what functions of codes return.
func codesOf(t *testing.T, name string, codes map[string]string) {
	t.Helper()
	set := token.NewFileSet()
	file, err := parser.ParseFile(set, name, nil, 0)
	if err != nil {
		t.Fatal(err)
	}
	add := func(e ast.Expr) {
		if l, ok := e.(*ast.BasicLit); ok && l.Kind == token.STRING {
			if s, err := strconv.Unquote(l.Value); err == nil && codeForm.MatchString(s) {
				codes[s] = set.Position(l.Pos()).String()
			}
		}
	}
	named := func(e ast.Expr) string {
		switch v := e.(type) {
		case *ast.Ident:
			return v.Name
		case *ast.SelectorExpr:
			return v.Sel.Name
		}
		return ""
	}
	ast.Inspect(file, func(n ast.Node) bool {
		switch v := n.(type) {
		case *ast.AssignStmt:
			for i, left := range v.Lhs {
				if named(left) == "Code" && i < len(v.Rhs) {
					add(v.Rhs[i])
				}
			}
		case *ast.KeyValueExpr:
			if named(v.Key) == "Code" {
				add(v.Value)
			}
		case *ast.CallExpr:
			if f := named(v.Fun); (strings.EqualFold(f, "fault") || f == "wrong") && len(v.Args) > 1 {
				for _, a := range v.Args[:2] {
					add(a)
				}
			}
		case *ast.CompositeLit:
			if named(v.Type) == "Fault" || named(v.Type) == "FormatError" {
				for _, e := range v.Elts {
					add(e)
				}
			}
		case *ast.FuncDecl:
			if strings.HasSuffix(strings.ToLower(v.Name.Name), "code") || v.Name.Name == "differ" {
				ast.Inspect(v, func(n ast.Node) bool {
					if r, ok := n.(*ast.ReturnStmt); ok {
						for _, e := range r.Results {
							add(e)
						}
					}
					return true
				})
			}
		case *ast.ValueSpec:
			for i, id := range v.Names {
				if i < len(v.Values) && (strings.HasPrefix(id.Name, "code") || id.Name == "NotReached" || file.Name.Name == "comid" && ast.IsExported(id.Name)) {
					add(v.Values[i])
				}
			}
		}
		return true
	})
}
