package publish_test

import (
	"bytes"
	"context"
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"crypto/x509"
	"encoding/hex"
	"encoding/json"
	"encoding/pem"
	"errors"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/theupdateframework/go-tuf/v2/metadata/config"
	"github.com/theupdateframework/go-tuf/v2/metadata/updater"

	"github.com/gpuaudit/gpuaudit/audit/channel"
	"github.com/gpuaudit/gpuaudit/audit/channel/channeltest"
	"github.com/gpuaudit/gpuaudit/audit/channel/publish"
)

var now = channeltest.Now

// p256 is an ECDSA key in memory.
type p256 struct{ *ecdsa.PrivateKey }

func newP256(t *testing.T) p256 {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	return p256{key}
}

func (k p256) Public() crypto.PublicKey { return k.PrivateKey.Public() }

func (k p256) SignMessage(_ context.Context, message []byte) ([]byte, error) {
	digest := sha256.Sum256(message)
	return ecdsa.SignASN1(rand.Reader, k.PrivateKey, digest[:])
}

// crew are the keys of a channel: two of three for the root.
type crew struct {
	roots           []publish.Signer
	release, online publish.Signer
}

func newCrew(t *testing.T) crew {
	return crew{[]publish.Signer{channeltest.NewSigner(t), newP256(t), channeltest.NewSigner(t)}, newP256(t), channeltest.NewSigner(t)}
}

func (c crew) change() publish.Change {
	add := map[string][]crypto.PublicKey{"targets": {c.release.Public()}, "snapshot": {c.online.Public()}, "timestamp": {c.online.Public()}}
	for _, s := range c.roots {
		add["root"] = append(add["root"], s.Public())
	}
	return publish.Change{Add: add, Threshold: map[string]int{"root": 2}}
}

func create(t *testing.T, c publish.Change) (*publish.Workspace, string) {
	t.Helper()
	dir := t.TempDir()
	w, err := publish.Create(dir, c, now)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { w.Close() })
	return w, dir
}

func sign(t *testing.T, w *publish.Workspace, keys ...publish.Signer) {
	t.Helper()
	if _, err := w.Sign(t.Context(), keys); err != nil {
		t.Fatal(err)
	}
}

// made is a channel with one manifest.
func made(t *testing.T) (*publish.Workspace, string, crew) {
	t.Helper()
	c := newCrew(t)
	w, dir := create(t, c.change())
	sign(t, w, c.roots[:2]...)
	if err := w.Manifests([]channel.File{{Name: "a.sigstore.json", Data: []byte("{}")}}, nil); err != nil {
		t.Fatal(err)
	}
	sign(t, w, c.release, c.online)
	return w, dir, c
}

