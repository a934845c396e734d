package irvm_test

import (
	"bytes"
	"context"
	"errors"
	"slices"
	"testing"

	"github.com/open-policy-agent/opa/v1/ast"

	"github.com/gpuaudit/gpuaudit/policy/irvm"
)

// some functions are allowed to be called.
func some(name string) bool {
	return slices.Contains([]string{"count", "lt", "mul", "plus", "startswith", "concat", "object.get", "object.keys", "object.union", "sprintf", "internal.member_2", "neq"}, name)
}

// module has a rule of each kind: a loop, a function, a set, a conflict.
const module = `package t

total := count([1 | some a in input.list; some b in input.list; a < b])

names contains n if some n in input.names

twice(x) := x * 2

doubled := [twice(x) | some x in input.list]

one := x if some x in input.list

fine if every n in input.names { startswith(n, "a") }
`

// compiled are rules as a plan gives them.
func compiled(t testing.TB, text string, entries ...string) *irvm.Program {
	t.Helper()
	c := ast.NewCompiler()
	c.Compile(map[string]*ast.Module{"t.rego": ast.MustParseModuleWithOpts(text, ast.ParserOptions{RegoVersion: ast.RegoV1})})
	if c.Failed() {
		t.Fatal(c.Errors)
	}
	var query ast.Body
	for _, e := range entries {
		query.Append(ast.NewExpr(ast.MustParseTerm(e)))
	}
	plan, err := irvm.Compile(context.Background(), c, query)
	if err != nil {
		t.Fatal(err)
	}
	p, err := irvm.Load(plan, some)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

var entries = []string{"data.t.total", "data.t.names", "data.t.doubled", "data.t.one", "data.t.fine"}

func input(text string) *ast.Term { return ast.NewTerm(ast.MustParseTerm(text).Value) }

var noData = ast.NewTerm(ast.NewObject())

func call(p *irvm.Program, ctx context.Context, in string, steps int64, rule string) (ast.Value, error) {
	return p.NewRun(ctx, input(in), noData, irvm.Options{Steps: steps}).Call("g0." + rule)
}

func TestCall(t *testing.T) {
	p := compiled(t, module, entries...)
	for rule, want := range map[string]string{
		"data.t.total": "3", "data.t.names": `{"a", "b"}`, "data.t.doubled": "[2, 4, 6]",
	} {
		got, err := call(p, t.Context(), `{"list": [1, 2, 3], "names": ["b", "a", "b"]}`, 1000, rule)
		if err != nil || got.Compare(ast.MustParseTerm(want).Value) != 0 {
			t.Errorf("%s is %v, want %s: %v", rule, got, want, err)
		}
	}
	if got, err := call(p, t.Context(), `{"list": [1], "names": ["b"]}`, 1000, "data.t.fine"); err != nil || got != nil {
		t.Errorf("a rule that does not hold is %v: %v", got, err)
	}
	if _, err := call(p, t.Context(), `{"list": [1, 2]}`, 1000, "data.t.one"); !errors.Is(err, irvm.ErrConflict) {
		t.Errorf("a rule of two values: %v", err)
	}
	if _, err := call(p, t.Context(), `{}`, 1000, "data.t.other"); !errors.Is(err, irvm.ErrUnknown) {
		t.Errorf("a rule that is not there: %v", err)
	}
}

// TestSteps: one input takes the same steps every time, and stops where it may take no
// more; what a run was refused is not kept for its other calls.
func TestSteps(t *testing.T) {
	p := compiled(t, module, entries...)
	const in = `{"list": [1, 2, 3, 4, 5, 6, 7, 8, 9], "names": []}`
	least := int64(0)
	for n := int64(1); n < 10_000 && least == 0; n++ {
		switch _, err := call(p, t.Context(), in, n, "data.t.total"); {
		case err == nil:
			least = n
		case !errors.Is(err, irvm.ErrSteps):
			t.Fatal(err)
		}
	}
	if least < 81 {
		t.Fatalf("81 pairs take %d steps", least)
	}
	for range 20 {
		if _, err := call(p, t.Context(), in, least, "data.t.total"); err != nil {
			t.Error(err)
		}
		if _, err := call(p, t.Context(), in, least-1, "data.t.total"); !errors.Is(err, irvm.ErrSteps) {
			t.Errorf("one step less: %v", err)
		}
	}
	run := p.NewRun(t.Context(), input(in), noData, irvm.Options{Steps: least - 1})
	for range 2 {
		if _, err := run.Call("g0.data.t.total"); !errors.Is(err, irvm.ErrSteps) {
			t.Errorf("asked again: %v", err)
		}
	}
	if v, err := run.Call("g0.data.t.fine"); err != nil || v == nil {
		t.Errorf("another rule of the run: %v, %v", v, err)
	}
}

// TestCancel: a run ends with its context.
func TestCancel(t *testing.T) {
	p := compiled(t, module, entries...)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	list := bytes.Repeat([]byte("1,"), 300)
	if _, err := call(p, ctx, `{"list": [`+string(list)+`1]}`, 1<<40, "data.t.total"); !errors.Is(err, context.Canceled) {
		t.Errorf("called off: %v", err)
	}
}

// stored is the program of the module, and a data document.
func stored(t testing.TB) []byte {
	t.Helper()
	b, err := irvm.Encode(compiled(t, module, entries...), ast.MustParseTerm(`{"a": [1, true, null, {"b": "c"}]}`).Value)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// TestStored: a program that was stored says the same, and one that was damaged is
// refused or at least does no harm.
func TestStored(t *testing.T) {
	b := stored(t)
	p, data, err := irvm.Decode(b, some)
	if err != nil || data.Compare(ast.MustParseTerm(`{"a": [1, true, null, {"b": "c"}]}`).Value) != 0 {
		t.Fatalf("%v, %v", data, err)
	}
	again, err := irvm.Encode(p, data)
	if err != nil || !bytes.Equal(b, again) {
		t.Errorf("stored again it is another: %v", err)
	}
	if _, _, err := irvm.Decode(b, func(name string) bool { return name != "startswith" }); !errors.Is(err, irvm.ErrPlan) {
		t.Errorf("a function that is not allowed: %v", err)
	}
	for i := range b {
		if _, _, err := irvm.Decode(b[:i], some); err == nil {
			t.Errorf("the first %d of %d bytes are a program", i, len(b))
		}
		for _, flip := range []byte{1, 0x80, 0xff} {
			damaged := slices.Clone(b)
			damaged[i] ^= flip
			runAll(damaged)
		}
	}
}

// runAll runs what a stored program holds; it must come back.
func runAll(b []byte) {
	p, data, err := irvm.Decode(b, some)
	if err != nil {
		return
	}
	run := p.NewRun(context.Background(), input(`{"list": [1, 2], "names": ["a"]}`), ast.NewTerm(data), irvm.Options{Steps: 2000})
	for _, e := range entries {
		_, _ = run.Call("g0." + e)
	}
}

func FuzzDecode(f *testing.F) {
	f.Add(stored(f))
	f.Add([]byte{})
	f.Fuzz(func(t *testing.T, b []byte) { runAll(b) })
}
