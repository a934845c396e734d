package pkcs11_test

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/gpuaudit/gpuaudit/cmd/gpuaudit-sign/internal/pkcs11"
)

// modules are where distributions put SoftHSM.
var modules = []string{"/usr/lib/softhsm/libsofthsm2.so", "/usr/lib/x86_64-linux-gnu/softhsm/libsofthsm2.so", "/usr/lib/aarch64-linux-gnu/softhsm/libsofthsm2.so", "/usr/lib64/pkcs11/libsofthsm2.so"}

// TestMain runs the tests in a process of their own, whose environment names the
// tokens: the library reads it when it is loaded, and sees nothing that Go sets
// later.
func TestMain(m *testing.M) {
	if os.Getenv("SOFTHSM2_CONF") != "" {
		os.Exit(m.Run())
	}
	dir, err := os.MkdirTemp("", "softhsm")
	if err != nil {
		panic(err)
	}
	conf := filepath.Join(dir, "softhsm2.conf")
	if err := os.WriteFile(conf, []byte("directories.tokendir = "+dir+"\nobjectstore.backend = file\nlog.level = ERROR\n"), 0o600); err != nil {
		panic(err)
	}
	cmd := exec.Command(os.Args[0], os.Args[1:]...)
	cmd.Env, cmd.Stdout, cmd.Stderr = append(os.Environ(), "SOFTHSM2_CONF="+conf), os.Stdout, os.Stderr
	err = cmd.Run()
	os.RemoveAll(dir)
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

// softHSM finds the library and the tool.
func softHSM(t *testing.T) string {
	t.Helper()
	if _, err := exec.LookPath("softhsm2-util"); err != nil {
		t.Skip("softhsm2-util (Debian package softhsm2) is not on this machine")
	}
	for _, path := range modules {
		if _, err := os.Stat(path); err == nil {
			return path
		}
	}
	t.Skip("libsofthsm2.so (Debian package softhsm2) is not on this machine")
	return ""
}

func tool(t *testing.T, args ...string) {
	t.Helper()
	if out, err := exec.Command("softhsm2-util", args...).CombinedOutput(); err != nil {
		t.Fatalf("softhsm2-util %v: %v\n%s", args, err, out)
	}
}

// token makes a token with a label and puts keys on it, each under its label and
// an id of one byte.
func token(t *testing.T, label string, keys ...any) {
	t.Helper()
	tool(t, "--init-token", "--free", "--label", label, "--pin", "1234", "--so-pin", "5678")
	for i, key := range keys {
		der, err := x509.MarshalPKCS8PrivateKey(key)
		if err != nil {
			t.Fatal(err)
		}
		file := filepath.Join(t.TempDir(), "key.pem")
		if err := os.WriteFile(file, pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: der}), 0o600); err != nil {
			t.Fatal(err)
		}
		tool(t, "--import", file, "--label", fmt.Sprintf("key%d", i), "--id", fmt.Sprintf("%02x", 0xa0+i), "--token", label, "--pin", "1234")
	}
}

