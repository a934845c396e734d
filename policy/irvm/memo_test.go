package irvm_test

import (
	"fmt"
	"math/rand/v2"
	"testing"

	"github.com/open-policy-agent/opa/v1/ast"

	"github.com/gpuaudit/gpuaudit/policy/irvm"
)

// looking has a rule for each way to look at the input.
const looking = `package t

by_key := input.a.b

by_variable := [input.a[k] | some k in input.keys]

by_path := object.get(input, ["a", "b"], "none")

by_path_into := object.get(input, ["a", "c"], {}).b

by_default := object.get(input.x, "b", input.a)

size := count(input.a)

keys := object.keys(input.a)

same if input.a == input.x

differs if input.a != input.x

listed := [x | some x in input.list]

members contains x if some x in input.list

first := [x.b | some x in input.list; x.b][0]

none if not input.a.b

every_one if every x in input.list { x.b == 1 }

part := input.a

through := part.b

whole_part := [part]

of(x) := x.b

called := of(input.a)

text := sprintf("%v", [input.a])

keyed := {"k": input.a}

found := input.list[input.at].b

looked_up := {input.a: 1}[input.x]

second := input.list[1]

joined := object.union(input.a, input.x)

other := v if v := [part.b, input.list] with input.a as {"b": input.x}

twice := [through, through, size]

all contains k if some k, _ in input.a

held if input.a in input.list
`

var lookers = []string{"by_key", "by_variable", "by_path", "by_path_into", "by_default", "size", "keys", "same", "differs",
	"listed", "members", "first", "none", "every_one", "part", "through", "whole_part", "called", "text", "keyed", "found",
	"looked_up", "second", "joined", "other", "twice", "all", "held"}

// small makes inputs of few values, so that many of them say the same of something.
func small(r *rand.Rand, depth int) ast.Value {
	object := func(keys ...string) ast.Value {
		var pairs [][2]*ast.Term
		for _, k := range keys {
			if r.IntN(4) > 0 {
				pairs = append(pairs, ast.Item(ast.StringTerm(k), ast.NewTerm(small(r, depth-1))))
			}
		}
		return ast.NewObject(pairs...)
	}
	switch {
	case depth == 3:
		o := object("a", "x", "list").(ast.Object)
		o.Insert(ast.StringTerm("keys"), ast.ArrayTerm(ast.StringTerm([]string{"b", "c"}[r.IntN(2)])))
		o.Insert(ast.StringTerm("at"), ast.InternedTerm(r.IntN(3)))
		o.Insert(ast.StringTerm("name"), ast.InternedTerm(r.IntN(1000)))
		return o
	case depth > 0 && r.IntN(3) > 0:
		if r.IntN(3) == 0 {
			var list []*ast.Term
			for range r.IntN(3) {
				list = append(list, ast.NewTerm(small(r, depth-1)))
			}
			return ast.NewArray(list...)
		}
		return object("b", "c")
	}
	return []ast.Value{ast.Number("1"), ast.Number("2"), ast.String("1"), ast.Boolean(true), ast.Null{}, ast.NewObject(), ast.NewArray()}[r.IntN(7)]
}

// TestWhatIsKeptIsWhatIsSaid: for inputs of all forms, what is found in the place of a
// rule's value is what the rule says, whatever was asked before it in the same run.
func TestWhatIsKeptIsWhatIsSaid(t *testing.T) {
	var entries []string
	for _, name := range lookers {
		entries = append(entries, "data.t."+name)
	}
	p := compiled(t, looking, entries...)
	memos, found, r := make([]irvm.Memo[string], len(lookers)), make([]int, len(lookers)), rand.New(rand.NewPCG(1, 2))
	for range 2000 {
		in := ast.NewTerm(small(r, 3))
		asked := irvm.Ask(in)
		followed := p.NewRun(t.Context(), in, noData, irvm.Options{Steps: 10_000, Trace: true})
		for _, i := range r.Perm(len(lookers)) {
			rule := "g0.data.t." + lookers[i]
			fresh := p.NewRun(t.Context(), in, noData, irvm.Options{Steps: 10_000})
			want := said(fresh.Call(rule))
			if got, ok := memos[i].Find(asked); ok {
				if found[i]++; got != want {
					t.Fatalf("%s of %v is %s, and %s was kept", lookers[i], in, want, got)
				}
				continue
			}
			if got := said(followed.Call(rule)); got != want {
				t.Fatalf("%s of %v is %s where it is followed, and %s", lookers[i], in, got, want)
			}
			if trace, ok := followed.Trace(); ok && !memos[i].Keep(trace, asked, want) {
				t.Fatalf("%s asked other questions of %v than of an input that answers the same", lookers[i], in)
			}
		}
	}
	for i, name := range lookers {
		if found[i] == 0 {
			t.Errorf("nothing that %s said was ever found again", name)
		}
	}
}

