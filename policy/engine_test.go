package policy_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/open-policy-agent/opa/v1/ast"
	"github.com/open-policy-agent/opa/v1/types"

	"github.com/gpuaudit/gpuaudit/audit/finding"
	"github.com/gpuaudit/gpuaudit/policy"
)

// testSteps are few for a rule that never ends and many for one that does.
const testSteps = 200_000

const schema = `{"type": "object", "additionalProperties": false, "properties": {
	"now": {"type": "string"},
	"device": {"type": "object", "additionalProperties": false, "properties": {
		"name": {"type": "string"}, "count": {"type": "integer"},
		"list": {"type": "array", "items": {"type": "integer"}}}}}}`

const verdict = `package gpuaudit.verdict
fail(d, e) := {"status": "fail", "detail": d, "evidence": e}
pass(d, e) := {"status": "pass", "detail": d, "evidence": e}
unknown(d, m) := {"status": "unknown", "detail": d, "missing": m}
`

// rule is the text of a rule whose decision begins with the given branch.
func rule(id, name, branch string) *fstest.MapFile {
	return &fstest.MapFile{Data: []byte(fmt.Sprintf(`# METADATA
# title: Title of %[1]s
# description: What it looks for.
# related_resources:
# - ref: https://example.org/%[1]s
# custom:
#   id: %[1]s
#   severity: high
#   scope: device
#   remediation: Do this.
package gpuaudit.rules.backdoor.%[2]s

import data.gpuaudit.verdict

decision := %[3]s else := verdict.unknown("not known", ["/device/name"])
`, id, name, branch))}
}

// passes is a branch that is met by a device with a name.
const passes = `verdict.pass("it has a name", ["/device/name"]) if input.device.name`

func tree(files ...any) fstest.MapFS {
	fsys := fstest.MapFS{"lib/verdict.rego": {Data: []byte(verdict)}}
	for i := 0; i < len(files); i += 2 {
		fsys[files[i].(string)] = files[i+1].(*fstest.MapFile)
	}
	return fsys
}

func text(s string) *fstest.MapFile { return &fstest.MapFile{Data: []byte(s)} }

func load(fsys fstest.MapFS, limits policy.Limits) (*policy.Engine, error) {
	return policy.Load(context.Background(), policy.Source{FS: fsys, Schema: []byte(schema), Limits: limits})
}

func mustLoad(t *testing.T, fsys fstest.MapFS, limits policy.Limits) *policy.Engine {
	t.Helper()
	e, err := load(fsys, limits)
	if err != nil {
		t.Fatal(err)
	}
	return e
}

func device(fields map[string]any) map[string]any {
	return map[string]any{"now": "2026-11-24T00:00:00Z", "device": fields}
}

