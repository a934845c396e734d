package main

import (
	"crypto/x509"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/gpuaudit/gpuaudit/attest/check"
	"github.com/gpuaudit/gpuaudit/attest/spdm/nvidia"
	"github.com/gpuaudit/gpuaudit/attest/spdm/nvidia/appraise"
	"github.com/gpuaudit/gpuaudit/audit/facts"
	"github.com/gpuaudit/gpuaudit/audit/fault"
	"github.com/gpuaudit/gpuaudit/audit/gpuproof"
	"github.com/gpuaudit/gpuaudit/audit/input"
	"github.com/gpuaudit/gpuaudit/audit/prooftext"
)

// gpuFlags are what a verifier of GPUs brings.
type gpuFlags struct {
	reference gpuReferenceFlags
	chain     string
	ear       string
	claims    string
	version   int // of the claims
	expect    int
}

// ofGPU are the flags for evidence of GPUs, ofTPM those for evidence of a TPM. One that
// does not apply is an error.
var (
	ofGPU = []string{"rim", "ocsp", "collateral", "collateral-key", "chain", "device-roots", "rim-roots", "expect", "accept-expired", "ear", "claims", "claims-version"}
	ofTPM = []string{"enrolled", "ak", "ek-roots", "ek-chain", "report", "capture"}
)

func (f *gpuFlags) register(flags *pflag.FlagSet) {
	f.reference.register(flags)
	flags.StringVar(&f.chain, "chain", "", "PEM file of the device's certificates, leaf first, where the evidence has none")
	flags.StringVar(&f.ear, "ear", "", "file to write the result to as an EAT attestation result (EAR), unsigned; - for standard output")
	flags.StringVar(&f.claims, "claims", "", "file to write the result to as claims by NVIDIA's names, unsigned; - for standard output")
	flags.IntVar(&f.version, "claims-version", appraise.ClaimsV4, "version of the claims of --claims: 3 or 4")
	flags.IntVar(&f.expect, "expect", 0, "how many GPUs and switches must have answered")
}

// onlyFor refuses flags that are for other evidence.
func onlyFor(flags *pflag.FlagSet, name, what string, others []string) error {
	for _, other := range others {
		if flags.Changed(other) {
			return fmt.Errorf("%s is evidence of %s: --%s does not apply to it", name, what, other)
		}
	}
	return nil
}

// isGPUEvidence says, by how it begins, whether a file is evidence of GPUs.
func isGPUEvidence(name string) (bool, error) {
	if name == "-" {
		return false, nil // it can be read once, and the whole of it
	}
	head, err := input.Head(name)
	return err == nil && nvidia.Evident(head), err
}

// verifyGPU appraises evidence of GPUs and switches.
func (a *app) verifyGPU(cmd *cobra.Command, f *attestFlags, name string) error {
	if err := onlyFor(cmd.Flags(), name, "GPUs", ofTPM); err != nil {
		return err
	}
	switch v := f.gpu.version; {
	case cmd.Flags().Changed("expect") && f.gpu.expect < 1:
		return fmt.Errorf("--expect %d: at least one device has to answer", f.gpu.expect)
	case v != appraise.ClaimsV3 && v != appraise.ClaimsV4:
		return fmt.Errorf("--claims-version %d: use %d or %d", v, appraise.ClaimsV3, appraise.ClaimsV4)
	case f.gpu.claims == "" && cmd.Flags().Changed("claims-version"):
		return errors.New("--claims-version is about the file of --claims: give that, too")
	case f.gpu.claims == "-" && f.gpu.ear == "-":
		return errors.New("--ear and --claims cannot both be standard output")
	}
	p, believed, err := f.gpuPolicy(a)
	if err != nil {
		return err
	}
	list, err := f.gpu.evidence(name)
	if err != nil {
		return err
	}
	r, err := appraise.Appraise(list, believed.Manifests, *p)
	if err != nil {
		return fmt.Errorf("--nonce: %w", err)
	}
	if err := a.writeEAR(f.gpu.ear, r, p.Device.Now); err != nil {
		return err
	}
	if err := a.writeClaims(f.gpu.claims, r, f.gpu.version); err != nil {
		return err
	}
	switch {
	case f.gpu.ear == "-" || f.gpu.claims == "-":
	case f.format.json():
		err = writeJSON(a.Stdout, appraised{r, believed.Collateral})
	default:
		prooftext.GPUs(a.Stdout, r, believed.Collateral)
	}
	switch {
	case err != nil:
		return err
	case r.Status == check.Fail:
		return answered(exitSignature)
	case r.Status == check.Unknown:
		return answered(exitIncomplete)
	}
	return nil
}

// appraised is the answer of `attest verify` on GPUs.
type appraised struct {
	*appraise.Report
	// Collateral is the packed reference that counted, nil for none.
	Collateral *facts.Collateral `json:"collateral,omitempty"`
}

// writeEAR writes the result for other relying parties, where a file is named.
func (a *app) writeEAR(name string, r *appraise.Report, now time.Time) error {
	if name == "" {
		return nil
	}
	b, err := json.MarshalIndent(r.EAR(now, version), "", "  ")
	if err != nil {
		return fault.AsIncomplete(err)
	}
	return a.put(name, b)
}

// writeClaims writes the result by NVIDIA's names, where a file is named.
func (a *app) writeClaims(name string, r *appraise.Report, version int) error {
	if name == "" {
		return nil
	}
	b, err := json.MarshalIndent(r.Claims(version), "", "  ")
	if err != nil {
		return fault.AsIncomplete(err)
	}
	return a.put(name, append(b, '\n'))
}

func (f *attestFlags) gpuPolicy(a *app) (*appraise.Policy, *gpuproof.Believed, error) {
	nonce, err := parseGPUNonce(f.trust.nonce)
	if err != nil {
		return nil, nil, err
	}
	now, err := f.now.at(a)
	if err != nil {
		return nil, nil, err
	}
	given, err := f.gpu.reference.read(a)
	if err != nil {
		return nil, nil, err
	}
	believed, err := given.Open(now)
	if err != nil {
		return nil, nil, err
	}
	p := believed.Policy
	p.Device.Nonce, p.Expected = nonce, f.gpu.expect
	return &p, believed, nil
}

// chainFile reads certificates of a PEM file, nil for no name.
func chainFile(flag, name string) ([]*x509.Certificate, error) {
	if name == "" {
		return nil, nil
	}
	b, err := readFile(name, maxDocument)
	if err != nil {
		return nil, err
	}
	chain, err := nvidia.Chain(b)
	if err != nil {
		return nil, fmt.Errorf("%s: %s: %w", flag, name, err)
	}
	return chain, nil
}

// evidence reads evidence, with its chain where that is a file of its own.
func (f *gpuFlags) evidence(name string) ([]nvidia.Evidence, error) {
	b, err := readFile(name, nvidia.MaxFile)
	if err != nil {
		return nil, err
	}
	list, err := nvidia.Read(name, b)
	if err != nil {
		return nil, fault.AsSignature(err)
	}
	chain, err := chainFile("--chain", f.chain)
	if err != nil || chain == nil {
		return list, err
	}
	if len(list) != 1 || list[0].Chain != nil {
		return nil, fmt.Errorf("--chain: %s brings the chains of its devices", name)
	}
	list[0].Chain = chain
	return list, nil
}
