package rim

import (
	"bytes"
	"slices"
	"testing"
	"time"

	"github.com/fxamacker/cbor/v2"
	"github.com/veraison/go-cose"

	"github.com/gpuaudit/gpuaudit/attest/check"
	"github.com/gpuaudit/gpuaudit/attest/rim/rimtest"
)

// reference is a triple of an environment with one digest, in CBOR.
func reference(layer int) []any {
	return []any{map[int]any{0: map[int]any{1: "NVIDIA", 3: layer}}, []any{map[int]any{1: map[int]any{2: []any{[]any{7, bytes.Repeat([]byte{1}, 48)}}}}}}
}

func content(t testing.TB, more map[int]any, parts ...rimtest.CoMID) []byte {
	t.Helper()
	b, err := rimtest.Content("GR100_081D_9900230000", more, parts...)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func signCBOR(t testing.TB, s *rimtest.Signer, content []byte, edit func(*cose.Sign1Message)) []byte {
	t.Helper()
	b, err := s.SignCBOR(content, edit)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func verifyCBOR(t testing.TB, b []byte, p Policy) *Result {
	t.Helper()
	r, err := VerifyCoRIM(b, p)
	if err != nil {
		t.Fatal(err)
	}
	if len(r.Checks) != len(checks)-1 {
		t.Fatalf("%d checks: %+v", len(r.Checks), r.Checks)
	}
	return r
}

var epoch = func(t time.Time) cbor.Tag { return cbor.Tag{Number: 1, Content: t.Unix()} }

// TestCoRIM: manifests in CBOR, and each fault for its own reason.
func TestCoRIM(t *testing.T) {
	s, other := signer(t), signer(t)
	part := rimtest.CoMID{0: []any{reference(0), reference(1)}}
	whole := content(t, map[int]any{4: map[int]any{0: epoch(rimtest.Begin), 1: epoch(rimtest.End)}, 3: cbor.Tag{Number: 32, Content: "tag:nvidia.com,2026:corim/1"}, 5: []any{}}, part,
		rimtest.CoMID{0: []any{reference(2)}, 4: []any{[]any{reference(0)[0], []any{reference(1)[0]}}}})
	p := Policy{Now: day, Roots: s.Root()}
	good := signCBOR(t, s, whole, nil)
	r := verifyCBOR(t, good, p)
	if r.Checks.Status() != check.Pass || r.CoRIM == nil || r.CoRIM.ID != "GR100_081D_9900230000" || len(r.CoRIM.References) != 3 || len(r.CoRIM.Dependencies) != 1 || r.Signer != "RIM L4 Signer" {
		t.Fatalf("%+v", r)
	}
	if r := verifyCBOR(t, signCBOR(t, s, content(t, nil, part), func(m *cose.Sign1Message) {
		m.Headers.Protected[cose.HeaderLabelX5Chain] = m.Headers.Unprotected[cose.HeaderLabelX5Chain]
		delete(m.Headers.Unprotected, cose.HeaderLabelX5Chain)
	}), p); r.Checks.Status() != check.Pass {
		t.Errorf("a chain that is signed: %+v", r.Checks)
	}
	edited := bytes.Clone(good)
	edited[bytes.Index(edited, bytes.Repeat([]byte{1}, 48))] ^= 2
	appended := &rimtest.Signer{Key: other.Key, Chain: append(other.Chain[:1:1], s.Chain...)}
	set := func(label int64, v any) func(*cose.Sign1Message) {
		return func(m *cose.Sign1Message) { m.Headers.Unprotected[label] = v }
	}
	inside := func(more map[int]any, parts ...rimtest.CoMID) []byte {
		return signCBOR(t, s, content(t, more, parts...), nil)
	}
	inner, err := cbor.Marshal(map[int]any{1: map[int]any{0: "x"}, 3: []any{}, 4: part})
	if err != nil {
		t.Fatal(err)
	}
	linked, err := cbor.Marshal(cbor.Tag{Number: 501, Content: map[int]any{0: "x", 1: []any{cbor.Tag{Number: 506, Content: inner}}}})
	if err != nil {
		t.Fatal(err)
	}
	for name, tt := range map[string]struct {
		b           []byte
		check, code string
		status      check.Status
	}{
		"not signed":         {whole, CheckForm, "not-signed", check.Fail},
		"another document":   {[]byte{0xd3, 0}, CheckForm, "not-corim", check.Fail},
		"cut":                {good[:len(good)-1], CheckForm, "not-cbor", check.Fail},
		"bytes behind":       {append(bytes.Clone(good), 0), CheckForm, "not-cbor", check.Fail},
		"large":              {append(bytes.Clone(good), make([]byte, MaxBytes)...), CheckForm, "too-large", check.Fail},
		"no chain":           {signCBOR(t, s, whole, func(m *cose.Sign1Message) { delete(m.Headers.Unprotected, cose.HeaderLabelX5Chain) }), CheckForm, "key-info", check.Fail},
		"no certificate":     {signCBOR(t, s, whole, set(cose.HeaderLabelX5Chain, []byte{1})), CheckForm, "certificate", check.Fail},
		"edited":             {edited, CheckSignature, "signature", check.Fail},
		"another's":          {signCBOR(t, &rimtest.Signer{Key: other.Key, Chain: s.Chain}, whole, nil), CheckSignature, "signature", check.Fail},
		"another root":       {signCBOR(t, other, whole, nil), CheckChain, "unknown-root", check.Fail},
		"maker's appended":   {signCBOR(t, appended, whole, nil), CheckChain, "unknown-root", check.Fail},
		"signed by a CA":     {signCBOR(t, s.Above(), whole, nil), CheckChain, "not-a-signer", check.Fail},
		"other content":      {signCBOR(t, s, []byte{0x01}, nil), CheckContent, "not-corim", check.Fail},
		"linked":             {signCBOR(t, s, linked, nil), CheckContent, "unsupported", check.Unknown},
		"no part":            {inside(nil), CheckContent, "missing-element", check.Fail},
		"dependent":          {inside(map[int]any{2: []any{"x"}}, part), CheckContent, "unsupported", check.Unknown},
		"another profile":    {inside(map[int]any{3: cbor.Tag{Number: 32, Content: "tag:example.com,2026:x"}}, part), CheckContent, "unsupported", check.Unknown},
		"endless":            {inside(map[int]any{4: map[int]any{0: epoch(rimtest.Begin)}}, part), CheckContent, "malformed", check.Fail},
		"a time with parts":  {inside(map[int]any{4: map[int]any{1: cbor.Tag{Number: 1, Content: 4102444800.5}}}, part), CheckContent, "malformed", check.Fail},
		"a date in words":    {inside(map[int]any{4: map[int]any{1: cbor.Tag{Number: 0, Content: "2100-01-01T00:00:00Z"}}}, part), CheckContent, "malformed", check.Fail},
		"many parts":         {inside(nil, slices.Repeat([]rimtest.CoMID{part}, 26)...), CheckContent, "unsupported", check.Unknown},
		"another kind":       {inside(nil, rimtest.CoMID{0: part[0], 2: []any{}}), CheckContent, "unsupported", check.Unknown},
		"no reference":       {inside(nil, rimtest.CoMID{}), CheckContent, "missing-element", check.Fail},
		"an empty reference": {inside(nil, rimtest.CoMID{0: []any{}}), CheckContent, "malformed", check.Fail},
	} {
		r := verifyCBOR(t, tt.b, p)
		if c := r.Checks.Find(tt.check); c.Status != tt.status || c.Code != tt.code || c.Detail == "" || r.CoRIM != nil {
			t.Errorf("%s: %+v", name, r.Checks)
		}
	}
	for name, tt := range map[string]struct {
		begin, end time.Time
		accept     bool
		code       string
	}{
		"now":      {day.AddDate(0, -1, 0), day.AddDate(0, 1, 0), false, ""},
		"ended":    {day.AddDate(0, -2, 0), day.AddDate(0, -1, 0), false, "expired"},
		"accepted": {day.AddDate(0, -2, 0), day.AddDate(0, -1, 0), true, ""},
		"early":    {day.AddDate(0, 1, 0), day.AddDate(0, 2, 0), true, "not-yet-valid"},
	} {
		b := inside(map[int]any{4: map[int]any{0: epoch(tt.begin), 1: epoch(tt.end)}}, part)
		r := verifyCBOR(t, b, Policy{Now: day, Roots: s.Root(), UnsafeAcceptExpired: tt.accept})
		if c := r.Checks.Find(CheckValidity); c.Code != tt.code || r.CoRIM == nil {
			t.Errorf("%s: %+v", name, r.Checks)
		}
	}
	if !IsCoRIM(good) || !IsCoRIM(whole) || IsCoRIM([]byte("<")) || IsCoRIM(nil) {
		t.Error("what begins a manifest in CBOR")
	}
}

func FuzzCoRIM(f *testing.F) {
	s := signer(f)
	b := signCBOR(f, s, content(f, nil, rimtest.CoMID{0: []any{reference(0)}}), nil)
	f.Add(b)
	p := Policy{Now: day, Roots: s.Root()}
	f.Fuzz(func(t *testing.T, b []byte) {
		if r := verifyCBOR(t, b, p); r.CoRIM != nil && len(r.CoRIM.References) != 1 {
			t.Fatalf("nobody signed %+v", r.CoRIM)
		}
		if c, err := readCoRIM(b); err == nil && len(c.References) == 0 {
			t.Fatal("nothing in it")
		}
	})
}
