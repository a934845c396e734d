package policy_test

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"context"
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/json"
	"encoding/pem"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/gpuaudit/gpuaudit/audit/finding"
	"github.com/gpuaudit/gpuaudit/policy"
)

// keys is a key pair in PEM.
type keys struct{ private, public []byte }

func newKeys(t testing.TB, kind string) keys {
	t.Helper()
	var key crypto.Signer
	var err error
	switch kind {
	case "p256":
		key, err = ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	case "p384":
		key, err = ecdsa.GenerateKey(elliptic.P384(), rand.Reader)
	case "rsa":
		key, err = rsa.GenerateKey(rand.Reader, 2048)
	case "ed25519":
		_, key, err = ed25519.GenerateKey(rand.Reader)
	}
	if err != nil {
		t.Fatal(err)
	}
	private, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		t.Fatal(err)
	}
	public, err := x509.MarshalPKIXPublicKey(key.Public())
	if err != nil {
		t.Fatal(err)
	}
	return keys{pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: private}), pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: public})}
}

// ownRules is a user's tree: a rule, its data, and a test that is left out.
func ownRules() fstest.MapFS {
	own := rule("ACME-BD-001", "named", `verdict.fail("It is on our list.", ["/device/name"]) if input.device.name in data.gpuaudit.data.acme.names`)
	return fstest.MapFS{
		"acme/rule.rego": own, "acme/rule_test.rego": text("package gpuaudit.rules.backdoor.named_test\n"),
		"data/acme.json": text(`{"names": ["evil", "worse"]}`), "README": text("not a rule"),
	}
}

