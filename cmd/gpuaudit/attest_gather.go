package main

import (
	"encoding/hex"
	"errors"
	"fmt"

	"github.com/spf13/cobra"

	"github.com/gpuaudit/gpuaudit/attest/spdm"
	"github.com/gpuaudit/gpuaudit/attest/spdm/nvidia"
	"github.com/gpuaudit/gpuaudit/attest/tpm"
	"github.com/gpuaudit/gpuaudit/audit/fault"
	"github.com/gpuaudit/gpuaudit/audit/gpuproof"
	"github.com/gpuaudit/gpuaudit/audit/machine"
)

func (a *app) attestGPU() *cobra.Command {
	var nonce, output string
	cmd := &cobra.Command{
		Use:   "gpu [--nonce HEX] --output FILE",
		Short: "Have this machine's NVIDIA GPUs sign what they measured",
		Long: `Gpu asks NVIDIA's library, by gpuaudit-nvml, for the attestation report of each GPU over
the nonce, and for its certificates, and writes them in the form of NVIDIA's own
verifiers. NVSwitches are asked as well, by their library (NSCQ). 'attest verify' judges
what was signed, here or elsewhere. Without --nonce one is made and said: the evidence then
shows to nobody else when it was made.

A GPU or switch that signs nothing, because it cannot or because confidential computing is
off, is said; with one that is silent the exit code is 3.`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if output == "" {
				return errors.New("--output is required")
			}
			asked, err := parseGPUNonce(nonce)
			if err != nil {
				return err
			}
			if asked == nil {
				asked = tpm.NewNonce()
			}
			put, drop, err := a.reserve(output)
			if err != nil {
				return err
			}
			defer drop()
			plan := a.access.PlanNVML(machine.Source{}, &machine.Beside{})
			if plan.Program == "" {
				why := plan.Why
				if why == "" {
					why = "no card of this machine is run by NVIDIA's driver"
				}
				return fault.AsIncomplete(errors.New(why))
			}
			file, err := a.access.Answers(cmd.Context(), plan.Program, asked)
			if err != nil {
				return fault.AsIncomplete(err)
			}
			list, silent, err := gpuproof.Collected(file.Data)
			if err != nil {
				return fault.AsIncomplete(err)
			}
			for _, why := range silent {
				a.warn("no evidence: %s", oneLine(errors.New(why)))
			}
			if len(list) == 0 {
				return fault.AsIncomplete(errors.New("no GPU and no NVSwitch signed anything"))
			}
			b, err := nvidia.Write(list, asked)
			if err != nil {
				return fault.AsIncomplete(err)
			}
			if err := put(b); err != nil {
				return err
			}
			a.remark("devices that signed for the nonce %[2]s: %[1]d; verify it with: gpuaudit attest verify %[3]s --nonce %[2]s", len(list), hex.EncodeToString(asked), output)
			if len(silent) > 0 {
				return answered(exitIncomplete)
			}
			return nil
		},
	}
	cmd.Flags().StringVar(&nonce, "nonce", "", "the verifier's nonce, 32 bytes in hexadecimal")
	cmd.Flags().StringVar(&output, "output", "", "file to write, - for standard output")
	return cmd
}

// parseGPUNonce reads what GPUs are to sign as it is, nil for none.
func parseGPUNonce(text string) ([]byte, error) {
	if text == "" {
		return nil, nil
	}
	nonce, err := hex.DecodeString(text)
	switch {
	case err != nil:
		return nil, fmt.Errorf("--nonce: %.140q is not %d bytes in hexadecimal", text, spdm.NonceSize)
	case len(nonce) != spdm.NonceSize:
		return nil, fmt.Errorf("--nonce: it has %d bytes, that of a GPU has %d", len(nonce), spdm.NonceSize)
	}
	return nonce, nil
}
