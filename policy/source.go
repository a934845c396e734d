package policy

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"io/fs"
	"path"
	"regexp"
	"strings"

	"github.com/open-policy-agent/opa/v1/ast"
)

// sourceSet is what was read of the rules: parsed modules by file name, and
// data by name.
type sourceSet struct {
	modules map[string]*ast.Module
	data    map[string]any
	// builtIn holds the packages of the first file system, by file name, which
	// a second one may not add to.
	builtIn map[string]ast.Ref
	tests   bool // tests are wanted, too
}

// dataName is what a data file may be called: its name is part of a reference.
var dataName = regexp.MustCompile(`^[a-z][a-z0-9_]*$`)

// userPrefix marks the file names of the user's rules.
const userPrefix = "user:"

func newSourceSet() *sourceSet {
	return &sourceSet{modules: map[string]*ast.Module{}, data: map[string]any{}, builtIn: map[string]ast.Ref{}}
}

func isTest(file string) bool { return strings.HasSuffix(file, "_test.rego") }

func readSource(src Source, limits Limits) (*sourceSet, error) {
	set := newSourceSet()
	if err := set.read(src.FS, "", limits); err != nil {
		return nil, err
	}
	if src.User == nil {
		return set, nil
	}
	for name, m := range set.modules {
		set.builtIn[name] = m.Package.Path
	}
	return set, set.readUser(src.User, limits)
}

// readUser adds the user's rules. A directory without any rule is more likely
// a wrong directory than a wish for nothing.
func (s *sourceSet) readUser(user fs.FS, limits Limits) error {
	before := len(s.modules)
	if err := s.read(user, userPrefix, limits); err != nil {
		return err
	}
	if len(s.modules) == before {
		return compileError("further rules", "the directory holds no .rego file")
	}
	return nil
}

// read adds every module and data file of a file system. prefix marks the file
// names of the user's rules.
func (s *sourceSet) read(fsys fs.FS, prefix string, limits Limits) error {
	budget := limits.SourceBytes
	files := 0
	return fs.WalkDir(fsys, ".", func(name string, d fs.DirEntry, err error) error {
		if err != nil {
			return fmt.Errorf("read rules: %w", err)
		}
		ext := path.Ext(name)
		isData := ext == ".json" && path.Base(path.Dir(name)) == "data"
		if d.IsDir() || !isData && ext != ".rego" || isTest(name) && !s.tests {
			return nil
		}
		if files++; files > limits.SourceFiles {
			return compileError(prefix+name, "more than %d files", limits.SourceFiles)
		}
		text, err := readAtMost(fsys, name, budget)
		if err != nil {
			return compileError(prefix+name, "%w", err)
		}
		budget -= int64(len(text))
		if isData {
			return s.addData(prefix+name, text)
		}
		return s.addModule(prefix+name, string(text))
	})
}

func readAtMost(fsys fs.FS, name string, limit int64) ([]byte, error) {
	f, err := fsys.Open(name)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	text, err := io.ReadAll(io.LimitReader(f, limit+1))
	if err == nil && int64(len(text)) > limit {
		err = fmt.Errorf("all rules and data together are %w", ErrTooLarge)
	}
	return text, err
}

func (s *sourceSet) addModule(name, text string) error {
	m, err := ast.ParseModuleWithOpts(name, text, ast.ParserOptions{ProcessAnnotation: true, RegoVersion: ast.RegoV1})
	if err != nil {
		return fmt.Errorf("%w: %w", ErrCompile, err)
	}
	if m == nil {
		return compileError(name, "the file is empty")
	}
	for file, owned := range s.builtIn {
		// From a package above it, a rule could be added to a package, too.
		if owned.HasPrefix(m.Package.Path) {
			return compileError(m.Package.Location.String(), "package %s is built in (%s): choose another name", packageName(m), file)
		}
	}
	if m.Package.Path.HasPrefix(indexPackage) {
		return compileError(m.Package.Location.String(), "package %s is reserved", packageName(m))
	}
	s.modules[name] = m
	return nil
}

func (s *sourceSet) addData(name string, text []byte) error {
	stem := strings.TrimSuffix(path.Base(name), ".json")
	if !dataName.MatchString(stem) {
		return compileError(name, "a data file's name has lower-case letters, digits and _ only")
	}
	if _, taken := s.data[stem]; taken {
		return compileError(name, "there is data of the name %q already", stem)
	}
	dec := json.NewDecoder(bytes.NewReader(text))
	dec.UseNumber()
	var v any
	if err := dec.Decode(&v); err != nil {
		return compileError(name, "%w", err)
	}
	if _, err := dec.Token(); err != io.EOF {
		return compileError(name, "there is more than one JSON value")
	}
	s.data[stem] = v
	return nil
}

// document is the root of data as rules see it.
func (s *sourceSet) document() map[string]any {
	return map[string]any{"gpuaudit": map[string]any{"data": s.data}}
}

// packageName is a package's path as it is written.
func packageName(m *ast.Module) string { return trimData(m.Package.Path.String()) }

func trimData(ref string) string { return strings.TrimPrefix(ref, "data.") }
