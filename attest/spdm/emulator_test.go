package spdm_test

import (
	"encoding/hex"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/gpuaudit/gpuaudit/attest/check"
	"github.com/gpuaudit/gpuaudit/attest/pemcert"
	"github.com/gpuaudit/gpuaudit/attest/spdm"
)

// emulated is a day on which the emulator's certificates are valid.
var emulated = time.Date(2027, 6, 1, 0, 0, 0, 0, time.UTC)

// TestEmulator: transcripts of a responder that is not this project's own (testdata/spdm-emu).
func TestEmulator(t *testing.T) {
	names, err := filepath.Glob("testdata/spdm-emu/*.hex")
	if err != nil || len(names) != 8 {
		t.Fatalf("%d transcripts: %v", len(names), err)
	}
	for _, name := range names {
		t.Run(filepath.Base(name), func(t *testing.T) {
			text, err := os.ReadFile(name)
			if err != nil {
				t.Fatal(err)
			}
			transcript, err := hex.DecodeString(strings.Join(strings.Fields(string(text)), ""))
			if err != nil {
				t.Fatal(err)
			}
			version, curve, _ := strings.Cut(strings.TrimSuffix(filepath.Base(name), ".hex"), "-")
			b, err := os.ReadFile(filepath.Join("testdata", "spdm-emu", curve+".pem"))
			if err != nil {
				t.Fatal(err)
			}
			chain, _, err := pemcert.Parse(b, spdm.MaxChain)
			if err != nil {
				t.Fatal(err)
			}
			e, p := spdm.Evidence{Transcript: transcript, Chain: chain}, spdm.Policy{Now: emulated, Roots: chain[2:]}
			r := verify(t, e, p)
			m := r.Measured
			if m == nil || len(m.Blocks) != 8 || m.Version != 0x10+version[2]-'0' || r.Checks.Find(spdm.CheckChain).Status != check.Pass || len(r.Path) != 3 {
				t.Fatalf("%+v", r.Checks)
			}
			p.Nonce = m.Nonce
			if r := verify(t, e, p); r.Checks.Status() != check.Pass {
				t.Errorf("%+v", r.Checks)
			}
			for i, want := range []struct {
				index int
				raw   bool
			}{{1, false}, {2, false}, {3, false}, {4, false}, {0x10, true}, {0x11, false}, {0xFD, true}, {0xFE, true}} {
				if b := m.Blocks[i]; b.Index != want.index || b.Raw != want.raw || !b.Raw && len(b.Value) != 48 {
					t.Errorf("block %d: %+v", i, b)
				}
			}
			// Before SPDM 1.2 the negotiation is not signed.
			begin := 0
			if version == "1.1" {
				begin = len(transcript) - len(measurements(t, transcript))
			}
			for i := begin; i < len(transcript); i++ {
				changed := e
				changed.Transcript = append([]byte(nil), transcript...)
				changed.Transcript[i] ^= 1
				if r := verify(t, changed, p); r.Measured != nil {
					t.Fatalf("byte %d can change", i)
				}
			}
		})
	}
}

// measurements is a transcript from GET_MEASUREMENTS on.
func measurements(t *testing.T, b []byte) []byte {
	t.Helper()
	at := strings.Index(string(b), "\x11\xe0\x01\xff")
	if at < 0 {
		t.Fatal("no measurements were asked for")
	}
	return b[at:]
}
