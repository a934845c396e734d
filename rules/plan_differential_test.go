package rules_test

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"math/rand/v2"
	"os"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/gpuaudit/gpuaudit/audit/facts"
	"github.com/gpuaudit/gpuaudit/policy"
	"github.com/gpuaudit/gpuaudit/rules"
)

// whole is all that an engine says of an input, as bytes.
func whole(t testing.TB, e *policy.Engine, input any) string {
	t.Helper()
	findings, err := e.Evaluate(context.Background(), input)
	text, encodeErr := json.Marshal(findings)
	if encodeErr != nil {
		t.Fatal(encodeErr)
	}
	return fmt.Sprintf("%s\nerror: %v", text, err)
}

func saysTheSame(t testing.TB, what string, input any) {
	t.Helper()
	want, got := whole(t, loadOPA(t), input), whole(t, load(t), input)
	if want == got {
		return
	}
	at := 0
	for at < min(len(want), len(got)) && want[at] == got[at] {
		at++
	}
	from := max(0, at-200)
	t.Errorf("%s: the plan says\n…%.600s\nand OPA\n…%.600s", what, got[from:], want[from:])
}

// TestPlanSaysWhatOPASays: of every recorded host and dump, and of the inputs of the
// property test.
func TestPlanSaysWhatOPASays(t *testing.T) {
	for name, f := range inputs() {
		saysTheSame(t, name, f)
		saysTheSame(t, name+" as JSON", document(t, f))
	}
	for name, f := range factsOfMachines(t) {
		saysTheSame(t, name, f)
	}
	if handed := load(t).HandedOver(); len(handed) > 0 {
		t.Errorf("facts as they are read are left to OPA: %v", handed)
	}
}

// TestPlanSaysTheSameWithoutAFact takes facts away, and puts values of other types in
// their place, which the types of the facts rule out and the rules' own tests do not.
// Each kind of fact is tried once, where it first comes up in the order of the names of
// inputs, and one in three with another value. With GPUAUDIT_LONG each kind is tried as
// often as there are odd values, in as many inputs as have it, and each time with the next
// of these values: every fact of every input would be some hundred thousand judgements by
// OPA, of which nearly all say again what one of the same kind said.
func TestPlanSaysTheSameWithoutAFact(t *testing.T) {
	long, taken := os.Getenv("GPUAUDIT_LONG") != "", map[string]int{}
	times := 1
	if long {
		times = len(odds)
	}
	documents := documentsOf(t)
	for _, name := range slices.Sorted(maps.Keys(documents)) {
		input := documents[name]
		var all [][]string
		var before []int // how often a fact of the kind was tried before
		for _, path := range paths(input, nil) {
			kind := digits.ReplaceAllString(strings.Join(path, "/"), "")
			if n := taken[kind]; n < times {
				all, before = append(all, path), append(before, n)
			}
			taken[kind]++
		}
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			for i, path := range all {
				saysTheSame(t, strings.Join(path, "/"), without(t, input, path))
				odd := odds[i%len(odds)]
				if long {
					odd = odds[before[i]]
				}
				if long || i%3 == 0 {
					saysTheSame(t, fmt.Sprintf("%s = %v", strings.Join(path, "/"), odd), replaced(input, path, odd))
				}
			}
		})
	}
}

// recordedFacts are those of each recorded machine and its devices, by name: the machines
// are read once for all tests, which leave what they get as it is.
var recordedFacts struct {
	once sync.Once
	of   map[string]*facts.Facts
}

func factsOfMachines(t *testing.T) map[string]*facts.Facts {
	t.Helper()
	r := &recordedFacts
	r.once.Do(func() {
		of := map[string]*facts.Facts{}
		for _, m := range slices.Concat(ownMachines(t), snapshots(t), sharedMachines(t)) {
			for owner, h := range audited(t, nil, m) {
				of[m.name+" "+owner] = h.facts
			}
		}
		r.of = of
	})
	if r.of == nil {
		t.Fatal("the recorded machines could not be read: another test says why")
	}
	return r.of
}

