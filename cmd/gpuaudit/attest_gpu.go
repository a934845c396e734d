package main

import (
	"crypto/x509"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"path/filepath"
	"strings"
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/gpuaudit/gpuaudit/attest/check"
	"github.com/gpuaudit/gpuaudit/attest/revocation"
	"github.com/gpuaudit/gpuaudit/attest/rim"
	"github.com/gpuaudit/gpuaudit/attest/spdm"
	"github.com/gpuaudit/gpuaudit/attest/spdm/nvidia"
	"github.com/gpuaudit/gpuaudit/attest/spdm/nvidia/appraise"
	"github.com/gpuaudit/gpuaudit/audit/boot"
	"github.com/gpuaudit/gpuaudit/audit/fault"
	"github.com/gpuaudit/gpuaudit/audit/input"
	"github.com/gpuaudit/gpuaudit/audit/report"
)

// gpuFlags are what a verifier of GPUs brings.
type gpuFlags struct {
	rim, ocsp                    []string
	chain, deviceRoots, rimRoots string
	ear                          string
	expect                       int
	acceptExpired                bool
}

// ofGPU are the flags for evidence of GPUs, ofTPM those for evidence of a TPM. One that
// does not apply is an error.
var (
	ofGPU = []string{"rim", "ocsp", "chain", "device-roots", "rim-roots", "expect", "accept-expired", "ear"}
	ofTPM = []string{"enrolled", "ak", "ek-roots", "ek-chain", "report", "capture"}
)

