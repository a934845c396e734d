package main

import (
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
			p := c.Predicate
			fmt.Fprintf(a.Stdout, "%s  %s\n", a.words.Note(c.Mark()), report.Clean(args[0]))
			a.say("  signed by %s", report.Clean(c.Signer))
			a.say("  %s, edition %d, %s, valid until %s", report.Clean(p.Name), p.Sequence, p.Status, p.Expires.Format(time.RFC3339))
			if c.Manifest == nil {
				a.say("  for which devices this key may speak was not checked: that takes --trust")
				return nil
			}
			a.printSeen(c.Manifest.Seen())
			fmt.Fprintf(a.Stdout, "  sha256:%s\n", c.Manifest.SHA256())
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
			case c.Unsigned:
				a.warn("UNSIGNED: a statement that nobody has signed")
			case c.Signer == "":
				a.warn("UNVERIFIED: give --trust to check who signed this")
			}
			if !format.json() {
				manifesttext.Write(a.Stdout, c.Predicate, c.Mark())
				return nil
			}
			return writeJSON(a.Stdout, inspected{Verified: c.Signer != "", ScopeChecked: c.Manifest != nil, SignedBy: c.Signer, Manifest: c.Predicate})
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

// check reads a bundle and verifies it as far as the flags ask for. A trust or
// key file that does not parse is a wrong configuration; a bundle that does not
// verify, for whatever reason, exits with 4.
func (a *app) check(name string, f *checkFlags) (*manifest.Checked, error) {
	if f.trust != "" && f.key != "" {
		return nil, errors.New("--trust and --key exclude each other")
	}
	now, err := f.now.at(a)
	if err != nil {
		return nil, err
	}
	by, err := f.believes()
	if err != nil {
		return nil, err
	}
	text, err := readFile(name, seal.BundleLimit)
	if err != nil {
		return nil, err
	}
	c, err := manifest.Check(text, name, by, now)
	switch {
	case err == nil:
		return c, nil
	case f.trust == "" && f.key == "":
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	return nil, fault.AsSignature(fmt.Errorf("%s: %w", name, err))
}

// believes is who is trusted, and the zero value where nobody is named.
func (f *checkFlags) believes() (by manifest.By, err error) {
	switch {
	case f.trust != "":
		by.Trust, err = believed(f.trust, f.root)
	case f.key != "":
		if by.Key, err = publicKey(f.key); err != nil {
			return by, err
		}
		by.KeyName = f.key
		by.Root, err = believedRoot(f.root)
	}
	return by, err
}
