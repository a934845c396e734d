package tpm_test

import (
	"bytes"
	"crypto/rand"
	"crypto/sha256"
	"crypto/x509"
	"encoding/hex"
	"flag"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"

	"github.com/google/go-tpm/tpm2"
	"github.com/google/go-tpm/tpm2/transport"

	"github.com/gpuaudit/gpuaudit/attest/eventlog"
	"github.com/gpuaudit/gpuaudit/attest/eventlog/eventlogtest"
	"github.com/gpuaudit/gpuaudit/attest/tpm"
)

var record = flag.Bool("record", false, "record the evidence of two software TPMs under testdata")

var (
	nonce = bytes.Repeat([]byte{0x11}, 32)
	now   = time.Date(2026, 12, 1, 0, 0, 0, 0, time.UTC)
)

// bootLog is the log of a machine like the laboratory's; the second driver comes
// from where package hosttest puts its good card.
func bootLog() *eventlogtest.Log {
	return eventlogtest.Boot(
		eventlogtest.Driver(bytes.Repeat([]byte{1}, 32), 0, 0x12800, 0x3cdff, [2]byte{5, 0}),
		eventlogtest.Driver(bytes.Repeat([]byte{2}, 32), 0, 0x12600, 0x3cfff, [2]byte{1, 3}, [2]byte{0, 0}))
}

// softwareTPM starts a fresh swtpm with EK certificates by a CA of its own, and
// returns its socket and the CA's certificates.
func softwareTPM(t *testing.T) (transport.TPM, []*x509.Certificate) {
	t.Helper()
	for _, tool := range []string{"swtpm", "swtpm_setup", "swtpm_localca"} {
		if _, err := exec.LookPath(tool); err != nil {
			t.Skipf("%s (Debian packages swtpm, swtpm-tools) is not on this machine", tool)
		}
	}
	dir, err := os.MkdirTemp("", "tpm") // a socket's path must be short
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	put := func(name, text string) string {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		return path
	}
	options := put("options", "--platform-manufacturer gpuaudit\n--platform-version 1\n--platform-model test\n")
	ca := put("ca.conf", "statedir = "+dir+"\nsigningkey = "+dir+"/signkey.pem\nissuercert = "+dir+"/issuercert.pem\ncertserial = "+dir+"/serial\n")
	setup := put("setup.conf", "create_certs_tool = swtpm_localca\ncreate_certs_tool_config = "+ca+"\ncreate_certs_tool_options = "+options+"\nactive_pcr_banks = sha256\n")
	if out, err := exec.Command("swtpm_setup", "--tpm2", "--tpmstate", dir, "--create-ek-cert", "--pcr-banks", "sha256", "--config", setup).CombinedOutput(); err != nil {
		t.Skipf("swtpm_setup does not work here: %v\n%s", err, out)
	}
	socket := filepath.Join(dir, "sock")
	cmd := exec.Command("swtpm", "socket", "--tpm2", "--tpmstate", "dir="+dir, "--server", "type=unixio,path="+socket, "--ctrl", "type=unixio,path="+socket+".ctrl", "--flags", "startup-clear")
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = cmd.Process.Kill(); _ = cmd.Wait() })
	for range 500 {
		if _, err := os.Stat(socket); err == nil {
			break
		}
		time.Sleep(20 * time.Millisecond)
	}
	dev, err := tpm.Open(socket)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { dev.Close() })
	var chain []*x509.Certificate
	for _, name := range []string{"swtpm-localca-rootca-cert.pem", "issuercert.pem"} {
		b, err := os.ReadFile(filepath.Join(dir, name))
		if err != nil {
			t.Fatal(err)
		}
		chain = append(chain, certificate(t, b))
	}
	return dev, chain
}

// measure extends the TPM as a firmware would that writes this log.
func measure(t *testing.T, dev transport.TPM, log []byte) {
	t.Helper()
	l, err := eventlog.Parse(log)
	if err != nil {
		t.Fatal(err)
	}
	for i := range l.Events {
		if e := &l.Events[i]; e.Type != eventlog.NoAction {
			extend(t, dev, e.PCR, e.Digest(eventlog.SHA256))
		}
	}
}

func extend(t *testing.T, dev transport.TPM, pcr int, digest []byte) {
	t.Helper()
	_, err := tpm2.PCRExtend{
		PCRHandle: tpm2.AuthHandle{Handle: tpm2.TPMHandle(pcr), Auth: tpm2.PasswordAuth(nil)},
		Digests:   tpm2.TPMLDigestValues{Digests: []tpm2.TPMTHA{{HashAlg: tpm2.TPMAlgSHA256, Digest: digest}}},
	}.Execute(dev)
	if err != nil {
		t.Fatal(err)
	}
}

