package policy

import (
	"bytes"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"hash"
	"io/fs"
	"maps"
	"path"
	"runtime"
	"slices"
	"strings"
	"sync"
	"sync/atomic"

	"github.com/open-policy-agent/opa/v1/ast"
	"github.com/open-policy-agent/opa/v1/tester"

	"github.com/gpuaudit/gpuaudit/attest/strictjson"
	"github.com/gpuaudit/gpuaudit/audit/bounded"
	"github.com/gpuaudit/gpuaudit/audit/lazyregexp"
)

// sourceSet is what was read of the rules: parsed modules by file name, and
// data by name.
type sourceSet struct {
	modules map[string]*ast.Module
	data    map[string]any
	// builtIn holds the packages of the first file system, by file name, which
	// a second one may not add to.
	builtIn map[string]ast.Ref
	// texts are the modules as they were read, own the digest over all files of
	// the user's.
	texts map[string][]byte
	own   hash.Hash
	// messages are the sentences of the built-in rules, and messagesText their file.
	messages     catalogue
	messagesText []byte
	tests        bool   // tests are wanted, too
	shared       bool   // of the built-in tests only what they share
	found        []Rule // the rules among the modules
}

// dataName is what a data file may be called: its name is part of a reference.
var dataName = lazyregexp.New(`^[a-z][a-z0-9_]*$`)

// userPrefix marks the file names of the user's rules.
const userPrefix = "user:"

func newSourceSet() *sourceSet {
	return &sourceSet{modules: map[string]*ast.Module{}, data: map[string]any{}, builtIn: map[string]ast.Ref{}, texts: map[string][]byte{}, own: sha256.New()}
}

func isTest(file string) bool { return strings.HasSuffix(file, "_test.rego") }

func readSource(src Source, limits Limits) (*sourceSet, error) {
	set := newSourceSet()
	if err := set.readBuiltIn(src.FS, limits); err != nil {
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

// readBuiltIn adds the rules of the first file system, and their messages.
func (s *sourceSet) readBuiltIn(fsys fs.FS, limits Limits) (err error) {
	if s.messagesText, s.messages, err = readMessages(fsys, limits.SourceBytes); err != nil {
		return err
	}
	return s.read(fsys, "", limits)
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

// file is one file of rules or data.
type file struct {
	name string // with the prefix of the user's rules
	text []byte
}

// read adds every module and data file of a file system, in the order of their
// names. prefix marks the file names of the user's rules.
func (s *sourceSet) read(fsys fs.FS, prefix string, limits Limits) error {
	var modules []file
	budget, rules, files := limits.SourceBytes, limits.RuleBytes, 0
	err := fs.WalkDir(fsys, ".", func(name string, d fs.DirEntry, err error) error {
		if err != nil {
			return fmt.Errorf("read rules: %w", err)
		}
		if d.IsDir() || !isSource(name) || isTest(name) && !s.tests {
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
		if s.shared && prefix == "" && isTest(name) && bytes.Contains(text, []byte("\n"+tester.TestPrefix)) {
			return nil // it would be left out once it is parsed, and parsing is dear
		}
		if prefix == userPrefix {
			fmt.Fprintf(s.own, "%d:%s;%d:%s", len(name), name, len(text), text)
		}
		if path.Ext(name) == ".json" {
			return s.addData(prefix+name, text)
		}
		if rules -= int64(len(text)); rules < 0 && prefix == userPrefix {
			return compileError(prefix+name, "all rules together are %w of %d bytes", ErrTooLarge, limits.RuleBytes)
		}
		modules = append(modules, file{name: prefix + name, text: text})
		return nil
	})
	if err != nil {
		return err
	}
	return s.addModules(modules)
}

// addModules parses on all processors: parsing is a third of the time to load.
func (s *sourceSet) addModules(files []file) error {
	parsed := make([]*ast.Module, len(files))
	errs := make([]error, len(files))
	next := atomic.Int64{}
	var wg sync.WaitGroup
	for range min(runtime.GOMAXPROCS(0), len(files)) {
		wg.Go(func() {
			for i := next.Add(1) - 1; i < int64(len(files)); i = next.Add(1) - 1 {
				parsed[i], errs[i] = parse(files[i])
			}
		})
	}
	wg.Wait()
	for i, f := range files {
		if errs[i] != nil {
			return errs[i]
		}
		if err := s.addModule(f.name, parsed[i]); err != nil {
			return err
		}
		s.texts[f.name] = f.text
	}
	return nil
}

func parse(f file) (*ast.Module, error) {
	m, err := ast.ParseModuleWithOpts(f.name, string(f.text), ast.ParserOptions{ProcessAnnotation: true, RegoVersion: ast.RegoV1})
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrCompile, err)
	}
	if m == nil {
		return nil, compileError(f.name, "the file is empty")
	}
	return m, nil
}

func readAtMost(fsys fs.FS, name string, limit int64) ([]byte, error) {
	f, err := fsys.Open(name)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	text, err := bounded.Read(f, limit)
	if errors.Is(err, bounded.ErrLimit) {
		err = fmt.Errorf("all rules and data together are %w", ErrTooLarge)
	}
	return text, err
}

func (s *sourceSet) addModule(name string, m *ast.Module) error {
	for _, file := range slices.Sorted(maps.Keys(s.builtIn)) {
		// From a package above it, a rule could be added to a package, too.
		if s.builtIn[file].HasPrefix(m.Package.Path) {
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
	if err := strictjson.CheckWithin(text, strictjson.Limits{Bytes: len(text), Paths: true}); err != nil {
		return compileError(name, "%w", err)
	}
	dec := json.NewDecoder(bytes.NewReader(text))
	dec.UseNumber()
	var v any
	if err := dec.Decode(&v); err != nil {
		return compileError(name, "%w", err)
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
