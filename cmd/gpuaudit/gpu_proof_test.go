package main

import (
	"bytes"
	"encoding/hex"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/gpuaudit/gpuaudit/attest/spdm/nvidia"
	"github.com/gpuaudit/gpuaudit/attest/spdm/nvidia/nvidiatest"
	"github.com/gpuaudit/gpuaudit/attest/tpm"
	"github.com/gpuaudit/gpuaudit/audit/facts"
	"github.com/gpuaudit/gpuaudit/audit/finding"
	"github.com/gpuaudit/gpuaudit/audit/gpuproof"
	"github.com/gpuaudit/gpuaudit/audit/hosttest"
	"github.com/gpuaudit/gpuaudit/audit/report"
)

// provingMachine is a machine with an H100 that signs what it measured, for the nonces that
// its library was built with.
type provingMachine struct {
	tree string
	card *nvidiatest.Card
}

func newProvingMachine(t *testing.T) *provingMachine {
	t.Helper()
	card, err := nvidiatest.New(nvidiatest.ChipID)
	if err != nil {
		t.Fatal(err)
	}
	c := hosttest.NVIDIACard("0000:01:00.0")
	c.Device, c.NVIDIAVersion = "2331", "96.00.a5.00.01"
	m := &provingMachine{card: card, tree: nvidiaTreeOf(t, c)}
	mustDo(t, os.MkdirAll(filepath.Join(m.tree, "work/rim"), 0o755))
	driver, err := card.Manifest(card.Driver)
	mustDo(t, err, os.WriteFile(filepath.Join(m.tree, "work/rim", nvidiatest.DriverFile), driver, 0o644))
	vbios, err := card.Manifest(card.VBIOS)
	mustDo(t, err, os.WriteFile(filepath.Join(m.tree, "work/rim", nvidiatest.VBIOSFile), vbios, 0o644),
		os.WriteFile(filepath.Join(m.tree, "work/device.pem"), nvidia.PEM(card.Signed.Root()), 0o644),
		os.WriteFile(filepath.Join(m.tree, "work/rim.pem"), nvidia.PEM(card.Maker.Root()), 0o644))
	return m
}

// answers builds the library anew, so that it answers a nonce.
func (m *provingMachine) answers(t *testing.T, nonce []byte, macros ...string) {
	t.Helper()
	header, err := nvidiatest.Header(nonce, m.card)
	if err != nil {
		t.Fatal(err)
	}
	name := filepath.Join(t.TempDir(), "proof.h")
	mustDo(t, os.WriteFile(name, header, 0o600))
	args := append([]string{"-DID=0x233110de", `-DDRIVER="590.12"`, `-DVBIOS="96.00.A5.00.01"`, fmt.Sprintf("-DPROOF=%q", name)}, macros...)
	if text, err := library("cc", m.tree, args...).CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, text)
	}
}

// The library for NVSwitches, and the chip id of the one that answers through it.
const (
	switchLibrary = "usr/lib64/libnvidia-nscq.so.2"
	switchID      = "203EB31AD9ED0008"
)

// withSwitch builds the library for NVSwitches, so that one answers a nonce. The verifier
// trusts its maker, too.
func (m *provingMachine) withSwitch(t *testing.T, nonce []byte) {
	t.Helper()
	sw, err := nvidiatest.NewSwitch(switchID)
	mustDo(t, err)
	header, err := nvidiatest.Header(nonce, sw)
	mustDo(t, err)
	name := filepath.Join(t.TempDir(), "switch.h")
	mustDo(t, os.WriteFile(name, header, 0o600), os.WriteFile(filepath.Join(m.tree, "work/device.pem"), nvidia.PEM(append(m.card.Signed.Root(), sw.Signed.Root()...)), 0o644))
	cc := exec.Command("cc", "-shared", "-fPIC", "-o", filepath.Join(m.tree, switchLibrary), fmt.Sprintf("-DPROOF=%q", name), "../../audit/collect/nvml/library/testdata/nscq.c")
	if text, err := cc.CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, text)
	}
}

func (m *provingMachine) run(t *testing.T, args ...string) (code int, text, said string) {
	t.Helper()
	return visit{Tree: m.tree, Dir: "/work", Args: args}.run(t)
}

// heldAgainst are the flags that name what the card is held against.
var heldAgainst = []string{"--rim", "rim", "--device-roots", "device.pem", "--rim-roots", "rim.pem", "--now", "2026-11-24T00:00:00Z"}

