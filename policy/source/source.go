// Package source finds out where rules of the user's come from, and whether they may
// be taken: a folder is the user's own; a bundle comes from somewhere, and is signed
// with a key that the user gave, or is in an artifact whose digest the user gave.
package source

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"time"

	"github.com/gpuaudit/gpuaudit/audit/fault"
	"github.com/gpuaudit/gpuaudit/audit/input"
	"github.com/gpuaudit/gpuaudit/policy"
	"github.com/gpuaudit/gpuaudit/policy/artifact"
)

// Kind is where rules come from.
type Kind string

// The names that a report has for them.
const (
	Directory Kind = "directory"
	Bundle    Kind = "bundle"
	Artifact  Kind = "artifact"
	// Channel is a channel that was verified, and switched on for rules.
	Channel Kind = "channel"
)

// Rules are rules of the user's as they were given: nothing of them is verified or
// parsed.
type Rules struct {
	// Path is what the user gave.
	Path string
	Kind Kind
	// Files are those of a directory, Text is a bundle.
	Files input.Folder
	Text  []byte
	// Manifest is the digest of the OCI manifest that names the bundle of an artifact.
	Manifest string
	// Key has to have signed the bundle, for Scope; nil where the artifact is pinned.
	Key   *input.File
	Scope string
}

// Signed says that rules which open were signed.
func (r *Rules) Signed() bool { return r.Key != nil || r.Kind == Channel }

const (
	// fetchTimeout bounds the fetching of rules from a registry.
	fetchTimeout = 2 * time.Minute
	keyLimit     = 64 << 10
)

// Given is what the user says of rules: where they are, who signed them, for what.
type Given struct{ Path, Key, Scope string }

// Named is the file or folder that --policy names, or the URL of the registry that it is
// in.
func Named(path string) (name, registry string, err error) {
	if artifact.InRegistry(path) {
		registry, err = artifact.Registry(path)
		return "", registry, err
	}
	name, _, err = artifact.Pin(path)
	return name, "", err
}

// Read reads the rules that the user names; nil where none are named. Rules in a
// registry are fetched.
func Read(ctx context.Context, g Given) (*Rules, error) {
	switch {
	case g.Path == "" && (g.Key != "" || g.Scope != ""):
		return nil, errors.New("--policy-key and --policy-scope are about the bundle of --policy: give that, too")
	case g.Path == "":
		return nil, nil
	case artifact.InRegistry(g.Path):
		return g.artifact(ctx, artifact.FromRegistry)
	}
	name, _, err := artifact.Pin(g.Path)
	if err != nil {
		return nil, fmt.Errorf("--policy: %w", err)
	}
	info, err := input.Stat(name)
	switch {
	case err != nil:
		return nil, fmt.Errorf("--policy: %w", err)
	case info.IsDir():
		return g.folder(ctx, name)
	case !info.Mode().IsRegular():
		return nil, fmt.Errorf("--policy: %s is no file and no directory", name)
	}
	head, err := input.Head(name)
	switch {
	case err != nil:
		return nil, fmt.Errorf("--policy: %w", err)
	case bytes.HasPrefix(head, []byte{0x1f, 0x8b}): // gzip, RFC 1952 section 2.3.1
		return g.bundle()
	case !artifact.IsArchive(name):
		return nil, fmt.Errorf("--policy: %s is neither a directory nor an OPA bundle (.tar.gz) nor an OCI image layout", name)
	}
	return g.artifact(ctx, artifact.FromArchive)
}

