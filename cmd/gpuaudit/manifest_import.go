package main

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/gpuaudit/gpuaudit/audit/fault"
	"github.com/gpuaudit/gpuaudit/audit/input"
	"github.com/gpuaudit/gpuaudit/audit/lazyregexp"
	"github.com/gpuaudit/gpuaudit/audit/machine"
	"github.com/gpuaudit/gpuaudit/audit/manifest"
	"github.com/gpuaudit/gpuaudit/audit/manifest/importer"
	"github.com/gpuaudit/gpuaudit/audit/manifest/importer/corim"
	"github.com/gpuaudit/gpuaudit/audit/manifest/importer/cyclonedx"
	"github.com/gpuaudit/gpuaudit/audit/manifest/importer/debpkg"
	"github.com/gpuaudit/gpuaudit/audit/manifest/importer/lvfs"
	"github.com/gpuaudit/gpuaudit/audit/manifest/importer/ocpsafe"
	"github.com/gpuaudit/gpuaudit/audit/manifest/importer/whence"
)

// importFlags are those of manifest import.
type importFlags struct {
	format     string
	pci        []string
	baseline   baselineFlags
	keepFailed bool

	modules, firmware            []string
	inRelease, packages, keyring string
	drivers                      []string
	signature                    string
	as, model, ca                string
	keys                         []string
}

// formatReader reads the documents of one format. All files that it needs are read
// by load, before the process gives up its rights; what that returns parses.
type formatReader struct {
	format string
	flags  []string // of those that not all formats know
	limit  int64    // of a document
	load   func(f *importFlags, now time.Time) (parse, error)
}

type parse func(ctx context.Context, document *input.Large, name string) (*importer.Result, error)

// importers are all formats, in the order of docs/import.md.
func importers() []formatReader {
	return []formatReader{
		{format: debpkg.Format, flags: []string{"module", "firmware", "in-release", "packages", "keyring"}, limit: debpkg.Limit, load: loadDebian},
		{format: whence.Format, flags: []string{"driver", "firmware", "signature", "keyring"}, limit: whence.Limit, load: loadWhence},
		{format: corim.Format, flags: []string{"as", "model", "key"}, limit: corim.Limit, load: loadCoRIM},
		{format: lvfs.Format, flags: []string{"as", "ca", "keyring"}, limit: lvfs.Limit, load: loadLVFS},
		{format: ocpsafe.Format, flags: []string{"as", "key"}, limit: ocpsafe.Limit, load: loadOCPSafe},
		{format: cyclonedx.Format, flags: []string{"as", "model"}, limit: cyclonedx.Limit, load: loadCycloneDX},
	}
}

func (a *app) manifestImport() *cobra.Command {
	var f importFlags
	var formats []string
	for _, i := range importers() {
		formats = append(formats, i.format)
	}
	cmd := &cobra.Command{
		Use:   "import FILE... --format FORMAT --name NAME --output FILE",
		Short: "State what a document in another format says, as an unsigned statement to sign",
		Long: `Import makes a manifest of what others publish in other formats. docs/import.md lists
the formats, and what is taken from each. The signature of the original is checked if
you give a key or a keyring for it. The statement keeps the result as provenance:
verified, unverified, failed or unsigned. It never becomes a signature of the manifest.
That one is yours, by manifest sign, in the role that your key has.

An original whose signature does not verify is refused with exit code 4. With
--keep-failed it is taken all the same, and the provenance says that it failed.`,
		Example: `  gpuaudit manifest import linux-image-6.1.0-49-amd64_6.1.174-1_amd64.deb --format debian \
    --module amdgpu --in-release InRelease --packages Packages.xz \
    --keyring /usr/share/keyrings/debian-archive-keyring.gpg \
    --pci 1002:73ff --name debian-amdgpu --output statement.json`,
		Args: cobra.MinimumNArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			if f.format == "" || f.baseline.output == "" || f.baseline.name == "" {
				return errors.New("--format, --name and --output are required")
			}
			at := slices.IndexFunc(importers(), func(i formatReader) bool { return i.format == f.format })
			if at < 0 {
				return fmt.Errorf("--format: unknown format %.40q: use one of %s", f.format, strings.Join(formats, ", "))
			}
			i := importers()[at]
			for _, other := range importers() {
				for _, flag := range other.flags {
					if cmd.Flags().Changed(flag) && !slices.Contains(i.flags, flag) {
						return fmt.Errorf("--%s says nothing to --format %s", flag, i.format)
					}
				}
			}
			return a.importFiles(cmd.Context(), &f, i, args)
		},
	}
	flags := cmd.Flags()
	flags.StringVar(&f.format, "format", "", "format of the files: "+strings.Join(formats, ", "))
	flags.StringArrayVar(&f.pci, "pci", nil, "device that the statement is about: VENDOR:DEVICE[:SUBVENDOR:SUBDEVICE] in hexadecimal (repeatable)")
	flags.BoolVar(&f.keepFailed, "keep-failed", false, "take a document whose signature does not verify, and say so in the provenance")
	flags.StringSliceVar(&f.modules, "module", nil, "debian: kernel modules to state")
	flags.StringSliceVar(&f.firmware, "firmware", nil, "debian, linux-firmware: firmware files to state: folders or patterns, such as amdgpu/navi23_*")
	flags.StringVar(&f.inRelease, "in-release", "", "debian: signed InRelease file of the archive")
	flags.StringVar(&f.packages, "packages", "", "debian: Packages index that it names, perhaps compressed")
	flags.StringVar(&f.keyring, "keyring", "", "debian, linux-firmware, lvfs: OpenPGP keys whose signature counts")
	flags.StringSliceVar(&f.drivers, "driver", nil, "linux-firmware: drivers whose files to state")
	flags.StringVar(&f.signature, "signature", "", "linux-firmware: detached OpenPGP signature of the release")
	flags.StringVar(&f.as, "as", "", "corim, lvfs, ocp-safe, cyclonedx: what the digests are of: option-rom (the whole ROM) or runtime (files that the driver loads)")
	flags.StringVar(&f.model, "model", "", "corim: model whose values to state; cyclonedx: component")
	flags.StringArrayVar(&f.keys, "key", nil, "corim, ocp-safe: public key or certificate whose signature counts (repeatable)")
	flags.StringVar(&f.ca, "ca", "", "lvfs: certificates of the authority under which archives are signed")
	f.baseline.register(cmd)
	return cmd
}

