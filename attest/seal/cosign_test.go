package seal_test

import (
	"crypto"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/gpuaudit/gpuaudit/attest/seal"
	"github.com/gpuaudit/gpuaudit/attest/seal/sealtest"
)

// cosign finds the real cosign: $COSIGN, or the one on the path.
func cosign(t *testing.T) string {
	t.Helper()
	name := os.Getenv("COSIGN")
	if name == "" {
		name = "cosign"
	}
	path, err := exec.LookPath(name)
	if err != nil {
		t.Skip("cosign is not installed: go -C .ci/tools install github.com/sigstore/cosign/v3/cmd/cosign, or set COSIGN")
	}
	return path
}

// run runs cosign in a folder that is also its home.
func run(t *testing.T, tool, dir string, args ...string) error {
	t.Helper()
	cmd := exec.Command(tool, args...)
	cmd.Dir, cmd.Env = dir, append(os.Environ(), "HOME="+dir, "COSIGN_PASSWORD=secret")
	out, err := cmd.CombinedOutput()
	t.Logf("%s", out)
	return err
}

func put(t *testing.T, dir, name string, b []byte) {
	t.Helper()
	if err := os.WriteFile(filepath.Join(dir, name), b, 0o600); err != nil {
		t.Fatal(err)
	}
}

// TestCosignAcceptsOurs: a stranger verifies our bundle with cosign alone, by
// the file and by its digest, and for no other file. P-384 is missing here:
// cosign 3.1.3 verifies such keys with SHA-256 while it signs with SHA-384, and
// refuses its own bundles, too.
func TestCosignAcceptsOurs(t *testing.T) {
	tool := cosign(t)
	encrypted := newKey(t, "p256")
	for _, tc := range []struct {
		name, private string
		key           crypto.Signer
	}{
		{name: "p256", key: newKey(t, "p256")},
		{name: "ed25519", key: newKey(t, "ed25519")},
		{name: "encrypted", key: encrypted, private: cosignKey(t, encrypted, "secret")},
	} {
		t.Run(tc.name, func(t *testing.T) {
			dir := t.TempDir()
			if tc.private == "" {
				tc.private = block("PRIVATE KEY", pkcs8(t, tc.key))
			}
			signer, err := seal.LoadSigner([]byte(tc.private), saying("secret"))
			if err != nil {
				t.Fatal(err)
			}
			sum := sha256.Sum256([]byte(blob))
			bundle, err := seal.Sign(t.Context(), statement(t, hex.EncodeToString(sum[:])), signer)
			if err != nil {
				t.Fatal(err)
			}
			put(t, dir, "k.pub", publicOf(t, tc.key))
			put(t, dir, "b.json", bundle)
			put(t, dir, "blob", []byte(blob))
			put(t, dir, "other", []byte("another image"))
			check := func(args ...string) error {
				return run(t, tool, dir, append([]string{"verify-blob-attestation", "--key", "k.pub", "--bundle", "b.json", "--insecure-ignore-tlog"}, args...)...)
			}
			if err := check("--type", predicateType, "blob"); err != nil {
				t.Errorf("cosign refuses our bundle: %v", err)
			}
			if err := check("--type", predicateType, "--digest", hex.EncodeToString(sum[:]), "--digestAlg", "sha256"); err != nil {
				t.Errorf("cosign refuses our bundle by digest: %v", err)
			}
			if err := check("--type", predicateType, "other"); err == nil {
				t.Error("cosign accepts our bundle for another file")
			}
			if err := check("--type", "https://example.org/other/v1", "blob"); err == nil {
				t.Error("cosign accepts our bundle as another type")
			}
		})
	}
}

