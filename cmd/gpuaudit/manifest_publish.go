package main

import (
	"crypto"
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/gpuaudit/gpuaudit/attest/seal"
	"github.com/gpuaudit/gpuaudit/audit/channel"
	"github.com/gpuaudit/gpuaudit/audit/channel/publish"
	"github.com/gpuaudit/gpuaudit/audit/channel/state"
	"github.com/gpuaudit/gpuaudit/audit/reference"
)

func (a *app) manifestPublish() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "publish",
		Short: "Publish manifests in a channel that clients can follow without being rolled back",
		Long: `Publish makes a channel: a TUF repository of signed manifests. Its folder holds public/,
which any web server can serve as it is, and draft/, which waits for signatures. Those who
hold a key sign on machines of their own; the folder goes from one to the next.

Every run of sign publishes what has reached its threshold.`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	cmd.AddCommand(a.publishInit(), a.publishRotate(), a.publishAdd(), a.publishRefresh(), a.publishSign(), a.publishStatus(), a.publishArchive())
	return cmd
}

// keyFlags say who signs what, how many of them, and for how long.
type keyFlags struct {
	keys, drop, thresholds, days []string
	now                          clockFlag
}

func (f *keyFlags) register(flags *pflag.FlagSet) {
	flags.StringArrayVar(&f.keys, "key", nil, "ROLE=FILE: public key that may sign for root, targets, snapshot, timestamp, or online for the last two (repeatable)")
	flags.StringArrayVar(&f.thresholds, "threshold", nil, "ROLE=N: how many keys must sign; default is 1 (repeatable)")
	flags.StringArrayVar(&f.days, "days", nil, "ROLE=N: for how many days a signature is good; default is root=365, targets=180, snapshot=14, timestamp=7 (repeatable)")
	f.now.register(flags, "time of the draft")
}

// rolesOf are the roles that a flag names.
func rolesOf(flag, role string) ([]string, error) {
	if role == "online" {
		return []string{"snapshot", "timestamp"}, nil
	}
	if !slices.Contains(publish.Roles(), role) {
		return nil, fmt.Errorf("%s: unknown role %q: use root, targets, snapshot, timestamp or online", flag, role)
	}
	return []string{role}, nil
}

// each splits ROLE=VALUE flags.
func each(flag string, specs []string, do func(role, value string) error) error {
	for _, spec := range specs {
		role, value, ok := strings.Cut(spec, "=")
		if !ok || value == "" {
			return fmt.Errorf("%s %s: want ROLE=VALUE", flag, spec)
		}
		roles, err := rolesOf(flag, role)
		if err != nil {
			return err
		}
		for _, role := range roles {
			if err := do(role, value); err != nil {
				return fmt.Errorf("%s %s: %w", flag, spec, err)
			}
		}
	}
	return nil
}

func (f *keyFlags) change() (publish.Change, error) {
	c := publish.Change{Add: map[string][]crypto.PublicKey{}, Drop: map[string][]crypto.PublicKey{}, Threshold: map[string]int{}, Days: publish.Days{}}
	keys := func(into map[string][]crypto.PublicKey) func(string, string) error {
		return func(role, file string) error {
			text, err := readFile(file, 64<<10)
			if err != nil {
				return err
			}
			pub, err := seal.ParsePublicKey(text)
			into[role] = append(into[role], pub)
			return err
		}
	}
	number := func(into map[string]int) func(string, string) error {
		return func(role, value string) (err error) {
			into[role], err = strconv.Atoi(value)
			return err
		}
	}
	return c, errors.Join(each("--key", f.keys, keys(c.Add)), each("--drop", f.drop, keys(c.Drop)),
		each("--threshold", f.thresholds, number(c.Threshold)), each("--days", f.days, number(c.Days)))
}

