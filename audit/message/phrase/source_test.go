package phrase

import (
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
)

const top = "../../.."

// spoken are the packages whose errors, warnings and remarks a user meets who types a command
// line and names files: each of their texts has French. What others say of the inside of a
// file (parsers of firmware, logs, packages) is in English so far.
var spoken = []string{
	"cmd/gpuaudit", "audit/apart", "audit/stored", "audit/keys", "audit/golden", "audit/network", "audit/manifest/importer/formats", "audit/firmware/romfiles", "audit/manifest/manifesttext", "audit/memory", "audit/prooftext", "audit/report/forms",
	"audit", "audit/baseline", "audit/boot", "audit/bounded", "audit/capture", "audit/channel/state", "audit/config", "audit/country", "audit/finding",
	"audit/gpuproof", "audit/input", "audit/machine", "audit/manifest", "audit/outfile", "audit/pack", "audit/purchase", "audit/reference", "audit/report",
	"audit/report/signed", "audit/suggest", "audit/waive",
	"attest/passphrase", "attest/pemcert", "attest/seal", "attest/strictjson", "attest/strictyaml",
	"policy/source",
}

// text is one in the code, with where it stands.
type text struct{ at, english string }

// sources parses the files of a folder; deep says that those of its folders count, too.
func sources(t *testing.T, folder string, deep bool, do func(at string, file *ast.File)) {
	t.Helper()
	files := token.NewFileSet()
	root := filepath.Join(top, folder)
	err := filepath.WalkDir(root, func(name string, d fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case d.IsDir() && name != root && (!deep || d.Name() == "testdata"):
			return fs.SkipDir
		case d.IsDir() || !strings.HasSuffix(name, ".go") || strings.HasSuffix(name, "_test.go"):
			return nil
		}
		file, err := parser.ParseFile(files, name, nil, parser.SkipObjectResolution)
		if err == nil {
			do(strings.TrimPrefix(name, top+"/"), file)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
}

// format is an expression as a format: what is no constant text is a %s.
func format(e ast.Expr) string {
	switch e := e.(type) {
	case *ast.BasicLit:
		if s, err := strconv.Unquote(e.Value); err == nil && e.Kind == token.STRING {
			return s
		}
	case *ast.BinaryExpr:
		if e.Op == token.ADD {
			return format(e.X) + format(e.Y)
		}
	case *ast.ParenExpr:
		return format(e.X)
	}
	return "%s"
}

// made are the texts that the code of a file makes errors and notes of.
func made(at string, file *ast.File) (list []text) {
	ast.Inspect(file, func(n ast.Node) bool {
		call, ok := n.(*ast.CallExpr)
		if !ok || len(call.Args) == 0 {
			return true
		}
		f, ok := call.Fun.(*ast.SelectorExpr)
		if !ok {
			return true
		}
		of := ""
		if id, ok := f.X.(*ast.Ident); ok {
			of = id.Name
		}
		switch of + "." + f.Sel.Name {
		case "fmt.Errorf", "errors.New", "a.remark", "a.warn":
			list = append(list, text{at, format(call.Args[0])})
		case "a.say":
			list = append(list, text{at, strings.TrimLeft(format(call.Args[0]), " ")})
		case "a.row", "a.command", "a.mark":
			list = append(list, text{at, format(call.Args[0])}, text{at, format(call.Args[1])})
		}
		return true
	})
	return list
}

var flagName = regexp.MustCompile(`--?[a-z][a-z-]*`)

// hasWords says that a format has more than parameters, names of flags and signs.
func hasWords(english string) bool {
	return regexp.MustCompile(`\pL{2}`).MatchString(flagName.ReplaceAllString(verb.ReplaceAllString(english, ""), ""))
}

// TestNotesAreFrench: every error, warning and remark of the packages that a command line
// reaches first has French.
func TestNotesAreFrench(t *testing.T) {
	s, err := Read("fr")
	if err != nil {
		t.Fatal(err)
	}
	n := 0
	for _, folder := range spoken {
		sources(t, folder, false, func(at string, file *ast.File) {
			for _, x := range made(at, file) {
				if !hasWords(x.english) {
					continue
				}
				n++
				if s.Notes[x.english] == "" && s.Library[x.english] == "" {
					t.Errorf("%s: %q has no French: give it one under notes in fr.json", x.at, x.english)
				}
			}
		})
	}
	if n < 650 {
		t.Errorf("%d errors and notes were found: has their code moved? name its package in spoken", n)
	}
}

// TestNothingIsStale: every text that has French is still in the code, so that none is kept
// whose English was reworded.
func TestNothingIsStale(t *testing.T) {
	s, err := Read("fr")
	if err != nil {
		t.Fatal(err)
	}
	left := map[string]bool{}
	for english := range s.Notes {
		left[english] = true
	}
	for _, folder := range []string{"cmd", "audit", "attest", "policy"} {
		sources(t, folder, true, func(_ string, file *ast.File) {
			ast.Inspect(file, func(n ast.Node) bool {
				if e, ok := n.(ast.Expr); ok {
					english := strings.ReplaceAll(format(e), "$1", "%s") // what a regexp puts
					delete(left, strings.TrimLeft(english, " "))
					delete(left, strings.TrimSuffix(english, ": "))
				}
				return true
			})
		})
	}
	for _, english := range slices.Sorted(maps.Keys(left)) {
		t.Errorf("fr.json has French for %q, which no code says any more", english)
	}
}

// TestFormat: texts in code are found as the formats that they are.
func TestFormat(t *testing.T) {
	file, err := parser.ParseFile(token.NewFileSet(), "x.go", `package x
func f() { _ = errors.New("a " + b() + " c"); _ = fmt.Errorf(("d %w"), err); a.warn("%s: e", x); a.tell("no"); _ = y.New("no") }`, 0)
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, x := range made("x.go", file) {
		got = append(got, x.english)
	}
	if want := []string{"a %s c", "d %w", "%s: e"}; !slices.Equal(got, want) {
		t.Error(got)
	}
	for english, want := range map[string]bool{"%s: %w": false, "--key %s: %w": false, "%w: no %s": true, "-o %s: %w": false, "write %s": true} {
		if hasWords(english) != want {
			t.Errorf("%q", english)
		}
	}
	if _, err := os.Stat(filepath.Join(top, "go.mod")); err != nil {
		t.Error(fmt.Errorf("the folder of the project: %w", err))
	}
}