func check(t *testing.T, w *publish.Workspace) *channel.Verified {
	t.Helper()
	v, err := w.Check(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return v
}

func TestThreshold(t *testing.T) {
	c := newCrew(t)
	w, _ := create(t, c.change())
	done, err := w.Sign(t.Context(), c.roots[:1])
	if err != nil || len(done) != 1 || done[0].Complete || done[0].Signed != 1 || done[0].Threshold != 2 {
		t.Fatalf("%+v, %v", done, err)
	}
	// The same key again is still one.
	if done, err = w.Sign(t.Context(), c.roots[:1]); err != nil || done[0].Complete || done[0].Signed != 1 {
		t.Fatalf("%+v, %v", done, err)
	}
	if _, err := w.Sign(t.Context(), []publish.Signer{channeltest.NewSigner(t)}); !errors.Is(err, publish.ErrKey) {
		t.Errorf("a stranger signs: %v", err)
	}
	if done, err = w.Sign(t.Context(), c.roots[2:]); err != nil || !done[0].Complete {
		t.Fatalf("%+v, %v", done, err)
	}
}

// TestRotation: whoever knows the first root follows to the third, whose keys are
// all others.
func TestRotation(t *testing.T) {
	w, _, c := made(t)
	first := check(t, w)
	next := newCrew(t)
	change := next.change()
	change.Drop = c.change().Add
	if err := w.Rotate(change); err != nil {
		t.Fatal(err)
	}
	sign(t, w, next.roots[0], next.roots[1]) // the old ones are missing
	if v, err := w.Check(t.Context()); err != nil || v.Versions.Root != 1 {
		t.Errorf("%v, %v", v, err)
	}
	sign(t, w, c.roots[1], c.roots[2])
	if _, err := w.Check(t.Context()); !errors.Is(err, channel.ErrSignatures) {
		t.Errorf("what the old keys signed is still taken: %v", err)
	}
	sign(t, w, next.release, next.online)
	v := check(t, w)
	if v.Versions != (channel.Versions{Root: 2, Timestamp: first.Versions.Timestamp + 1, Snapshot: first.Versions.Snapshot + 1, Targets: first.Versions.Targets + 1}) {
		t.Errorf("%s", v.Versions)
	}
	if len(v.Manifests) != 1 {
		t.Error("the manifests are gone")
	}
	// Without a change a root is renewed.
	if err := w.Rotate(publish.Change{}); err != nil {
		t.Fatal(err)
	}
	sign(t, w, next.roots[:2]...)
	if v := check(t, w); v.Versions.Root != 3 || v.Versions.Targets != first.Versions.Targets+1 {
		t.Errorf("%s", v.Versions)
	}
}

// TestDraftsFollow: a draft of something older is no longer signed.
func TestDraftsFollow(t *testing.T) {
	w, _, c := made(t)
	if err := w.Refresh([]string{"timestamp"}); err != nil { // of the snapshot before
		t.Fatal(err)
	}
	if err := w.Manifests(nil, []string{"a.sigstore.json"}); err != nil {
		t.Fatal(err)
	}
	sign(t, w, c.release, c.online)
	if v := check(t, w); len(v.Manifests) != 0 {
		t.Errorf("%d manifests", len(v.Manifests))
	}
	if err := w.Manifests(nil, []string{"a.sigstore.json"}); err == nil {
		t.Error("a manifest is taken out that is not there")
	}
}

func TestRefused(t *testing.T) {
	c := newCrew(t)
	for name, change := range map[string]func(*publish.Change){
		"no keys":             func(ch *publish.Change) { ch.Add = nil },
		"a role without keys": func(ch *publish.Change) { delete(ch.Add, "snapshot") },
		"a threshold above":   func(ch *publish.Change) { ch.Threshold["root"] = 4 },
		"a threshold of none": func(ch *publish.Change) { ch.Threshold["root"] = 0 },
		"one key three times": func(ch *publish.Change) {
			ch.Add["root"] = []crypto.PublicKey{c.online.Public(), c.online.Public(), c.online.Public()}
		},
		"no days": func(ch *publish.Change) { ch.Days = publish.Days{"timestamp": 0} },
		"P-384": func(ch *publish.Change) {
			key, err := ecdsa.GenerateKey(elliptic.P384(), rand.Reader)
			if err != nil {
				t.Fatal(err)
			}
			ch.Add["targets"] = []crypto.PublicKey{key.Public()}
		},
	} {
		ch := c.change()
		change(&ch)
		if w, err := publish.Create(t.TempDir(), ch, now); err == nil {
			w.Close()
			t.Errorf("%s goes through", name)
		}
	}
	w, dir := create(t, c.change())
	for _, name := range []string{"../a.sigstore.json", "a.txt", "a/b.sigstore.json", "ä.sigstore.json"} {
		if err := w.Manifests([]channel.File{{Name: name, Data: []byte("{}")}}, nil); err == nil {
			t.Errorf("a manifest called %s goes in", name)
		}
	}
	if err := w.Rotate(publish.Change{}); !errors.Is(err, publish.ErrMissing) {
		t.Errorf("rotate before there is a root: %v", err)
	}
	if _, err := publish.Create(dir, c.change(), now); !errors.Is(err, publish.ErrExists) {
		t.Error(err)
	}
	if _, err := publish.Open(t.TempDir(), now); !errors.Is(err, publish.ErrMissing) {
		t.Error(err)
	}
}

// canonical is OLPC's canonical JSON, written here again: sorted names, no white
// space, and no escapes but those of quotes and backslashes.
func canonical(t *testing.T, b *strings.Builder, v any) {
	t.Helper()
	quote := func(s string) string {
		return `"` + strings.ReplaceAll(strings.ReplaceAll(s, `\`, `\\`), `"`, `\"`) + `"`
	}
	switch v := v.(type) {
	case string:
		b.WriteString(quote(v))
	case json.Number:
		b.WriteString(v.String())
	case bool:
		b.WriteString(map[bool]string{true: "true", false: "false"}[v])
	case []any:
		b.WriteByte('[')
		for i, e := range v {
			if i > 0 {
				b.WriteByte(',')
			}
			canonical(t, b, e)
		}
		b.WriteByte(']')
	case map[string]any:
		var names []string
		for name := range v {
			names = append(names, name)
		}
		slices.Sort(names)
		b.WriteByte('{')
		for i, name := range names {
			if i > 0 {
				b.WriteByte(',')
			}
			b.WriteString(quote(name) + ":")
			canonical(t, b, v[name])
		}
		b.WriteByte('}')
	default:
		t.Fatalf("a %T", v)
	}
}

// TestOpenSSL: the signatures are those of the standard, which openssl verifies
// over canonical JSON that was not written by the library.
func TestOpenSSL(t *testing.T) {
	openssl, err := exec.LookPath("openssl")
	if err != nil {
		t.Skip("openssl is not installed")
	}
	_, dir, c := made(t)
	for _, tc := range []struct {
		file string
		key  publish.Signer
		args []string
	}{
		{"1.root.json", c.roots[0], nil},
		{"1.root.json", c.roots[1], []string{"-digest", "sha256"}},
		{"1.targets.json", c.release, []string{"-digest", "sha256"}},
		{"timestamp.json", c.online, nil},
	} {
		text, err := os.ReadFile(filepath.Join(dir, "public", tc.file))
		if err != nil {
			t.Fatal(err)
		}
		var doc struct {
			Signed     any `json:"signed"`
			Signatures []struct{ KeyID, Sig string }
		}
		dec := json.NewDecoder(bytes.NewReader(text))
		dec.UseNumber()
		if err := dec.Decode(&doc); err != nil {
			t.Fatal(err)
		}
		var message strings.Builder
		canonical(t, &message, doc.Signed)
		der, err := x509.MarshalPKIXPublicKey(tc.key.Public())
		if err != nil {
			t.Fatal(err)
		}
		work := t.TempDir()
		put := func(name string, b []byte) {
			if err := os.WriteFile(filepath.Join(work, name), b, 0o600); err != nil {
				t.Fatal(err)
			}
		}
		put("key.pub", pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: der}))
		put("message", []byte(message.String()))
		verified := 0
		for _, s := range doc.Signatures {
			sig, err := hex.DecodeString(s.Sig)
			if err != nil {
				t.Fatal(err)
			}
			put("sig", sig)
			cmd := exec.Command(openssl, append([]string{"pkeyutl", "-verify", "-pubin", "-inkey", "key.pub", "-rawin", "-in", "message", "-sigfile", "sig"}, tc.args...)...)
			cmd.Dir = work
			if out, err := cmd.CombinedOutput(); err == nil && strings.Contains(string(out), "Verified Successfully") {
				verified++
			}
		}
		if verified != 1 {
			t.Errorf("%s: openssl verifies %d signatures of that key", tc.file, verified)
		}
	}
}

// TestOtherClient: go-tuf's own updater, which gpuaudit does not use, follows the
// channel over HTTP from the first root to the manifests, across a rotation.
func TestOtherClient(t *testing.T) {
	w, dir, c := made(t)
	first, err := os.ReadFile(filepath.Join(dir, "public/1.root.json"))
	if err != nil {
		t.Fatal(err)
	}
	online := channeltest.NewSigner(t)
	change := publish.Change{Add: map[string][]crypto.PublicKey{"timestamp": {online.Public()}}, Drop: map[string][]crypto.PublicKey{"timestamp": {c.online.Public()}}}
	if err := w.Rotate(change); err != nil {
		t.Fatal(err)
	}
	sign(t, w, c.roots[0], c.roots[1], online)
	server := httptest.NewServer(http.FileServer(http.Dir(filepath.Join(dir, "public"))))
	defer server.Close()
	cfg, err := config.New(server.URL, first)
	if err != nil {
		t.Fatal(err)
	}
	cfg.DisableLocalCache = true
	client, err := updater.New(cfg)
	if err != nil {
		t.Fatal(err)
	}
	client.UnsafeSetRefTime(now.Add(time.Hour))
	if err := client.Refresh(); err != nil {
		t.Fatal(err)
	}
	info, err := client.GetTargetInfo("manifests/a.sigstore.json")
	if err != nil {
		t.Fatal(err)
	}
	if _, b, err := client.DownloadTarget(info, "", ""); err != nil || string(b) != "{}" {
		t.Errorf("%q, %v", b, err)
	}
	trusted := client.GetTrustedMetadataSet()
	if v := check(t, w).Versions; trusted.Root.Signed.Version != v.Root || trusted.Timestamp.Signed.Version != v.Timestamp {
		t.Errorf("it sees other versions than %s", v)
	}
}

// follow is a client written with tuf-js, which npm ships. Its clock is the
// machine's.
const follow = `
const fs = require("fs"), path = require("path");
const { Updater } = require(process.env.TUF_JS);
const [base, dir] = process.argv.slice(1);
const u = new Updater({ metadataBaseUrl: base, targetBaseUrl: base + "/targets", metadataDir: dir, targetDir: dir,
  config: { prefixTargetsWithHash: true } });
u.refresh().then(() => u.getTargetInfo("manifests/a.sigstore.json")).then(async (t) => {
  const file = await u.downloadTarget(t, path.join(dir, "a"));
  console.log(u.trustedSet.root.signed.version, u.trustedSet.timestamp.signed.version, fs.readFileSync(file, "utf8"));
}).catch((e) => { console.log("refused: " + e); process.exit(1); });
`

// TestTufJS: a client that shares no code with this program follows the channel
// over HTTP, across a rotation, and refuses one byte that was changed.
func TestTufJS(t *testing.T) {
	node, err := exec.LookPath("node")
	if err != nil {
		t.Skip("node is not installed")
	}
	library := os.Getenv("TUF_JS")
	if library == "" {
		library = "/usr/lib/node_modules/npm/node_modules/tuf-js"
	}
	if _, err := os.Stat(library); err != nil {
		t.Skip("tuf-js is not there: it comes with npm, or set TUF_JS to its folder")
	}
	c := newCrew(t)
	dir := t.TempDir()
	w, err := publish.Create(dir, c.change(), time.Now())
	if err != nil {
		t.Fatal(err)
	}
	defer w.Close()
	sign(t, w, c.roots[:2]...)
	if err := w.Manifests([]channel.File{{Name: "a.sigstore.json", Data: []byte("{}")}}, nil); err != nil {
		t.Fatal(err)
	}
	sign(t, w, c.release, c.online)
	online := newP256(t)
	if err := w.Rotate(publish.Change{Add: map[string][]crypto.PublicKey{"timestamp": {online.Public()}}, Drop: map[string][]crypto.PublicKey{"timestamp": {c.online.Public()}}}); err != nil {
		t.Fatal(err)
	}
	sign(t, w, c.roots[0], c.roots[1], online)
	server := httptest.NewServer(http.FileServer(http.Dir(filepath.Join(dir, "public"))))
	defer server.Close()
	run := func() (string, error) {
		client := t.TempDir()
		root, err := os.ReadFile(filepath.Join(dir, "public/1.root.json"))
		if err == nil {
			err = os.WriteFile(filepath.Join(client, "root.json"), root, 0o600)
		}
		if err != nil {
			t.Fatal(err)
		}
		cmd := exec.Command(node, "-e", follow, server.URL, client)
		cmd.Env = append(os.Environ(), "TUF_JS="+library)
		out, err := cmd.CombinedOutput()
		return strings.TrimSpace(string(out)), err
	}
	if out, err := run(); err != nil || out != "2 2 {}" {
		t.Fatalf("%s, %v", out, err)
	}
	name := filepath.Join(dir, "public/timestamp.json")
	b, err := os.ReadFile(name)
	if err == nil {
		err = os.WriteFile(name, bytes.Replace(b, []byte(`"version":2`), []byte(`"version":3`), 1), 0o600)
	}
	if err != nil {
		t.Fatal(err)
	}
	if out, err := run(); err == nil || !strings.Contains(out, "refused") {
		t.Errorf("it takes a timestamp that was changed: %s", out)
	}
}
