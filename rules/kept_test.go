package rules_test

import (
	"context"
	"fmt"
	"maps"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/gpuaudit/gpuaudit/policy"
)

// unkept are the rules in their planned form, each asked of every input.
func unkept(t testing.TB) *policy.Engine {
	t.Helper()
	var ids []string
	for _, r := range load(t).Rules() {
		ids = append(ids, r.ID)
	}
	e, err := load(t).Only(context.Background(), ids)
	if err != nil {
		t.Fatal(err)
	}
	return e
}

// keeping is an engine of its own, which knows nothing yet.
func keeping(t testing.TB) *policy.Engine {
	t.Helper()
	e, err := loadPlan()
	if err != nil {
		t.Fatal(err)
	}
	return e
}

// TestWhatWasKeptIsWhatRulesSay: over all recorded hosts and dumps, and over each with a
// fact less or another one in its place, an engine that keeps what rules said of the
// others says byte for byte what one says that asks all of them. With GPUAUDIT_LONG it
// takes every fact.
func TestWhatWasKeptIsWhatRulesSay(t *testing.T) {
	e, fresh := keeping(t), unkept(t)
	documents := documentsOf(t)
	judged, rules := int64(0), int64(len(fresh.Rules()))
	same := func(what string, input any) {
		judged++
		if want, got := whole(t, fresh, input), whole(t, e, input); want != got {
			t.Errorf("%s: kept\n%.600s\nsaid\n%.600s", what, got, want)
		}
	}
	const every = 181 // of some thousand facts of a device
	for n, name := range slices.Sorted(maps.Keys(documents)) {
		input := documents[name]
		same(name, input)
		same(name+" again", input)
		for i, path := range paths(input, nil) {
			if os.Getenv("GPUAUDIT_LONG") == "" && (i+n)%every != 0 {
				continue
			}
			what := name + " " + strings.Join(path, "/")
			same(what, without(t, input, path))
			odd := odds[i%len(odds)]
			same(fmt.Sprintf("%s = %v", what, odd), replaced(input, path, odd))
		}
	}
	t.Logf("%d inputs, %d rules asked", judged, e.Asked())
	if e.Asked() > judged*rules/4 {
		t.Errorf("%d rules were asked of %d inputs: nothing is kept", e.Asked(), judged)
	}
}

// TestANewAddressAsksFewRules counts the rules that are asked of a card like another one
// in another slot of another machine.
func TestANewAddressAsksFewRules(t *testing.T) {
	e, f := keeping(t), planted()
	input := document(t, f)
	device := input["device"].(map[string]any)
	counts := make([]int64, 6)
	for i := range counts {
		before := e.Asked()
		host := maps.Clone(input["host"].(map[string]any))
		dmi := maps.Clone(host["dmi"].(map[string]any))
		dmi["product_serial"], host["dmi"] = fmt.Sprint("S", i), dmi
		d := maps.Clone(device)
		d["address"] = fmt.Sprintf("0000:%02x:00.0", 0x10+i)
		next := maps.Clone(input)
		next["host"], next["device"] = host, d
		whole(t, e, next)
		counts[i] = e.Asked() - before
	}
	// The first is not followed, of the second all is kept.
	if last := counts[len(counts)-1]; counts[1] != counts[0] || counts[2] != last || last > counts[0]/8 {
		t.Errorf("rules asked of like cards, one after the other: %v", counts)
	}
}
