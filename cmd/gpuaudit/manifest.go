package main

import (
	"errors"
	"fmt"
	"io"
	"os"
	"strings"

	"github.com/spf13/cobra"

	"github.com/gpuaudit/gpuaudit/attest/seal"
	"github.com/gpuaudit/gpuaudit/audit/inventory"
	"github.com/gpuaudit/gpuaudit/audit/manifest"
	"github.com/gpuaudit/gpuaudit/audit/report"
)

func manifestCommand(a *app) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "manifest",
		Short: "Make, sign, verify and read signed manifests",
		Args:  cobra.NoArgs,
		RunE:  func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	cmd.AddCommand(a.manifestCreate(), a.manifestSign(), a.manifestVerify(), a.manifestInspect())
	return cmd
}

func (a *app) manifestCreate() *cobra.Command {
	var capturePath, device, output, when string
	var b manifest.Baseline
	var days int
	cmd := &cobra.Command{
		Use:   "create --from-capture FILE --name NAME --output FILE",
		Short: "State what a captured device is now, as an unsigned statement to sign",
		Long: `Create makes a baseline of a device that you have reason to trust: its firmware,
driver, functions and memory by digest. It does not judge whether they are good, and
it says on standard error what it leaves open because the capture lacks it.`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if capturePath == "" || output == "" || b.Name == "" {
				return errors.New("--from-capture, --name and --output are required")
			}
			if b.Sequence < 1 || days < 1 {
				return errors.New("--sequence and --days count from 1")
			}
			now, err := a.clock(when)
			if err != nil {
				return err
			}
			b.Issued, b.Expires = now, now.AddDate(0, 0, days)
			inv, err := a.InventoryOf(cmd.Context(), capturePath)
			if err != nil {
				return err
			}
			d, err := theDevice(inv, device)
			if err != nil {
				return fmt.Errorf("%s: %w", capturePath, err)
			}
			return a.createFrom(d, b, output)
		},
	}
	f := cmd.Flags()
	f.StringVar(&capturePath, "from-capture", "", "capture of the machine with the device")
	f.StringVar(&device, "device", "", "PCI address of the device, if the capture holds several")
	f.StringVar(&b.Name, "name", "", "name of the manifest, the same in all its editions")
	f.StringVar(&b.Vendor, "vendor-name", "unknown", "who makes the device, in words")
	f.IntVar(&b.Sequence, "sequence", 1, "number of the edition; a later one takes the place of an earlier one")
	f.IntVar(&days, "days", 365, "days until the manifest expires")
	f.StringVar(&when, "now", "", "time of issue (RFC 3339); default is the present time")
	f.StringVar(&output, "output", "", "file to write, - for standard output")
	return cmd
}

func (a *app) createFrom(d *inventory.Device, b manifest.Baseline, output string) error {
	p, err := manifest.FromDevice(d, b)
	if err != nil {
		return incomplete(err)
	}
	statement, err := manifest.Statement(p)
	if err != nil {
		return incomplete(err)
	}
	if err := a.put(output, statement); err != nil {
		return err
	}
	if !a.quiet {
		for _, open := range manifest.Unstated(d, p) {
			fmt.Fprintf(a.Stderr, "gpuaudit: not stated of %s: %s\n", d.Address, report.Clean(open))
		}
	}
	return nil
}

// theDevice is the device at an address, or the only one.
func theDevice(inv *inventory.Inventory, address string) (*inventory.Device, error) {
	var have []string
	for i := range inv.Devices {
		d := &inv.Devices[i]
		if d.Address == address || address == "" && len(inv.Devices) == 1 {
			return d, nil
		}
		have = append(have, d.Address)
	}
	if len(have) == 0 {
		return nil, errors.New("it holds no GPU and no accelerator")
	}
	return nil, fmt.Errorf("choose one device with --device: it holds %s", strings.Join(have, ", "))
}

func (a *app) manifestSign() *cobra.Command {
	var keyFile, output string
	cmd := &cobra.Command{
		Use:   "sign STATEMENT --key KEY --output BUNDLE",
		Short: "Sign a statement: a sigstore bundle that cosign can verify",
		Long: `Sign takes an ECDSA P-256, ECDSA P-384 or Ed25519 key (PKCS #8, SEC 1, or cosign's
encrypted form; its passphrase is read from GPUAUDIT_KEY_PASSWORD). cosign 3.1
verifies what P-256 and Ed25519 keys signed; it refuses P-384, its own bundles, too.`,
		Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			if keyFile == "" || output == "" {
				return errors.New("--key and --output are required")
			}
			for _, input := range []string{keyFile, args[0]} {
				if sameFile(input, output) {
					return fmt.Errorf("--output %s: this would overwrite %s", output, input)
				}
			}
			statement, err := readFile(args[0], seal.StatementLimit)
			if err != nil {
				return err
			}
			if _, err := manifest.ParseStatement(statement); err != nil {
				return fmt.Errorf("%s: %w", args[0], err)
			}
			signer, err := a.loadSigner(keyFile)
			if err != nil {
				return err
			}
			bundle, err := seal.Sign(cmd.Context(), statement, signer)
			if err != nil {
				return fmt.Errorf("%s: %w", args[0], err)
			}
			return a.put(output, bundle)
		},
	}
	cmd.Flags().StringVar(&keyFile, "key", "", "private key file")
	cmd.Flags().StringVar(&output, "output", "", "file to write, - for standard output")
	return cmd
}

func sameFile(a, b string) bool {
	one, err := os.Stat(a)
	if err != nil {
		return false
	}
	two, err := os.Stat(b)
	return err == nil && os.SameFile(one, two)
}

// loadSigner reads a private key. The passphrase comes from the environment:
// never from a flag, which every user of the machine can read. A key may have
// been locked with an empty one.
func (a *app) loadSigner(name string) (*seal.Signer, error) {
	text, err := readFile(name, 64<<10)
	if err != nil {
		return nil, err
	}
	pass, asked := a.Getenv("GPUAUDIT_KEY_PASSWORD"), false
	signer, err := seal.LoadSigner(text, func() ([]byte, error) { asked = true; return []byte(pass), nil })
	switch {
	case err != nil && asked && pass == "":
		return nil, fmt.Errorf("%s: %w; set GPUAUDIT_KEY_PASSWORD", name, err)
	case err != nil:
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	return signer, nil
}

// readFile reads a file that the user named, within a limit.
func readFile(name string, limit int64) ([]byte, error) {
	f, err := os.Open(name)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	b, err := io.ReadAll(io.LimitReader(f, limit+1))
	if err != nil {
		return nil, fmt.Errorf("read %s: %w", name, err)
	}
	if int64(len(b)) > limit {
		return nil, fmt.Errorf("read %s: larger than %d bytes", name, limit)
	}
	return b, nil
}

// readHead reads the first bytes of a file, by which its kind is told.
func readHead(name string) ([]byte, error) {
	f, err := os.Open(name)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	head := make([]byte, 64)
	n, err := io.ReadFull(f, head)
	if err != nil && !errors.Is(err, io.ErrUnexpectedEOF) && !errors.Is(err, io.EOF) {
		return nil, fmt.Errorf("read %s: %w", name, err)
	}
	return head[:n], nil
}

// put writes a result to a file, or to standard output for "-".
func (a *app) put(name string, b []byte) error {
	if name == "-" {
		_, err := a.Stdout.Write(append(b, '\n'))
		return err
	}
	err := writeFile(name, func(w io.Writer) error { _, err := w.Write(b); return err })
	if err != nil {
		return incomplete(fmt.Errorf("write %s: %w", name, err))
	}
	return nil
}
