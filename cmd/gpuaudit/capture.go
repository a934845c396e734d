package main

import (
	"context"
	"errors"
	"fmt"

	"github.com/spf13/cobra"

	"github.com/gpuaudit/gpuaudit/audit/capture"
	"github.com/gpuaudit/gpuaudit/audit/catalog"
	"github.com/gpuaudit/gpuaudit/audit/collect"
	"github.com/gpuaudit/gpuaudit/audit/outfile"
)

func (a *app) captureCommand() *cobra.Command {
	var (
		source       sourceFlags
		output, when string
		redact       bool
		evidence     evidenceFlags
		chain        string
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
			now, err := a.clock(when)
			if err != nil {
				return err
			}
			if evidence.attest != "" && (redact || len(source.roms) > 0) {
				return errors.New("--attest goes neither with --redact, because a TPM's certificate names the machine, nor with --rom, which a capture does not hold")
			}
			issuers, err := issuers(chain)
			if err != nil {
				return err
			}
			out, err := a.openOut(output, outfile.Private)
			if err != nil {
				return err
			}
			defer out.Abort()
			m, err := a.open(cmd.Context(), &source, now)
			if err != nil {
				return err
			}
			defer func() { m.close() }()
			if m.evidence != nil && !redact {
				return errors.New("--capture: this capture holds the evidence of a TPM, which covers it as it is: copy the file")
			}
			if err := evidence.open(m, &source, issuers); err != nil {
				return err
			}
			return a.record(cmd.Context(), m, out, redact)
		},
	}
	source.register(cmd.Flags())
	evidence.register(cmd.Flags())
	cmd.Flags().StringVar(&chain, "ek-chain", "", "PEM file of certificates that lead from this TPM's to its vendor's root, to put into the evidence")
	cmd.Flags().StringVar(&output, "output", "", "file to write")
	cmd.Flags().BoolVar(&redact, "redact", false, "keep only what rules need, and nothing that names the machine")
	cmd.Flags().StringVar(&when, "now", "", "time of collection (RFC 3339); default is the present time")
	return cmd
}

func (a *app) record(ctx context.Context, m *machine, out *outfile.File, redact bool) error {
	c, err := catalog.Load()
	if err != nil {
		return err
	}
	recorder := m.record()
	inv, err := collect.Run(ctx, m.env, enumerator(c), collectors())
	if err != nil {
		return incomplete(fmt.Errorf("capture: %w", err))
	}
	if m.evidence != nil {
		recorder.AttachTPM(m.evidence())
	}
	opts := capture.Options{Redact: redact, Tool: tool().Version}
	if redact {
		opts.Secrets = hostSecrets(a.Getenv)
	}
	err = recorder.Write(out, opts)
	if err == nil {
		err = out.Commit()
	}
	if err != nil {
		return incomplete(fmt.Errorf("write capture: %w", err))
	}
	output := out.Name()
	if !a.quiet {
		fmt.Fprintf(a.Stderr, "gpuaudit: %s holds %d device(s); scan it with: gpuaudit scan --capture %s\n", output, len(inv.Devices), output)
	}
	return nil
}