// TestLoadRefuses what would fail open if it were run.
func TestLoadRefuses(t *testing.T) {
	good := rule("GA-BD-001", "a", passes)
	swap := func(old, new string) *fstest.MapFile {
		s := strings.Replace(string(good.Data), old, new, 1)
		if s == string(good.Data) {
			t.Fatalf("nothing to replace: %q", old)
		}
		return text(s)
	}
	branch := func(s string) *fstest.MapFile { return rule("GA-BD-001", "a", s) }
	for name, tc := range map[string]struct {
		file *fstest.MapFile
		want string
	}{
		"misspelt input path":     {branch(`verdict.pass("p", ["/"]) if input.device.nmae`), "undefined ref: input.device.nmae"},
		"misspelt first element":  {branch(`verdict.pass("p", ["/"]) if input.devise.name`), "undefined ref: input.devise.name"},
		"number held as text":     {branch(`verdict.pass("p", ["/"]) if input.device.count == "1"`), "match error"},
		"misspelt data path":      {branch(`verdict.pass("p", ["/"]) if not input.device.name in data.gpuaudit.data.lst`), "names no rule and no data"},
		"misspelt key of data":    {branch(`verdict.pass("p", ["/"]) if not input.device.name in data.gpuaudit.data.list.bda`), "names no rule and no data"},
		"misspelt rule":           {branch(`verdict.pass("p", ["/"]) if not data.gpuaudit.verdict.nosuch`), "names no rule and no data"},
		"misspelt function":       {branch(`verdict.psas("p", ["/"]) if input.device.name`), "undefined function"},
		"http.send":               {branch(`verdict.pass("p", ["/"]) if http.send({"url": "http://example.org", "method": "get"}).status == 200`), "undefined function http.send"},
		"opa.runtime":             {branch(`verdict.pass("p", ["/"]) if opa.runtime().env.HOME`), "undefined function opa.runtime"},
		"the machine's clock":     {branch(`verdict.pass("p", ["/"]) if time.now_ns() > 0`), "undefined function time.now_ns"},
		"randomness":              {branch(`verdict.pass("p", ["/"]) if rand.intn("a", 2) > 0`), "undefined function rand.intn"},
		"uuid":                    {branch(`verdict.pass("p", ["/"]) if uuid.rfc4122("a") != ""`), "undefined function uuid.rfc4122"},
		"name resolution":         {branch(`verdict.pass("p", ["/"]) if net.lookup_ip_addr("example.org")`), "undefined function net.lookup_ip_addr"},
		"schema that is fetched":  {branch(`verdict.pass("p", ["/"]) if json.match_schema({}, {"$ref": "http://example.org"})`), "undefined function json.match_schema"},
		"trace":                   {branch(`verdict.pass("p", ["/"]) if trace("x")`), "undefined function trace"},
		"unused variable":         {branch(`verdict.pass("p", ["/"]) if { x := 1; input.device.name }`), "assigned var x unused"},
		"no METADATA":             {swap("# METADATA", "# NOTHING"), "has no METADATA"},
		"no remediation":          {swap("#   remediation: Do this.\n", ""), "remediation is needed"},
		"unknown severity":        {swap("severity: high", "severity: grave"), `severity "grave"`},
		"unknown scope":           {swap("scope: device", "scope: galaxy"), `scope "galaxy"`},
		"malformed id":            {swap("id: GA-BD-001", "id: one"), `id "one"`},
		"misspelt metadata":       {swap("remediation:", "remedy:"), "custom.remedy is not known"},
		"date that is none":       {swap("scope: device", "scope: device\n#   effective: \"soon\""), "custom.effective"},
		"no decision":             {swap("decision :=", "verdikt :="), "has no rule named decision"},
		"pass as the last branch": {swap(`else := verdict.unknown("not known", ["/device/name"])`, `else := verdict.pass("p", ["/device"])`), "last branch"},
		"a default":               {text(string(good.Data) + "\ndefault decision := {\"status\": \"pass\"}\n"), "exactly one complete rule"},
		"a second decision":       {text(string(good.Data) + "\ndecision := verdict.unknown(\"x\", [])\n"), "exactly one complete rule"},
		"package too deep":        {swap("backdoor.a\n", "backdoor.a.b\n"), "gpuaudit.rules.<category>.<rule>"},
		"unknown category":        {swap("backdoor.a\n", "frontdoor.a\n"), `"frontdoor" is no category`},
		"reserved package":        {swap("gpuaudit.rules.backdoor.a\n", "gpuaudit.index\n"), "is reserved"},
		"no Rego":                 {text("decision = {"), "a.rego:1"},
		"empty file":              {text(""), "a.rego"},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := load(tree("a.rego", tc.file, "data/list.json", text(`{"bad": ["x"]}`)), policy.Limits{})
			if !errors.Is(err, policy.ErrCompile) || !strings.Contains(err.Error(), tc.want) {
				t.Errorf("got %v, want ErrCompile with %q", err, tc.want)
			}
			if err != nil && !strings.Contains(err.Error(), "a.rego") {
				t.Errorf("error does not name the file: %v", err)
			}
		})
	}
	if _, err := load(tree("a.rego", good), policy.Limits{}); err != nil {
		t.Errorf("the rule that all of these change does not load: %v", err)
	}
}

// TestNewBuiltinIsOff: a function that OPA learns tomorrow cannot be called
// until somebody puts it in the list.
func TestNewBuiltinIsOff(t *testing.T) {
	ast.RegisterBuiltin(&ast.Builtin{Name: "brand.new", Decl: types.NewFunction(types.Args(types.S), types.B)})
	_, err := load(tree("a.rego", rule("GA-BD-001", "a", `verdict.pass("p", ["/"]) if brand.new("x")`)), policy.Limits{})
	if err == nil || !strings.Contains(err.Error(), "undefined function brand.new") {
		t.Errorf("got %v", err)
	}
}

