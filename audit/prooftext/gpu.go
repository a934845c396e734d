package prooftext

import (
	"cmp"
	"fmt"
	"io"
	"path/filepath"
	"strings"

	"github.com/gpuaudit/gpuaudit/attest/check"
	"github.com/gpuaudit/gpuaudit/attest/spdm/nvidia/appraise"
	"github.com/gpuaudit/gpuaudit/audit/facts"
	"github.com/gpuaudit/gpuaudit/audit/report"
)

// GPUs shows what evidence of GPUs and switches is worth, held against a packed reference or
// none.
func GPUs(w io.Writer, r *appraise.Report, packed *facts.Collateral) {
	for _, a := range r.Devices {
		device(w, a)
		fmt.Fprintln(w)
	}
	for _, c := range r.Checks {
		step(w, c)
	}
	if packed != nil {
		fmt.Fprintf(w, "packed   %s, of %s, signed by %s\n", packed.SHA256, packed.Packed, packed.Signer)
	}
	for _, l := range r.Limits {
		fmt.Fprintf(w, "limit    %s\n", l)
	}
	fmt.Fprintf(w, "%s\n", r.Status)
}

func step(w io.Writer, c check.Check) {
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

func device(w io.Writer, a *appraise.Appraisal) {
	fmt.Fprintln(w, report.Clean(a.Summary))
	if a.Next != "" {
		fmt.Fprintf(w, "next     %s\n", report.Clean(a.Next))
	}
	if d := a.Device; d != nil {
		fmt.Fprintf(w, "device   %s %s, driver %s, VBIOS %s\n", report.Clean(cmp.Or(d.Chip, "-")), report.Clean(cmp.Or(d.ID, "-")), stated(d.Driver), stated(d.VBIOS))
	}
	for _, c := range a.Checks {
		step(w, c)
	}
	for _, ref := range a.References {
		reference(w, ref)
	}
	for _, s := range a.Skipped {
		fmt.Fprintf(w, "skipped  index %d: %s\n", s.Index, s.Reason)
	}
	if a.Purpose != "" {
		fmt.Fprintf(w, "purpose  %s\n", report.Clean(a.Purpose))
	}
	for _, name := range a.UncoveredComponents {
		fmt.Fprintf(w, "open     no manifest at hand states the component %s\n", report.Clean(name))
	}
	if d := a.Device; d != nil && d.Opaque != nil && len(d.Opaque.Unknown) > 0 {
		fmt.Fprintf(w, "open     the report has records that this program does not know, of type %s\n", strings.Trim(fmt.Sprint(d.Opaque.Unknown), "[]"))
	}
	if len(a.Uncovered) > 0 {
		fmt.Fprintf(w, "open     no manifest at hand states what is measured at index %s\n", strings.Trim(fmt.Sprint(a.Uncovered), "[]"))
	}
}

func reference(w io.Writer, ref *appraise.Reference) {
	fmt.Fprintf(w, "manifest %s %s: %s", ref.Kind, report.Clean(cmp.Or(ref.ID, "-")), ref.Outcome)
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
			fmt.Fprintf(w, "differs  record %d (%s): %s, measured %s, want %s\n", d.Record, report.Clean(d.Name), d.Code, cmp.Or(d.Measured, "-"), strings.Join(d.Expected, " or "))
		default:
			fmt.Fprintf(w, "differs  index %d (%s): %s, measured %s, want %s\n", d.Index, report.Clean(d.Name), d.Code, cmp.Or(d.Measured, "-"), strings.Join(d.Expected, " or "))
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
