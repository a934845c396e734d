package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/gpuaudit/gpuaudit/attest/seal"
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
driver, functions and memory by digest. It does not judge whether they are good.`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if capturePath == "" || output == "" || b.Name == "" {
				return errors.New("--from-capture, --name and --output are required")
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
			var have []string
			for i := range inv.Devices {
				d := &inv.Devices[i]
				have = append(have, d.Address)
				if device != d.Address && (device != "" || len(inv.Devices) != 1) {
					continue
				}
				p, err := manifest.FromDevice(d, b)
				if err != nil {
					return incomplete(err)
				}
				statement, err := manifest.Statement(p)
				if err != nil {
					return incomplete(err)
				}
				return a.put(output, statement)
			}
			return fmt.Errorf("choose one device with --device; %s holds: %s", capturePath, strings.Join(have, ", "))
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

func (a *app) manifestSign() *cobra.Command {
	var keyFile, output string
	cmd := &cobra.Command{
		Use:   "sign STATEMENT --key KEY --output BUNDLE",
		Short: "Sign a statement: a sigstore bundle that cosign can verify",
		Long: `Sign takes an ECDSA P-256, ECDSA P-384 or Ed25519 key (PKCS #8, SEC 1, or cosign's
encrypted form; its passphrase is read from GPUAUDIT_KEY_PASSWORD).`,
		Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			if keyFile == "" || output == "" {
				return errors.New("--key and --output are required")
			}
			statement, err := readFile(args[0], seal.StatementLimit)
			if err != nil {
				return err
			}
			if _, err := manifest.ParseStatement(statement); err != nil {
				return fmt.Errorf("%s: %w", args[0], err)
			}
			key, err := readFile(keyFile, 64<<10)
			if err != nil {
				return err
			}
			signer, err := seal.LoadSigner(key, a.passphrase)
			if err != nil {
				return fmt.Errorf("%s: %w", keyFile, err)
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

// passphrase comes from the environment: never from a flag, which every user
// of the machine can read.
func (a *app) passphrase() ([]byte, error) {
	if p := a.Getenv("GPUAUDIT_KEY_PASSWORD"); p != "" {
		return []byte(p), nil
	}
	return nil, errors.New("set GPUAUDIT_KEY_PASSWORD")
}

func (a *app) manifestVerify() *cobra.Command {
	var trustFile, when string
	cmd := &cobra.Command{
		Use:   "verify BUNDLE --trust FILE",
		Short: "Verify a manifest's signature, its validity and its signer's scope",
		Args:  cobra.ExactArgs(1),
		RunE: func(_ *cobra.Command, args []string) error {
			if trustFile == "" {
				return errors.New("--trust is required: a signature counts only with a key that you trust")
			}
			now, err := a.clock(when)
			if err != nil {
				return err
			}
			m, err := verifyManifest(args[0], trustFile, now)
			if err != nil {
				return err
			}
			p := m.Predicate()
			fmt.Fprintf(a.Stdout, "verified  %s\n  signed by %s (%s)\n  %s, edition %d, %s, valid until %s\n  sha256:%s\n", report.Clean(args[0]),
				report.Clean(m.Issuer()), m.Kind(), report.Clean(p.Name), p.Sequence, p.Status, p.Expires.Format(time.RFC3339), m.SHA256())
			return nil
		},
	}
	cmd.Flags().StringVar(&trustFile, "trust", "", "trust file: which keys may speak for which vendors")
	cmd.Flags().StringVar(&when, "now", "", "clock of the verification (RFC 3339); default is the present time")
	return cmd
}

func (a *app) manifestInspect() *cobra.Command {
	var trustFile, format, when string
	cmd := &cobra.Command{
		Use:   "inspect BUNDLE",
		Short: "Show what a manifest states; without --trust nothing of it is verified",
		Args:  cobra.ExactArgs(1),
		RunE: func(_ *cobra.Command, args []string) error {
			if format != "table" && format != "json" {
				return fmt.Errorf("-o: unknown format %q: use table or json", format)
			}
			p, verified, err := a.inspect(args[0], trustFile, when)
			if err != nil {
				return err
			}
			if !verified {
				fmt.Fprintln(a.Stderr, "gpuaudit: UNVERIFIED: give --trust to check who signed this")
			}
			if format == "json" {
				enc := json.NewEncoder(a.Stdout)
				enc.SetIndent("", "  ")
				return enc.Encode(struct {
					Verified bool                `json:"verified"`
					Manifest *manifest.Predicate `json:"manifest"`
				}{verified, p})
			}
			printManifest(a.Stdout, p, verified)
			return nil
		},
	}
	cmd.Flags().StringVar(&trustFile, "trust", "", "verify with this trust file first")
	cmd.Flags().StringVar(&when, "now", "", "clock of the verification (RFC 3339); default is the present time")
	cmd.Flags().StringVarP(&format, "output", "o", "table", "table or json")
	return cmd
}

func (a *app) inspect(name, trustFile, when string) (*manifest.Predicate, bool, error) {
	if trustFile != "" {
		now, err := a.clock(when)
		if err != nil {
			return nil, false, err
		}
		m, err := verifyManifest(name, trustFile, now)
		if err != nil {
			return nil, false, err
		}
		p := m.Predicate()
		return &p, true, nil
	}
	text, err := readFile(name, seal.BundleLimit)
	if err != nil {
		return nil, false, err
	}
	p, err := manifest.Unverified(text)
	if err != nil {
		return nil, false, fmt.Errorf("%s: %w", name, err)
	}
	return p, false, nil
}

func printManifest(w io.Writer, p *manifest.Predicate, verified bool) {
	mark := "UNVERIFIED"
	if verified {
		mark = "verified"
	}
	fmt.Fprintf(w, "%s  %s, edition %d, by %s\n", mark, report.Clean(p.Name), p.Sequence, report.Clean(p.Vendor))
	fmt.Fprintf(w, "  %s, issued %s, expires %s\n", report.Clean(p.Status), p.Issued.Format(time.DateOnly), p.Expires.Format(time.DateOnly))
	for _, d := range p.Devices {
		fmt.Fprintf(w, "  device    %s:%s board %s:%s rev %s\n", d.VendorID, d.DeviceID, any4(d.SubsystemVendorID), any4(d.SubsystemDeviceID), any4(d.RevisionID))
	}
	for _, f := range p.Firmware {
		fmt.Fprintf(w, "  firmware  %s, %d image(s), sha256:%s\n", report.Clean(f.Version), len(f.Images), f.SHA256)
	}
	for _, d := range p.Drivers {
		fmt.Fprintf(w, "  driver    %s %s sha256:%s\n", report.Clean(d.Module), report.Clean(d.Version), d.SHA256)
	}
	if p.Functions != nil {
		for _, f := range *p.Functions {
			fmt.Fprintf(w, "  function  %s:%s class %s\n", f.VendorID, f.DeviceID, f.ClassCode)
		}
	}
	for _, m := range p.MemoryMiB {
		fmt.Fprintf(w, "  memory    %d MiB\n", m)
	}
}

func any4(s string) string {
	if s == "" {
		return "any"
	}
	return s
}

// verifyManifest reads and verifies one bundle. A trust file that does not
// parse is a wrong configuration; a bundle that does not verify exits with 4.
func verifyManifest(name, trustFile string, now time.Time) (*manifest.Manifest, error) {
	trust, err := loadTrust(trustFile)
	if err != nil {
		return nil, err
	}
	text, err := readFile(name, seal.BundleLimit)
	if err != nil {
		return nil, err
	}
	m, err := manifest.Verify(text, name, trust, now)
	if err != nil {
		return nil, &exitError{code: exitSignature, err: fmt.Errorf("%s: %w", name, err)}
	}
	return m, nil
}

// loadTrust reads a trust file and the key files that it names in its folder.
func loadTrust(name string) (*manifest.Trust, error) {
	text, err := readFile(name, 1<<20)
	if err != nil {
		return nil, err
	}
	folder, err := os.OpenRoot(filepath.Dir(name))
	if err != nil {
		return nil, err
	}
	defer folder.Close()
	trust, err := manifest.ParseTrust(text, folder.FS())
	if err != nil {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	return trust, nil
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
