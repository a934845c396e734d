package main

import (
	"context"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"path/filepath"
	"slices"

	"github.com/spf13/cobra"

	"github.com/gpuaudit/gpuaudit/attest/eventlog"
	"github.com/gpuaudit/gpuaudit/attest/tpm"
	"github.com/gpuaudit/gpuaudit/audit/boot/optionrom"
	"github.com/gpuaudit/gpuaudit/audit/capture"
	"github.com/gpuaudit/gpuaudit/audit/fault"
	"github.com/gpuaudit/gpuaudit/audit/input"
	"github.com/gpuaudit/gpuaudit/audit/inventory"
	"github.com/gpuaudit/gpuaudit/audit/machine"
	"github.com/gpuaudit/gpuaudit/audit/report"
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
			p, err := a.attestPolicy(&f)
			if err != nil {
				return err
			}
			e, own, err := f.evidence(args[0])
			if err != nil {
				return err
			}
			if own = own && f.capture == args[0]; own || p.ReportDigest == nil {
				if p.ReportDigest, err = coveredBy(e, f.capture, own, p.ReportDigest); err != nil {
					return err
				}
			}
			r, err := tpm.Verify(e, *p)
			if err != nil {
				return err
			}
			v := &attested{Status: r.Status(), Result: r}
			if err := v.boot(cmd.Context(), a, f.capture); err != nil {
				return err
			}
			return a.attestAnswer(v, f.format.json())
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
	archive, err := openArchive(name)
	if err != nil {
		if e, err = readEvidence(name); errors.Is(err, tpm.ErrOther) {
			err = fmt.Errorf("%w; it is none of GPUs either", err)
		}
		return e, false, err
	}
	text, asked, err := archive.TPM()
	if err != nil || !asked {
		return nil, true, fault.AsIncomplete(fmt.Errorf("%s holds no evidence of a TPM: capture with --attest tpm", name))
	}
	if e, err = tpm.ParseEvidence(text); err != nil {
		return nil, true, fault.AsSignature(fmt.Errorf("%s: %w", name, err))
	}
	if f.capture == "" {
		f.capture = name
	}
	return e, true, nil
}

// coveredBy is the digest that the evidence must cover, nil for none: that of the
// report that was given, or of a capture. A capture that brings its own evidence
// is what that covers, or somebody changed it since; other evidence may as well
// be for a report that is not here.
func coveredBy(e *tpm.Evidence, name string, own bool, given []byte) ([]byte, error) {
	if name == "" {
		return given, nil
	}
	archive, err := openArchive(name)
	if err != nil {
		return nil, err
	}
	digest := archive.Digest()
	covered := digest != nil && hex.EncodeToString(digest) == e.ReportDigest
	switch {
	case own && digest != nil && !covered, given == nil && covered:
		return digest, nil
	}
	return given, nil
}