func TestLoadRefusesSources(t *testing.T) {
	a := rule("GA-BD-001", "a", passes)
	for name, tc := range map[string]struct {
		fsys   fstest.MapFS
		limits policy.Limits
		want   string
	}{
		"one id twice":      {tree("a.rego", a, "b.rego", rule("GA-BD-001", "b", passes)), policy.Limits{}, "id GA-BD-001 belongs to a.rego"},
		"one package twice": {tree("a.rego", a, "b.rego", rule("GA-BD-002", "a", passes)), policy.Limits{}, "one rule is one file"},
		"no rules":          {tree(), policy.Limits{}, "there is no rule"},
		"data that is none": {tree("a.rego", a, "data/x.json", text("{")), policy.Limits{}, "data/x.json"},
		"two data values":   {tree("a.rego", a, "data/x.json", text("{} {}")), policy.Limits{}, "something follows the document"},
		"name of data":      {tree("a.rego", a, "data/X-1.json", text("{}")), policy.Limits{}, "lower-case"},
		"too many files":    {tree("a.rego", a), policy.Limits{SourceFiles: 1}, "more than 1 files"},
		"too large":         {tree("a.rego", a), policy.Limits{SourceBytes: 300}, "larger than the limit"},
	} {
		if _, err := load(tc.fsys, tc.limits); !errors.Is(err, policy.ErrCompile) || !strings.Contains(err.Error(), tc.want) {
			t.Errorf("%s: got %v, want ErrCompile with %q", name, err, tc.want)
		}
	}
	if _, err := policy.Load(context.Background(), policy.Source{FS: tree("a.rego", a), Schema: []byte("{")}); err == nil {
		t.Error("a schema that does not parse is accepted")
	}
}

func TestUserRules(t *testing.T) {
	builtIn := tree("a.rego", rule("GA-BD-001", "a", passes), "data/list.json", text(`[]`))
	plan, err := policy.Plan(context.Background(), policy.Source{FS: builtIn, Schema: []byte(schema)})
	if err != nil {
		t.Fatal(err)
	}
	for name, tc := range map[string]struct {
		user fstest.MapFS
		want string
	}{
		"own rule":             {fstest.MapFS{"x.rego": rule("ACME-BD-001", "x", passes)}, ""},
		"taken id":             {fstest.MapFS{"x.rego": rule("ACME-BD-001", "x", passes), "y.rego": rule("ACME-BD-001", "y", passes)}, "ids are never used twice"},
		"id of the program":    {fstest.MapFS{"x.rego": rule("GA-BD-999", "x", passes)}, "user:x.rego:11: id GA-BD-999: ids that begin with GA- are the program's own"},
		"misspelt package":     {fstest.MapFS{"x.rego": text(strings.Replace(string(rule("ACME-BD-001", "x", passes).Data), "gpuaudit.rules.", "gpuaudit.rule.", 1))}, "user:x.rego:11: package gpuaudit.rule.backdoor.x is none of a rule"},
		"package of their own": {fstest.MapFS{"x.rego": rule("ACME-BD-001", "x", passes), "y.rego": text("package acme\ndecision := 1")}, "user:y.rego:1: package acme is none of a rule"},
		"libraries alone":      {fstest.MapFS{"x.rego": text("package acme.lib\nx := 1")}, "no file is a rule"},
		"with a library":       {fstest.MapFS{"x.rego": rule("ACME-BD-001", "x", passes), "lib.rego": text("package acme.lib\nx := 1")}, ""},
		"taken package":        {fstest.MapFS{"x.rego": rule("ACME-BD-001", "a", passes)}, "user:x.rego:11: package gpuaudit.rules.backdoor.a is built in"},
		"changed library":      {fstest.MapFS{"x.rego": text("package gpuaudit.verdict\nunknown(d, m) := {\"status\": \"pass\"}")}, "user:x.rego:1: package gpuaudit.verdict is built in"},
		"library from above":   {fstest.MapFS{"x.rego": text("package gpuaudit\nverdict.unknown(d, m) := {\"status\": \"pass\"}")}, "package gpuaudit is built in"},
		"replaced data":        {fstest.MapFS{"x.rego": rule("ACME-BD-001", "x", passes), "data/list.json": text("[1]")}, `data of the name "list"`},
		"no rules at all":      {fstest.MapFS{"README": text("")}, "holds no .rego file"},
		"http.send":            {fstest.MapFS{"x.rego": rule("ACME-BD-001", "x", `verdict.pass("p", ["/"]) if http.send({}).ok`)}, "user:x.rego:15: rego_type_error: undefined function http.send"},
		"misspelt input":       {fstest.MapFS{"x.rego": rule("ACME-BD-001", "x", `verdict.pass("p", ["/"]) if input.device.nmae`)}, "user:x.rego:15"},
		"decision of another":  {fstest.MapFS{"y.rego": rule("ACME-BD-001", "y", passes), "x.rego": text("package acme.x\ndata.gpuaudit.rules.backdoor.a.decision := 1")}, "user:x.rego"},
		"rule under the index": {fstest.MapFS{"x.rego": text("package gpuaudit.index.device\nx := 1")}, "is reserved"},
		"asks a built-in rule": {fstest.MapFS{"x.rego": rule("ACME-BD-001", "x", `verdict.pass("p", ["/"]) if data.gpuaudit.rules.backdoor.a.decision.status == "pass"`)}, ""},
		"asks a rule of none":  {fstest.MapFS{"x.rego": rule("ACME-BD-001", "x", `verdict.pass("p", ["/"]) if data.gpuaudit.rules.backdoor.b.decision.status == "pass"`)}, "user:x.rego:15: data.gpuaudit.rules.backdoor.b.decision.status names no rule and no data"},
		"below a built-in one": {fstest.MapFS{"x.rego": rule("ACME-BD-001", "x", passes), "y.rego": text("package gpuaudit.rules.backdoor.a.decision\nx := 1")}, "user:y.rego"},
	} {
		for form, plan := range map[string][]byte{"interpreted": nil, "planned": plan} {
			t.Run(name+" "+form, func(t *testing.T) {
				e, err := policy.Load(context.Background(), policy.Source{FS: builtIn, User: tc.user, Schema: []byte(schema), Plan: plan})
				switch {
				case tc.want == "" && err != nil:
					t.Error(err)
				case tc.want == "" && len(e.Rules()) != 2:
					t.Errorf("rules: %+v", e.Rules())
				case tc.want != "" && (!errors.Is(err, policy.ErrCompile) || !strings.Contains(err.Error(), tc.want)):
					t.Errorf("got %v, want ErrCompile with %q", err, tc.want)
				}
			})
		}
	}
}