func said(v ast.Value, err error) string {
	if err != nil {
		return "error: " + err.Error()
	}
	return fmt.Sprint(v)
}

// TestTheLimitIsOfEachRule: a rule may take as many steps as it takes when nothing was
// asked before it, and no more, whatever was.
func TestTheLimitIsOfEachRule(t *testing.T) {
	const module = `package t

shared := [a | some a in input.list; some b in input.list; a < b]

one := count(shared)

two := [count(shared), count(shared), one]
`
	p := compiled(t, module, "data.t.one", "data.t.two")
	in := input("{\"list\": [1, 2, 3, 4, 5, 6, 7]}")
	alone := func(steps int64) bool {
		_, err := p.NewRun(t.Context(), in, noData, irvm.Options{Steps: steps}).Call("g0.data.t.two")
		return err == nil
	}
	least := int64(1)
	for !alone(least) {
		least++
	}
	for _, steps := range []int64{least - 1, least} {
		run := p.NewRun(t.Context(), in, noData, irvm.Options{Steps: steps})
		if _, err := run.Call("g0.data.t.one"); err != nil {
			t.Fatal(err)
		}
		if _, err := run.Call("g0.data.t.two"); (err == nil) != (steps == least) {
			t.Errorf("%d steps, of which alone %d are enough, after another rule: %v", steps, least, err)
		}
	}
}

// TestAFullMemoForgets: inputs without end take memory that ends, and what was asked
// last is found.
func TestAFullMemoForgets(t *testing.T) {
	p := compiled(t, "package t\n\nname := input.a.b", "data.t.name")
	var memo irvm.Memo[string]
	for n := range 10_000 {
		in := input(fmt.Sprintf(`{"a": {"b": "%060d"}}`, n))
		run, asked := p.NewRun(t.Context(), in, noData, irvm.Options{Steps: 100, Trace: true}), irvm.Ask(in)
		if _, ok := memo.Find(asked); ok {
			t.Fatalf("found %d before it was asked", n)
		}
		want := said(run.Call("g0.data.t.name"))
		if trace, ok := run.Trace(); !ok || !memo.Keep(trace, asked, want) {
			t.Fatal("not kept")
		}
		if got, ok := memo.Find(asked); !ok || got != want {
			t.Fatalf("%d: %q, %v", n, got, ok)
		}
		if memo.Size() > irvm.MemoSize {
			t.Fatalf("%d nodes", memo.Size())
		}
	}
}

// TestKeysOfAllKinds: a number and a text that looks like its name in a trace are two keys.
func TestKeysOfAllKinds(t *testing.T) {
	p := compiled(t, `package t

name := [object.get(input.a, 5, 0), object.get(input.a, "#5", 0), object.get(input.a, "n5", 0)]
`, "data.t.name")
	for _, key := range []string{"#5", "n5"} {
		var memo irvm.Memo[string]
		for n := range 2 {
			in := input(fmt.Sprintf(`{"a": {%q: %d, "other": 0}}`, key, n))
			run, asked := p.NewRun(t.Context(), in, noData, irvm.Options{Steps: 100, Trace: true}), irvm.Ask(in)
			if got, ok := memo.Find(asked); ok {
				t.Fatalf("%q: %d: found %s, which was said of another input", key, n, got)
			}
			want := said(run.Call("g0.data.t.name"))
			if trace, ok := run.Trace(); !ok || !memo.Keep(trace, asked, want) {
				t.Fatal("not kept")
			}
		}
	}
}
