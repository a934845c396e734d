package keys_test

import (
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/gpuaudit/gpuaudit/attest/seal"
	"github.com/gpuaudit/gpuaudit/attest/tpm"
	"github.com/gpuaudit/gpuaudit/audit/input"
	"github.com/gpuaudit/gpuaudit/audit/keys"
)

func saying(secret string) func() ([]byte, error) {
	return func() ([]byte, error) { return []byte(secret), nil }
}

func nobody() ([]byte, error) { return nil, errors.New("nobody is to be asked") }

// same says that two signers have one key.
func same(t *testing.T, a, b *seal.Signer) bool {
	t.Helper()
	one, err := a.PublicKeyPEM()
	if err != nil {
		t.Fatal(err)
	}
	two, err := b.PublicKeyPEM()
	if err != nil {
		t.Fatal(err)
	}
	return string(one) == string(two)
}

func kept(t *testing.T, file []byte) string {
	t.Helper()
	name := filepath.Join(t.TempDir(), "key")
	if err := os.WriteFile(name, file, 0o600); err != nil {
		t.Fatal(err)
	}
	return name
}

func TestFile(t *testing.T) {
	for _, secret := range []string{"", "secret"} {
		file, made, err := keys.New(nil, []byte(secret))
		if err != nil {
			t.Fatal(err)
		}
		name := kept(t, file)
		ask := nobody
		if secret != "" {
			ask = saying(secret)
			if _, err := keys.Load(name, "", saying("wrong")); err == nil || !strings.Contains(err.Error(), name) {
				t.Errorf("another passphrase: %v", err)
			}
		}
		loaded, err := keys.Load(name, "/dev/none", ask)
		if err != nil || !same(t, made, loaded) {
			t.Errorf("passphrase %q: %v", secret, err)
		}
		if keys.InTPM(name) {
			t.Error("a file is taken for a TPM's")
		}
	}
}

func TestRefused(t *testing.T) {
	if _, err := keys.Load(kept(t, make([]byte, keys.Limit+1)), "", nobody); !errors.Is(err, input.ErrTooLarge) {
		t.Errorf("a large file: %v", err)
	}
	if _, err := keys.Load("tpm:x", "", nobody); err == nil {
		t.Error("no handle")
	}
	if _, err := keys.Load("tpm:0x81010001", filepath.Join(t.TempDir(), "none"), nobody); err == nil {
		t.Error("no TPM")
	}
	if !keys.InTPM("tpm:0x81010001") || keys.InTPM("/nowhere") {
		t.Error("where a key lies")
	}
}

func TestTPM(t *testing.T) {
	if _, err := exec.LookPath("swtpm"); err != nil {
		t.Skip("swtpm (Debian package swtpm) is not on this machine")
	}
	dir, err := os.MkdirTemp("", "tpm") // a socket's path must be short
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	socket := filepath.Join(dir, "sock")
	cmd := exec.Command("swtpm", "socket", "--tpm2", "--tpmstate", "dir="+dir, "--server", "type=unixio,path="+socket, "--ctrl", "type=unixio,path="+socket+".ctrl", "--flags", "startup-clear")
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = cmd.Process.Kill(); _ = cmd.Wait() })
	for range 100 {
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
	file, made, err := keys.New(dev, []byte("secret"))
	if err != nil {
		t.Fatal(err)
	}
	if name := kept(t, file); !keys.InTPM(name) {
		t.Error("the file of a TPM's key is taken for another one")
	}
	if _, err := made.SignMessage(t.Context(), []byte("text")); err != nil {
		t.Error(err)
	}
}
