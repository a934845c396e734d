package pack

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/gpuaudit/gpuaudit/audit/facts"
	"github.com/gpuaudit/gpuaudit/audit/finding"
	"github.com/gpuaudit/gpuaudit/audit/inventory"
	"github.com/gpuaudit/gpuaudit/audit/report"
)

// The findings of packs themselves.
const (
	staleID    = "GA-PK-001"
	manifestID = "GA-PK-002"
	attestID   = "GA-PK-003"
	proofID    = "GA-PK-004"
)

// FindingIDs are the ids of findings about what a pack demands.
func FindingIDs() []string { return []string{staleID, manifestID, attestID, proofID} }

// Apply makes the findings of a report count as the pack says, and adds the
// pack's own demands. It removes nothing and turns nothing into a pass.
func (p *Pack) Apply(r *report.Report) {
	r.Pack = &report.Pack{Name: p.Name, SHA256: p.sha256, UnknownFrom: cmp.Or(p.UnknownFrom, r.FailOn), Disabled: p.disabled()}
	for i := range r.Findings {
		f := &r.Findings[i]
		p.change(f)
	}
	if len(r.Devices) == 0 {
		return
	}
	r.Findings = append(r.Findings, p.freshness(r)...)
	r.Findings = append(r.Findings, p.attested(r)...)
	r.Findings = append(r.Findings, p.proven(r)...)
	for i := range r.Devices {
		r.Findings = append(r.Findings, p.vouched(r, &r.Devices[i])...)
	}
}

func (p *Pack) disabled() []report.DisabledRule {
	list := []report.DisabledRule{}
	for _, id := range slices.Sorted(maps.Keys(p.Rules)) {
		if p.Rules[id].Disabled {
			list = append(list, report.DisabledRule{ID: id, Reason: p.Rules[id].Reason})
		}
	}
	return list
}

// change makes one finding count as the pack says. A rule whose day has not come
// stays a warning.
func (p *Pack) change(f *finding.Finding) {
	c := p.Count(f.ID, f.Severity)
	switch {
	case c.Changed == nil:
		return
	case c.Disabled:
		c.Changed.Status = f.Status
		f.Status = finding.Disabled
	case f.Effective == nil:
		f.Severity = c.As
	}
	f.Changed = c.Changed
}

// freshness demands of each data set named that it is young enough. A set whose
// day lies after the clock has an age that nobody can tell.
func (p *Pack) freshness(r *report.Report) []finding.Finding {
	var findings []finding.Finding
	for _, name := range slices.Sorted(maps.Keys(p.Data)) {
		longest := p.Data[name].MaxAgeDays
		i := slices.IndexFunc(r.DataSets, func(s facts.DataSet) bool { return s.Name == name })
		f := p.finding(staleID, "host", "Data set is older than the pack allows")
		f.Fingerprint = finding.Fingerprint(staleID, "host", name)
		switch {
		case i < 0:
			f.Status, f.Detail = finding.Unknown, fmt.Sprintf("The audit used no data set %s.", name)
		case r.DataSets[i].AgeDays < 0:
			f.Status, f.Detail = finding.Unknown, fmt.Sprintf("The data set %s is of %s, after the clock of this audit: its age cannot be told.", name, r.DataSets[i].Date)
		case r.DataSets[i].AgeDays > longest:
			f.Status, f.Detail = finding.Fail, fmt.Sprintf("The data set %s is of %s, %d days old; the pack allows %d.", name, r.DataSets[i].Date, r.DataSets[i].AgeDays, longest)
		default:
			f.Status, f.Detail = finding.Pass, fmt.Sprintf("The data set %s is %d days old; the pack allows %d.", name, r.DataSets[i].AgeDays, longest)
		}
		if i >= 0 {
			f.Evidence = []string{fmt.Sprintf("/data_sets/%d", i)}
		}
		f.Remediation = "Use a gpuaudit with newer data, give a newer catalogue of your own, or bring the channel up to date (channel update)."
		findings = append(findings, f)
	}
	return findings
}

// vouched demands a signed manifest that matches the device's firmware. That
// there is none is unknown, not failed: nobody said anything against the card.
func (p *Pack) vouched(r *report.Report, d *report.Device) []finding.Finding {
	if p.Require.Manifest == "" {
		return nil
	}
	f := p.finding(manifestID, d.Address, "The pack wants a signed manifest for the firmware")
	f.Fingerprint = finding.Fingerprint(manifestID, identity(r, d.Address), p.Require.Manifest)
	f.Remediation = "Give the signed manifest of this card's firmware with --manifests and --trust."
	verdict, what := d.Reference.Firmware, "firmware"
	if romless(r.Inventory.Device(d.Address)) {
		verdict, what = d.Reference.Windows, "card without a ROM"
	}
	others := slices.ContainsFunc(verdict.Vouchers, func(v facts.Voucher) bool {
		return p.Require.Manifest != "any" && v.Kind != p.Require.Manifest
	})
	switch {
	case verdict.State == facts.Match && len(verdict.Vouchers) > 0 && !others:
		f.Status, f.Detail = finding.Pass, fmt.Sprintf("A manifest signed by %s (%s) states this %s.", verdict.Vouchers[0].Issuer, verdict.Vouchers[0].Kind, what)
	case verdict.State == facts.Mismatch:
		f.Status, f.Detail = finding.Fail, "The "+what+" is not the one that its manifest states."
	default:
		f.Status, f.Detail = finding.Unknown, "No manifest that is trusted here states this "+what+"."
		if p.Require.Manifest != "any" {
			f.Detail = "No manifest of a " + p.Require.Manifest + " that is trusted here states this " + what + "."
		}
	}
	return []finding.Finding{f}
}

