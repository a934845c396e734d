package policy

import (
	"cmp"
	"context"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/open-policy-agent/opa/v1/ast"
	"github.com/open-policy-agent/opa/v1/cover"
	"github.com/open-policy-agent/opa/v1/rego"
	"github.com/open-policy-agent/opa/v1/storage/inmem"
	"github.com/open-policy-agent/opa/v1/tester"
	"github.com/open-policy-agent/opa/v1/topdown"
	"github.com/open-policy-agent/opa/v1/types"
)

// TestReport is the outcome of the tests of a set of rules.
type TestReport struct {
	Results []TestResult
	// Uncovered are the places in the rules that no test reached, sorted.
	Uncovered []string
	// Percent of the rules' lines that the tests reached.
	Percent float64
}

// TestResult is the outcome of one test.
type TestResult struct {
	Package string // "gpuaudit.rules.backdoor.firmware_mismatch_test"
	Name    string // "test_fails_on_mismatch"
	// File is where the test was read from; a user's begins with "user:".
	File string
	Pass bool
	// Problem says where and why a test did not pass.
	Problem string
}

// Test runs the Rego tests of a source under the restrictions of [Load], and
// measures what they cover; of a source with rules of a user those of the user alone.
// The error says that the tests could not be run; a test that fails is in the report.
func Test(ctx context.Context, src Source) (*TestReport, error) {
	coverage := cover.New()
	return test(ctx, src, coverage, coverage)
}

// test runs tests under the eyes of a tracer.
func test(ctx context.Context, src Source, coverage *cover.Cover, tracer topdown.QueryTracer) (*TestReport, error) {
	limits := src.Limits.withDefaults()
	set, err := readTests(src, limits)
	if err != nil {
		return nil, err
	}
	if _, err := set.rules(src.User != nil); err != nil {
		return nil, err
	}
	if err := set.sayMessages(); err != nil {
		return nil, err
	}
	if src.User != nil { // whose tests alone are run
		set = set.needed()
	}
	caps := allowed(testBuiltins[:]...)
	said := set.messages.textOf()
	caps.Builtins = append(caps.Builtins, said.Decl)
	if _, err := compile(set.copyModules(), src.Schema, caps); err != nil {
		return nil, err
	}
	store := inmem.NewFromObjectWithOpts(set.document(), inmem.OptRoundTripOnWrite(false))
	txn, err := store.NewTransaction(ctx)
	if err != nil {
		return nil, fmt.Errorf("open the rules' data: %w", err)
	}
	defer store.Abort(ctx, txn)
	results, err := tester.NewRunner().AddCustomBuiltins([]*tester.Builtin{said}).
		SetCompiler(ast.NewCompiler().WithCapabilities(caps).WithStrict(true).WithDefaultRegoVersion(ast.RegoV1)).
		SetStore(store).SetModules(set.modules).SetTimeout(limits.Timeout).
		SetCoverageQueryTracer(tracer).SetCoverageRuns(nil).
		CapturePrintOutput(false).RaiseBuiltinErrors(true).Filter(set.usersTests(src.User != nil)).
		RunTests(ctx, txn)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrCompile, err)
	}
	report := &TestReport{}
	for r := range results {
		report.Results = append(report.Results, result(r))
	}
	slices.SortFunc(report.Results, func(a, b TestResult) int {
		return cmp.Or(cmp.Compare(a.Package, b.Package), cmp.Compare(a.Name, b.Name))
	})
	report.measure(set, coverage)
	return report, nil
}

func readTests(src Source, limits Limits) (*sourceSet, error) {
	set := newSourceSet()
	set.tests, set.shared = true, src.User != nil
	if err := set.readBuiltIn(src.FS, limits); err != nil {
		return nil, err
	}
	if src.User != nil {
		if err := set.read(src.User, userPrefix, limits); err != nil {
			return nil, err
		}
	}
	if src.User != nil { // of the built-in tests a user's need what these share
		maps.DeleteFunc(set.modules, func(name string, m *ast.Module) bool {
			return !Users(name) && isTest(name) && slices.ContainsFunc(m.Rules, func(r *ast.Rule) bool {
				return strings.HasPrefix(r.Head.Ref().String(), tester.TestPrefix)
			})
		})
	}
	return set, nil
}