func (a *app) publishInit() *cobra.Command {
	var f keyFlags
	cmd := &cobra.Command{
		Use:   "init DIR --key root=FILE... --key targets=FILE... --key online=FILE",
		Short: "Begin a channel: draft its first root, which says who may sign what",
		Long: `Init needs public keys only: Ed25519 or ECDSA P-256, in PEM. Keep the private keys of root
in a safe, those of targets with whoever releases firmware, and give snapshot and
timestamp (online) to the job that signs every day.`,
		Example: `  gpuaudit manifest publish init channel --key root=alice.pub --key root=bob.pub --threshold root=2 \
    --key targets=release.pub --key online=online.pub
  gpuaudit manifest publish sign channel --key alice.key`,
		Args: cobra.ExactArgs(1),
		RunE: func(_ *cobra.Command, args []string) error {
			c, err := f.change()
			if err != nil {
				return err
			}
			now, err := f.now.at(a)
			if err != nil {
				return err
			}
			w, err := publish.Create(args[0], c, now)
			if err != nil {
				return err
			}
			defer w.Close()
			return a.printProgress(w)
		},
	}
	f.register(cmd.Flags())
	return cmd
}

func (a *app) publishRotate() *cobra.Command {
	var f keyFlags
	cmd := &cobra.Command{
		Use:   "rotate DIR [--key ROLE=FILE] [--drop ROLE=FILE]",
		Short: "Draft the next root: other keys, other thresholds, or the same for another year",
		Long: `Rotate drafts the root that follows. It needs the signatures of the thresholds of both: of
the root before, so that clients follow, and of its own. Roles whose keys have changed are
drafted anew once it is complete. Roots are never taken out of public/: a client that was
off for years follows them one by one.`,
		Args: cobra.ExactArgs(1),
		RunE: func(_ *cobra.Command, args []string) error {
			c, err := f.change()
			if err != nil {
				return err
			}
			w, err := a.workspace(args[0], f.now)
			if err != nil {
				return err
			}
			defer w.Close()
			if err := w.Rotate(c); err != nil {
				return err
			}
			return a.printProgress(w)
		},
	}
	f.register(cmd.Flags())
	cmd.Flags().StringArrayVar(&f.drop, "drop", nil, "ROLE=FILE: public key that may not sign any more (repeatable)")
	return cmd
}

func (a *app) workspace(dir string, now clockFlag) (*publish.Workspace, error) {
	at, err := now.at(a)
	if err != nil {
		return nil, err
	}
	return publish.Open(dir, at)
}

// lookAt opens a channel that is not changed.
func (a *app) lookAt(dir string, now clockFlag) (*publish.Workspace, error) {
	at, err := now.at(a)
	if err != nil {
		return nil, err
	}
	return publish.Look(dir, at)
}

func (a *app) publishAdd() *cobra.Command {
	var now clockFlag
	var remove []string
	cmd := &cobra.Command{
		Use:   "add DIR [FILE...] [--remove NAME]",
		Short: "Draft the list of manifests and data: put files in, take others out",
		Long: `Add takes bundles that manifest sign or cosign made, called NAME.sigstore.json. One that is
in the channel under the same name is replaced. Clients judge the signatures inside by
their trust file: a channel adds no trust to them.

It takes reference data, too: restrictions.json, driver_advisories.json and
software_support.json, as make data makes them, catalogue.json, rows of devices in the form
that catalogue sign takes, sightings.json, pci_names.json and packs.json (docs/channel.md
has their forms). They count for clients that name the channel with --channel-data, where
they are newer than those of their program; rules.json counts with --channel-rules, too.`,
		Args: cobra.MinimumNArgs(1),
		RunE: func(_ *cobra.Command, args []string) error {
			var files []channel.File
			for _, name := range args[1:] {
				text, err := readFile(name, seal.BundleLimit)
				if err != nil {
					return err
				}
				if err := reference.Carriable(filepath.Base(name), text); err != nil {
					return fmt.Errorf("%s: %w", name, err)
				}
				files = append(files, channel.File{Name: filepath.Base(name), Data: text})
			}
			if len(files)+len(remove) == 0 {
				return errors.New("name manifests or data to add, or some to --remove")
			}
			w, err := a.workspace(args[0], now)
			if err != nil {
				return err
			}
			defer w.Close()
			if err := w.Manifests(files, remove); err != nil {
				return err
			}
			return a.printProgress(w)
		},
	}
	cmd.Flags().StringArrayVar(&remove, "remove", nil, "file name of a manifest or of data to take out of the channel (repeatable)")
	now.register(cmd.Flags(), "time of the draft")
	return cmd
}