func bundleOf(t testing.TB, user fs.FS, key []byte) []byte {
	t.Helper()
	var signer *policy.BundleSigner
	if key != nil {
		var err error
		if signer, err = policy.NewBundleSigner(key); err != nil {
			t.Fatal(err)
		}
	}
	var b bytes.Buffer
	src := policy.Source{FS: tree("builtin.rego", rule("GA-BD-001", "builtin", passes)), User: user, Schema: []byte(schema)}
	if err := policy.WriteBundle(&b, src, signer); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func bundleKey(t testing.TB, public []byte, scope string) *policy.BundleKey {
	t.Helper()
	key, err := policy.NewBundleKey(public, scope)
	if err != nil {
		t.Fatal(err)
	}
	return key
}

// judges loads rules from a bundle beside the built-in ones, and holds them to
// what the directory said.
func judges(t *testing.T, files fs.FS) {
	t.Helper()
	e, err := policy.Load(context.Background(), policy.Source{FS: tree("builtin.rego", rule("GA-BD-001", "builtin", passes)), User: files, Schema: []byte(schema)})
	if err != nil {
		t.Fatal(err)
	}
	for name, want := range map[string]finding.Status{"evil": finding.Fail, "good": finding.Unknown} {
		findings, err := e.Evaluate(context.Background(), device(map[string]any{"name": name}))
		if err != nil {
			t.Fatal(err)
		}
		i := slices.IndexFunc(findings, func(f finding.Finding) bool { return f.ID == "ACME-BD-001" })
		if len(findings) != 2 || i < 0 || findings[i].Status != want {
			t.Errorf("%s: %+v", name, findings)
		}
	}
	if len(e.UserSHA256()) != 64 {
		t.Errorf("digest %q", e.UserSHA256())
	}
}

func TestBundleRoundTrip(t *testing.T) {
	for _, kind := range []string{"p256", "p384", "rsa"} {
		k := newKeys(t, kind)
		files, err := policy.OpenBundle(bundleOf(t, ownRules(), k.private), bundleKey(t, k.public, ""))
		if err != nil {
			t.Fatalf("%s: %v", kind, err)
		}
		judges(t, files)
	}
}

func TestBundleIsDeterministic(t *testing.T) {
	k := newKeys(t, "rsa")
	for _, key := range [][]byte{nil, k.private} {
		if !bytes.Equal(bundleOf(t, ownRules(), key), bundleOf(t, ownRules(), key)) {
			t.Error("the same rules gave other bytes")
		}
	}
}

func TestBundleKeys(t *testing.T) {
	k, ed := newKeys(t, "p256"), newKeys(t, "ed25519")
	for name, text := range map[string][]byte{"private": k.private, "Ed25519": ed.public, "empty": nil, "garbage": []byte("-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----\n")} {
		if _, err := policy.NewBundleKey(text, ""); !errors.Is(err, policy.ErrBundleKey) {
			t.Errorf("%s: %v", name, err)
		}
	}
	for name, text := range map[string][]byte{"public": k.public, "Ed25519": ed.private, "empty": nil} {
		if _, err := policy.NewBundleSigner(text); !errors.Is(err, policy.ErrBundleKey) || strings.Contains(err.Error(), "<nil>") {
			t.Errorf("%s: %v", name, err)
		}
	}
	if _, err := policy.OpenBundle(bundleOf(t, ownRules(), k.private), nil); !errors.Is(err, policy.ErrBundleKey) {
		t.Errorf("no key: %v", err)
	}
}

// TestBundleRefusals: every way in which the files may not be those that the key
// signed (GHSA-g2pf-6v5v-qcc8 among them).
func TestBundleRefusals(t *testing.T) {
	k, other := newKeys(t, "p256"), newKeys(t, "p256")
	signed := bundleOf(t, ownRules(), k.private)
	for name, tc := range map[string]struct {
		bundle []byte
		key    *policy.BundleKey
		want   error
	}{
		"not signed":                 {bundleOf(t, ownRules(), nil), bundleKey(t, k.public, ""), policy.ErrBundleSignature},
		"signature taken out":        {rewrite(t, signed, func(n string, b []byte) []byte { return drop(n == "/.signatures.json", b) }), bundleKey(t, k.public, ""), policy.ErrBundleSignature},
		"empty signatures":           {replaced(t, signed, "/.signatures.json", `{"signatures":[]}`), bundleKey(t, k.public, ""), policy.ErrBundleSignature},
		"other verifier":             {replacedPart(t, signed, "/.signatures.json", `_default`, `other`), bundleKey(t, k.public, ""), policy.ErrBundleSignature},
		"other key":                  {signed, bundleKey(t, other.public, ""), policy.ErrBundleSignature},
		"signed by another":          {bundleOf(t, ownRules(), other.private), bundleKey(t, k.public, ""), policy.ErrBundleSignature},
		"other scope":                {signed, bundleKey(t, k.public, "production"), policy.ErrBundleSignature},
		"changed rule":               {replacedPart(t, signed, "/acme/rule.rego", "severity: high", "severity: info"), bundleKey(t, k.public, ""), policy.ErrBundleSignature},
		"changed data":               {replacedPart(t, signed, "/data.json", "evil", "fine"), bundleKey(t, k.public, ""), policy.ErrBundleSignature},
		"changed manifest":           {replacedPart(t, signed, "/.manifest", `"revision":""`, `"revision":"later"`), bundleKey(t, k.public, ""), policy.ErrBundleSignature},
		"file taken out":             {rewrite(t, signed, func(n string, b []byte) []byte { return drop(n == "/acme/rule.rego", b) }), bundleKey(t, k.public, ""), policy.ErrBundleSignature},
		"file not listed":            {added(t, signed, "/extra/rule.rego", "package gpuaudit.rules.backdoor.named\n\nextra := 1\n"), bundleKey(t, k.public, ""), policy.ErrBundleSignature},
		"data not listed":            {added(t, signed, "/gpuaudit/data/more/data.json", `{}`), bundleKey(t, k.public, ""), policy.ErrBundleSignature},
		"file twice":                 {added(t, signed, "/acme/rule.rego", "package x"), bundleKey(t, k.public, ""), policy.ErrBundle},
		"file twice, other spelling": {added(t, signed, "acme/rule.rego", "package x"), bundleKey(t, k.public, ""), policy.ErrBundle},
		"path upwards":               {added(t, signed, "../rule.rego", "package x"), bundleKey(t, k.public, ""), policy.ErrBundle},
		"no archive":                 {[]byte("policy"), bundleKey(t, k.public, ""), policy.ErrBundle},
		"cut":                        {signed[:len(signed)/2], bundleKey(t, k.public, ""), policy.ErrBundle},
		"bomb":                       {added(t, signed, "/big", strings.Repeat("0", 33<<20)), bundleKey(t, k.public, ""), policy.ErrBundle},
		"too large":                  {bytes.Repeat([]byte("x"), policy.BundleLimit+1), bundleKey(t, k.public, ""), policy.ErrBundle},
	} {
		if _, err := policy.OpenBundle(tc.bundle, tc.key); !errors.Is(err, tc.want) {
			t.Errorf("%s: %v, want %v", name, err, tc.want)
		}
	}
}

// TestPinnedBundleContent: what a bundle may not hold whoever signed it.
func TestPinnedBundleContent(t *testing.T) {
	plain := bundleOf(t, ownRules(), nil)
	if files, err := policy.OpenPinnedBundle(plain); err != nil {
		t.Error(err)
	} else {
		judges(t, files)
	}
	for name, text := range map[string][]byte{
		"delta":                archive(t, map[string]string{"/patch.json": `{"data":[{"op":"upsert","path":"/gpuaudit/data/acme","value":{}}]}`}),
		"wasm":                 archive(t, map[string]string{"/data.json": "{}", "/policy.wasm": "\x00asm"}),
		"data elsewhere":       archive(t, map[string]string{"/data.json": `{"roles": {}}`}),
		"data beside gpuaudit": archive(t, map[string]string{"/data.json": `{"gpuaudit": {"data": {}, "verdict": {}}}`}),
		"data that is no set":  archive(t, map[string]string{"/data.json": `{"gpuaudit": {"data": 1}}`}),
		"rule that is no Rego": archive(t, map[string]string{"/data.json": "{}", "/rule.rego": "package"}),
	} {
		if _, err := policy.OpenPinnedBundle(text); !errors.Is(err, policy.ErrBundle) {
			t.Errorf("%s: %v", name, err)
		}
	}
	// It cannot take the place of a built-in package, also from a bundle.
	files, err := policy.OpenPinnedBundle(archive(t, map[string]string{"/data.json": "{}", "/verdict.rego": "package gpuaudit.verdict\n"}))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := policy.Load(context.Background(), policy.Source{FS: tree("a.rego", rule("GA-BD-001", "a", passes)), User: files, Schema: []byte(schema)}); !errors.Is(err, policy.ErrCompile) {
		t.Errorf("a bundle that brings a built-in package: %v", err)
	}
}

// archive makes a .tar.gz of files.
func archive(t testing.TB, files map[string]string) []byte {
	t.Helper()
	var b bytes.Buffer
	z := gzip.NewWriter(&b)
	w := tar.NewWriter(z)
	for _, name := range slices.Sorted(func(yield func(string) bool) {
		for n := range files {
			if !yield(n) {
				return
			}
		}
	}) {
		put(t, w, name, []byte(files[name]))
	}
	if err := errors.Join(w.Close(), z.Close()); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func put(t testing.TB, w *tar.Writer, name string, text []byte) {
	t.Helper()
	if err := w.WriteHeader(&tar.Header{Name: name, Mode: 0o600, Typeflag: tar.TypeReg, Size: int64(len(text))}); err != nil {
		t.Fatal(err)
	}
	if _, err := w.Write(text); err != nil {
		t.Fatal(err)
	}
}

// rewrite copies an archive file by file; nil leaves a file out.
func rewrite(t testing.TB, text []byte, change func(name string, b []byte) []byte, more ...string) []byte {
	t.Helper()
	z, err := gzip.NewReader(bytes.NewReader(text))
	if err != nil {
		t.Fatal(err)
	}
	var b bytes.Buffer
	out := gzip.NewWriter(&b)
	w, r := tar.NewWriter(out), tar.NewReader(z)
	for {
		h, err := r.Next()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			t.Fatal(err)
		}
		body, err := io.ReadAll(r)
		if err != nil {
			t.Fatal(err)
		}
		if body = change(h.Name, body); body != nil {
			put(t, w, h.Name, body)
		}
	}
	for i := 0; i < len(more); i += 2 {
		put(t, w, more[i], []byte(more[i+1]))
	}
	if err := errors.Join(w.Close(), out.Close()); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func drop(it bool, b []byte) []byte {
	if it {
		return nil
	}
	return b
}

func same(_ string, b []byte) []byte { return b }

func added(t testing.TB, text []byte, name, body string) []byte {
	return rewrite(t, text, same, name, body)
}

func replaced(t testing.TB, text []byte, name, body string) []byte {
	return replacedPart(t, text, name, "", body)
}

// replacedPart changes a part of one file, or with old "" all of it.
func replacedPart(t testing.TB, text []byte, name, old, with string) []byte {
	t.Helper()
	found := false
	changed := rewrite(t, text, func(n string, b []byte) []byte {
		switch {
		case n != name:
			return b
		case old == "":
			found = true
			return []byte(with)
		}
		found = strings.Contains(string(b), old)
		return []byte(strings.Replace(string(b), old, with, 1))
	})
	if !found {
		t.Fatalf("%s holds no %q", name, old)
	}
	return changed
}

// TestOPA: the opa tool verifies, builds and evaluates what we make, and we take
// what it builds and signs.
func TestOPA(t *testing.T) {
	opa, err := exec.LookPath("opa")
	if err != nil {
		if opa = filepath.Join(os.Getenv("HOME"), "go/bin/opa"); exec.Command(opa, "version").Run() != nil {
			t.Skip("opa is not installed: go install github.com/open-policy-agent/opa@v1.22.2")
		}
	}
	dir := t.TempDir()
	within := func(folder string, args ...string) (string, error) {
		cmd := exec.Command(opa, args...)
		cmd.Dir = filepath.Join(dir, folder)
		out, err := cmd.CombinedOutput()
		return string(out), err
	}
	run := func(args ...string) (string, error) { return within(".", args...) }
	write := func(name string, b []byte) {
		name = filepath.Join(dir, name)
		if err := errors.Join(os.MkdirAll(filepath.Dir(name), 0o755), os.WriteFile(name, b, 0o600)); err != nil {
			t.Fatal(err)
		}
	}
	for kind, alg := range map[string]string{"p256": "ES256", "rsa": "RS256"} {
		k, other := newKeys(t, kind), newKeys(t, kind)
		write("private.pem", k.private)
		write("public.pem", k.public)
		write("other.pem", other.public)
		write("ours.tar.gz", bundleOf(t, ownRules(), k.private))
		write("input.json", []byte(`{"device": {"name": "evil"}}`))

		if out, err := run("build", "-b", "ours.tar.gz", "--verification-key", "public.pem", "--signing-alg", alg, "-o", "rebuilt.tar.gz", "--signing-key", "private.pem"); err != nil {
			t.Fatalf("%s: opa build does not take our bundle: %s", kind, out)
		}
		if out, err := run("build", "-b", "ours.tar.gz", "--verification-key", "other.pem", "--signing-alg", alg, "-o", "never.tar.gz", "--signing-key", "private.pem"); err == nil {
			t.Errorf("%s: opa build takes our bundle with another key: %s", kind, out)
		}
		out, err := run("eval", "-b", "ours.tar.gz", "-i", "input.json", "data.gpuaudit.rules.backdoor.named.decision.status")
		if err != nil || !strings.Contains(out, `"value": "fail"`) {
			t.Errorf("%s: opa eval: %v %s", kind, err, out)
		}
		rebuilt, err := os.ReadFile(filepath.Join(dir, "rebuilt.tar.gz"))
		if err != nil {
			t.Fatal(err)
		}
		files, err := policy.OpenBundle(rebuilt, bundleKey(t, k.public, ""))
		if err != nil {
			t.Fatalf("%s: what opa build made of ours: %v", kind, err)
		}
		judges(t, files)

		// From nothing but a folder: data as OPA lays it out, a scope among the claims.
		own := ownRules()
		write("src/acme/rule.rego", own["acme/rule.rego"].Data)
		write("src/gpuaudit/data/acme/data.json", own["data/acme.json"].Data)
		claims, err := json.Marshal(map[string]string{"scope": "racks"})
		if err != nil {
			t.Fatal(err)
		}
		write("claims.json", claims)
		if out, err := within("src", "sign", "-b", ".", "--signing-key", "../private.pem", "--signing-alg", alg, "--claims-file", "../claims.json"); err != nil {
			t.Fatal(out)
		}
		theirs := packed(t, filepath.Join(dir, "src"))
		if files, err = policy.OpenBundle(theirs, bundleKey(t, k.public, "racks")); err != nil {
			t.Fatalf("%s: what opa sign made: %v", kind, err)
		}
		judges(t, files)
		if _, err := policy.OpenBundle(theirs, bundleKey(t, k.public, "")); !errors.Is(err, policy.ErrBundleSignature) {
			t.Errorf("%s: the scope was not looked at: %v", kind, err)
		}
		if err := os.Remove(filepath.Join(dir, "src/.signatures.json")); err != nil {
			t.Fatal(err)
		}
	}
}

// packed is a folder as a .tar.gz.
func packed(t testing.TB, dir string) []byte {
	t.Helper()
	files := map[string]string{}
	err := fs.WalkDir(os.DirFS(dir), ".", func(name string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		b, err := os.ReadFile(filepath.Join(dir, name))
		files[fmt.Sprintf("/%s", name)] = string(b)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return archive(t, files)
}

func FuzzOpenBundle(f *testing.F) {
	k := newKeys(f, "p256")
	signed := bundleOf(f, ownRules(), k.private)
	key := bundleKey(f, k.public, "")
	f.Add(signed)
	f.Add(bundleOf(f, ownRules(), nil))
	f.Add(signed[:100])
	f.Fuzz(func(t *testing.T, text []byte) {
		files, err := policy.OpenPinnedBundle(text)
		if err == nil {
			if err := fs.WalkDir(files, ".", func(_ string, _ fs.DirEntry, err error) error { return err }); err != nil {
				t.Error(err)
			}
		}
		if _, err := policy.OpenBundle(text, key); err == nil && !bytes.Equal(text, signed) {
			// Only gzip and tar may differ: the files are those that were signed.
			again, err := policy.OpenBundle(text, key)
			if err != nil {
				t.Fatal(err)
			}
			b, err := fs.ReadFile(again, "acme/rule.rego")
			if err != nil || !bytes.Equal(b, ownRules()["acme/rule.rego"].Data) {
				t.Error("other rules than those that were signed were taken")
			}
		}
	})
}
