package manifest_test

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"github.com/gpuaudit/gpuaudit/attest/seal"
	"github.com/gpuaudit/gpuaudit/audit/manifest"
)

// TestAVendorNeedsOnlyCosign: a predicate that somebody wrote by hand and
// signed with the real cosign, about a ROM file, is a manifest.
func TestAVendorNeedsOnlyCosign(t *testing.T) {
	name := os.Getenv("COSIGN")
	if name == "" {
		name = "cosign"
	}
	tool, err := exec.LookPath(name)
	if err != nil {
		t.Skip("cosign is not installed: go -C .ci/tools install github.com/sigstore/cosign/v3/cmd/cosign, or set COSIGN")
	}
	dir := t.TempDir()
	run := func(args ...string) {
		t.Helper()
		cmd := exec.Command(tool, args...)
		cmd.Dir, cmd.Env = dir, append(os.Environ(), "HOME="+dir, "COSIGN_PASSWORD=secret")
		if out, err := cmd.CombinedOutput(); err != nil {
			t.Fatalf("cosign %v: %v: %s", args, err, out)
		}
	}
	read := func(name string) []byte {
		t.Helper()
		b, err := os.ReadFile(filepath.Join(dir, name))
		if err != nil {
			t.Fatal(err)
		}
		return b
	}
	write := func(name string, b []byte) {
		t.Helper()
		if err := os.WriteFile(filepath.Join(dir, name), b, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	rom := []byte("the ROM of a card")
	sum := sha256.Sum256(rom)
	p := predicate()
	p.Firmware[0].SHA256 = hex.EncodeToString(sum[:])
	text, err := json.MarshalIndent(p, "", "  ")
	if err != nil {
		t.Fatal(err)
	}
	write("card.rom", rom)
	write("other.rom", []byte("another ROM"))
	write("predicate.json", text)
	run("generate-key-pair")
	attest := func(file, bundle string) []byte {
		run("attest-blob", "--key", "cosign.key", "--predicate", "predicate.json", "--type", manifest.PredicateType,
			"--bundle", bundle, "--yes", "--use-signing-config=false", "--tlog-upload=false", file)
		return read(bundle)
	}
	vendor := issuer{public: string(read("cosign.pub"))}
	m, err := manifest.Verify(attest("card.rom", "a.json"), "a.json", vendor.trust(t, ""), now)
	if err != nil {
		t.Fatal(err)
	}
	if got := m.Predicate().Firmware[0].SHA256; got != p.Firmware[0].SHA256 {
		t.Errorf("firmware is %s", got)
	}
	if _, err := manifest.Verify(attest("other.rom", "b.json"), "b.json", vendor.trust(t, ""), now); !errors.Is(err, manifest.ErrInvalid) {
		t.Errorf("a statement about a file that it does not list: %v", err)
	}

	// And back: what gpuaudit signs with cosign's key, cosign accepts.
	signer, err := seal.LoadSigner(read("cosign.key"), func() ([]byte, error) { return []byte("secret"), nil })
	if err != nil {
		t.Fatal(err)
	}
	write("ours.json", issuer{signer: signer}.manifest(t, p))
	run("verify-blob-attestation", "--key", "cosign.pub", "--bundle", "ours.json", "--insecure-ignore-tlog", "--type", manifest.PredicateType, "card.rom")
}
