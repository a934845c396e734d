package main

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/gpuaudit/gpuaudit/audit/machine"
	"github.com/gpuaudit/gpuaudit/audit/manifest/importer/formats"
	"github.com/gpuaudit/gpuaudit/audit/manifest/manifesttext"
)

// importFlags are those of manifest import.
type importFlags struct {
	format     string
	pci        []string
	baseline   baselineFlags
	keepFailed bool
	options    formats.Options
}

func (a *app) manifestImport() *cobra.Command {
	var f importFlags
	var names []string
	for _, i := range formats.All() {
		names = append(names, i.Name)
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
			i := formats.Named(f.format)
			if i == nil {
				return fmt.Errorf("--format: unknown format %.40q: use one of %s", f.format, strings.Join(names, ", "))
			}
			for _, other := range formats.All() {
				for _, flag := range other.Knows {
					if cmd.Flags().Changed(flag) && !slices.Contains(i.Knows, flag) {
						return fmt.Errorf("--%s says nothing to --format %s", flag, i.Name)
					}
				}
			}
			return a.importFiles(cmd.Context(), &f, i, args)
		},
	}
	flags, o := cmd.Flags(), &f.options
	flags.StringVar(&f.format, "format", "", "format of the files: "+strings.Join(names, ", "))
	flags.StringArrayVar(&f.pci, "pci", nil, "device that the statement is about: VENDOR:DEVICE[:SUBVENDOR:SUBDEVICE] in hexadecimal (repeatable)")
	flags.BoolVar(&f.keepFailed, "keep-failed", false, "take a document whose signature does not verify, and say so in the provenance")
	flags.StringSliceVar(&o.Modules, "module", nil, "debian: kernel modules to state")
	flags.StringSliceVar(&o.Firmware, "firmware", nil, "debian, linux-firmware: firmware files to state: folders or patterns, such as amdgpu/navi23_*")
	flags.StringVar(&o.InRelease, "in-release", "", "debian: signed InRelease file of the archive")
	flags.StringVar(&o.Packages, "packages", "", "debian: Packages index that it names, perhaps compressed")
	flags.StringVar(&o.Keyring, "keyring", "", "debian, linux-firmware, lvfs: OpenPGP keys whose signature counts")
	flags.StringSliceVar(&o.Drivers, "driver", nil, "linux-firmware: drivers whose files to state")
	flags.StringVar(&o.Signature, "signature", "", "linux-firmware: detached OpenPGP signature of the release")
	flags.StringVar(&o.As, "as", "", "corim, lvfs, ocp-safe, cyclonedx: what the digests are of: option-rom (the whole ROM) or runtime (files that the driver loads)")
	flags.StringVar(&o.Model, "model", "", "corim: model whose values to state; cyclonedx: component")
	flags.StringArrayVar(&o.Keys, "key", nil, "corim, ocp-safe: public key or certificate whose signature counts (repeatable)")
	flags.StringVar(&o.CA, "ca", "", "lvfs: certificates of the authority under which archives are signed")
	f.baseline.register(cmd)
	return cmd
}

func (a *app) importFiles(ctx context.Context, f *importFlags, format *formats.Format, names []string) error {
	b, err := f.baseline.baseline(a)
	if err != nil {
		return err
	}
	for _, s := range f.pci {
		d, err := formats.ParseDevice(s)
		if err != nil {
			return fmt.Errorf("--pci %w", err)
		}
		f.options.Devices = append(f.options.Devices, d)
	}
	documents, err := format.Open(names, &f.options, b.Issued)
	if err != nil {
		return err
	}
	defer documents.Close()
	if f.baseline.output == "-" {
		a.confine()
	} else {
		a.confine(machine.Writable(filepath.Dir(f.baseline.output)))
	}
	p, err := documents.State(ctx, b, f.keepFailed, func(name string, size int64) {
		if size > 16<<20 {
			a.remark("reading %s, %d MiB", name, size>>20)
		}
	})
	if err != nil {
		return err
	}
	if err := a.putStatement(p, f.baseline.output, nil); err != nil || a.quiet {
		return err
	}
	a.remark("%d firmware and %d driver entries, unsigned", len(p.Firmware), len(p.Drivers))
	for _, m := range p.Imported {
		var b strings.Builder
		manifesttext.Import(&b, m)
		a.detail(b.String())
	}
	return nil
}
