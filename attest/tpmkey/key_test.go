package tpmkey_test

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/rand"
	"crypto/sha256"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-tpm/tpm2/transport"
	"github.com/google/go-tpm/tpm2/transport/linuxudstpm"

	"github.com/gpuaudit/gpuaudit/attest/tpmkey"
)

// softwareTPM starts a fresh swtpm and returns its connection and its address
// for tpm2-tools.
func softwareTPM(t *testing.T) (transport.TPM, string) {
	t.Helper()
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
	dev, err := linuxudstpm.Open(socket)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { dev.Close() })
	return dev, "swtpm:path=" + socket
}

func saying(secret string) func() ([]byte, error) {
	return func() ([]byte, error) { return []byte(secret), nil }
}

func nobody() ([]byte, error) { return nil, errors.New("nobody is to be asked") }

// signs says whether a key makes signatures that its public half verifies.
func signs(t *testing.T, key *tpmkey.Key, public crypto.PublicKey) {
	t.Helper()
	digest := sha256.Sum256([]byte("statement"))
	for range 5 { // more than a TPM holds at a time
		sig, err := key.Sign(rand.Reader, digest[:], crypto.SHA256)
		if err != nil {
			t.Fatal(err)
		}
		if !ecdsa.VerifyASN1(public.(*ecdsa.PublicKey), digest[:], sig) {
			t.Fatal("the signature does not verify")
		}
	}
}

func TestCreateAndSign(t *testing.T) {
	dev, _ := softwareTPM(t)
	other, _ := softwareTPM(t)
	for _, pass := range []string{"", "secret"} {
		text, public, err := tpmkey.Create(dev, []byte(pass))
		if err != nil {
			t.Fatal(err)
		}
		if !tpmkey.IsFile(text) {
			t.Fatalf("the key file is %s", text)
		}
		ask := nobody
		if pass != "" {
			ask = saying(pass)
		}
		key, err := tpmkey.Load(dev, text, ask)
		if err != nil {
			t.Fatal(err)
		}
		if !key.Public().(*ecdsa.PublicKey).Equal(public) {
			t.Error("the key that was loaded is another one")
		}
		signs(t, key, public)
		if _, err := key.Sign(rand.Reader, make([]byte, 20), crypto.SHA1); !errors.Is(err, tpmkey.ErrKey) {
			t.Errorf("SHA-1: %v", err)
		}
		if _, err := tpmkey.Load(other, text, ask); !errors.Is(err, tpmkey.ErrKey) || !strings.Contains(err.Error(), "another's") {
			t.Errorf("in another TPM: %v", err)
		}
	}
}

func TestAWrongPassphraseDoesNotSign(t *testing.T) {
	dev, _ := softwareTPM(t)
	text, _, err := tpmkey.Create(dev, []byte("secret"))
	if err != nil {
		t.Fatal(err)
	}
	key, err := tpmkey.Load(dev, text, saying("guess"))
	if err != nil {
		t.Fatal(err)
	}
	digest := sha256.Sum256(nil)
	if _, err := key.Sign(rand.Reader, digest[:], crypto.SHA256); err == nil {
		t.Error("a wrong passphrase signs")
	}
	if _, err := tpmkey.Load(dev, text, nobody); !errors.Is(err, tpmkey.ErrKey) {
		t.Errorf("no passphrase: %v", err)
	}
}