func newKey(t *testing.T, curve elliptic.Curve) *ecdsa.PrivateKey {
	t.Helper()
	key, err := ecdsa.GenerateKey(curve, rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	return key
}

func saying(pin string) func() ([]byte, error) {
	return func() ([]byte, error) { return []byte(pin), nil }
}

func open(module, uri, pin string) (*pkcs11.Key, error) {
	u, err := pkcs11.ParseURI(uri)
	if err != nil {
		return nil, err
	}
	return pkcs11.Open(module, u, saying(pin))
}

// TestSoftHSM makes all tokens first: a library lists those that there are when
// it is initialised.
func TestSoftHSM(t *testing.T) {
	module := softHSM(t)
	weak, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	small, large := newKey(t, elliptic.P256()), newKey(t, elliptic.P384())
	token(t, "lab", small, large)
	token(t, "one", newKey(t, elliptic.P256()), weak, newKey(t, elliptic.P521()))
	token(t, "two", newKey(t, elliptic.P256()))
	t.Run("sign", func(t *testing.T) { signs(t, module, small, large) })
	t.Run("refuse", func(t *testing.T) { refuses(t, module) })
}

// signs with keys of SoftHSM; Go verifies with the keys that were put there.
func signs(t *testing.T, module string, small, large *ecdsa.PrivateKey) {
	for uri, want := range map[string]*ecdsa.PrivateKey{
		"pkcs11:token=lab;object=key0;type=private": small,
		"pkcs11:token=lab;id=%A1":                   large,
		"pkcs11:token=lab;object=key1;id=%a1":       large,
	} {
		key, err := open(module, uri, "1234")
		if err != nil {
			t.Fatalf("%s: %v", uri, err)
		}
		if !want.PublicKey.Equal(key.Public()) {
			t.Errorf("%s: another key", uri)
		}
		digest := sha256.Sum256([]byte("statement"))
		for range 3 {
			sig, err := key.Sign(rand.Reader, digest[:], crypto.SHA256)
			if err != nil {
				t.Fatal(err)
			}
			if !ecdsa.VerifyASN1(&want.PublicKey, digest[:], sig) {
				t.Errorf("%s: the signature does not verify", uri)
			}
		}
		if _, err := key.Sign(rand.Reader, digest[:7], crypto.SHA256); !errors.Is(err, pkcs11.ErrKey) {
			t.Errorf("a digest cut off: %v", err)
		}
		key.Close()
	}
}

func refuses(t *testing.T, module string) {
	for _, tc := range []struct{ name, module, uri, pin, want string }{
		{"two tokens", module, "pkcs11:object=key0", "1234", "several tokens match"},
		{"no such token", module, "pkcs11:token=three;object=key0", "1234", "no token matches"},
		{"another maker", module, "pkcs11:token=one;manufacturer=Somebody;object=key0", "1234", "no token matches"},
		{"no such key", module, "pkcs11:token=two;object=key9", "1234", "no EC key of this name"},
		{"label of one, id of another", module, "pkcs11:token=one;object=key0;id=%a2", "1234", "no EC key of this name"},
		{"an RSA key", module, "pkcs11:token=one;object=key1", "1234", "no EC key of this name"},
		{"P-521", module, "pkcs11:token=one;object=key2", "1234", "neither P-256 nor P-384"},
		{"no such module", "/nonexistent.so", "pkcs11:token=two;object=key0", "1234", "module"},
		{"module by a short name", "libsofthsm2.so", "pkcs11:token=two;object=key0", "1234", "by its whole path"},
		{"a library that is no module", libc(t), "pkcs11:token=two;object=key0", "1234", "it has no function C_"},
		{"wrong PIN", module, "pkcs11:token=two;object=key0", "9999", "the PIN is wrong"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			if _, err := open(tc.module, tc.uri, tc.pin); !errors.Is(err, pkcs11.ErrKey) || !strings.Contains(err.Error(), tc.want) {
				t.Errorf("error is %v, want %q in it", err, tc.want)
			}
		})
	}
}

// libc is some library that is no PKCS #11 module.
func libc(t *testing.T) string {
	for _, path := range []string{"/lib/x86_64-linux-gnu/libc.so.6", "/lib/aarch64-linux-gnu/libc.so.6", "/lib64/libc.so.6"} {
		if _, err := os.Stat(path); err == nil {
			return path
		}
	}
	t.Skip("no libc.so.6 where one is expected")
	return ""
}

func TestParseURI(t *testing.T) {
	good := pkcs11.URI{Token: "my lab", Object: "key", ID: "\x01\xff", Serial: "12", Module: "/usr/lib/x.so"}
	for _, tc := range []struct {
		uri  string
		want *pkcs11.URI
		text string
	}{
		{"pkcs11:token=my%20lab;object=key;id=%01%FF;serial=12;type=private?module-path=/usr/lib/x.so", &good, ""},
		{"pkcs11:object=key?pin-value=1234", nil, "does not belong into a URI"},
		{"pkcs11:object=key?pin-source=/tmp/pin", nil, "does not belong into a URI"},
		{"pkcs11:object=key;object=other", nil, "comes twice"},
		{"pkcs11:object=key;slot-id=0", nil, "is not supported"},
		{"pkcs11:object=key?module-name=x", nil, "is not supported"},
		{"pkcs11:object=key;type=public", nil, "name a private key"},
		{"pkcs11:object=%zz", nil, "malformed"},
		{"pkcs11:object=", nil, "malformed"},
		{"pkcs11:token", nil, "malformed"},
		{"pkcs11:token=lab", nil, "name the key"},
		{"pkcs11:", nil, "name the key"},
		{"tpm:0x81010001", nil, "does not begin with"},
		{"pkcs11:object=" + strings.Repeat("x", 2000), nil, "too long"},
	} {
		got, err := pkcs11.ParseURI(tc.uri)
		switch {
		case tc.want != nil && (err != nil || *got != *tc.want):
			t.Errorf("%s: %+v, %v", tc.uri, got, err)
		case tc.want == nil && (!errors.Is(err, pkcs11.ErrKey) || !strings.Contains(err.Error(), tc.text)):
			t.Errorf("%.60s: error is %v", tc.uri, err)
		}
	}
}

func FuzzParseURI(f *testing.F) {
	f.Add("pkcs11:token=my%20lab;object=key;id=%01%FF?module-path=/usr/lib/x.so")
	f.Fuzz(func(t *testing.T, text string) {
		if u, err := pkcs11.ParseURI(text); (u == nil) == (err == nil) {
			t.Errorf("%v, %v", u, err)
		}
	})
}
