package audit_test

import (
	"bytes"
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path"
	"strings"
	"testing"
)

const (
	// longest is how many lines a function that ships may have.
	longest = 80
	// commandLines is how many lines of the command ship. It is a ratchet: what makes it too
	// small is logic that a library should own, or a verb that is worth more lines.
	commandLines = 10_500
)

// TestSizes: no function is too long to read at once, and the command holds flags, calls and
// printing.
func TestSizes(t *testing.T) {
	functions, lines := 0, 0
	walkSources(t, func(name string, src []byte) {
		if path.Dir(name) == "cmd/gpuaudit" {
			lines += bytes.Count(src, []byte("\n"))
		}
		files := token.NewFileSet()
		file, err := parser.ParseFile(files, name, src, parser.SkipObjectResolution)
		if err != nil {
			t.Fatal(err)
		}
		for _, decl := range file.Decls {
			f, ok := decl.(*ast.FuncDecl)
			if !ok {
				continue
			}
			functions++
			if n := files.Position(f.End()).Line - files.Position(f.Pos()).Line + 1; n > longest {
				t.Errorf("%s: %s has %d lines, and %d are many", files.Position(f.Pos()), f.Name.Name, n, longest)
			}
		}
	})
	if functions < 1000 || lines < 1000 {
		t.Fatalf("%d functions and %d lines of the command: the test does not see the tree", functions, lines)
	}
	if lines > commandLines {
		t.Errorf("cmd/gpuaudit has %d lines, more than %d: what of it should a library own?", lines, commandLines)
	}
}

// walkSources visits the files that ship.
func walkSources(t *testing.T, visit func(name string, src []byte)) {
	t.Helper()
	root := os.DirFS("..")
	err := fs.WalkDir(root, ".", func(name string, d fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case d.IsDir() && (d.Name() == "testdata" || strings.HasPrefix(d.Name(), ".") && name != "."):
			return fs.SkipDir
		case d.IsDir() || !strings.HasSuffix(name, ".go") || strings.HasSuffix(name, "_test.go"):
			return nil
		}
		src, err := fs.ReadFile(root, name)
		if err == nil {
			visit(name, src)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
}
