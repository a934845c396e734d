package spdm_test

import (
	"testing"
	"time"

	"github.com/gpuaudit/gpuaudit/attest/check"
	"github.com/gpuaudit/gpuaudit/attest/spdm"
	"github.com/gpuaudit/gpuaudit/attest/spdm/spdmtest"
)

// TestChains: a way that is kept answers the same question alone, and only in its time.
func TestChains(t *testing.T) {
	s, other := device(t), device(t)
	e := sign(t, s, answer(spdm.V11).Messages(), spdm.V11)
	kept := &spdm.Chains{}
	at := func(roots *spdmtest.Signed, e spdm.Evidence, when time.Time) *check.Check {
		r, err := spdm.Verify(e, spdm.Policy{Now: when, Roots: roots.Root(), Chains: kept})
		if err != nil {
			t.Fatal(err)
		}
		if c := r.Checks.Find(spdm.CheckChain); (c.Status == check.Pass) != (len(r.Path) == len(s.Chain)) {
			t.Errorf("%+v, path of %d", c, len(r.Path))
		}
		return r.Checks.Find(spdm.CheckChain)
	}
	for range 2 {
		if c := at(s, e, now); c.Status != check.Pass {
			t.Errorf("%+v", c)
		}
		if c := at(other, e, now); c.Code != "unknown-root" {
			t.Errorf("another root: %+v", c)
		}
		if c := at(s, e, now.AddDate(-10, 0, 0)); c.Code != "expired" {
			t.Errorf("before it is valid: %+v", c)
		}
		cut := e
		cut.Chain = e.Chain[:1]
		if c := at(s, cut, now); c.Status == check.Pass {
			t.Errorf("cut: %+v", c)
		}
	}
}
