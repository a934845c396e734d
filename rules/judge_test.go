package rules_test

import (
	"context"
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/gpuaudit/gpuaudit/audit/finding"
	"github.com/gpuaudit/gpuaudit/policy"
)

// judge says what the engine says, and works each rule's answer out once for all
// inputs that agree in every part that the rule reads. Inputs of which one fact was
// taken away agree in most.
type judge struct {
	engine *policy.Engine
	groups []group
	mu     sync.Mutex
	// known are answers by group and what it read, some the engines by their groups.
	known map[[sha256.Size]byte]map[string]finding.Status
	some  map[string]*policy.Engine
}

// group is rules that read the same parts of the input.
type group struct {
	scope policy.Scope
	reads []string
	ids   []string
}

func newJudge(e *policy.Engine) *judge {
	j := &judge{engine: e, known: map[[sha256.Size]byte]map[string]finding.Status{}, some: map[string]*policy.Engine{}}
	reads, at := e.Reads(), map[string]int{}
	for _, r := range e.Rules() {
		parts := coarse(reads[r.ID])
		key := string(r.Scope) + strings.Join(parts, " ")
		i, ok := at[key]
		if !ok {
			i, at[key] = len(j.groups), len(j.groups)
			j.groups = append(j.groups, group{scope: r.Scope, reads: parts})
		}
		j.groups[i].ids = append(j.groups[i].ids, r.ID)
	}
	return j
}

// coarse makes few groups of many: it takes no more than two steps of each pointer,
// and leaves out what lies below another one.
func coarse(pointers []string) []string {
	var parts []string
	for _, p := range pointers {
		if steps := strings.SplitN(p, "/", 4); len(steps) == 4 {
			p = strings.Join(steps[:3], "/")
		}
		parts = append(parts, p)
	}
	slices.Sort(parts)
	parts = slices.Compact(parts)
	return slices.DeleteFunc(parts, func(p string) bool {
		return slices.ContainsFunc(parts, func(above string) bool { return strings.HasPrefix(p, above+"/") })
	})
}

// statuses are the answers to an input in its JSON form.
func (j *judge) statuses(t *testing.T, input map[string]any) map[string]finding.Status {
	t.Helper()
	scope := policy.ScopeHost
	if input["device"] != nil {
		scope = policy.ScopeDevice
	}
	digests, all := map[string][]byte{}, map[string]finding.Status{}
	keys, ids, name := map[int][sha256.Size]byte{}, []string{}, ""
	for i := range j.groups {
		g := &j.groups[i]
		if g.scope != scope {
			continue
		}
		h := sha256.New()
		fmt.Fprintln(h, i)
		for _, part := range g.reads {
			if digests[part] == nil {
				digests[part] = digest(t, input, part)
			}
			h.Write(digests[part])
		}
		key := [sha256.Size]byte(h.Sum(nil))
		j.mu.Lock()
		known := j.known[key]
		j.mu.Unlock()
		if known != nil {
			maps.Copy(all, known)
			continue
		}
		keys[i], ids, name = key, append(ids, g.ids...), fmt.Sprint(name, " ", i)
	}
	if len(ids) == 0 {
		return all
	}
	fresh := statuses(t, j.only(t, name, ids), input)
	maps.Copy(all, fresh)
	for i, key := range keys {
		answers := map[string]finding.Status{}
		for _, id := range j.groups[i].ids {
			answers[id] = fresh[id]
		}
		j.mu.Lock()
		j.known[key] = answers
		j.mu.Unlock()
	}
	return all
}

func digest(t *testing.T, input map[string]any, pointer string) []byte {
	var v any = input
	for key := range strings.SplitSeq(strings.TrimPrefix(pointer, "/"), "/") {
		if key != "" {
			v = child(v, key)
		}
	}
	text, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	sum := sha256.Sum256(text)
	return sum[:]
}

// only is an engine of the rules of some groups.
func (j *judge) only(t *testing.T, name string, ids []string) *policy.Engine {
	j.mu.Lock()
	defer j.mu.Unlock()
	if j.some[name] == nil {
		e, err := j.engine.Only(context.Background(), ids)
		if err != nil {
			t.Fatal(err)
		}
		j.some[name] = e
	}
	return j.some[name]
}

// TestJudgeSaysTheSame: the judge loses nothing that the engine says of inputs of
// which a fact was taken away.
func TestJudgeSaysTheSame(t *testing.T) {
	e := unkept(t)
	j := newJudge(e)
	for _, name := range []string{"honest", "planted", "dark", "attested", "attestation planted", "planted host"} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			input := document(t, inputs()[name])
			all := paths(input, nil)
			for i, path := range all {
				if i%7 != 0 {
					continue
				}
				changed := without(t, input, path)
				if got, want := j.statuses(t, changed), statuses(t, e, changed); !maps.Equal(got, want) {
					t.Errorf("without /%s: %v, and the engine says %v", strings.Join(path, "/"), got, want)
				}
			}
		})
	}
}
