// Package prooftext shows a person what evidence is worth, that of a TPM or of GPUs. Its
// texts are cleaned for a terminal.
package prooftext

import (
	"cmp"
	"fmt"
	"io"

	"github.com/gpuaudit/gpuaudit/audit/boot"
	"github.com/gpuaudit/gpuaudit/audit/report"
)

// TPM shows what evidence of a TPM is worth, check by check.
func TPM(w io.Writer, v *boot.Attested) {
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
			fmt.Fprintf(w, "ROM      %s %s %s", r.Verdict, cmp.Or(r.Device, "-"), report.Clean(cmp.Or(r.Path, "-")))
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