// romless says that a device is known to have no ROM: its windows were read, and none
// is for one. What stands for its firmware is what it is otherwise.
func romless(d *inventory.Device) bool {
	if d == nil || len(d.PCI.BARs) == 0 || len(d.Firmware.ROMs) > 0 {
		return false
	}
	unread := slices.ContainsFunc(d.Gaps, func(g inventory.Gap) bool {
		return g.Fact == "/pci/bars" || g.Fact == "/firmware/roms" && g.Reason != inventory.ReasonNotPresent
	})
	return !unread && !slices.ContainsFunc(d.PCI.BARs, func(b inventory.BAR) bool { return b.Kind == "rom" })
}

// attested demands that the machine's TPM proved the boot that the facts are of.
// What is wrong with a proof in detail is for rules to say.
func (p *Pack) attested(r *report.Report) []finding.Finding {
	if !strings.Contains(p.Require.Attestation, "tpm") {
		return nil
	}
	f := p.finding(attestID, "host", "The pack wants the TPM's proof of how the machine started")
	f.Fingerprint = finding.Fingerprint(attestID, (&facts.Facts{Host: r.Inventory.Host}).Identity(), p.Require.Attestation)
	f.Remediation = "Scan with --attest tpm and a nonce of the verifier's, and enrol the machine's attestation key."
	switch a := r.Attestation; {
	case a == nil:
		f.Status, f.Detail = finding.Unknown, "Nobody asked the TPM."
		return []finding.Finding{f}
	case a.State == facts.AttestationFailed:
		f.Status, f.Detail = finding.Fail, "The TPM's evidence does not verify: "+a.Reason
	case a.State == facts.AttestationVerified && a.SameBoot == "yes":
		f.Status, f.Detail = finding.Pass, "The TPM's evidence verifies and is of this boot: "+a.Reason
	default:
		f.Status, f.Detail = finding.Unknown, "The TPM's evidence does not prove this boot: "+a.Reason
	}
	f.Evidence = []string{"/attestation"}
	return []finding.Finding{f}
}

// proven demands that the machine's GPUs proved that they are genuine, and what they run.
func (p *Pack) proven(r *report.Report) []finding.Finding {
	if !strings.Contains(p.Require.Attestation, "gpu") {
		return nil
	}
	f := p.finding(proofID, "host", "The pack wants the GPUs' proof of what they are and run")
	f.Fingerprint = finding.Fingerprint(proofID, (&facts.Facts{Host: r.Inventory.Host}).Identity(), "gpu")
	f.Remediation = "Scan with --attest gpu and a nonce of the verifier's, and give the maker's manifests with --rim or --collateral."
	f.Evidence = []string{"/gpu_proof"}
	switch g := r.GPUProof; {
	case g == nil:
		f.Status, f.Detail, f.Evidence = finding.Unknown, "Nobody asked the GPUs.", nil
	case g.State == facts.AttestationFailed:
		f.Status, f.Detail = finding.Fail, "What the GPUs signed does not verify: "+g.Reason
	case g.State == facts.AttestationVerified && g.Answered > 0:
		f.Status, f.Detail = finding.Pass, "The GPUs proved themselves: "+g.Reason
	default:
		f.Status, f.Detail = finding.Unknown, "The GPUs did not all prove themselves: "+g.Reason
	}
	return []finding.Finding{f}
}

// finding is one of the pack's own. It is required: a pack that demands evidence
// means to be obeyed whatever the threshold is.
func (p *Pack) finding(id, owner, title string) finding.Finding {
	return finding.Finding{
		ID: id, Category: finding.Policy, Severity: finding.High, Device: owner, Title: title,
		Changed: &finding.Change{Pack: p.Name, Severity: finding.High, Required: true, Reason: "the pack demands it"},
	}
}

// identity names the device over audits, without its bus address.
func identity(r *report.Report, address string) string {
	d := r.Inventory.Device(address)
	if d == nil {
		return ""
	}
	return (&facts.Facts{Host: r.Inventory.Host, Device: d}).Identity()
}
