package library

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/gpuaudit/gpuaudit/attest/check"
	"github.com/gpuaudit/gpuaudit/attest/spdm"
	"github.com/gpuaudit/gpuaudit/attest/spdm/nvidia"
	"github.com/gpuaudit/gpuaudit/attest/spdm/nvidia/nvidiatest"
	"github.com/gpuaudit/gpuaudit/audit/collect"
	"github.com/gpuaudit/gpuaudit/audit/collect/nvml"
)

// switchLibrary builds a library whose switches sign what they measured for a nonce.
func switchLibrary(t *testing.T, nonce []byte, cards []*nvidiatest.Card, macros ...string) string {
	t.Helper()
	cc, err := exec.LookPath("cc")
	if err != nil {
		t.Skip("no C compiler (cc) to build a library to load")
	}
	header, err := nvidiatest.Header(nonce, cards...)
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	name, path := filepath.Join(dir, "proof.h"), filepath.Join(dir, switchFileName)
	if err := os.WriteFile(name, header, 0o600); err != nil {
		t.Fatal(err)
	}
	args := append([]string{"-shared", "-fPIC", "-o", path, fmt.Sprintf("-DPROOF=%q", name)}, macros...)
	if out, err := exec.Command(cc, append(args, "testdata/nscq.c")...).CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	return path
}

// TestProveSwitches: what switches sign comes through the real calls into a shared
// library, which hands it over by value, is kept as it is, and verifies.
func TestProveSwitches(t *testing.T) {
	nonce := bytes.Repeat([]byte{0xA5}, nvml.NonceBytes)
	ids := []string{"203EB31AD9ED0008", "203EB31AD9ED0009"}
	var cards []*nvidiatest.Card
	for _, id := range ids {
		card, err := nvidiatest.NewSwitch(id)
		if err != nil {
			t.Fatal(err)
		}
		cards = append(cards, card)
	}
	list, err := ReadSwitches(t.Context(), switchLibrary(t, nonce, cards), nonce)
	if err != nil || len(list) != 2 {
		t.Fatalf("%v %+v", err, list)
	}
	for i, s := range list {
		if s.UUID != fmt.Sprintf("SWX-%08X", i+1) || s.Evidence == nil || len(s.Failures) > 0 {
			t.Fatalf("%+v", s)
		}
		chain, err := nvidia.Chain([]byte(s.Evidence.Chain))
		if err != nil {
			t.Fatal(err)
		}
		r, err := nvidia.Verify(nvidia.Evidence{Evidence: spdm.Evidence{Transcript: s.Evidence.Report, Chain: chain}},
			spdm.Policy{Nonce: nonce, Now: time.Date(2026, 6, 1, 0, 0, 0, 0, time.UTC), Roots: cards[i].Signed.Root()})
		if err != nil || r.Checks.Find(spdm.CheckNonce).Status != check.Pass || r.Checks.Find(nvidia.CheckChip).Status != check.Pass || r.Device.ID != ids[i] || !r.Device.Switch {
			t.Errorf("%v %+v", err, r)
		}
	}
	a := &nvml.Answers{Schema: nvml.Schema, Library: "/usr/lib/x", GPUs: []nvml.GPU{}, Nonce: new(strings.Repeat("a5", 32)), Switches: list}
	text, err := a.Encode()
	if err != nil {
		t.Fatal(err)
	}
	if back, err := nvml.Decode(text); err != nil || len(back.Switches) != 2 {
		t.Fatalf("what was recorded cannot be read: %v\n%s", err, text)
	}
	for _, tt := range []struct {
		name, says string
		unknown    bool // to the driver, which is no fault
		nonce      byte
		macros     []string
	}{
		{"another nonce", "report: the driver reports an error (NSCQ error -7)", false, 1, nil},
		{"refused", "report: the driver does not answer in time (NSCQ error -8)", false, 0xA5, []string{"-DREPORT=-8"}},
		{"not implemented", "report: not implemented (NSCQ error -1)", true, 0xA5, []string{"-DREPORT=-1"}},
		{"a report past its buffer", "malformed: a report of 8193 bytes", false, 0xA5, []string{"-DLONG_REPORT"}},
		{"no answer", "report: the library gave no answer", false, 0xA5, []string{"-DSILENT"}},
		{"no certificates", "malformed: certificates of 0 bytes", false, 0xA5, []string{"-DNO_CHAIN"}},
		{"no answer to that", "certificate: the library gave no answer", false, 0xA5, []string{"-DNO_CERTIFICATE"}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			list, err := ReadSwitches(t.Context(), switchLibrary(t, nonce, cards, tt.macros...), bytes.Repeat([]byte{tt.nonce}, nvml.NonceBytes))
			if err != nil || len(list) != 2 {
				t.Fatalf("%v %+v", err, list)
			}
			for _, s := range list {
				if s.Evidence != nil || len(s.Failures) != 1 || !strings.Contains(s.Failures[0].Text, tt.says) || s.Failures[0].Unsupported != tt.unknown {
					t.Errorf("%+v", s)
				}
			}
		})
	}
	t.Run("a warning is no failure", func(t *testing.T) {
		if list, err := ReadSwitches(t.Context(), switchLibrary(t, nonce, cards, "-DCREATE=1"), nonce); err != nil || len(list) != 2 || list[0].Evidence == nil {
			t.Errorf("%v %+v", err, list)
		}
	})
}

