package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"

	"github.com/spf13/pflag"

	"github.com/gpuaudit/gpuaudit/audit/report"
	"github.com/gpuaudit/gpuaudit/policy"
	"github.com/gpuaudit/gpuaudit/rules"
)

// ruleFlags name the rules of the user's own, and who has to have signed them.
type ruleFlags struct{ path, key, scope string }

func (f *ruleFlags) register(flags *pflag.FlagSet) {
	flags.StringVar(&f.path, "policy", "", "further rules (Rego), judged beside the built-in ones: a directory, or a signed OPA bundle (.tar.gz)")
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

// open finds out what --policy names. A directory is the user's own, and nothing
// of it is signed; a bundle comes from somewhere, and its signature is verified.
func (f *ruleFlags) open(context.Context) (*ownRules, error) {
	none := func() {}
	switch {
	case f.path == "" && (f.key != "" || f.scope != ""):
		return nil, errors.New("--policy-key and --policy-scope are about the bundle of --policy: give that, too")
	case f.path == "":
		return &ownRules{close: none}, nil
	}
	info, err := os.Stat(f.path)
	switch {
	case err != nil:
		return nil, fmt.Errorf("--policy: %w", err)
	case info.IsDir() && f.key != "":
		return nil, fmt.Errorf("--policy-key: %s is a directory, and carries no signature: policy bundle makes a bundle of it", f.path)
	case info.IsDir():
		root, err := os.OpenRoot(f.path)
		if err != nil {
			return nil, fmt.Errorf("--policy: %w", err)
		}
		return &ownRules{files: root.FS(), set: &report.RuleSet{Source: "directory"}, close: func() { root.Close() }}, nil
	}
	files, err := f.openBundle()
	if err != nil {
		return nil, err
	}
	return &ownRules{files: files, set: &report.RuleSet{Source: "bundle", Signed: true}, close: none}, nil
}

func (f *ruleFlags) openBundle() (fs.FS, error) {
	text, err := readFile(f.path, policy.BundleLimit)
	if err != nil {
		return nil, fmt.Errorf("--policy: %w", err)
	}
	if !bytes.HasPrefix(text, []byte{0x1f, 0x8b}) { // gzip, RFC 1952 section 2.3.1
		return nil, fmt.Errorf("--policy: %s is neither a directory nor an OPA bundle (.tar.gz)", f.path)
	}
	if f.key == "" {
		return nil, fmt.Errorf("--policy: %s is a bundle: give --policy-key, the public key that it has to be signed with", f.path)
	}
	return f.verify(text)
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
		return nil, &exitError{code: exitSignature, err: fmt.Errorf("--policy %s: %w", f.path, err)}
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
		own.set.SHA256 = engine.UserSHA256()
	}
	return engine, own.set, nil
}

// policySource is the built-in rules and those of the user.
func policySource(user fs.FS) policy.Source {
	return policy.Source{FS: rules.FS(), User: user, Schema: rules.Schema()}
}
