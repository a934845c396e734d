package channel_test

import (
	"crypto"
	"crypto/ed25519"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"maps"
	"path"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/secure-systems-lab/go-securesystemslib/cjson"
	"github.com/theupdateframework/go-tuf/v2/metadata"

	"github.com/gpuaudit/gpuaudit/audit/channel"
)

var now = time.Date(2026, 11, 24, 0, 0, 0, 0, time.UTC)

// repo is a repository in the hands of somebody who holds all keys and may lie.
// An honest publisher is package publish; this one can do what that refuses to.
type repo struct {
	t         testing.TB
	keys      map[string][]ed25519.PrivateKey
	root      *metadata.Metadata[metadata.RootType]
	targets   *metadata.Metadata[metadata.TargetsType]
	snapshot  *metadata.Metadata[metadata.SnapshotType]
	timestamp *metadata.Metadata[metadata.TimestampType]
	content   map[string]string // by target name
	files     map[string][]byte
}

var roleNames = []string{metadata.ROOT, metadata.TARGETS, metadata.SNAPSHOT, metadata.TIMESTAMP}

func newRepo(t testing.TB) *repo {
	r := &repo{t: t, keys: map[string][]ed25519.PrivateKey{}, content: map[string]string{"manifests/a.sigstore.json": `{"a":1}`}, files: map[string][]byte{}}
	year := now.AddDate(1, 0, 0)
	r.root, r.targets, r.snapshot, r.timestamp = metadata.Root(year), metadata.Targets(year), metadata.Snapshot(year), metadata.Timestamp(year)
	for _, role := range roleNames {
		r.addKey(role)
	}
	r.publishRoot(r.keys[metadata.ROOT])
	return r.publish()
}

// addKey gives a role one more key. The root is signed by publishRoot.
func (r *repo) addKey(role string) ed25519.PrivateKey {
	_, private, err := ed25519.GenerateKey(nil)
	r.check(err)
	key, err := metadata.KeyFromPublicKey(private.Public())
	r.check(err)
	r.check(r.root.Signed.AddKey(key, role))
	r.keys[role] = append(r.keys[role], private)
	return private
}

// dropKey takes a role's first key away.
func (r *repo) dropKey(role string) {
	id, err := must(metadata.KeyFromPublicKey(r.keys[role][0].Public())).ID()
	r.check(err)
	r.check(r.root.Signed.RevokeKey(id, role))
	r.keys[role] = r.keys[role][1:]
}

func must[T any](v T, err error) T {
	if err != nil {
		panic(err)
	}
	return v
}

func (r *repo) check(err error) {
	r.t.Helper()
	if err != nil {
		r.t.Fatal(err)
	}
}

func sign[T metadata.Roles](m *metadata.Metadata[T], keys []ed25519.PrivateKey) []byte {
	m.ClearSignatures()
	payload := must(cjson.EncodeCanonical(m.Signed))
	for _, k := range keys {
		id := must(must(metadata.KeyFromPublicKey(k.Public())).ID())
		m.Signatures = append(m.Signatures, metadata.Signature{KeyID: id, Signature: must(k.Sign(nil, payload, crypto.Hash(0)))})
	}
	return must(m.ToBytes(false))
}

func (r *repo) publishRoot(keys []ed25519.PrivateKey) {
	r.files[fmt.Sprintf("%d.root.json", r.root.Signed.Version)] = sign(r.root, keys)
}

// rotate publishes the next root, signed by the keys of the last and its own.
func (r *repo) rotate(change func()) {
	old := slices.Clone(r.keys[metadata.ROOT])
	change()
	r.root.Signed.Version++
	keys := append(old, r.keys[metadata.ROOT]...)
	slices.SortFunc(keys, func(a, b ed25519.PrivateKey) int { return slices.Compare(a, b) })
	r.publishRoot(slices.CompactFunc(keys, func(a, b ed25519.PrivateKey) bool { return a.Equal(b) }))
}

// publish signs the other roles over the content.
func (r *repo) publish() *repo {
	r.targets.Signed.Targets = map[string]*metadata.TargetFiles{}
	for name, content := range r.content {
		r.targets.Signed.Targets[name] = must(metadata.TargetFile().FromBytes(name, []byte(content), "sha256"))
		r.files[targetFile(name, content)] = []byte(content)
	}
	r.signTargets()
	r.signSnapshot()
	r.signTimestamp()
	return r
}

func (r *repo) signTargets() {
	b := sign(r.targets, r.keys[metadata.TARGETS])
	r.files[fmt.Sprintf("%d.targets.json", r.targets.Signed.Version)] = b
	r.snapshot.Signed.Meta["targets.json"] = described(b, r.targets.Signed.Version)
}

func (r *repo) signSnapshot() {
	b := sign(r.snapshot, r.keys[metadata.SNAPSHOT])
	r.files[fmt.Sprintf("%d.snapshot.json", r.snapshot.Signed.Version)] = b
	r.timestamp.Signed.Meta["snapshot.json"] = described(b, r.snapshot.Signed.Version)
}

func (r *repo) signTimestamp() {
	r.files["timestamp.json"] = sign(r.timestamp, r.keys[metadata.TIMESTAMP])
}

// next counts all versions up and publishes.
func (r *repo) next() *repo {
	r.targets.Signed.Version++
	r.snapshot.Signed.Version++
	r.timestamp.Signed.Version++
	return r.publish()
}

func described(b []byte, version int64) *metadata.MetaFiles {
	sum := sha256.Sum256(b)
	m := metadata.MetaFile(version)
	m.Length, m.Hashes = int64(len(b)), metadata.Hashes{"sha256": sum[:]}
	return m
}

func targetFile(name, content string) string {
	sum := sha256.Sum256([]byte(content))
	return "targets/" + path.Join(path.Dir(name), hex.EncodeToString(sum[:])+"."+path.Base(name))
}

// source is the repository as it is now; later changes do not reach it.
func (r *repo) source() channel.Files {
	var files channel.Files
	for name, b := range maps.Clone(r.files) {
		files = append(files, channel.File{Name: name, Data: b})
	}
	slices.SortFunc(files, func(a, b channel.File) int { return strings.Compare(a.Name, b.Name) })
	return files
}

// first is the root that clients are given by hand.
func (r *repo) first() []byte { return r.files["1.root.json"] }
