package online_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"

	"github.com/gpuaudit/gpuaudit/attest/seal"
	"github.com/gpuaudit/gpuaudit/attest/seal/sealtest"
)

// TestCosignSignsKeyless: the real cosign signs through the same services as we
// do, which shows that they speak their interfaces, and we verify what it made.
func TestCosignSignsKeyless(t *testing.T) {
	name := os.Getenv("COSIGN")
	if name == "" {
		name = "cosign"
	}
	tool, err := exec.LookPath(name)
	if err != nil {
		t.Skip("cosign is not installed: go -C .ci/tools install github.com/sigstore/cosign/v3/cmd/cosign, or set COSIGN")
	}
	s, dir := newServices(t), t.TempDir()
	root, err := s.lab.Root(sealtest.Parts{Certificates: true, Timestamps: true, Log: true})
	if err != nil {
		t.Fatal(err)
	}
	for file, text := range map[string]string{"blob": "firmware", "p.json": `{"vendor":"Example"}`, "root.json": string(root), "token": token} {
		if err := os.WriteFile(filepath.Join(dir, file), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	cmd := exec.Command(tool, "attest-blob", "--predicate", "p.json", "--type", predicateType, "--bundle", "c.json", "--yes", "--use-signing-config=false",
		"--identity-token", "token", "--fulcio-url", s.URL, "--rekor-url", s.URL, "--timestamp-server-url", s.URL+"/tsa", "--trusted-root", "root.json", "blob")
	cmd.Dir, cmd.Env = dir, append(os.Environ(), "HOME="+dir)
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	bundle, err := os.ReadFile(filepath.Join(dir, "c.json"))
	if err != nil {
		t.Fatal(err)
	}
	p := s.policy()
	p.Identities = []seal.Identity{{Name: "ci", Subject: subject, Issuer: issuer, NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour), Witness: seal.Log | seal.Timestamp}}
	verify(t, bundle, p)
}
