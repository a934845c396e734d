package spdm_test

import (
	"bytes"
	"encoding/asn1"
	"math/big"
	"testing"
	"time"

	"github.com/gpuaudit/gpuaudit/attest/check"
	"github.com/gpuaudit/gpuaudit/attest/spdm"
	"github.com/gpuaudit/gpuaudit/attest/spdm/spdmtest"
)

var now = time.Date(2026, 11, 28, 0, 0, 0, 0, time.UTC)

func device(t testing.TB) *spdmtest.Signed {
	t.Helper()
	s, err := spdmtest.NewChain(spdmtest.Subject{Name: "firmware"}, spdmtest.Subject{Name: "boot ROM"}, spdmtest.Subject{Name: "root"})
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func answer(version byte) *spdmtest.Answer {
	a := &spdmtest.Answer{Version: version, Blocks: 3, Opaque: []byte{1, 2, 3}}
	a.Nonce[0], a.ResponderNonce[0] = 7, 9
	a.Record = append(a.Record, spdmtest.Block(1, 0x01, bytes.Repeat([]byte{5}, 48))...)
	a.Record = append(a.Record, spdmtest.Block(2, 0x87, []byte{3, 0, 0, 0, 0, 0, 0, 0})...)
	a.Record = append(a.Record, spdmtest.Block(0xFD, 0x8A, bytes.Repeat([]byte{6}, 1263))...)
	return a
}

func sign(t testing.TB, s *spdmtest.Signed, messages []byte, version byte) spdm.Evidence {
	t.Helper()
	b, err := s.Sign(messages, version)
	if err != nil {
		t.Fatal(err)
	}
	return spdm.Evidence{Transcript: b, Chain: s.Chain}
}

func verify(t testing.TB, e spdm.Evidence, p spdm.Policy) *spdm.Result {
	t.Helper()
	r, err := spdm.Verify(e, p)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// TestVersions: what is signed differs from version to version.
func TestVersions(t *testing.T) {
	s := device(t)
	for _, version := range []byte{spdm.V11, spdm.V12, spdm.V13, spdm.V14} {
		a := answer(version)
		e := sign(t, s, a.Messages(), version)
		r := verify(t, e, spdm.Policy{Nonce: a.Nonce[:], Now: now, Roots: s.Root()})
		if r.Checks.Status() != check.Pass || len(r.Checks) != 4 {
			t.Errorf("%#x: %+v", version, r.Checks)
			continue
		}
		m := r.Measured
		if len(m.Blocks) != 3 || !bytes.Equal(m.Opaque, a.Opaque) || m.Block(2).Type != 7 || !m.Block(2).Raw || m.Block(1).Raw || len(m.Block(spdm.ManifestIndex).Value) != 1263 || m.Block(3) != nil {
			t.Errorf("%#x: %+v", version, m)
		}
		if version >= spdm.V12 { // signed as SPDM 1.1 would
			b, _ := s.Sign(a.Messages(), spdm.V11)
			if c := verify(t, spdm.Evidence{Transcript: b, Chain: s.Chain}, spdm.Policy{Now: now}).Checks.Find(spdm.CheckSignature); c.Status != check.Fail {
				t.Errorf("%#x signed without its prefix: %+v", version, c)
			}
		}
	}
}

// TestRefused: each fault is refused for its own reason; all of them are signed by the
// device itself.
func TestRefused(t *testing.T) {
	s := device(t)
	block := func(i byte) []byte { return spdmtest.Block(i, 1, make([]byte, 48)) }
	for name, tt := range map[string]struct {
		change func(a *spdmtest.Answer)
		edit   func(b []byte) []byte
		check  string
		code   string
	}{
		"duplicate index":        {func(a *spdmtest.Answer) { a.Record, a.Blocks = append(block(1), block(1)...), 2 }, nil, spdm.CheckForm, "duplicate-index"},
		"a block too few stated": {func(a *spdmtest.Answer) { a.Blocks = 2 }, nil, spdm.CheckForm, "block-count"},
		"a block too many":       {func(a *spdmtest.Answer) { a.Blocks = 4 }, nil, spdm.CheckForm, "block-count"},
		"sizes do not add up":    {func(a *spdmtest.Answer) { a.Record[2]++ }, nil, spdm.CheckForm, "block-size"},
		"block past the end":     {func(a *spdmtest.Answer) { a.Record, a.Blocks = block(1)[:50], 1 }, nil, spdm.CheckForm, "block-size"},
		"index 0":                {func(a *spdmtest.Answer) { a.Record, a.Blocks = block(0), 1 }, nil, spdm.CheckForm, "block-index"},
		"half a head":            {func(a *spdmtest.Answer) { a.Record, a.Blocks = append(block(1), 1, 1), 2 }, nil, spdm.CheckForm, "truncated"},
		"record past the end":    {nil, func(b []byte) []byte { b[37+7] = 0xff; return b }, spdm.CheckForm, "truncated"},
		"no signature asked for": {nil, func(b []byte) []byte { b[2] = 0; return b }, spdm.CheckForm, "not-signed"},
		"another message":        {nil, func(b []byte) []byte { b[1] = 0xE2; return b }, spdm.CheckForm, "unexpected-message"},
		"version byte changed":   {nil, func(b []byte) []byte { b[0], b[37] = 0x12, 0x12; return b }, spdm.CheckForm, "no-negotiation"},
		"two versions":           {nil, func(b []byte) []byte { b[37] = 0x12; return b }, spdm.CheckForm, "version-mismatch"},
		"stray byte":             {nil, func(b []byte) []byte { return append(b, 0) }, spdm.CheckSignature, "stray-bytes"},
		"half a signature":       {nil, func(b []byte) []byte { return b[:len(b)-48] }, spdm.CheckSignature, "truncated"},
		"nonce changed":          {nil, func(b []byte) []byte { b[4] ^= 1; return b }, spdm.CheckSignature, "signature"},
	} {
		t.Run(name, func(t *testing.T) {
			a := answer(spdm.V11)
			if tt.change != nil {
				tt.change(a)
			}
			e := sign(t, s, a.Messages(), spdm.V11)
			if tt.edit != nil {
				e.Transcript = tt.edit(e.Transcript)
			}
			r := verify(t, e, spdm.Policy{Nonce: a.Nonce[:], Now: now, Roots: s.Root()})
			c := r.Checks.Find(tt.check)
			if c.Code != tt.code || c.Status == check.Pass || r.Measured != nil || len(r.Checks) != 4 {
				t.Errorf("%+v", r.Checks)
			}
		})
	}
}

// TestChain: who vouches for a device, and when.
func TestChain(t *testing.T) {
	s, other := device(t), device(t)
	a := answer(spdm.V11)
	e := sign(t, s, a.Messages(), spdm.V11)
	appended := e
	appended.Chain = append(append(s.Chain[:1:1], other.Chain[1:]...), s.Root()...)
	for name, tt := range map[string]struct {
		e      spdm.Evidence
		p      spdm.Policy
		status check.Status
		code   string
	}{
		"no roots":           {e, spdm.Policy{Now: now}, check.Unknown, "no-roots"},
		"another root":       {e, spdm.Policy{Now: now, Roots: other.Root()}, check.Fail, "unknown-root"},
		"another's chain":    {appended, spdm.Policy{Now: now, Roots: other.Root()}, check.Fail, "unknown-root"},
		"before it is valid": {e, spdm.Policy{Now: now.AddDate(-10, 0, 0), Roots: s.Root()}, check.Fail, "expired"},
	} {
		r := verify(t, tt.e, tt.p)
		if c := r.Checks.Find(spdm.CheckChain); c.Status != tt.status || c.Code != tt.code {
			t.Errorf("%s: %+v", name, c)
		}
	}
	if c := verify(t, spdm.Evidence{Transcript: e.Transcript}, spdm.Policy{Now: now}).Checks.Find(spdm.CheckSignature); c.Status != check.Unknown || c.Code != "no-certificate" {
		t.Errorf("without a chain: %+v", c)
	}
}

// TestNonce: freshness is shown by the requester's nonce alone.
func TestNonce(t *testing.T) {
	s := device(t)
	a := answer(spdm.V11)
	e := sign(t, s, a.Messages(), spdm.V11)
	off := a.Nonce
	off[31] ^= 1
	for code, nonce := range map[string][]byte{"no-nonce": nil, "nonce": off[:], "responder-nonce": a.ResponderNonce[:], "": a.Nonce[:]} {
		c := verify(t, e, spdm.Policy{Now: now, Nonce: nonce}).Checks.Find(spdm.CheckNonce)
		if c.Code != code || (c.Status == check.Pass) != (code == "") {
			t.Errorf("%q: %+v", code, c)
		}
	}
	for _, p := range []spdm.Policy{{}, {Now: now, Nonce: a.Nonce[:31]}} {
		if _, err := spdm.Verify(e, p); err == nil {
			t.Errorf("%+v is no policy", p)
		}
	}
}

// TestTwin: the second signature of an ECDSA signature verifies, too, and is the same
// report.
func TestTwin(t *testing.T) {
	s := device(t)
	a := answer(spdm.V11)
	e := sign(t, s, a.Messages(), spdm.V11)
	twin := e
	twin.Transcript = spdmtest.Twin(e.Transcript, &s.Key.PublicKey)
	one, two := verify(t, e, spdm.Policy{Now: now}), verify(t, twin, spdm.Policy{Now: now})
	if bytes.Equal(e.Transcript, twin.Transcript) || two.Measured == nil || one.Measured.Identity() != two.Measured.Identity() {
		t.Errorf("%+v %+v", one, two)
	}
	der, err := asn1.Marshal(struct{ R, S *big.Int }{new(big.Int).SetBytes(e.Transcript[len(e.Transcript)-96 : len(e.Transcript)-48]), new(big.Int).SetBytes(e.Transcript[len(e.Transcript)-48:])})
	if err != nil {
		t.Fatal(err)
	}
	twin.Transcript = append(a.Messages(), der...)
	if r := verify(t, twin, spdm.Policy{Now: now}); r.Measured != nil {
		t.Error("a signature in DER was taken")
	}
}

func FuzzVerify(f *testing.F) {
	s := device(f)
	for _, version := range []byte{spdm.V11, spdm.V12, spdm.V13} {
		a := answer(version)
		f.Add(sign(f, s, a.Messages(), version).Transcript)
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		r, err := spdm.Verify(spdm.Evidence{Transcript: b, Chain: s.Chain}, spdm.Policy{Now: now, Roots: s.Root()})
		if err != nil || len(r.Checks) != 4 {
			t.Fatalf("%v %+v", err, r)
		}
	})
}