// usersTests is a pattern of the names of a user's tests; empty for all tests.
func (s *sourceSet) usersTests(only bool) string {
	if !only {
		return ""
	}
	packages := []string{`^\z`} // a user without tests has none run
	for name, m := range s.modules {
		if Users(name) {
			packages = append(packages, "^"+regexp.QuoteMeta(m.Package.Path.String()+"."))
		}
	}
	return strings.Join(packages, "|")
}

// sayMessages has verdict.msg give the sentence itself, so that tests see what people
// read, and a message that cannot be made fails them.
func (s *sourceSet) sayMessages() error {
	for _, m := range s.modules {
		if !m.Package.Path.Equal(verdictPackage) {
			continue
		}
		for i, r := range m.Rules {
			if r.Head.Name != "msg" {
				continue
			}
			text := "package gpuaudit.verdict\nmsg(id, params) := " + textOfName + `({"id": id, "params": params})`
			other, err := ast.ParseModuleWithOpts("messages", text, ast.ParserOptions{RegoVersion: ast.RegoV1})
			if err != nil {
				return fmt.Errorf("prepare the tests: %w", err)
			}
			said, at := other.Rules[0], r.Location
			ast.WalkNodes(said, func(n ast.Node) bool { n.SetLoc(at); return false })
			said.Module, m.Rules[i] = m, said
		}
	}
	return nil
}

// textOfName is a function that only tests have: the sentence of a message.
const textOfName = "text_of"

func (c catalogue) textOf() *tester.Builtin {
	decl := &rego.Function{Name: textOfName, Decl: types.NewFunction(types.Args(types.A), types.S)}
	return &tester.Builtin{
		Decl: &ast.Builtin{Name: decl.Name, Decl: decl.Decl},
		Func: rego.Function1(decl, func(_ rego.BuiltinContext, detail *ast.Term) (*ast.Term, error) {
			text, _, err := c.expand(detail.Value, "", 0)
			return ast.StringTerm(text), err
		}),
	}
}

// copyModules lets the set be compiled twice; compiling rewrites modules.
func (s *sourceSet) copyModules() *sourceSet {
	c := *s
	c.modules = make(map[string]*ast.Module, len(s.modules))
	for name, m := range s.modules {
		c.modules[name] = m.Copy()
	}
	return &c
}

func result(r *tester.Result) TestResult {
	t := TestResult{Package: trimData(r.Package), Name: r.Name, Pass: r.Pass()}
	if r.Location != nil {
		t.File = r.Location.File
	}
	switch {
	case t.Pass:
	case r.Error != nil:
		t.Problem = r.Error.Error()
	case r.Skip:
		t.Problem = "skipped"
	case r.FailedAt != nil:
		t.Problem = fmt.Sprintf("%s: not true: %s", r.FailedAt.Location, r.FailedAt)
	default:
		t.Problem = fmt.Sprintf("%s: failed after %v", r.Location, r.Duration.Round(time.Millisecond))
	}
	return t
}

// measure leaves the tests themselves out of the count.
func (t *TestReport) measure(set *sourceSet, coverage *cover.Cover) {
	covered, all := 0, 0
	report := coverage.Report(set.modules)
	for name, file := range report.Files {
		if isTest(name) {
			continue
		}
		covered += file.CoveredLines
		all += file.CoveredLines + file.NotCoveredLines
		for _, r := range file.NotCovered {
			t.Uncovered = append(t.Uncovered, fmt.Sprintf("%s:%d", name, r.Start.Row))
		}
	}
	slices.Sort(t.Uncovered)
	if all > 0 {
		t.Percent = 100 * float64(covered) / float64(all)
	}
}

// Untested says which kinds of test a rule lacks: one that fails, one that passes
// and one whose facts are missing. They are the rule package's tests, in a package
// of its name and _test, whose names begin with test_fails, test_passes and
// test_unknown.
func (t *TestReport) Untested(r *Rule) []string {
	var missing []string
	for _, kind := range [...]string{"test_fails", "test_passes", "test_unknown"} {
		if !slices.ContainsFunc(t.Results, func(x TestResult) bool {
			return x.Package == r.Package+"_test" && strings.HasPrefix(x.Name, kind)
		}) {
			missing = append(missing, kind)
		}
	}
	return missing
}

// Users says that a file, as rules and tests name it, is the user's.
func Users(file string) bool { return strings.HasPrefix(file, userPrefix) }