func (a *app) importFiles(ctx context.Context, f *importFlags, i formatReader, names []string) error {
	b, err := f.baseline.baseline(a)
	if err != nil {
		return err
	}
	devices, err := parseDevices(f.pci)
	if err != nil {
		return err
	}
	parse, err := i.load(f, b.Issued)
	if err != nil {
		return err
	}
	documents := make([]*input.Large, len(names))
	left := i.limit // of all documents together
	for n, name := range names {
		if documents[n], err = input.ReadLarge(name, left); err != nil {
			return err
		}
		defer documents[n].Close()
		left -= documents[n].Size()
	}
	if f.baseline.output == "-" {
		a.confine()
	} else {
		a.confine(machine.Writable(filepath.Dir(f.baseline.output)))
	}
	var results []*importer.Result
	for n, document := range documents {
		name := filepath.Base(names[n])
		if document.Size() > 16<<20 {
			a.remark("reading %s, %d MiB", name, document.Size()>>20)
		}
		r, err := parse(ctx, document, name)
		if err != nil {
			return fmt.Errorf("%s: %w", names[n], err)
		}
		if p := r.Provenance; p.Signature == manifest.SignatureFailed && !f.keepFailed {
			return fault.AsSignature(fmt.Errorf("%s: %s; nothing was written (--keep-failed takes it as one whose signature failed)", names[n], p.Detail))
		}
		results = append(results, r)
	}
	p, err := importer.Predicate(results, b, devices)
	if err != nil {
		return err
	}
	if err := a.putStatement(p, f.baseline.output, nil); err != nil || a.quiet {
		return err
	}
	a.remark("%d firmware and %d driver entries, unsigned", len(p.Firmware), len(p.Drivers))
	for _, m := range p.Imported {
		var b strings.Builder
		printImport(&b, m)
		a.detail(b.String())
	}
	return nil
}

var pciForm = lazyregexp.New(`^([0-9a-f]{4}):([0-9a-f]{4})(?::([0-9a-f]{4}):([0-9a-f]{4}))?$`)

// parseDevices reads --pci.
func parseDevices(list []string) ([]manifest.Device, error) {
	var devices []manifest.Device
	for _, s := range list {
		m := pciForm.FindStringSubmatch(strings.ToLower(s))
		if m == nil {
			return nil, fmt.Errorf("--pci %.40q: want VENDOR:DEVICE or VENDOR:DEVICE:SUBVENDOR:SUBDEVICE, such as 1002:73ff", s)
		}
		devices = append(devices, manifest.Device{VendorID: m[1], DeviceID: m[2], SubsystemVendorID: m[3], SubsystemDeviceID: m[4]})
	}
	return devices, nil
}