func TestSoftwareTPM(t *testing.T) {
	dev, chain := softwareTPM(t)
	log := bootLog().Bytes()
	measure(t, dev, log)
	report := sha256.Sum256([]byte("a report\n"))
	start := time.Now()
	e, err := tpm.Collect(dev, tpm.Request{Nonce: nonce, ReportDigest: report[:], EventLog: log})
	if err != nil {
		t.Fatal(err)
	}
	t.Logf("collected in %v", time.Since(start))
	kinds := map[string]bool{}
	for _, ek := range e.EKs {
		kinds[ek.Kind] = true
	}
	if !kinds["rsa-2048"] || !kinds["ecc-p384"] {
		t.Errorf("swtpm has an RSA and a P-384 certificate, read were %v", kinds)
	}
	p := tpm.Policy{Nonce: nonce, Now: time.Now(), Roots: chain[:1], Chain: chain[1:], Enrolled: enrolled(t, dev, e), ReportDigest: report[:]}
	r, err := tpm.Verify(e, p)
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range r.Checks {
		if c.Status != tpm.Pass {
			t.Errorf("%s: %s %s %s", c.Name, c.Status, c.Code, c.Detail)
		}
	}
	if r.Status() != tpm.Pass || r.Log == nil || r.Clock == nil {
		t.Errorf("%s, log %v, clock %v", r.Status(), r.Log != nil, r.Clock)
	}
	againstTPM2Tools(t, e)
	if *record {
		e.Certificates = [][]byte{chain[1].Raw}
		recordEvidence(t, "good", e, chain[0])
		extend(t, dev, 2, bytes.Repeat([]byte{3}, 32))
		behind, err := tpm.Collect(dev, tpm.Request{Nonce: nonce, ReportDigest: report[:], EventLog: log})
		if err != nil {
			t.Fatal(err)
		}
		recordEvidence(t, "extended", behind, nil)
		other, otherChain := softwareTPM(t)
		measure(t, other, log)
		sibling, err := tpm.Collect(other, tpm.Request{Nonce: nonce, ReportDigest: report[:], EventLog: log})
		if err != nil {
			t.Fatal(err)
		}
		sibling.Certificates = [][]byte{otherChain[1].Raw}
		recordEvidence(t, "sibling", sibling, otherChain[0])
	}
}

// enrolled lets the TPM answer a challenge.
func enrolled(t *testing.T, dev transport.TPM, e *tpm.Evidence) *tpm.Enrolment {
	t.Helper()
	q, s, err := tpm.Ask(e, rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	a, err := tpm.Answer(dev, q)
	if err != nil {
		t.Fatal(err)
	}
	en, err := tpm.Enrol(s, a)
	if err != nil {
		t.Fatal(err)
	}
	return en
}

// againstTPM2Tools holds the quote to tpm2_checkquote.
func againstTPM2Tools(t *testing.T, e *tpm.Evidence) {
	t.Helper()
	tool, err := exec.LookPath("tpm2_checkquote")
	if err != nil {
		t.Log("tpm2_checkquote (Debian package tpm2-tools) is not on this machine")
		return
	}
	dir := t.TempDir()
	put := func(name string, b []byte) string {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, b, 0o600); err != nil {
			t.Fatal(err)
		}
		return path
	}
	public := append([]byte{byte(len(e.AK.Public) >> 8), byte(len(e.AK.Public))}, e.AK.Public...)
	report, _ := hex.DecodeString(e.ReportDigest)
	check := func(extra []byte) error {
		return exec.Command(tool, "-u", put("ak", public), "-m", put("attest", e.Quote.Attest), "-s", put("signature", e.Quote.Signature), "-q", hex.EncodeToString(extra), "-g", "sha256").Run()
	}
	if err := check(tpm.ExtraData(nonce, report)); err != nil {
		t.Errorf("tpm2_checkquote refuses what we accept: %v", err)
	}
	if err := check(tpm.ExtraData(nonce, nil)); err == nil {
		t.Error("tpm2_checkquote accepts another nonce")
	}
}

func recordEvidence(t *testing.T, name string, e *tpm.Evidence, root *x509.Certificate) {
	t.Helper()
	b, err := e.Marshal()
	if err != nil {
		t.Fatal(err)
	}
	put := func(file string, b []byte) {
		if err := os.WriteFile(filepath.Join("testdata", file), b, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	put(name+".json", b)
	if root != nil {
		put(name+"-root.pem", pemOf(root))
	}
}