func openArchive(name string) (*capture.Archive, error) {
	f, err := input.Open(name)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	archive, err := capture.Open(filepath.Base(name), f, capture.DefaultLimits())
	if e, ok := errors.AsType[*capture.Error](err); ok && archive == nil {
		return nil, machine.NoCapture(name, e)
	}
	return archive, err
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

// attested is the answer to `attest verify`.
type attested struct {
	// Status is that of the evidence; ROMs that contradict it make it fail, and
	// those that nobody could compare make it unknown.
	Status     tpm.Status           `json:"status"`
	Result     *tpm.Result          `json:"evidence"`
	SecureBoot *eventlog.SecureBoot `json:"secure_boot,omitempty"`
	OptionROMs *optionrom.Report    `json:"option_roms,omitempty"`
}

// boot compares a log that the TPM vouches for with a capture.
func (v *attested) boot(ctx context.Context, a *app, capture string) error {
	if capture == "" {
		v.judge(nil)
		return nil
	}
	inv, _, err := a.InventoryOf(ctx, capture)
	if err != nil {
		return err
	}
	v.judge(inv)
	return nil
}

// judge reads a log that the TPM vouches for, and compares it with the facts of
// the machine, nil for none.
func (v *attested) judge(inv *inventory.Inventory) {
	if v.Result.Log != nil {
		v.SecureBoot = new(v.Result.Log.SecureBoot())
		if !v.SecureBoot.Proven() {
			v.worsen(tpm.Unknown)
		}
	}
	if inv == nil {
		return
	}
	bank, ok := eventlog.AlgorithmNamed(v.Result.Bank)
	if v.Result.Log == nil || !ok {
		v.worsen(tpm.Unknown)
		return
	}
	v.OptionROMs = optionrom.Corroborate(v.Result.Log, bank, inv)
	if len(v.OptionROMs.Others) > 0 {
		v.worsen(tpm.Unknown) // code may have run that nobody explains
	}
	for _, r := range v.OptionROMs.Results {
		if r.Verdict == optionrom.OtherDevice && v.unread(inv) {
			v.worsen(tpm.Unknown) // the place is not measured: it may be that card's
		}
		switch r.Verdict {
		case optionrom.Contradicted:
			v.worsen(tpm.Fail)
		case optionrom.Corroborated, optionrom.OtherForm, optionrom.OtherDevice:
		default:
			v.worsen(tpm.Unknown)
		}
	}
}

// unread says that a card's ROM was not read, and that the log has no driver of it.
func (v *attested) unread(inv *inventory.Inventory) bool {
	return slices.ContainsFunc(inv.Devices, func(d inventory.Device) bool {
		return len(d.Firmware.ROMs) == 0 && !slices.ContainsFunc(v.OptionROMs.Results, func(r optionrom.Result) bool { return r.Device == d.Address })
	})
}

func (v *attested) worsen(to tpm.Status) {
	if v.Status != tpm.Fail {
		v.Status = to
	}
}

func (a *app) attestAnswer(v *attested, asJSON bool) error {
	if asJSON {
		if err := writeJSON(a.Stdout, v); err != nil {
			return err
		}
	} else {
		printAttested(a.Stdout, v)
	}
	switch v.Status {
	case tpm.Fail:
		return answered(exitSignature)
	case tpm.Unknown:
		return answered(exitIncomplete)
	}
	return nil
}

func printAttested(w io.Writer, v *attested) {
	for _, c := range v.Result.Checks {
		fmt.Fprintf(w, "%-8s %s", c.Status, c.Name)
		if c.Code != "" {
			fmt.Fprintf(w, "  %s: %s", c.Code, report.Clean(c.Detail))
		}
		if c.Offset != nil {
			fmt.Fprintf(w, " (offset %#x)", *c.Offset)
		}
		fmt.Fprintln(w)
	}
	if c := v.Result.Clock; c != nil {
		fmt.Fprintf(w, "TPM      firmware %016x, reset %d, restart %d, clock %d ms\n", c.FirmwareVersion, c.ResetCount, c.RestartCount, c.Milliseconds)
	}
	if v.Result.AKName != "" {
		fmt.Fprintf(w, "key      %s\n", v.Result.AKName)
	}
	for _, root := range v.Result.EKRoots {
		fmt.Fprintf(w, "vendor   %s\n", report.Clean(root))
	}
	for _, n := range v.Result.Notes {
		fmt.Fprintf(w, "note     %s\n", report.Clean(n))
	}
	if s := v.SecureBoot; s != nil {
		fmt.Fprintf(w, "boot     Secure Boot %s, dbx %s, option-ROM verification %s\n", onOff(s.Enabled), bytesOrUnknown(s.DBX), s.OptionROMs)
	}
	if o := v.OptionROMs; o != nil {
		for _, r := range o.Results {
			fmt.Fprintf(w, "ROM      %s %s %s", r.Verdict, orDash(r.Device), report.Clean(orDash(r.Path)))
			if r.Reason != "" {
				fmt.Fprintf(w, " (%s)", r.Reason)
			}
			fmt.Fprintln(w)
		}
		for _, e := range o.Others {
			fmt.Fprintf(w, "ROM      measured in PCR 2 and no driver: event %d, %s, %s\n", e.Event, e.Type, e.Digest)
		}
	}
	fmt.Fprintf(w, "%s\n", v.Status)
}

func onOff(b *bool) string {
	switch {
	case b == nil:
		return "not logged"
	case *b:
		return "on"
	}
	return "off"
}

func bytesOrUnknown(n *int) string {
	switch {
	case n == nil:
		return "not logged"
	case *n == 0:
		return "empty"
	}
	return fmt.Sprintf("%d bytes", *n)
}

func orDash(s string) string {
	if s == "" {
		return "-"
	}
	return s
}