// TestWeAcceptCosigns: we verify what cosign signs.
func TestWeAcceptCosigns(t *testing.T) {
	tool := cosign(t)
	for _, kind := range []string{"p256", "p384", "ed25519"} {
		t.Run(kind, func(t *testing.T) {
			dir := t.TempDir()
			key := newKey(t, kind)
			put(t, dir, "cosign.key", []byte(cosignKey(t, key, "secret")))
			put(t, dir, "blob", []byte(blob))
			put(t, dir, "p.json", []byte(`{"vendor":"Example"}`))
			if err := run(t, tool, dir, "attest-blob", "--key", "cosign.key", "--predicate", "p.json", "--type", predicateType,
				"--bundle", "c.json", "--yes", "--use-signing-config=false", "--tlog-upload=false", "blob"); err != nil {
				t.Fatal(err)
			}
			text, err := os.ReadFile(filepath.Join(dir, "c.json"))
			if err != nil {
				t.Fatal(err)
			}
			got, err := verifier(t, trusting(key)).Verify(text)
			if err != nil {
				t.Fatalf("%v\n%s", err, text)
			}
			if !strings.Contains(string(got.Statement.Predicate), "Example") {
				t.Errorf("predicate is %s", got.Statement.Predicate)
			}
			if _, err := verifier(t, trusting(newKey(t, "p256"))).Verify(text); !errors.Is(err, seal.ErrUnknownKey) {
				t.Errorf("with another key: %v", err)
			}
		})
	}
}

// TestCosignAcceptsWitnesses: cosign verifies offline what an identity signed,
// with log entry and timestamp, and what a key signed with a timestamp.
func TestCosignAcceptsWitnesses(t *testing.T) {
	tool := cosign(t)
	l, dir, key := newLab(t), t.TempDir(), newKey(t, "p256")
	sum := sha256.Sum256([]byte(blob))
	content := statement(t, hex.EncodeToString(sum[:]))
	root, err := l.Root(everything)
	if err != nil {
		t.Fatal(err)
	}
	bundle, err := seal.Sign(t.Context(), content, signerOf(t, key))
	if err == nil {
		bundle, err = l.Stamped(bundle)
	}
	if err != nil {
		t.Fatal(err)
	}
	put(t, dir, "root.json", root)
	put(t, dir, "k.pub", publicOf(t, key))
	put(t, dir, "key.json", bundle)
	put(t, dir, "id.json", l.keyless(func(s *sealtest.Signature) { s.Statement = content }))
	put(t, dir, "blob", []byte(blob))
	check := func(bundle string, args ...string) error {
		return run(t, tool, dir, append([]string{"verify-blob-attestation", "--bundle", bundle, "--trusted-root", "root.json", "--type", predicateType}, args...)...)
	}
	// The lab has no certificate transparency log.
	identity := []string{"--insecure-ignore-sct", "--certificate-identity", subject, "--certificate-oidc-issuer", issuer, "blob"}
	if err := check("id.json", identity...); err != nil {
		t.Errorf("cosign refuses our identity: %v", err)
	}
	identity[2] += "0"
	if err := check("id.json", identity...); err == nil {
		t.Error("cosign accepts another identity")
	}
	if err := check("key.json", "--key", "k.pub", "--insecure-ignore-tlog", "--use-signed-timestamps", "blob"); err != nil {
		t.Errorf("cosign refuses our timestamp: %v", err)
	}
}

// TestWeAcceptCosignsTimestamps: cosign asks a timestamping authority when it
// signs, and we judge the key at that time.
func TestWeAcceptCosignsTimestamps(t *testing.T) {
	tool := cosign(t)
	l, dir, key := newLab(t), t.TempDir(), newKey(t, "p256")
	tsa := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		request, err := io.ReadAll(r.Body)
		if err != nil {
			return
		}
		answer, err := l.Answer(request)
		if err != nil {
			http.Error(w, err.Error(), http.StatusBadRequest)
			return
		}
		w.Header().Set("Content-Type", "application/timestamp-reply")
		_, _ = w.Write(answer)
	}))
	defer tsa.Close()
	put(t, dir, "cosign.key", []byte(cosignKey(t, key, "secret")))
	put(t, dir, "blob", []byte(blob))
	put(t, dir, "p.json", []byte(`{"vendor":"Example"}`))
	if err := run(t, tool, dir, "attest-blob", "--key", "cosign.key", "--predicate", "p.json", "--type", predicateType, "--bundle", "c.json", "--yes",
		"--use-signing-config=false", "--tlog-upload=false", "--timestamp-server-url", tsa.URL, "blob"); err != nil {
		t.Fatal(err)
	}
	text, err := os.ReadFile(filepath.Join(dir, "c.json"))
	if err != nil {
		t.Fatal(err)
	}
	p := l.trustingKey(key, seal.Timestamp)
	p.Now = time.Now().AddDate(9, 0, 0)
	got, err := verifier(t, p).Verify(text)
	if err != nil || time.Since(got.Seen).Abs() > time.Minute {
		t.Fatalf("%+v, %v\n%s", got, err, text)
	}
}
