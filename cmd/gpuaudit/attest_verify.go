package main

import (
	"bytes"
	"fmt"

	"github.com/spf13/cobra"

	"github.com/gpuaudit/gpuaudit/attest/tpm"
	"github.com/gpuaudit/gpuaudit/audit/boot"
	"github.com/gpuaudit/gpuaudit/audit/gpuproof"
	"github.com/gpuaudit/gpuaudit/audit/input"
	"github.com/gpuaudit/gpuaudit/audit/inventory"
	"github.com/gpuaudit/gpuaudit/audit/machine"
	"github.com/gpuaudit/gpuaudit/audit/prooftext"
)

// attestFlags are what a verifier brings.
type attestFlags struct {
	trust           tpmFlags
	gpu             gpuFlags
	now             clockFlag
	format          formatFlag
	report, capture string
}

func (a *app) attestVerify() *cobra.Command {
	var f attestFlags
	cmd := &cobra.Command{
		Use:   "verify EVIDENCE|CAPTURE [--nonce HEX]",
		Short: "Verify evidence of a TPM or of GPUs offline, and compare it with what it should be",
		Long: `Verify checks evidence of 'attest tpm' step by step; each step passes, fails or stays
unknown, with a reason. The TPM's certificate must lead to a known vendor's root, whose
certificate comes with the evidence or with --ek-chain. Without --enrolled nobody knows
whether the quote is of the machine that was enrolled. --nonce is needed.

With --capture, a capture of the same machine, the drivers that firmware measured before
it ran them are compared with the option ROMs that the system read. A capture that was
made with --attest is evidence and capture in one.

Evidence of NVIDIA's GPUs and NVSwitches is told by how it begins: their verifiers' array
or collection (CMW) in JSON, a management controller's answer (Redfish), or the text of
one report in hexadecimal or base64. --chain brings certificates that are not in it. What
a device measured is compared with the reference manifests of its driver and its VBIOS,
which are looked for in --rim.

Exits with 4 if a step fails, a ROM contradicts its measurement or a measurement its
manifest, with 3 if something stays unknown.`,
		Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			switch is, err := isGPUEvidence(args[0]); {
			case err != nil:
				return err
			case is:
				return a.verifyGPU(cmd, &f, args[0])
			}
			if err := onlyFor(cmd.Flags(), args[0], "a TPM", ofGPU); err != nil {
				return err
			}
			e, own, err := f.evidence(args[0])
			if err != nil {
				return err
			}
			p, err := a.attestPolicy(&f)
			if err != nil {
				return err
			}
			if own = own && f.capture == args[0]; own || p.ReportDigest == nil {
				if p.ReportDigest, err = machine.CoveredBy(e, f.capture, own, p.ReportDigest); err != nil {
					return err
				}
			}
			r, err := tpm.Verify(e, *p)
			if err != nil {
				return err
			}
			var inv *inventory.Inventory
			if f.capture != "" {
				if inv, _, err = a.InventoryOf(cmd.Context(), f.capture); err != nil {
					return err
				}
			}
			return a.attestAnswer(boot.Attest(r, inv), f.format.json())
		},
	}
	flags := cmd.Flags()
	flags.StringVar(&f.trust.nonce, "nonce", "", "the nonce that was given to the machine or its GPUs, hexadecimal")
	f.trust.register(flags)
	flags.StringVar(&f.report, "report", "", "report that the quote must cover")
	flags.StringVar(&f.capture, "capture", "", "capture of the same machine, to compare its option ROMs with what ran")
	f.gpu.register(flags)
	f.now.register(flags, judgements)
	f.format.register(flags, "table")
	return cmd
}

// evidence reads an evidence file, or the one in a capture, which then is the
// capture to compare with, too; own says that it was a capture.
func (f *attestFlags) evidence(name string) (e *tpm.Evidence, own bool, err error) {
	e, own, err = machine.ReadEvidence(name)
	var head []byte
	var instead string
	if err != nil && !own && name != "-" {
		head, _ = input.Head(name) //nolint:errcheck // err says what is wrong with it
		instead = gpuproof.Otherwise(head)
	}
	switch {
	case err != nil && name == "-":
		err = fmt.Errorf("%w; evidence of GPUs is read from a file alone", err)
	case instead != "":
		err = fmt.Errorf("%s is no evidence: %s", name, instead)
	case len(head) > 0 && !bytes.Contains(head, []byte(tpm.Schema)):
		err = fmt.Errorf("%w; it is none of GPUs either", err)
	case err == nil && own && f.capture == "":
		f.capture = name
	}
	return e, own, err
}

func (a *app) attestPolicy(f *attestFlags) (*tpm.Policy, error) {
	if f.trust.nonce == "" {
		return nil, errNoNonce
	}
	p, err := f.trust.policy()
	if err != nil {
		return nil, err
	}
	if p.ReportDigest, err = reportDigest(f.report); err != nil {
		return nil, err
	}
	p.Now, err = f.now.at(a)
	return p, err
}

func (a *app) attestAnswer(v *boot.Attested, asJSON bool) error {
	if asJSON {
		if err := writeJSON(a.Stdout, v); err != nil {
			return err
		}
	} else {
		prooftext.TPM(a.Stdout, v)
	}
	switch v.Status {
	case tpm.Fail:
		return answered(exitSignature)
	case tpm.Unknown:
		return answered(exitIncomplete)
	}
	return nil
}
