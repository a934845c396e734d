package main

import (
	"bytes"
	"cmp"
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"

	"github.com/spf13/cobra"

	"github.com/gpuaudit/gpuaudit/attest/rim"
	"github.com/gpuaudit/gpuaudit/attest/spdm/nvidia"
	"github.com/gpuaudit/gpuaudit/audit/collateral"
	"github.com/gpuaudit/gpuaudit/audit/report"
)

func (a *app) collateralCommand() *cobra.Command {
	return group("collateral", "Carry what GPUs are held against in one signed file", a.collateralPack())
}

func (a *app) collateralPack() *cobra.Command {
	var f gpuReferenceFlags
	var s signFlags
	var now clockFlag
	cmd := &cobra.Command{
		Use:   "pack --rim DIR [--ocsp DIR] --key KEY --output FILE",
		Short: "Pack reference manifests, OCSP answers and roots, and sign them",
		Long: `Pack verifies reference manifests and puts them and OCSP answers into one archive, each
with the time for which it holds, signed with a key of yours. A machine that asks nobody
takes it with --collateral and --collateral-key. There an OCSP answer's signature is
verified, with the evidence; pack checks its form alone. Roots are packed only where they
are named: NVIDIA's are built in. NVIDIA's manifests come from its service, with a key of
its user's; whether you may pass them on is between you and NVIDIA.`,
		Example: `  gpuaudit attest collateral pack --rim manifests --ocsp answers --key operator.key --output gpus.collateral
  gpuaudit attest verify evidence.json --nonce $NONCE --collateral gpus.collateral --collateral-key operator.pub`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if s.key == "" || s.output == "" {
				return errors.New("--key and --output are required")
			}
			return a.packCollateral(cmd.Context(), &f, &s, now)
		},
	}
	f.registerFiles(cmd.Flags())
	s.register(a, cmd.Flags(), "")
	now.register(cmd.Flags(), "time of packing")
	return cmd
}

func (a *app) packCollateral(ctx context.Context, f *gpuReferenceFlags, s *signFlags, now clockFlag) error {
	at, err := now.at(a)
	if err != nil {
		return err
	}
	put, drop, err := a.reserve(s.output)
	if err != nil {
		return err
	}
	defer drop()
	given, err := f.read(a)
	if err != nil {
		return err
	}
	believed, err := given.Open(at)
	if err != nil {
		return err
	}
	sign, err := a.sealer(s.key)
	if err != nil {
		return err
	}
	c := given.Contents(believed, at)
	policy := rim.Policy{Now: at, Roots: c.ManifestRoots}
	if policy.Roots == nil {
		policy.Pins = [][sha256.Size]byte{nvidia.ManifestRoot}
	}
	var b bytes.Buffer
	entries, err := collateral.Write(ctx, &b, c, policy, collateral.Sign(sign))
	if err != nil {
		return err
	}
	if err := put(b.Bytes()); err != nil {
		return err
	}
	a.printEntries(a.Stderr, entries)
	return nil
}

// printEntries says what was packed, and until when it holds.
func (a *app) printEntries(w io.Writer, entries []collateral.Entry) {
	if a.quiet {
		return
	}
	for _, e := range entries {
		until := "no end stated"
		if e.Until != "" {
			until = "until " + e.Until
		}
		fmt.Fprintf(w, "%-12s %s  %s, %s\n", e.Kind, report.Clean(e.Name), report.Clean(cmp.Or(e.What, "-")), until)
	}
}