func (m *provingMachine) scan(t *testing.T, args ...string) *report.Report {
	t.Helper()
	code, text, said := m.run(t, append(append([]string{"scan", "-q", "-o", "json"}, args...), heldAgainst...)...)
	if text == "" {
		t.Fatalf("exit %d: %s", code, said)
	}
	return decodeReport(t, code, text).report
}

func statusOf(r *report.Report, id string) finding.Status {
	for _, f := range r.Findings {
		if f.ID == id {
			return f.Status
		}
	}
	return ""
}

// TestGPUsProveThemselves: from the library of a live machine through the program that
// asks it and the confined judge to what the report says.
func TestGPUsProveThemselves(t *testing.T) {
	t.Parallel()
	m := newProvingMachine(t)
	nonce := strings.Repeat("a5", 32)
	raw, err := hex.DecodeString(nonce)
	mustDo(t, err)

	t.Run("evidence", func(t *testing.T) {
		m.answers(t, raw)
		if code, _, said := m.run(t, "attest", "gpu", "--nonce", nonce, "--output", "e.json", "--require-confinement"); code != 0 {
			t.Fatalf("exit %d: %s", code, said)
		}
		code, text, said := m.run(t, append([]string{"attest", "verify", "e.json", "--nonce", nonce}, heldAgainst...)...)
		if code != 0 || !strings.Contains(text, "genuine and matches: chip "+nvidiatest.ChipID) {
			t.Errorf("exit %d: %s%s", code, text, said)
		}
		m.withSwitch(t, raw)
		if code, _, said := m.run(t, "attest", "gpu", "--nonce", nonce, "--output", "both.json", "--require-confinement"); code != 0 || !strings.Contains(said, ": 2; verify it") {
			t.Errorf("with a switch: exit %d: %s", code, said)
		}
		if _, text, said := m.run(t, append([]string{"attest", "verify", "both.json", "--nonce", nonce}, heldAgainst...)...); !strings.Contains(text, "chip "+switchID+" (LS_10)") {
			t.Errorf("with a switch: %s%s", text, said)
		}
		mustDo(t, os.Remove(filepath.Join(m.tree, switchLibrary)))
		m.answers(t, raw, "-DREFUSES=3")
		if code, _, said := m.run(t, "attest", "gpu", "--nonce", nonce, "--output", "none.json"); code != exitIncomplete || !strings.Contains(said, "not supported (NVML error 3)") {
			t.Errorf("a GPU that cannot: exit %d: %s", code, said)
		}
	})
	asked := gpuproof.Nonce(raw, nil)
	t.Run("scan", func(t *testing.T) {
		m.answers(t, asked)
		r := m.scan(t, "--attest", "gpu", "--nonce", nonce)
		p := r.GPUProof
		if p == nil || p.State != facts.AttestationVerified || p.NonceFrom != facts.NonceVerifier || p.Nonce != nonce || r.Attestation != nil {
			t.Fatalf("%+v", p)
		}
		if d := p.Devices[0]; d.Outcome != "genuine-and-matches" || d.Address != "0000:01:00.0" || strings.Join(d.Agrees, " ") != "chip-id driver vbios" || len(d.Disagrees) > 0 {
			t.Errorf("%+v", d)
		}
		for _, id := range []string{"GA-BD-100", "GA-BD-101", "GA-PR-090", "GA-PR-091", "GA-PR-092", "GA-PR-093"} {
			if s := statusOf(r, id); s != finding.Pass {
				t.Errorf("%s: %s", id, s)
			}
		}
		// Something to hold a proof against, and none: that is no silence.
		if r = m.scan(t); r.GPUProof == nil || r.GPUProof.State != facts.AttestationAbsent || !strings.Contains(r.GPUProof.Reason, "not asked") {
			t.Errorf("nobody asked: %+v", r.GPUProof)
		}
	})
	t.Run("capture", func(t *testing.T) {
		m.answers(t, asked)
		if code, _, said := m.run(t, "capture", "-q", "--attest", "gpu", "--nonce", nonce, "--output", "c.tar.gz"); code != 0 {
			t.Fatalf("exit %d: %s", code, said)
		}
		r := m.scan(t, "--capture", "c.tar.gz", "--nonce", nonce)
		if r.GPUProof == nil || r.GPUProof.State != facts.AttestationVerified || r.Attestation != nil {
			t.Errorf("%+v", r.GPUProof)
		}
		r = m.scan(t, "--capture", "c.tar.gz", "--nonce", strings.Repeat("a6", 32))
		if p := r.GPUProof; p.State != facts.AttestationFailed || !strings.Contains(p.Reason, "another nonce") || r.Verdict.ExitCode != exitSignature {
			t.Errorf("another nonce: %+v", p)
		}
		if code, _, said := m.run(t, "capture", "-q", "--attest", "gpu", "--redact", "--output", "r.tar.gz"); code != exitUsage || !strings.Contains(said, "--redact") {
			t.Errorf("redacted: exit %d: %s", code, said)
		}
	})
	t.Run("developer mode", func(t *testing.T) {
		m.answers(t, asked, "-DDEVTOOLS=1")
		if r := m.scan(t, "--attest", "gpu", "--nonce", nonce); statusOf(r, "GA-BD-101") != finding.Fail || r.Verdict.ExitCode != exitSignature {
			t.Errorf("%+v", r.GPUProof)
		}
	})
	t.Run("another card answers", func(t *testing.T) {
		m.answers(t, asked, `-DDRIVER="580.95.05"`, "-UDRIVER", `-DDRIVER="591.00"`)
		if r := m.scan(t, "--attest", "gpu", "--nonce", nonce); statusOf(r, "GA-PR-091") != finding.Fail {
			t.Errorf("%+v", r.GPUProof.Devices)
		}
	})
	t.Run("measured otherwise", func(t *testing.T) {
		m.card.Values[9] = nvidiatest.Value(99)
		defer func() { m.card.Values[9] = nvidiatest.Value(9) }()
		m.answers(t, asked)
		r := m.scan(t, "--attest", "gpu", "--nonce", nonce)
		if statusOf(r, "GA-BD-100") != finding.Fail || r.GPUProof.Devices[0].Differences[0].Index != 9 || r.Verdict.ExitCode != exitSignature {
			t.Errorf("%+v", r.GPUProof)
		}
	})
	t.Run("silent", func(t *testing.T) {
		m.answers(t, asked, "-DREFUSES=3")
		r := m.scan(t, "--attest", "gpu", "--nonce", nonce)
		if p := r.GPUProof; p.State != facts.AttestationAbsent || len(p.Silent) != 1 || statusOf(r, "GA-BD-100") != finding.Unknown {
			t.Errorf("%+v", p)
		}
	})
}

