package comid

import (
	"bytes"
	"errors"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/fxamacker/cbor/v2"
)

func encode(t testing.TB, v any) []byte {
	t.Helper()
	b, err := cbor.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

type m = map[int]any

func tag(n uint64, v any) cbor.Tag { return cbor.Tag{Number: n, Content: v} }

// arc is an environment of NVIDIA's, by what follows 1.3.6.1.4.1.5703.1300.
func arc(arcs ...byte) m {
	return m{0: m{0: tag(tagOID, append([]byte{0x2b, 6, 1, 4, 1, 0xac, 0x47, 0x8a, 0x14}, arcs...))}}
}

var (
	root   = arc(1, 11, 1, 2)
	one    = arc(1, 11, 11, 3)
	two    = arc(1, 11, 10, 4)
	device = m{0: m{1: "NVIDIA", 2: "GR100 A01 GSP", 3: 0}}
)

func digest(fill byte) m {
	return m{2: []any{[]any{SHA384, bytes.Repeat([]byte{fill}, 48)}}}
}

func purpose(name string) []any { return []any{m{0: "purpose", 1: m{11: name}}} }

func refs(t testing.TB, triples ...any) []Triple {
	t.Helper()
	out, err := References(encode(t, triples))
	if err != nil {
		t.Fatal(err)
	}
	return out
}

// pair is a triple of an environment with one measurement without a key.
func pair(env m, value m) []any { return []any{env, []any{m{1: value}}} }

func deps(t testing.TB, env m, on ...any) []Dependency {
	t.Helper()
	out, err := Dependencies(encode(t, []any{[]any{env, on}}))
	if err != nil {
		t.Fatal(err)
	}
	return out
}

// TestParse: what a reference says, and what is refused.
func TestParse(t *testing.T) {
	got := refs(t, pair(one, m{1: tag(tagMinSVN, 5), 2: digest(1)[2], 4: tag(tagMaskedRaw, []any{[]byte{1, 2}, []byte{0xff, 0}}), 11: "name"}))[0]
	if got.Environment.Class != "oid:1.3.6.1.4.1.5703.1300.1.11.11.3" || got.Environment.Root() {
		t.Errorf("%+v", got.Environment)
	}
	v := got.Measurements[0]
	if !v.SVN.Min || v.SVN.Value != 5 || v.Digests[0].Algorithm != 7 || !bytes.Equal(v.Mask, []byte{0xff, 0}) || *v.Name != "name" {
		t.Errorf("%+v", v)
	}
	e := refs(t, pair(root, digest(1)))[0].Environment
	if !e.Root() {
		t.Errorf("%+v", e)
	}
	for _, no := range []string{"", "oid:1.3.6.1.4.1.5703.1300.1", "oid:1.3.6.1.4.1.5703.1301.1.2", "oid:1.3.6.1.4.1.5703.1300.2.2", "bytes:00"} {
		if (&Environment{Class: no}).Root() {
			t.Errorf("%s is no root", no)
		}
	}
	for name, tt := range map[string]struct {
		triples     any
		unsupported bool
	}{
		"nothing":                   {[]any{}, false},
		"no pair":                   {[]any{[]any{one}}, false},
		"text":                      {"text", false},
		"an instance":               {[]any{[]any{m{0: one[0], 1: "x"}, []any{m{1: digest(1)}}}}, true},
		"an empty environment":      {[]any{pair(m{0: m{}}, digest(1))}, false},
		"no measurement":            {[]any{[]any{one, []any{}}}, false},
		"no value":                  {[]any{pair(one, m{})}, false},
		"a value of another kind":   {[]any{pair(one, m{3: m{0: true}})}, true},
		"authorized by":             {[]any{[]any{one, []any{m{1: digest(1), 2: []any{}}}}}, true},
		"two of a key":              {[]any{[]any{one, []any{m{1: digest(1)}, m{1: digest(2)}}}}, false},
		"two of an algorithm":       {[]any{pair(one, m{2: []any{[]any{7, []byte{1}}, []any{7, []byte{2}}}})}, false},
		"an algorithm by name":      {[]any{pair(one, m{2: []any{[]any{"sha-384", []byte{1}}}})}, true},
		"an empty digest":           {[]any{pair(one, m{2: []any{[]any{7, []byte{}}}})}, false},
		"a mask of another size":    {[]any{pair(one, m{4: tag(tagMaskedRaw, []any{[]byte{1}, []byte{1, 2}})})}, false},
		"an untagged raw value":     {[]any{pair(one, m{4: []byte{1}})}, false},
		"another tag":               {[]any{pair(one, m{1: tag(1, 5)})}, true},
		"indirect":                  {[]any{pair(one, m{12: m{0: []int{1}}})}, true},
		"a class of another tag":    {[]any{pair(m{0: m{0: tag(99, []byte{1})}}, digest(1))}, true},
		"a malformed object id":     {[]any{pair(m{0: m{0: tag(tagOID, []byte{0x2b, 0x80})}}, digest(1))}, false},
		"an object id without arcs": {[]any{pair(m{0: m{0: tag(tagOID, []byte{})}}, digest(1))}, false},
	} {
		if out, err := References(encode(t, tt.triples)); err == nil || errors.Is(err, ErrUnsupported) != tt.unsupported || out != nil && name != "indirect" && len(out) > 0 {
			t.Errorf("%s: %v %v", name, out, err)
		}
	}
	// Evidence may say more.
	if out, err := Evidence(encode(t, []any{[]any{m{0: one[0], 1: "x"}, []any{m{1: m{3: m{0: true}, 12: m{0: []int{4}}}}}}})); err != nil || !slices.Equal(out[0].Measurements[0].Indirect, []int{4}) {
		t.Errorf("%+v %v", out, err)
	}
}

// TestMatch: one root decides what counts.
func TestMatch(t *testing.T) {
	references := refs(t, []any{root, purpose("CC MPT")}, []any{arc(1, 11, 1, 1), purpose("CC SPT")}, pair(one, digest(1)), pair(one, digest(2)), pair(two, m{1: tag(tagMinSVN, 3)}), pair(device, m{1: tag(tagSVN, 1), 2: digest(9)[2]}))
	dependencies := append(deps(t, root, device, one, two), deps(t, arc(1, 11, 1, 1), one)...)
	index := 0
	whole := func(edit func(e map[string]any)) []Triple {
		e := map[string]any{"root": []any{root, purpose("CC MPT")}, "one": pair(one, digest(2)), "two": pair(two, m{1: tag(tagSVN, 3)}), "device": pair(m{0: m{1: "NVIDIA", 2: "GR100 A01 GSP", 3: 0, 4: index}}, m{1: 1, 2: digest(9)[2]})}
		edit(e)
		var list []any
		for _, name := range []string{"root", "one", "two", "device", "more"} {
			if e[name] != nil {
				list = append(list, e[name])
			}
		}
		out, err := Evidence(encode(t, list))
		if err != nil {
			t.Fatal(err)
		}
		return out
	}
	for name, tt := range map[string]struct {
		edit      func(e map[string]any)
		codes     []string // of the differences, in the order of references; the root's first
		uncovered int
		fault     string
	}{
		"whole":               {func(map[string]any) {}, nil, 0, ""},
		"another alternative": {func(e map[string]any) { e["one"] = pair(one, digest(1)) }, nil, 0, ""},
		"none of them":        {func(e map[string]any) { e["one"] = pair(one, digest(3)) }, []string{"dependency", "digest"}, 0, ""},
		"missing":             {func(e map[string]any) { delete(e, "one") }, []string{"dependency", "missing"}, 0, ""},
		"higher":              {func(e map[string]any) { e["two"] = pair(two, m{1: 9}) }, nil, 0, ""},
		"lower":               {func(e map[string]any) { e["two"] = pair(two, m{1: 2}) }, []string{"dependency", "svn"}, 0, ""},
		"not exactly":         {func(e map[string]any) { e["device"] = pair(device, m{1: 2, 2: digest(9)[2]}) }, []string{"dependency", "svn"}, 0, ""},
		"other firmware":      {func(e map[string]any) { e["device"] = pair(device, m{1: 1, 2: digest(8)[2]}) }, []string{"dependency", "digest"}, 0, ""},
		"another key":         {func(e map[string]any) { e["one"] = []any{one, []any{m{0: "K", 1: digest(1)}}} }, []string{"dependency", "key"}, 0, ""},
		"another purpose":     {func(e map[string]any) { e["root"] = []any{root, purpose("DEBUG")} }, []string{"name"}, 0, ""},
		"the other root": {func(e map[string]any) {
			e["root"] = []any{arc(1, 11, 1, 1), purpose("CC SPT")}
			delete(e, "two")
			delete(e, "device")
		}, nil, 0, ""},
		"a root without a value":  {func(e map[string]any) { e["root"] = []any{arc(1, 11, 1, 7), purpose("X")} }, nil, 0, NoReference},
		"no root":                 {func(e map[string]any) { delete(e, "root") }, nil, 0, NoRoot},
		"two roots":               {func(e map[string]any) { e["more"] = []any{arc(1, 11, 1, 1), purpose("CC SPT")} }, nil, 0, ManyRoots},
		"a root without purpose":  {func(e map[string]any) { e["root"] = pair(root, digest(1)) }, nil, 0, NoPurpose},
		"twice":                   {func(e map[string]any) { e["more"] = pair(one, digest(1)) }, nil, 0, Ambiguous},
		"more than is referenced": {func(e map[string]any) { e["more"] = pair(arc(1, 11, 11, 99), digest(1)) }, nil, 1, ""},
	} {
		o, err := Match(references, dependencies, whole(tt.edit))
		if f, ok := errors.AsType[*Fault](err); (tt.fault != "") != ok || ok && f.Code != tt.fault {
			t.Errorf("%s: %v", name, err)
			continue
		}
		if err != nil {
			continue
		}
		var codes []string
		for _, d := range o.Differing {
			codes = append(codes, d.Code)
		}
		if !reflect.DeepEqual(codes, tt.codes) || len(o.Uncovered) != tt.uncovered || o.Purpose == "" || len(o.Matched)+len(o.Differing)+len(o.Outside) != 5 {
			t.Errorf("%s: %+v", name, o)
		}
	}
	good := whole(func(map[string]any) {})
	for name, tt := range map[string]struct {
		references   []Triple
		dependencies []Dependency
		fault        string
	}{
		"no reference":            {nil, nil, NoReference},
		"a dependency without":    {references, append(deps(t, one, arc(5)), dependencies...), Unbacked},
		"a cycle":                 {references, append(deps(t, one, root), dependencies...), Cycle},
		"compatible alternatives": {append(refs(t, []any{one, []any{m{0: "K", 1: digest(1)}}}), references...), dependencies, Compatible},
	} {
		_, err := Match(tt.references, tt.dependencies, good)
		if f, ok := errors.AsType[*Fault](err); !ok || f.Code != tt.fault || !strings.Contains(err.Error(), f.Code) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// TestRaw: bytes with and without a mask.
func TestRaw(t *testing.T) {
	masked := refs(t, pair(one, m{4: tag(tagMaskedRaw, []any{[]byte{1, 2}, []byte{0xff, 0}})}))[0].Measurements[0].Values
	plain := refs(t, pair(one, m{4: tag(tagBytes, []byte{1, 2})}))[0].Measurements[0].Values
	for _, tt := range []struct {
		reference Values
		evidence  []byte
		want      string
	}{{masked, []byte{1, 9}, ""}, {masked, []byte{2, 2}, "raw"}, {masked, []byte{1}, "raw"}, {masked, nil, "raw"}, {plain, []byte{1, 2}, ""}, {plain, []byte{1, 9}, "raw"}, {plain, nil, "raw"}} {
		if got := tt.reference.differ(&Values{Raw: tt.evidence}); got != tt.want {
			t.Errorf("%v: %q", tt.evidence, got)
		}
	}
	other := Values{Digests: []Digest{{1, []byte{1}}}}
	if got := (&Values{Digests: []Digest{{7, []byte{1}}}}).differ(&other); got != "digest" {
		t.Errorf("no algorithm in common: %q", got)
	}
}

// TestResolve: SPDM blocks in the place of their indices.
func TestResolve(t *testing.T) {
	block := func(i int) ([]byte, bool, bool, bool) {
		switch i {
		case 1, 2:
			return bytes.Repeat([]byte{byte(i)}, 48), false, false, true
		case 3:
			return []byte{1, 2}, true, true, true
		case 4:
			return []byte{9}, true, false, true
		}
		return nil, false, false, false
	}
	v := Values{Indirect: []int{1, 3, 4}}
	if err := v.Resolve(block); err != nil || v.Digests[0].Value[0] != 1 || v.SVN.Value != 0x201 || v.Raw[0] != 9 || v.Indirect != nil {
		t.Errorf("%+v %v", v, err)
	}
	for _, indirect := range [][]int{{5}, {1, 2}, {4, 4}, {3, 3}} {
		if err := (&Values{Indirect: indirect}).Resolve(block); err == nil {
			t.Errorf("%v", indirect)
		}
	}
}

func FuzzMatch(f *testing.F) {
	f.Add(encode(f, []any{[]any{root, purpose("CC")}, pair(one, digest(1))}), encode(f, []any{[]any{root, []any{one}}}), encode(f, []any{[]any{root, purpose("CC")}, pair(one, digest(1))}))
	f.Fuzz(func(t *testing.T, references, dependencies, evidence []byte) {
		r, err := References(references)
		if err != nil {
			return
		}
		d, _ := Dependencies(dependencies)
		e, err := Evidence(evidence)
		if err != nil {
			return
		}
		if o, err := Match(r, d, e); err == nil && len(o.Matched)+len(o.Differing) == 0 {
			t.Fatalf("nothing was compared: %+v", o)
		}
	})
}
