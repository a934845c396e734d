package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"time"

	"github.com/spf13/pflag"

	"github.com/gpuaudit/gpuaudit/audit/fault"
	"github.com/gpuaudit/gpuaudit/audit/report"
	"github.com/gpuaudit/gpuaudit/policy"
	"github.com/gpuaudit/gpuaudit/policy/artifact"
	"github.com/gpuaudit/gpuaudit/rules"
)

// ruleFlags name the rules of the user's own, and who has to have signed them.
type ruleFlags struct{ path, key, scope string }

func (f *ruleFlags) register(flags *pflag.FlagSet) {
	flags.StringVar(&f.path, "policy", "", "further rules (Rego), judged beside the built-in ones: a directory, a signed OPA bundle (.tar.gz), or an OCI artifact (image layout, or oci://HOST/REPOSITORY@sha256:…, which is fetched)")
	flags.StringVar(&f.key, "policy-key", "", "public key (PEM) that the bundle of --policy has to be signed with")
	flags.StringVar(&f.scope, "policy-scope", "", "scope that the signature of the bundle has to state")
}

// ownRules are rules of the user's, where they come from, and how to let go of
// them.
type ownRules struct {
	files fs.FS // nil: there are none
	set   *report.RuleSet
	close func()
}

// policyTimeout bounds the fetching of rules from a registry.
const policyTimeout = 2 * time.Minute

// open finds out what --policy names. A directory is the user's own, and nothing
// of it is signed. A bundle comes from somewhere: its signature is verified, or
// the artifact that holds it is pinned by its digest.
func (f *ruleFlags) open(ctx context.Context) (*ownRules, error) {
	none := func() {}
	switch {
	case f.path == "" && (f.key != "" || f.scope != ""):
		return nil, errors.New("--policy-key and --policy-scope are about the bundle of --policy: give that, too")
	case f.path == "":
		return &ownRules{close: none}, nil
	case artifact.InRegistry(f.path):
		return f.openArtifact(ctx, artifact.FromRegistry)
	}
	name, _, err := artifact.Pin(f.path)
	if err != nil {
		return nil, fmt.Errorf("--policy: %w", err)
	}
	info, err := os.Stat(name)
	switch {
	case err != nil:
		return nil, fmt.Errorf("--policy: %w", err)
	case info.IsDir():
		return f.openFolder(ctx, name)
	case !info.Mode().IsRegular():
		return nil, fmt.Errorf("--policy: %s is no file and no directory", name)
	}
	head, err := readHead(name)
	switch {
	case err != nil:
		return nil, fmt.Errorf("--policy: %w", err)
	case bytes.HasPrefix(head, []byte{0x1f, 0x8b}): // gzip, RFC 1952 section 2.3.1
		return f.openBundle()
	case !artifact.IsArchive(name):
		return nil, fmt.Errorf("--policy: %s is neither a directory nor an OPA bundle (.tar.gz) nor an OCI image layout", name)
	}
	return f.openArtifact(ctx, artifact.FromArchive)
}

// openFolder reads a folder of rules, or an OCI image layout.
func (f *ruleFlags) openFolder(ctx context.Context, name string) (*ownRules, error) {
	root, err := os.OpenRoot(name)
	if err != nil {
		return nil, fmt.Errorf("--policy: %w", err)
	}
	if artifact.IsLayout(root.FS()) {
		defer root.Close()
		return f.openArtifact(ctx, func(ctx context.Context, _, digest string) (*artifact.Bundle, error) {
			return artifact.FromFolder(ctx, root.FS(), digest)
		})
	}
	if f.key != "" || f.path != name {
		root.Close()
		return nil, fmt.Errorf("--policy: %s is a directory, and carries no signature and no digest: policy bundle makes a bundle of it", name)
	}
	return &ownRules{files: root.FS(), set: &report.RuleSet{Source: "directory"}, close: func() { root.Close() }}, nil
}

func (f *ruleFlags) openBundle() (*ownRules, error) {
	if f.key == "" {
		return nil, fmt.Errorf("--policy: %s is a bundle: give --policy-key, the public key that it has to be signed with", f.path)
	}
	text, err := readFile(f.path, policy.BundleLimit)
	if err != nil {
		return nil, fmt.Errorf("--policy: %w", err)
	}
	files, err := f.verify(text)
	if err != nil {
		return nil, err
	}
	return &ownRules{files: files, set: &report.RuleSet{Source: "bundle", Signed: true}, close: func() {}}, nil
}

// openArtifact takes a bundle out of an OCI artifact. A digest says which bundle
// it is, a signature whose: one of them is needed, and with a key the signature
// is verified whatever the digest.
func (f *ruleFlags) openArtifact(ctx context.Context, from func(context.Context, string, string) (*artifact.Bundle, error)) (*ownRules, error) {
	name, digest, err := artifact.Pin(f.path)
	switch {
	case err != nil:
		return nil, fmt.Errorf("--policy: %w", err)
	case digest == "" && f.key == "":
		return nil, fmt.Errorf("--policy: %s: pin the artifact (%s@sha256:…), or give --policy-key, the public key that its bundle has to be signed with", f.path, name)
	}
	ctx, cancel := context.WithTimeout(ctx, policyTimeout)
	defer cancel()
	b, err := from(ctx, name, digest)
	switch {
	case errors.Is(err, artifact.ErrDigest):
		return nil, fault.AsSignature(fmt.Errorf("--policy %s: %w", f.path, err))
	case err != nil:
		return nil, fmt.Errorf("--policy %s: %w", f.path, err)
	}
	own := &ownRules{set: &report.RuleSet{Source: "artifact", Signed: f.key != "", Artifact: b.Manifest}, close: func() {}}
	if f.key != "" {
		own.files, err = f.verify(b.Text)
		return own, err
	}
	if own.files, err = policy.OpenPinnedBundle(b.Text); err != nil {
		return nil, fmt.Errorf("--policy %s: %w", f.path, err)
	}
	return own, nil
}

// verify takes the rules of a bundle that --policy-key signed.
func (f *ruleFlags) verify(text []byte) (fs.FS, error) {
	pem, err := readFile(f.key, 64<<10)
	if err != nil {
		return nil, fmt.Errorf("--policy-key: %w", err)
	}
	key, err := policy.NewBundleKey(pem, f.scope)
	if err != nil {
		return nil, fmt.Errorf("--policy-key %s: %w", f.key, err)
	}
	files, err := policy.OpenBundle(text, key)
	switch {
	case errors.Is(err, policy.ErrBundleSignature):
		return nil, fault.AsSignature(fmt.Errorf("--policy %s: %w", f.path, err))
	case err != nil:
		return nil, fmt.Errorf("--policy %s: %w", f.path, err)
	}
	return files, nil
}

// loadPolicy compiles the built-in rules and the user's.
func loadPolicy(ctx context.Context, f *ruleFlags) (*policy.Engine, *report.RuleSet, error) {
	own, err := f.open(ctx)
	if err != nil {
		return nil, nil, err
	}
	defer own.close()
	engine, err := policy.Load(ctx, policySource(own.files))
	if err != nil {
		return nil, nil, fmt.Errorf("load rules: %w", err)
	}
	if own.set != nil {
		own.set.SHA256, own.set.Rules = engine.UserSHA256(), engine.OwnRules()
	}
	return engine, own.set, nil
}

// policySource is the built-in rules and those of the user.
func policySource(user fs.FS) policy.Source {
	return policy.Source{FS: rules.FS(), User: user, Schema: rules.Schema()}
}
