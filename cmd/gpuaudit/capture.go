package main

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/spf13/cobra"

	"github.com/gpuaudit/gpuaudit/audit/capture"
	"github.com/gpuaudit/gpuaudit/audit/catalogue"
	"github.com/gpuaudit/gpuaudit/audit/collect"
	"github.com/gpuaudit/gpuaudit/audit/fault"
	"github.com/gpuaudit/gpuaudit/audit/inventory"
	"github.com/gpuaudit/gpuaudit/audit/machine"
	"github.com/gpuaudit/gpuaudit/audit/outfile"
)

func (a *app) captureCommand() *cobra.Command {
	var (
		source sourceFlags
		files  besideFlags
		trust  tpmFlags
		now    clockFlag
		output string
		device string
		redact bool
	)
	cmd := &cobra.Command{
		Use:   "capture --output FILE",
		Short: "Freeze what a scan reads in one archive, to scan it elsewhere",
		Long: `Capture runs the collectors, records everything they read, and writes it to one
archive. A scan of the archive gives the report that a scan of the machine gives.
With --redact, it holds what the rules need and nothing that names the machine, its
users or its networks, by a list of what may stay; a scan of it says which answers
that costs. ROMs are kept whole, and may hold a board's serial number. See
docs/capture-format.md.`,
		Example: `  sudo gpuaudit capture --read-rom --redact --output card.tar.gz`,
		Args:    cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if output == "" {
				return errors.New("--output FILE is missing")
			}
			at, err := now.at(a)
			if err != nil {
				return err
			}
			proofs, err := parseProofs(source.attest)
			if err != nil {
				return err
			}
			if source.attest != "" && (redact || len(files.roms)+len(files.flash) > 0) {
				return errors.New("--attest goes neither with --redact, because the certificates of a TPM and of GPUs name them, nor with --rom and --flash, which a capture does not hold")
			}
			given, err := trust.read()
			if err != nil {
				return err
			}
			s, err := source.source(&given, false)
			if err != nil {
				return err
			}
			beside, err := files.read()
			if err != nil {
				return err
			}
			out, err := a.openOut(output, outfile.Private)
			if err != nil {
				return err
			}
			defer out.Abort()
			nonce, err := a.gpuNonce(proofs, &s, &given, &beside)
			if err != nil {
				return err
			}
			if err := a.askNVML(cmd.Context(), a.access.PlanNVML(s, &beside), &beside, nonce); err != nil {
				return err
			}
			return a.recordOf(cmd.Context(), s, at, &beside, out, redact)
		},
	}
	source.register(cmd.Flags(), &files)
	source.registerTPM(cmd.Flags(), &trust.nonce, &device)
	cmd.Flags().StringVar(&trust.names.Chain, "ek-chain", "", "PEM file of certificates that lead from this TPM's to its vendor's root, to put into the evidence")
	cmd.Flags().StringVar(&output, "output", "", "file to write, - for standard output")
	cmd.Flags().BoolVar(&redact, "redact", false, "keep only what rules need, and nothing that names the machine")
	now.register(cmd.Flags(), "time of collection")
	return cmd
}

// recordOf records a machine, with what was given beside it.
func (a *app) recordOf(ctx context.Context, s machine.Source, at time.Time, beside *machine.Beside, out *outfile.File, redact bool) error {
	m, err := a.open(ctx, s, at)
	if err != nil {
		return err
	}
	defer m.Close()
	if m.Proves() && s.Capture != "" && !redact {
		return errors.New("--capture: this capture holds the evidence of a TPM, which covers it as it is: copy the file")
	}
	if err := m.Bring(beside); err != nil {
		return err
	}
	return a.record(ctx, m, out, redact)
}

// remarkOnDumps says of which ROM dump nothing could be read: the card is audited as if
// its ROM were damaged, and a slip of the hand is as likely.
func (a *app) remarkOnDumps(inv *inventory.Inventory) {
	for i := range inv.Devices {
		d := &inv.Devices[i]
		for _, rom := range d.Firmware.ROMs {
			if flag := map[string]string{"file": "rom", "flash": "flash"}[rom.Source]; flag != "" && len(rom.Images) == 0 {
				a.warn("--"+flag+" %s: no image in this file: it is no ROM of a card, or a damaged one", d.Address)
			}
		}
	}
}

func (a *app) record(ctx context.Context, m *machine.Machine, out *outfile.File, redact bool) error {
	c := catalogue.Load()
	recorder := m.Record(tool().Version)
	inv, err := collect.Run(ctx, m.Env, machine.Enumerator(c), machine.Collectors())
	if err != nil {
		return fault.AsIncomplete(fmt.Errorf("capture: %w", err))
	}
	if m.Proves() {
		recorder.AttachTPM(m.Evidence())
	}
	opts := capture.Options{Redact: redact, Tool: tool().Version}
	if redact {
		opts.Secrets = a.secrets()
	}
	err = recorder.Write(out, opts)
	if err == nil {
		err = out.Commit()
	}
	if err != nil {
		return fault.AsIncomplete(fmt.Errorf("write capture: %w", err))
	}
	a.remarkOnDumps(inv)
	output := out.Name()
	if output == "-" {
		a.remark("devices in the capture: %d", len(inv.Devices))
	} else {
		a.remark("devices in %s: %d; scan it with: gpuaudit scan --capture %s", output, len(inv.Devices), output)
	}
	return fault.AsIncomplete(lacking(output, recorder))
}

// lacking says that a capture that was written is not whole; nil where it is.
func lacking(name string, recorder *capture.Recorder) error {
	if n := recorder.Dropped(); n > 0 {
		return fmt.Errorf("%s lacks facts: a capture may not hold those of %d more files and folders, or not their names; scan the machine itself", name, n)
	}
	return nil
}

// secrets are what identifies the running machine: a judge was told.
func (a *app) secrets() []capture.Secret {
	if a.errand != nil {
		return a.errand.Secrets
	}
	return capture.HostSecrets(a.Getenv)
}