// TestOneNonceBehindBothProofs: what the GPU signs holds the name of the key with which the
// TPM quotes, and the quote covers it.
func TestOneNonceBehindBothProofs(t *testing.T) {
	t.Parallel()
	for _, tool := range []string{"swtpm", "swtpm_setup"} {
		if _, err := exec.LookPath(tool); err != nil {
			t.Skipf("%s is not on this machine", tool)
		}
	}
	m := newProvingMachine(t)
	dir := filepath.Join(m.tree, "tpm")
	mustDo(t, os.Mkdir(dir, 0o755))
	if text, err := exec.Command("swtpm_setup", "--tpm2", "--tpmstate", dir, "--pcr-banks", "sha256").CombinedOutput(); err != nil {
		t.Skipf("swtpm_setup does not work here: %v: %s", err, text)
	}
	socket := filepath.Join(dir, "sock")
	cmd := exec.Command("swtpm", "socket", "--tpm2", "--tpmstate", "dir="+dir, "--server", "type=unixio,path="+socket, "--ctrl", "type=unixio,path="+socket+".c", "--flags", "startup-clear")
	mustDo(t, cmd.Start())
	t.Cleanup(func() { _ = cmd.Process.Kill(); _ = cmd.Wait() })
	for range 500 {
		if _, err := os.Stat(socket); err == nil {
			break
		}
		time.Sleep(10 * time.Millisecond)
	}
	dev, err := tpm.Open(socket)
	mustDo(t, err)
	name, err := tpm.AKName(dev)
	mustDo(t, err, dev.Close())

	nonce := bytes.Repeat([]byte{0xA5}, 32)
	m.answers(t, gpuproof.Nonce(nonce, name))
	r := m.scan(t, "--attest", "tpm,gpu", "--tpm", "/tpm/sock", "--nonce", hex.EncodeToString(nonce), "--ak", hex.EncodeToString(name))
	a, p := r.Attestation, r.GPUProof
	if a == nil || a.State == facts.AttestationFailed || a.Covers != facts.CoversFacts {
		t.Fatalf("%+v", a)
	}
	if p.State != facts.AttestationVerified || p.Bound != "tpm" || p.Nonce != a.Nonce {
		t.Errorf("%+v", p)
	}
	// Evidence that answers the bare nonce was made for no machine.
	m.answers(t, gpuproof.Nonce(nonce, nil))
	if r = m.scan(t, "--attest", "tpm,gpu", "--tpm", "/tpm/sock", "--nonce", hex.EncodeToString(nonce)); r.GPUProof.State == facts.AttestationVerified {
		t.Errorf("%+v", r.GPUProof)
	}
}
