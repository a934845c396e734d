package library

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/gpuaudit/gpuaudit/attest/check"
	"github.com/gpuaudit/gpuaudit/attest/spdm"
	"github.com/gpuaudit/gpuaudit/attest/spdm/nvidia"
	"github.com/gpuaudit/gpuaudit/attest/spdm/nvidia/nvidiatest"
	"github.com/gpuaudit/gpuaudit/audit/collect/nvml"
)

// prover builds a library whose GPUs sign what they measured for a nonce.
func prover(t *testing.T, nonce []byte, cards []*nvidiatest.Card, macros ...string) string {
	t.Helper()
	header, err := nvidiatest.Header(nonce, cards...)
	if err != nil {
		t.Fatal(err)
	}
	name := filepath.Join(t.TempDir(), "proof.h")
	if err := os.WriteFile(name, header, 0o600); err != nil {
		t.Fatal(err)
	}
	return build(t, append(macros, fmt.Sprintf("-DPROOF=%q", name))...)
}

// TestProve: what a GPU signs comes through the real call into a shared library, is kept
// as it is, and verifies.
func TestProve(t *testing.T) {
	nonce := bytes.Repeat([]byte{0xA5}, nvml.NonceBytes)
	card, err := nvidiatest.New(nvidiatest.ChipID)
	if err != nil {
		t.Fatal(err)
	}
	cards := []*nvidiatest.Card{card}
	ask := func(t *testing.T, nonce []byte, macros ...string) (*nvml.Answers, *nvml.GPU) {
		t.Helper()
		a, err := Read(t.Context(), prover(t, bytes.Repeat([]byte{0xA5}, nvml.NonceBytes), cards, macros...), nonce)
		if err != nil {
			t.Fatal(err)
		}
		text, err := a.Encode()
		if err != nil {
			t.Fatal(err)
		}
		if a, err = nvml.Decode(text); err != nil {
			t.Fatalf("what was recorded cannot be read: %v\n%s", err, text)
		}
		return a, &a.GPUs[0]
	}
	a, g := ask(t, nonce)
	if g.Evidence == nil || g.PDI == nil || *g.PDI != nvidiatest.ChipID || !bytes.Equal(a.NonceGiven(), nonce) {
		t.Fatalf("%+v", g)
	}
	if c := a.Confidential; c == nil || c.Environment != "prod" || !c.Enabled || c.DevTools || *c.MultiGPU != "mode-7" {
		t.Errorf("%+v", c)
	}
	chain, err := nvidia.Chain([]byte(g.Evidence.Chain))
	if err != nil {
		t.Fatal(err)
	}
	r, err := nvidia.Verify(nvidia.Evidence{Evidence: spdm.Evidence{Transcript: g.Evidence.Report, Chain: chain}},
		spdm.Policy{Nonce: nonce, Now: time.Date(2026, 6, 1, 0, 0, 0, 0, time.UTC), Roots: card.Signed.Root()})
	if err != nil || r.Checks.Status() != check.Pass || r.Device.ID != nvidiatest.ChipID {
		t.Errorf("%v %+v", err, r)
	}
	for _, tt := range []struct {
		name, says string
		macros     []string
	}{
		{"refused", "report: no permission (NVML error 4)", []string{"-DREFUSES=4"}},
		{"not supported", "report: not supported (NVML error 3)", []string{"-DREFUSES=3"}},
		{"a report past its buffer", "malformed: a report of 8193 bytes", []string{"-DLONG_REPORT"}},
		{"no certificates", "malformed: certificates of 0 bytes", []string{"-DNO_CHAIN"}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			if _, g := ask(t, nonce, tt.macros...); g.Evidence != nil || !failed(g, "evidence", tt.says) {
				t.Errorf("%+v", g)
			}
		})
	}
	t.Run("another nonce", func(t *testing.T) {
		if _, g := ask(t, bytes.Repeat([]byte{1}, nvml.NonceBytes)); g.Evidence != nil || !failed(g, "evidence", "invalid argument") {
			t.Errorf("%+v", g)
		}
	})
	t.Run("not asked", func(t *testing.T) {
		if a, g := ask(t, nil); g.Evidence != nil || a.Nonce != nil || failed(g, "evidence", "") {
			t.Errorf("%+v", g)
		}
	})
	t.Run("an old driver", func(t *testing.T) {
		a, g := ask(t, nonce, "-DOLD_STATE", "-DNO_PDI", "-DDEVTOOLS=1")
		if c := a.Confidential; c == nil || !c.DevTools || c.MultiGPU != nil || g.PDI != nil || g.Evidence == nil || !failed(g, "pdi", "lacks the function") {
			t.Errorf("%+v %+v", c, g)
		}
	})
}

func failed(g *nvml.GPU, fact, says string) bool {
	for _, f := range g.Failures {
		if f.Fact == fact && strings.Contains(f.Text, says) {
			return true
		}
	}
	return false
}