// folder reads a folder of rules, or an OCI image layout.
func (g Given) folder(ctx context.Context, name string) (*Rules, error) {
	files, closer, err := input.OpenFolder(name)
	if err != nil {
		return nil, fmt.Errorf("--policy: %w", err)
	}
	defer closer.Close()
	if artifact.IsLayout(files) {
		return g.artifact(ctx, func(ctx context.Context, _, digest string) (*artifact.Bundle, error) {
			return artifact.FromFolder(ctx, files, digest)
		})
	}
	if g.Key != "" || g.Path != name {
		return nil, fmt.Errorf("--policy: %s is a directory, and carries no signature and no digest: policy bundle makes a bundle of it", name)
	}
	rules, err := policy.ReadFolder(files)
	if err != nil {
		return nil, fmt.Errorf("--policy: %w", err)
	}
	return &Rules{Path: g.Path, Kind: Directory, Files: rules}, nil
}

func (g Given) bundle() (*Rules, error) {
	if g.Key == "" {
		return nil, fmt.Errorf("--policy: %s is a bundle: give --policy-key, the public key that it has to be signed with", g.Path)
	}
	f, err := input.Read(g.Path, policy.BundleLimit)
	if err != nil {
		return nil, fmt.Errorf("--policy: %w", err)
	}
	return g.keyed(&Rules{Path: g.Path, Kind: Bundle, Text: f.Data})
}

// artifact takes a bundle out of an OCI artifact. A digest says which bundle it is, a
// signature whose: one of them is needed, and with a key the signature is verified
// whatever the digest.
func (g Given) artifact(ctx context.Context, from func(context.Context, string, string) (*artifact.Bundle, error)) (*Rules, error) {
	name, digest, err := artifact.Pin(g.Path)
	switch {
	case err != nil:
		return nil, fmt.Errorf("--policy: %w", err)
	case digest == "" && g.Key == "":
		return nil, fmt.Errorf("--policy: %s: pin the artifact (%s@sha256:…), or give --policy-key, the public key that its bundle has to be signed with", g.Path, name)
	}
	ctx, cancel := context.WithTimeout(ctx, fetchTimeout)
	defer cancel()
	b, err := from(ctx, name, digest)
	switch {
	case errors.Is(err, artifact.ErrDigest):
		return nil, fault.AsSignature(fmt.Errorf("--policy %s: %w", g.Path, err))
	case err != nil:
		return nil, fmt.Errorf("--policy %s: %w", g.Path, err)
	}
	return g.keyed(&Rules{Path: g.Path, Kind: Artifact, Text: b.Text, Manifest: b.Manifest})
}

// keyed adds the key that the user gave, if any.
func (g Given) keyed(r *Rules) (*Rules, error) {
	var err error
	if r.Key, err = input.Optional(g.Key, keyLimit); err != nil {
		return nil, fmt.Errorf("--policy-key: %w", err)
	}
	r.Scope = g.Scope
	return r, nil
}

// Open gives the files of rules that may be taken: those of a folder, of a bundle
// that is signed as it has to be, or of one whose digest the user gave. None are nil.
func (r *Rules) Open() (fs.FS, error) {
	switch {
	case r == nil:
		return nil, nil
	case r.Kind == Directory, r.Kind == Channel:
		return r.Files.FS(), nil
	case r.Key != nil:
		return r.verify()
	case r.Manifest == "":
		return nil, fault.AsSignature(fmt.Errorf("--policy %s: %w: nobody signed it", r.Path, policy.ErrBundleSignature))
	}
	files, err := policy.OpenPinnedBundle(r.Text)
	if err != nil {
		return nil, fmt.Errorf("--policy %s: %w", r.Path, err)
	}
	return files, nil
}

func (r *Rules) verify() (fs.FS, error) {
	key, err := policy.NewBundleKey(r.Key.Data, r.Scope)
	if err != nil {
		return nil, fmt.Errorf("--policy-key %s: %w", r.Key.Name, err)
	}
	files, err := policy.OpenBundle(r.Text, key)
	switch {
	case errors.Is(err, policy.ErrBundleSignature):
		return nil, fault.AsSignature(fmt.Errorf("--policy %s: %w", r.Path, err))
	case err != nil:
		return nil, fmt.Errorf("--policy %s: %w", r.Path, err)
	}
	return files, nil
}