// TestReadSwitchesFails: a library that cannot be asked at all.
func TestReadSwitchesFails(t *testing.T) {
	nonce := make([]byte, nvml.NonceBytes)
	card, err := nvidiatest.NewSwitch("203EB31AD9ED0008")
	if err != nil {
		t.Fatal(err)
	}
	cards := []*nvidiatest.Card{card}
	text := filepath.Join(t.TempDir(), switchFileName)
	if err := os.WriteFile(text, []byte("no library"), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, tt := range []struct {
		name, path, says string
		is               error
	}{
		{"no library", text, "load", nil},
		{"another library", build(t), "lacks nscq_session_create", errors.ErrUnsupported},
		{"no session", switchLibrary(t, nonce, cards, "-DCREATE=-6"), "nscq_session_create: the driver is not supported (NSCQ error -6)", errors.ErrUnsupported},
		{"a session that is none", switchLibrary(t, nonce, cards, "-DNO_SESSION"), "no session", collect.ErrMalformed},
		{"no names", switchLibrary(t, nonce, cards, "-DOBSERVE=-7"), "the names of the switches: the driver reports an error", nil},
		{"a name that is nowhere", switchLibrary(t, nonce, cards, "-DNO_UUID"), "a switch without a UUID", collect.ErrMalformed},
		{"a name without an end", switchLibrary(t, nonce, cards, "-DENDLESS"), "the name", collect.ErrMalformed},
		{"a name that is a path", switchLibrary(t, nonce, cards, `-DLABEL="a/../b%d"`), "the name", collect.ErrMalformed},
		{"a hundred switches", switchLibrary(t, nonce, cards, "-DMANY"), "more than 64 switches", collect.ErrLimit},
	} {
		t.Run(tt.name, func(t *testing.T) {
			list, err := ReadSwitches(t.Context(), tt.path, nonce)
			if err == nil || list != nil || !strings.Contains(err.Error(), tt.says) || tt.is != nil && !errors.Is(err, tt.is) {
				t.Errorf("%v %v, want %q", list, err, tt.says)
			}
		})
	}
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	if _, err := ReadSwitches(ctx, switchLibrary(t, nonce, cards, "-DHANG"), nonce); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("a library that hangs: %v", err)
	}
}

// TestAddSwitches: a machine without switches is left as it is.
func TestAddSwitches(t *testing.T) {
	if _, err := os.Stat(switchNode); err == nil {
		t.Skip("this machine has NVSwitches")
	}
	a := &nvml.Answers{}
	if AddSwitches(t.Context(), a, make([]byte, nvml.NonceBytes)); a.Switches != nil || a.SwitchesUnasked != nil {
		t.Errorf("%+v", a)
	}
	if got := printable(errors.New("\x1b[2J" + strings.Repeat("\u00e9", 300))); len(got) != nvml.MaxText || !strings.HasPrefix(got, "?[2J??") {
		t.Errorf("%q", got)
	}
}
