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
	"github.com/gpuaudit/gpuaudit/audit/message"
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
		f := p.finding(staleID, "host")
		f.Fingerprint = finding.Fingerprint(staleID, "host", name)
		params := message.Params{"name": name, "allowed": longest}
		if i >= 0 {
			params["day"], params["days"] = r.DataSets[i].Date, r.DataSets[i].AgeDays
		}
		switch {
		case i < 0:
			says(&f, finding.Unknown, message.Say("pack_data_age.unused", params))
		case r.DataSets[i].AgeDays < 0:
			says(&f, finding.Unknown, message.Say("pack_data_age.future", params))
		case r.DataSets[i].AgeDays > longest:
			says(&f, finding.Fail, message.Say("pack_data_age.fail", params))
		default:
			says(&f, finding.Pass, message.Say("pack_data_age.pass", params))
		}
		if i >= 0 {
			f.Evidence = []string{fmt.Sprintf("/data_sets/%d", i)}
		}
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
	f := p.finding(manifestID, d.Address)
	f.Fingerprint = finding.Fingerprint(manifestID, identity(r, d.Address), p.Require.Manifest)
	verdict, what := d.Reference.Firmware, message.Say("pack_manifest.firmware", nil)
	if romless(r.Inventory.Device(d.Address)) {
		verdict, what = d.Reference.Windows, message.Say("pack_manifest.card", nil)
	}
	others := slices.ContainsFunc(verdict.Vouchers, func(v facts.Voucher) bool {
		return p.Require.Manifest != "any" && v.Kind != p.Require.Manifest
	})
	switch {
	case verdict.State == facts.Match && len(verdict.Vouchers) > 0 && !others:
		says(&f, finding.Pass, message.Say("pack_manifest.pass", message.Params{"issuer": verdict.Vouchers[0].Issuer, "kind": verdict.Vouchers[0].Kind, "what": what}))
	case verdict.State == facts.Mismatch:
		says(&f, finding.Fail, message.Say("pack_manifest.fail", message.Params{"what": what}))
	case p.Require.Manifest != "any":
		says(&f, finding.Unknown, message.Say("pack_manifest.unknown_kind", message.Params{"kind": p.Require.Manifest, "what": what}))
	default:
		says(&f, finding.Unknown, message.Say("pack_manifest.unknown", message.Params{"what": what}))
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
	f := p.finding(attestID, "host")
	f.Fingerprint = finding.Fingerprint(attestID, (&facts.Facts{Host: r.Inventory.Host}).Identity(), p.Require.Attestation)
	switch a := r.Attestation; {
	case a == nil:
		says(&f, finding.Unknown, message.Say("pack_attestation.not_asked", nil))
		return []finding.Finding{f}
	case a.State == facts.AttestationFailed:
		says(&f, finding.Fail, message.Say("pack_attestation.fail", message.Params{"reason": a.Reason}))
	case a.State == facts.AttestationVerified && a.SameBoot == "yes":
		says(&f, finding.Pass, message.Say("pack_attestation.pass", message.Params{"reason": a.Reason}))
	default:
		says(&f, finding.Unknown, message.Say("pack_attestation.unknown", message.Params{"reason": a.Reason}))
	}
	f.Evidence = []string{"/attestation"}
	return []finding.Finding{f}
}

// proven demands that the machine's GPUs proved that they are genuine, and what they run:
// held against their maker's manifests, or, where it publishes none, against one's own.
func (p *Pack) proven(r *report.Report) []finding.Finding {
	if !strings.Contains(p.Require.Attestation, "gpu") {
		return nil
	}
	f := p.finding(proofID, "host")
	f.Fingerprint = finding.Fingerprint(proofID, (&facts.Facts{Host: r.Inventory.Host}).Identity(), "gpu")
	switch g := r.GPUProof; {
	case g == nil:
		says(&f, finding.Unknown, message.Say("pack_gpu_proof.not_asked", nil))
		return []finding.Finding{f}
	case g.State == facts.AttestationFailed:
		says(&f, finding.Fail, message.Say("pack_gpu_proof.fail", message.Params{"reason": g.Reason}))
	case g.State == facts.AttestationVerified && g.Answered > 0:
		says(&f, finding.Pass, message.Say("pack_gpu_proof.pass", message.Params{"reason": g.Reason}))
	case ownHeld(r) > 0:
		says(&f, finding.Pass, message.Say("pack_gpu_proof.unchanged", message.Params{"answered": g.Answered, "own": ownHeld(r)}))
	default:
		says(&f, finding.Unknown, message.Say("pack_gpu_proof.unknown", message.Params{"reason": g.Reason}))
	}
	f.Evidence = []string{"/gpu_proof"}
	return []finding.Finding{f}
}

// measurementsID is the rule that judges what a card measured: it passes a card that matches
// its maker's manifests, and one that is unchanged by one's own where the maker's are not at
// hand and nothing else is open.
const measurementsID = "GA-BD-100"

// ownHeld is how many cards are held by one's own manifests, where all devices answered and
// each of the others is verified by its maker's; else 0.
func ownHeld(r *report.Report) int {
	g := r.GPUProof
	open := func(c facts.AttestationCheck) bool { return c.Status != "pass" }
	if len(g.Silent) > 0 || len(g.Checks) == 0 || slices.ContainsFunc(g.Checks, open) || g.Answered != len(g.Devices) {
		return 0
	}
	n := 0
	for _, d := range g.Devices {
		unchanged := func(f finding.Finding) bool {
			return f.ID == measurementsID && f.Device == d.Address && f.Status == finding.Pass
		}
		switch {
		case d.State == facts.AttestationVerified:
		case d.Address != "" && d.Outcome == facts.OutcomeNoReference && slices.ContainsFunc(r.Findings, unchanged):
			n++
		default:
			return 0
		}
	}
	return n
}

// finding is one of the pack's own. It is required: a pack that demands evidence
// means to be obeyed whatever the threshold is.
func (p *Pack) finding(id, owner string) finding.Finding {
	name := map[string]string{staleID: "pack_data_age", manifestID: "pack_manifest", attestID: "pack_attestation", proofID: "pack_gpu_proof"}[id]
	return finding.Finding{
		ID: id, Rule: name, Category: finding.Policy, Severity: finding.High, Device: owner,
		Title: message.Say(name+".title", nil).Text, Remediation: message.Say(name+".do", nil).Text,
		Changed: &finding.Change{Pack: p.Name, Severity: finding.High, Required: true, Reason: "the pack demands it"},
	}
}

// says gives a finding its conclusion.
func says(f *finding.Finding, status finding.Status, said message.Said) {
	f.Status, f.Detail, f.Message = status, said.Text, said.Message
}

// identity names the device over audits, without its bus address.
func identity(r *report.Report, address string) string {
	d := r.Inventory.Device(address)
	if d == nil {
		return ""
	}
	return (&facts.Facts{Host: r.Inventory.Host, Device: d}).Identity()
}