func (a *app) publishRefresh() *cobra.Command {
	var now clockFlag
	var roles []string
	cmd := &cobra.Command{
		Use:   "refresh DIR [--role ROLE]",
		Short: "Draft the same again with a later expiry: every few days, by a job",
		Args:  cobra.ExactArgs(1),
		RunE: func(_ *cobra.Command, args []string) error {
			w, err := a.workspace(args[0], now)
			if err != nil {
				return err
			}
			defer w.Close()
			if err := w.Refresh(roles); err != nil {
				return err
			}
			return a.printProgress(w)
		},
	}
	cmd.Flags().StringArrayVar(&roles, "role", []string{"timestamp"}, "role to renew: targets, snapshot or timestamp; what follows on it is renewed with it (repeatable)")
	now.register(cmd.Flags(), "time of the draft")
	return cmd
}

func (a *app) publishSign() *cobra.Command {
	var now clockFlag
	var keys []string
	cmd := &cobra.Command{
		Use:   "sign DIR --key KEY",
		Short: "Sign the drafts that a key may sign, and publish what is complete",
		Args:  cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			if len(keys) == 0 {
				return errors.New("--key is required")
			}
			w, err := a.workspace(args[0], now)
			if err != nil {
				return err
			}
			defer w.Close()
			signers, err := a.channelSigners(keys)
			if err != nil {
				return err
			}
			if _, err := w.Sign(cmd.Context(), signers); err != nil {
				return err
			}
			if err := a.printProgress(w); err != nil {
				return err
			}
			return a.printCheck(cmd.Context(), w)
		},
	}
	cmd.Flags().StringArrayVar(&keys, "key", nil, "(repeatable) "+keyHelp)
	a.signerFlags(cmd.Flags())
	now.register(cmd.Flags(), judgements)
	return cmd
}

func (a *app) publishStatus() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "status DIR",
		Short: "Say which drafts wait for signatures, what is published, and until when",
		Long: `Status shows what a signer looks at before signing: the newest list of manifests with their
digests, and the keys of the newest root, by the SHA-256 of their public half in DER:

  openssl pkey -pubin -in alice.pub -outform DER | sha256sum`,
		Args: cobra.ExactArgs(1),
		RunE: func(_ *cobra.Command, args []string) error {
			w, err := a.lookAt(args[0], "")
			if err != nil {
				return err
			}
			defer w.Close()
			if err := a.printProgress(w); err != nil {
				return err
			}
			return a.printContent(w)
		},
	}
	return cmd
}

func (a *app) publishArchive() *cobra.Command {
	var output string
	var now clockFlag
	cmd := &cobra.Command{
		Use:   "archive DIR --output ARCHIVE",
		Short: "Write the channel as one file, for channel import",
		Args:  cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			if output == "" {
				return errors.New("--output is required")
			}
			w, err := a.lookAt(args[0], now)
			if err != nil {
				return err
			}
			defer w.Close()
			v, err := w.Check(cmd.Context())
			if err != nil {
				return state.Fault(err)
			}
			return a.putArchive(output, v.Files)
		},
	}
	cmd.Flags().StringVar(&output, "output", "", "file to write, - for standard output")
	now.register(cmd.Flags(), judgements)
	return cmd
}