// documentsOf are the inputs of the property test and those of the recorded machines.
func documentsOf(t *testing.T) map[string]map[string]any {
	t.Helper()
	documents := map[string]map[string]any{}
	for name, f := range inputs() {
		documents[name] = document(t, f)
	}
	for name, f := range factsOfMachines(t) {
		documents[name] = document(t, f)
	}
	return documents
}

// odds are values that few facts can have.
var odds = []any{nil, "", 0, -1, 1.5, true, []any{}, map[string]any{}, "1", []any{"a"}, 1e30}

// replaced is an input with another value at a path.
func replaced(v any, path []string, value any) any {
	if len(path) == 0 {
		return value
	}
	switch v := v.(type) {
	case map[string]any:
		c := maps.Clone(v)
		c[path[0]] = replaced(v[path[0]], path[1:], value)
		return c
	case []any:
		c := slices.Clone(v)
		for i := range c {
			if fmt.Sprint(i) == path[0] {
				c[i] = replaced(c[i], path[1:], value)
			}
		}
		return c
	}
	return v
}

// FuzzPlan makes inputs of the schema: each fact is there or not, and has a value that
// some input has, whether it belongs there or not.
func FuzzPlan(f *testing.F) {
	var schema map[string]any
	if err := json.Unmarshal(rules.Schema(), &schema); err != nil {
		f.Fatal(err)
	}
	m := maker{texts: pool(f)}
	for seed := range uint64(24) {
		r, choices := rand.New(rand.NewPCG(seed, 1)), make([]byte, 6000)
		for i := range choices {
			choices[i] = byte(r.Uint32())
		}
		f.Add(choices)
	}
	f.Fuzz(func(t *testing.T, choices []byte) {
		m := m
		m.choices = bytes.NewReader(choices)
		input, _ := m.value(schema).(map[string]any)
		if input == nil {
			return
		}
		input["now"] = "2026-11-24T00:00:00Z"
		saysTheSame(t, "an input of the schema", input)
	})
}

// pool are the texts of all inputs, sorted.
func pool(t testing.TB) []string {
	all := map[string]bool{"": true}
	var walk func(v any)
	walk = func(v any) {
		switch v := v.(type) {
		case string:
			all[v] = true
		case map[string]any:
			for _, x := range v {
				walk(x)
			}
		case []any:
			for _, x := range v {
				walk(x)
			}
		}
	}
	for _, f := range inputs() {
		text, err := json.Marshal(f)
		if err != nil {
			t.Fatal(err)
		}
		var v any
		if err := json.Unmarshal(text, &v); err != nil {
			t.Fatal(err)
		}
		walk(v)
	}
	return slices.Sorted(maps.Keys(all))
}

// maker makes values of a schema by choices, which are bytes; without any more it
// leaves out what it can.
type maker struct {
	choices *bytes.Reader
	texts   []string
}

func (m *maker) next() int {
	b, err := m.choices.ReadByte()
	if err != nil {
		return 0
	}
	return int(b)
}

func (m *maker) value(schema map[string]any) any {
	if enum, ok := schema["enum"].([]any); ok {
		return enum[m.next()%len(enum)]
	}
	kind, _ := schema["type"].(string)
	if kinds, ok := schema["type"].([]any); ok {
		kind, _ = kinds[m.next()%len(kinds)].(string)
	}
	switch kind {
	case "object":
		object, properties := map[string]any{}, schema["properties"]
		list, _ := properties.(map[string]any)
		for _, key := range slices.Sorted(maps.Keys(list)) {
			if below, ok := list[key].(map[string]any); ok && m.next()%8 > 1 {
				object[key] = m.value(below)
			}
		}
		return object
	case "array":
		items, _ := schema["items"].(map[string]any)
		list := []any{}
		for range m.next() % 3 {
			list = append(list, m.value(items))
		}
		return list
	case "string":
		return m.texts[(m.next()*256+m.next())%len(m.texts)]
	case "integer":
		return (m.next() - 8) << (m.next() % 24)
	case "number":
		return float64(m.next()-8) / 4
	case "boolean":
		return m.next()%2 == 0
	}
	return nil
}