// TestKeysOfTPM2Tools: keys that tpm2-tools made, as a key file and under a
// persistent handle, with the public half that tpm2-tools states.
func TestKeysOfTPM2Tools(t *testing.T) {
	dev, tcti := softwareTPM(t)
	if _, err := exec.LookPath("tpm2_encodeobject"); err != nil {
		t.Skip("tpm2_encodeobject (Debian package tpm2-tools) is not on this machine")
	}
	dir := t.TempDir()
	run := func(args ...string) {
		t.Helper()
		cmd := exec.Command(args[0], args[1:]...)
		cmd.Dir, cmd.Env = dir, append(os.Environ(), "TPM2TOOLS_TCTI="+tcti)
		if out, err := cmd.CombinedOutput(); err != nil {
			t.Fatalf("%v: %v\n%s", args, err, out)
		}
	}
	run("tpm2_createprimary", "-C", "o", "-G", "ecc", "-c", "primary.ctx")
	run("tpm2_evictcontrol", "-C", "o", "-c", "primary.ctx", "0x81000001")
	run("tpm2_flushcontext", "-t")
	run("tpm2_create", "-C", "0x81000001", "-G", "ecc256:ecdsa", "-p", "secret", "-u", "k.pub", "-r", "k.priv")
	// tpm2-tools 5.4 marks a key without passphrase with -p, and one with a
	// passphrase without it.
	run("tpm2_encodeobject", "-C", "0x81000001", "-u", "k.pub", "-r", "k.priv", "-o", "k.pem")
	run("tpm2_load", "-C", "0x81000001", "-u", "k.pub", "-r", "k.priv", "-c", "k.ctx")
	run("tpm2_readpublic", "-c", "k.ctx", "-f", "pem", "-o", "public.pem")
	run("tpm2_evictcontrol", "-C", "o", "-c", "k.ctx", "0x81010001")
	run("tpm2_flushcontext", "-t")
	run("tpm2_create", "-C", "0x81000001", "-G", "ecc256:ecdsa:null", "-a", "fixedtpm|fixedparent|sensitivedataorigin|userwithauth|restricted|sign", "-u", "r.pub", "-r", "r.priv")
	run("tpm2_encodeobject", "-C", "0x81000001", "-u", "r.pub", "-r", "r.priv", "-o", "r.pem")
	run("tpm2_flushcontext", "-t")
	read := func(name string) []byte {
		b, err := os.ReadFile(filepath.Join(dir, name))
		if err != nil {
			t.Fatal(err)
		}
		return b
	}
	block, _ := pem.Decode(read("public.pem"))
	public, err := x509.ParsePKIXPublicKey(block.Bytes)
	if err != nil {
		t.Fatal(err)
	}
	key, err := tpmkey.Load(dev, read("k.pem"), saying("secret"))
	if err != nil {
		t.Fatalf("%v\n%s", err, read("k.pem"))
	}
	signs(t, key, public)
	handle, err := tpmkey.ParseHandle("tpm:0x81010001")
	if err != nil {
		t.Fatal(err)
	}
	if key, err = tpmkey.Persistent(dev, handle, saying("secret")); err != nil {
		t.Fatal(err)
	}
	signs(t, key, public)
	if _, err := tpmkey.Load(dev, read("r.pem"), saying("")); !errors.Is(err, tpmkey.ErrKey) || !strings.Contains(err.Error(), "restricted") {
		t.Errorf("a restricted key: %v", err)
	}
	if _, err := tpmkey.Persistent(dev, 0x81000001, nobody); !errors.Is(err, tpmkey.ErrKey) {
		t.Errorf("a storage key: %v", err)
	}
	if _, err := tpmkey.Persistent(dev, 0x81019999, nobody); !errors.Is(err, tpmkey.ErrKey) {
		t.Errorf("an empty handle: %v", err)
	}
}

func TestParseHandle(t *testing.T) {
	for uri, want := range map[string]uint32{"tpm:0x81010001": 0x81010001, "tpm:0x40000001": 0, "tpm:81010001": 0, "tpm:0x181010001": 0, "tpm:": 0, "0x81010001": 0} {
		if got, err := tpmkey.ParseHandle(uri); got != want || (err == nil) != (want != 0) {
			t.Errorf("%q: %x, %v", uri, got, err)
		}
	}
}

// FuzzLoad gives key files to a TPM that answers nothing.
func FuzzLoad(f *testing.F) {
	f.Add([]byte("-----BEGIN TSS2 PRIVATE KEY-----\nMBEGBmeBBQoBA6ADAQH/AgRAAAABBAAEAA==\n-----END TSS2 PRIVATE KEY-----\n"))
	f.Add([]byte("-----BEGIN TSS2 PRIVATE KEY-----\n-----END TSS2 PRIVATE KEY-----\n"))
	f.Fuzz(func(t *testing.T, b []byte) {
		if key, err := tpmkey.Load(silent{}, b, saying("x")); err == nil {
			t.Errorf("%+v", key)
		}
	})
}

type silent struct{}

func (silent) Send([]byte) ([]byte, error) { return nil, errors.New("silent") }