func (f *gpuFlags) register(flags *pflag.FlagSet) {
	flags.StringArrayVar(&f.rim, "rim", nil, "reference manifest of a driver or VBIOS, or a folder of them (repeatable)")
	flags.StringArrayVar(&f.ocsp, "ocsp", nil, "answer of an OCSP responder (DER), or a folder of them: whether certificates were revoked (repeatable)")
	flags.StringVar(&f.chain, "chain", "", "PEM file of the device's certificates, leaf first, where the evidence has none")
	flags.StringVar(&f.deviceRoots, "device-roots", "", "PEM file of certificates that may vouch for devices, instead of NVIDIA's")
	flags.StringVar(&f.rimRoots, "rim-roots", "", "PEM file of certificates that may vouch for signers of manifests, instead of NVIDIA's")
	flags.StringVar(&f.ear, "ear", "", "file to write the result to as an EAT attestation result (EAR), unsigned; - for standard output")
	flags.IntVar(&f.expect, "expect", 0, "how many GPUs and switches must have answered")
	flags.BoolVar(&f.acceptExpired, "accept-expired", false, "take a manifest whose signer's certificate has ended since")
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
	p, err := f.gpuPolicy(a)
	if err != nil {
		return err
	}
	m := &appraise.Manifests{}
	if err := a.gather("--rim", f.gpu.rim, 2*rim.MaxBytes, "reference manifest", m.Add); err != nil {
		return err
	}
	p.Revocation = &revocation.Answers{}
	if err := a.gather("--ocsp", f.gpu.ocsp, revocation.MaxBytes, "OCSP answer", func(_ string, b []byte) (bool, error) { return p.Revocation.Add(b) }); err != nil {
		return err
	}
	list, err := f.gpu.evidence(name)
	if err != nil {
		return err
	}
	r, err := appraise.Appraise(list, m, *p)
	if err != nil {
		return fmt.Errorf("--nonce: %w", err)
	}
	if err := a.writeEAR(f.gpu.ear, r, p.Device.Now); err != nil {
		return err
	}
	switch {
	case f.gpu.ear == "-":
	case f.format.json():
		err = writeJSON(a.Stdout, r)
	default:
		printAppraisal(a.Stdout, r)
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

func (f *attestFlags) gpuPolicy(a *app) (*appraise.Policy, error) {
	p := &appraise.Policy{UnsafeAcceptExpired: f.gpu.acceptExpired, Expected: f.gpu.expect}
	var err error
	if p.Device.Nonce, err = boot.ParseNonce(f.trust.nonce); err != nil {
		return nil, err
	}
	if p.Device.Nonce != nil && len(p.Device.Nonce) != spdm.NonceSize {
		return nil, fmt.Errorf("--nonce: it has %d bytes, that of a GPU has %d", len(p.Device.Nonce), spdm.NonceSize)
	}
	if p.Device.Now, err = f.now.at(a); err != nil {
		return nil, err
	}
	if p.Device.Roots, err = chainFile("--device-roots", f.gpu.deviceRoots); err != nil {
		return nil, err
	}
	p.ManifestRoots, err = chainFile("--rim-roots", f.gpu.rimRoots)
	return p, err
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

// gather adds files, and those in folders. In a folder files that are something else are
// passed over, but one has to be there; a file that is named has to be what is added.
func (a *app) gather(flag string, names []string, limit int64, what string, add func(name string, b []byte) (bool, error)) error {
	for _, name := range names {
		info, err := input.Stat(name)
		if err != nil {
			return fmt.Errorf("%s: %w", flag, err)
		}
		if info.IsDir() {
			err = a.gatherFolder(name, limit, what, add)
		} else {
			var is bool
			if is, err = gatherFile(name, limit, add); err == nil && !is {
				err = fmt.Errorf("%s: no %s", name, what)
			}
		}
		if err != nil {
			return fmt.Errorf("%s: %w", flag, err)
		}
	}
	return nil
}

func gatherFile(name string, limit int64, add func(name string, b []byte) (bool, error)) (bool, error) {
	b, err := readFile(name, limit)
	if err != nil {
		return false, err
	}
	return add(name, b)
}

// maxFolder is how many files of a folder are looked at.
const maxFolder = 16384

func (a *app) gatherFolder(folder string, limit int64, what string, add func(name string, b []byte) (bool, error)) error {
	entries, err := input.ReadDir(folder)
	if err != nil {
		return err
	}
	if len(entries) > maxFolder {
		return fmt.Errorf("%s: more than %d files", folder, maxFolder)
	}
	found := false
	for _, e := range entries {
		if !e.Type().IsRegular() || strings.HasPrefix(e.Name(), ".") {
			continue
		}
		is, err := gatherFile(filepath.Join(folder, e.Name()), limit, add)
		switch found = found || is; {
		case errors.Is(err, input.ErrTooLarge): // something else
		case err != nil:
			a.warn("%s", oneLine(err))
		}
	}
	if !found {
		return fmt.Errorf("%s holds no %s", folder, what)
	}
	return nil
}

// printAppraisal says in words what evidence is worth.
func printAppraisal(w io.Writer, r *appraise.Report) {
	for _, a := range r.Devices {
		printDevice(w, a)
		fmt.Fprintln(w)
	}
	for _, c := range r.Checks {
		printCheck(w, c)
	}
	for _, l := range r.Limits {
		fmt.Fprintf(w, "limit    %s\n", l)
	}
	fmt.Fprintf(w, "%s\n", r.Status)
}

func printCheck(w io.Writer, c check.Check) {
	fmt.Fprintf(w, "%-8s %s", c.Status, c.Name)
	if c.Code != "" {
		fmt.Fprintf(w, "  %s", c.Code)
	}
	if c.Detail != "" {
		fmt.Fprintf(w, ": %s", report.Clean(c.Detail))
	}
	if c.Offset != nil {
		fmt.Fprintf(w, " (offset %#x)", *c.Offset)
	}
	fmt.Fprintln(w)
}

func printDevice(w io.Writer, a *appraise.Appraisal) {
	fmt.Fprintln(w, report.Clean(a.Summary))
	if a.Next != "" {
		fmt.Fprintf(w, "next     %s\n", report.Clean(a.Next))
	}
	if d := a.Device; d != nil {
		fmt.Fprintf(w, "device   %s %s, driver %s, VBIOS %s\n", report.Clean(orDash(d.Chip)), report.Clean(orDash(d.ID)), stated(d.Driver), stated(d.VBIOS))
	}
	for _, c := range a.Checks {
		printCheck(w, c)
	}
	for _, ref := range a.References {
		printReference(w, ref)
	}
	for _, s := range a.Skipped {
		fmt.Fprintf(w, "skipped  index %d: %s\n", s.Index, s.Reason)
	}
	if a.Purpose != "" {
		fmt.Fprintf(w, "purpose  %s\n", report.Clean(a.Purpose))
	}
	for _, name := range a.UncoveredComponents {
		fmt.Fprintf(w, "open     no manifest states the component %s\n", report.Clean(name))
	}
	if len(a.Uncovered) > 0 {
		fmt.Fprintf(w, "open     no manifest states what is measured at index %s\n", strings.Trim(fmt.Sprint(a.Uncovered), "[]"))
	}
}

func printReference(w io.Writer, ref *appraise.Reference) {
	fmt.Fprintf(w, "manifest %s %s: %s", ref.Kind, report.Clean(orDash(ref.ID)), ref.Outcome)
	if ref.Compared > 0 {
		fmt.Fprintf(w, ", %d of %d", ref.Matched, ref.Compared)
	}
	if r := ref.Result; r != nil && r.Signer != "" {
		fmt.Fprintf(w, "; %s, signed by %s until %s", report.Clean(filepath.Base(ref.File)), report.Clean(r.Signer), r.Until)
	}
	fmt.Fprintln(w)
	for _, d := range ref.Differences {
		switch {
		case d.Component:
			fmt.Fprintf(w, "differs  component %s: %s %s\n", report.Clean(d.Name), d.Code, report.Clean(d.Detail))
		case d.Index < 0:
			fmt.Fprintf(w, "differs  record %d (%s): %s, measured %s, want %s\n", d.Record, report.Clean(d.Name), d.Code, orDash(d.Measured), strings.Join(d.Expected, " or "))
		default:
			fmt.Fprintf(w, "differs  index %d (%s): %s, measured %s, want %s\n", d.Index, report.Clean(d.Name), d.Code, orDash(d.Measured), strings.Join(d.Expected, " or "))
		}
		fmt.Fprintf(w, "         cause: %s\n         next: %s\n", report.Clean(d.Cause), report.Clean(d.Next))
	}
}

func stated(s *string) string {
	if s == nil {
		return "not stated"
	}
	return report.Clean(*s)
}