// TestPlanIsDecodedForTheFirstInput: a machine without a GPU asks no rule, and its scan does
// not wait for the program of the rules. What is damaged in that answers nothing.
func TestPlanIsDecodedForTheFirstInput(t *testing.T) {
	builtIn := tree("a.rego", rule("GA-BD-001", "a", passes))
	plan, err := policy.Plan(context.Background(), policy.Source{FS: builtIn, Schema: []byte(schema)})
	if err != nil {
		t.Fatal(err)
	}
	for name, tc := range map[string]struct {
		plan []byte
		fine bool
	}{"whole": {plan, true}, "damaged": {append(slices.Clone(plan[:len(plan)-1]), 0xff), false}} {
		e, err := policy.Load(context.Background(), policy.Source{FS: builtIn, Schema: []byte(schema), Plan: tc.plan})
		if err != nil || !slices.Equal(e.IDs(), []string{"GA-BD-001"}) || len(e.Rules()) != 1 {
			t.Errorf("%s: before an input: %v", name, err)
			continue
		}
		e.Prepare()
		for range 2 {
			findings, err := e.Evaluate(context.Background(), device(map[string]any{"name": "card"}))
			if tc.fine != (err == nil && len(findings) == 1 && findings[0].Status == finding.Pass) {
				t.Errorf("%s: %v %+v", name, err, findings)
			}
		}
	}
}

func TestRules(t *testing.T) {
	rules := mustLoad(t, tree("a.rego", rule("GA-BD-002", "a", passes), "b.rego", rule("GA-BD-001", "b", passes)), policy.Limits{}).Rules()
	if len(rules) != 2 || rules[0].ID != "GA-BD-001" {
		t.Fatalf("rules are not sorted by id: %+v", rules)
	}
	r := rules[0]
	if r.Category != finding.Backdoor || r.Severity != finding.High || r.Scope != policy.ScopeDevice || r.Title != "Title of GA-BD-001" ||
		r.Remediation != "Do this." || len(r.References) != 1 || r.File != "b.rego" || r.Package != "gpuaudit.rules.backdoor.b" {
		t.Errorf("metadata: %+v", r)
	}
}
