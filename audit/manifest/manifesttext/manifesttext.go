// Package manifesttext shows a person what a manifest states. Its texts are cleaned for a
// terminal.
package manifesttext

import (
	"cmp"
	"fmt"
	"io"
	"time"

	"github.com/gpuaudit/gpuaudit/audit/manifest"
	"github.com/gpuaudit/gpuaudit/audit/report"
)

// Write shows a manifest; mark says what is known of its signature.
func Write(w io.Writer, p *manifest.Predicate, mark string) {
	fmt.Fprintf(w, "%s  %s, edition %d, by %s\n", mark, report.Clean(p.Name), p.Sequence, report.Clean(p.Vendor))
	fmt.Fprintf(w, "  %s, issued %s, expires %s\n", report.Clean(p.Status), p.Issued.Format(time.DateOnly), p.Expires.Format(time.DateOnly))
	for _, d := range p.Devices {
		fmt.Fprintf(w, "  device    %s:%s board %s:%s rev %s\n", d.VendorID, d.DeviceID, cmp.Or(d.SubsystemVendorID, "any"), cmp.Or(d.SubsystemDeviceID, "any"), cmp.Or(d.RevisionID, "any"))
	}
	for _, f := range p.OfKind(manifest.OptionROM) {
		fmt.Fprintf(w, "  firmware  %s, images: %d, %s\n", report.Clean(f.Version), len(f.Images), digestOf(f))
	}
	for _, f := range p.OfKind(manifest.RuntimeFile) {
		fmt.Fprintf(w, "  file      %s %s, %s\n", report.Clean(f.File), report.Clean(f.Version), digestOf(f))
	}
	for _, d := range p.Drivers {
		fmt.Fprintf(w, "  driver    %s %s", report.Clean(d.Module), report.Clean(d.Version))
		if d.MinimumVersion != "" {
			fmt.Fprintf(w, " at least %s", report.Clean(d.MinimumVersion))
		}
		if d.SHA256 != "" {
			fmt.Fprintf(w, " sha256:%s", d.SHA256)
		}
		fmt.Fprintln(w)
	}
	if p.Functions != nil {
		for _, f := range *p.Functions {
			fmt.Fprintf(w, "  function  %s:%s class %s\n", f.VendorID, f.DeviceID, f.ClassCode)
		}
	}
	for _, m := range p.MemoryMiB {
		fmt.Fprintf(w, "  memory    %d MiB\n", m)
	}
	for _, v := range p.Windows {
		fmt.Fprintf(w, "  window    %s\n", v)
	}
	for _, l := range p.Places {
		fmt.Fprintf(w, "  place     %s\n", report.Clean(l.String()))
	}
	for i := range p.Measurements {
		fmt.Fprintf(w, "  measured  %s\n", report.Clean(p.Measurements[i].Title()))
	}
	for _, m := range p.Imported {
		Import(w, m)
	}
}

// Import shows what a statement was made from, and what its signature was
// found to be. It vouches for nothing: the signer of the manifest does.
func Import(w io.Writer, m manifest.Import) {
	fmt.Fprintf(w, "  from      %s %s, signature %s", report.Clean(m.Format), report.Clean(m.File), report.Clean(m.Signature))
	if m.Signer != "" {
		fmt.Fprintf(w, " by %s", report.Clean(m.Signer))
	}
	fmt.Fprintln(w)
	if m.Detail != "" {
		fmt.Fprintf(w, "            %s\n", report.Clean(m.Detail))
	}
	for _, note := range m.Unmapped {
		fmt.Fprintf(w, "            not taken: %s\n", report.Clean(note))
	}
}

// digestOf is the digest that identifies an entry best.
func digestOf(f manifest.Firmware) string {
	switch {
	case f.SHA256 != "":
		return "sha256:" + f.SHA256
	case f.SHA384 != "":
		return "sha384:" + f.SHA384
	case f.StableSHA256 != "":
		return "stable sha256:" + f.StableSHA256
	}
	return "by its images"
}
