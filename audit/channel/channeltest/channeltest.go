// Package channeltest makes channels for tests, with package publish: the
// honest ones. Those that lie are made in the tests of package channel.
package channeltest

import (
	"context"
	"crypto"
	"crypto/ed25519"
	"fmt"
	"io/fs"
	"testing"
	"time"

	"github.com/gpuaudit/gpuaudit/audit/channel"
	"github.com/gpuaudit/gpuaudit/audit/channel/publish"
)

// Now is the clock of the channels.
var Now = time.Date(2026, 11, 24, 0, 0, 0, 0, time.UTC)

// Signer is an Ed25519 key in memory.
type Signer ed25519.PrivateKey

// NewSigner makes a key.
func NewSigner(t testing.TB) Signer {
	t.Helper()
	_, key, err := ed25519.GenerateKey(nil)
	if err != nil {
		t.Fatal(err)
	}
	return Signer(key)
}

// Public implements publish.Signer.
func (s Signer) Public() crypto.PublicKey { return ed25519.PrivateKey(s).Public() }

// SignMessage implements publish.Signer.
func (s Signer) SignMessage(_ context.Context, message []byte) ([]byte, error) {
	return ed25519.Sign(ed25519.PrivateKey(s), message), nil
}

// Vendor is a publisher with one key for everything.
type Vendor struct {
	t   testing.TB
	Dir string
	Key Signer
}

// NewVendor makes a channel with a number of manifests.
func NewVendor(t testing.TB, manifests int) *Vendor {
	t.Helper()
	v := &Vendor{t: t, Dir: t.TempDir(), Key: NewSigner(t)}
	keys := map[string][]crypto.PublicKey{}
	for _, role := range publish.Roles() {
		keys[role] = []crypto.PublicKey{v.Key.Public()}
	}
	w, err := publish.Create(v.Dir, publish.Change{Add: keys}, Now)
	if err != nil {
		t.Fatal(err)
	}
	defer w.Close()
	v.sign(w)
	v.Publish(manifests)
	return v
}

// Publish puts further manifests in, and signs.
func (v *Vendor) Publish(manifests int) {
	v.t.Helper()
	w, err := publish.Open(v.Dir, Now)
	if err != nil {
		v.t.Fatal(err)
	}
	defer w.Close()
	have, err := w.Carries()
	if err != nil {
		v.t.Fatal(err)
	}
	var add []channel.File
	for i := range manifests {
		name := fmt.Sprintf("card-%d.sigstore.json", len(have)+i)
		add = append(add, channel.File{Name: name, Data: []byte(`{"name":"` + name + `"}`)})
	}
	if err := w.Manifests(add, nil); err != nil {
		v.t.Fatal(err)
	}
	v.sign(w)
}

func (v *Vendor) sign(w *publish.Workspace) {
	v.t.Helper()
	if _, err := w.Sign(v.t.Context(), []publish.Signer{v.Key}); err != nil {
		v.t.Fatal(err)
	}
}

// FS is the channel as it is served.
func (v *Vendor) FS() fs.FS {
	v.t.Helper()
	w, err := publish.Open(v.Dir, Now)
	if err != nil {
		v.t.Fatal(err)
	}
	v.t.Cleanup(func() { w.Close() })
	public, err := w.Public()
	if err != nil {
		v.t.Fatal(err)
	}
	return public
}

// Source is the channel as it is now; what is published later does not reach it.
func (v *Vendor) Source() channel.Files {
	v.t.Helper()
	var files channel.Files
	public := v.FS()
	err := fs.WalkDir(public, ".", func(name string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		b, err := fs.ReadFile(public, name)
		files = append(files, channel.File{Name: name, Data: b})
		return err
	})
	if err != nil {
		v.t.Fatal(err)
	}
	return channel.Sorted(files)
}

// Root is the first root.
func (v *Vendor) Root() []byte {
	v.t.Helper()
	b, err := fs.ReadFile(v.FS(), "1.root.json")
	if err != nil {
		v.t.Fatal(err)
	}
	return b
}
