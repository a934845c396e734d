package main

import (
	"bytes"
	"errors"
	"fmt"
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/gpuaudit/gpuaudit/attest/seal"
	"github.com/gpuaudit/gpuaudit/audit/fault"
	"github.com/gpuaudit/gpuaudit/audit/manifest"
	"github.com/gpuaudit/gpuaudit/audit/manifest/manifesttext"
	"github.com/gpuaudit/gpuaudit/audit/report"
)

func (a *app) manifestVerify() *cobra.Command {
	var f checkFlags
	cmd := &cobra.Command{
		Use:   "verify BUNDLE --trust FILE|--key FILE",
		Short: "Verify a manifest's signature, its validity and its signer's scope",
		Long: `Verify with --trust checks that a trusted key signed the manifest, that it is valid
now, and that this key may speak for every device in it. With --key it checks the
signature of that one key and the validity; nobody has said for which devices that
key may speak, and the answer says so. What does not verify exits with 4.`,
		Args: cobra.ExactArgs(1),
		RunE: func(_ *cobra.Command, args []string) error {
			if f.trust == "" && f.key == "" {
				return errors.New("--trust or --key is required: a signature counts only with a key that you trust")
			}
			c, err := a.check(args[0], &f)
			if err != nil {
				return err
			}
			p := c.predicate
			fmt.Fprintf(a.Stdout, "%s  %s\n  signed by %s\n  %s, edition %d, %s, valid until %s\n", c.mark(), report.Clean(args[0]),
				report.Clean(c.signer), report.Clean(p.Name), p.Sequence, p.Status, p.Expires.Format(time.RFC3339))
			if c.manifest == nil {
				fmt.Fprintln(a.Stdout, "  for which devices this key may speak was not checked: that takes --trust")
				return nil
			}
			a.printSeen(c.manifest.Seen())
			fmt.Fprintf(a.Stdout, "  sha256:%s\n", c.manifest.SHA256())
			return nil
		},
	}
	f.register(cmd.Flags())
	return cmd
}

func (a *app) manifestInspect() *cobra.Command {
	var f checkFlags
	var format formatFlag
	cmd := &cobra.Command{
		Use:   "inspect BUNDLE|STATEMENT",
		Short: "Show what a manifest states; without --trust or --key nothing of it is verified",
		Args:  cobra.ExactArgs(1),
		RunE: func(_ *cobra.Command, args []string) error {
			c, err := a.check(args[0], &f)
			if err != nil {
				return err
			}
			switch {
			case c.unsigned:
				a.warn("UNSIGNED: a statement that nobody has signed")
			case c.signer == "":
				a.warn("UNVERIFIED: give --trust to check who signed this")
			}
			if !format.json() {
				manifesttext.Write(a.Stdout, c.predicate, c.mark())
				return nil
			}
			return writeJSON(a.Stdout, inspected{Verified: c.signer != "", ScopeChecked: c.manifest != nil, SignedBy: c.signer, Manifest: c.predicate})
		},
	}
	f.register(cmd.Flags())
	format.register(cmd.Flags(), "table")
	return cmd
}

// inspected is what `manifest inspect -o json` prints.
type inspected struct {
	// Verified says that the signature and the validity were checked.
	Verified bool `json:"verified"`
	// ScopeChecked says that the trust file lets the signer speak for these devices.
	ScopeChecked bool                `json:"scope_checked"`
	SignedBy     string              `json:"signed_by,omitempty"`
	Manifest     *manifest.Predicate `json:"manifest"`
}

// checkFlags say who is trusted, and when.
type checkFlags struct {
	trust, key, root string
	now              clockFlag
}

func (f *checkFlags) register(flags *pflag.FlagSet) {
	flags.StringVar(&f.trust, "trust", "", "trust file: which keys and identities may speak for which vendors")
	flags.StringVar(&f.key, "key", "", "public key: check the signature of this key alone, and no scope")
	rootFlag(flags, &f.root)
	f.now.register(flags, judgements)
}

// checked is a bundle's content and what is known of it.
type checked struct {
	predicate *manifest.Predicate
	manifest  *manifest.Manifest // nil unless it was verified with a trust file
	signer    string             // "" when nothing was verified
	unsigned  bool               // it is a bare statement
}

func (c *checked) mark() string {
	switch {
	case c.manifest != nil:
		return "verified"
	case c.signer != "":
		return "signature verified"
	case c.unsigned:
		return "UNSIGNED"
	}
	return "UNVERIFIED"
}

// check reads a bundle and verifies it as far as the flags ask for. A trust or
// key file that does not parse is a wrong configuration; a bundle that does not
// verify, for whatever reason, exits with 4.
func (a *app) check(name string, f *checkFlags) (*checked, error) {
	if f.trust != "" && f.key != "" {
		return nil, errors.New("--trust and --key exclude each other")
	}
	now, err := f.now.at(a)
	if err != nil {
		return nil, err
	}
	verify, err := f.verifier()
	if err != nil {
		return nil, err
	}
	text, err := readFile(name, seal.BundleLimit)
	if err != nil {
		return nil, err
	}
	c, err := verify(text, name, now)
	switch {
	case err == nil:
		return c, nil
	case f.trust == "" && f.key == "":
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	return nil, fault.AsSignature(fmt.Errorf("%s: %w", name, err))
}

// verifier is the way to a bundle's content that the flags ask for.
func (f *checkFlags) verifier() (func(text []byte, name string, now time.Time) (*checked, error), error) {
	switch {
	case f.trust != "":
		trust, err := believed(f.trust, f.root)
		if err != nil {
			return nil, err
		}
		return func(text []byte, name string, now time.Time) (*checked, error) {
			m, err := manifest.Verify(text, name, trust, now)
			if err != nil {
				return nil, err
			}
			return &checked{predicate: new(m.Predicate()), manifest: m, signer: fmt.Sprintf("%s (%s)", m.Issuer(), m.Kind())}, nil
		}, nil
	case f.key != "":
		key, err := readFile(f.key, 64<<10)
		if err != nil {
			return nil, err
		}
		pub, err := seal.ParsePublicKey(key)
		if err != nil {
			return nil, fmt.Errorf("--key %s: %w", f.key, err)
		}
		root, err := believedRoot(f.root)
		if err != nil {
			return nil, err
		}
		return func(text []byte, _ string, now time.Time) (*checked, error) {
			p, err := manifest.SignedBy(text, pub, root, now)
			if err != nil {
				return nil, err
			}
			return &checked{predicate: p, signer: "the key in " + f.key}, nil
		}, nil
	}
	return func(text []byte, _ string, _ time.Time) (*checked, error) {
		if bytes.HasPrefix(text, []byte(`{"_type":`)) { // a statement that is yet to be signed
			p, err := manifest.ParseStatement(text)
			return &checked{predicate: p, unsigned: true}, err
		}
		p, err := manifest.Unverified(text)
		if err != nil {
			return nil, err
		}
		return &checked{predicate: p}, nil
	}, nil
}
