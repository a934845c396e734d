package html

import (
	"strings"

	"github.com/gpuaudit/gpuaudit/audit/facts"
	"github.com/gpuaudit/gpuaudit/audit/inventory"
	"github.com/gpuaudit/gpuaudit/audit/report"
)

// chain is who vouches for a part of a card: each step is vouched for by the next one.
type chain struct {
	Name, Word, Class, Why string
	Steps                  []step
}

type step struct{ Text, Code, Class string }

// chains are what vouches for what: manifests for the parts of the card, certificates for its
// boot drivers, packages for its driver.
func (c *cards) chains(d *report.Device, inv *inventory.Device) []chain {
	ref := &d.Reference
	var list []chain
	var nobody []string
	for _, part := range [...]struct {
		name    string
		verdict *facts.Verdict
	}{{"firmware", &ref.Firmware}, {"runtime", &ref.Runtime}, {"driver", &ref.Driver}, {"functions", &ref.Functions}, {"memory", &ref.Memory}, {"windows", &ref.Windows}, {"place", &ref.Place}} {
		name := c.words.of("part." + part.name)
		switch {
		case part.verdict.State == "": // in reports of older versions
		case part.verdict.State == facts.NotCovered && strings.HasPrefix(part.verdict.Reason, "no trusted manifest states"):
			nobody = append(nobody, name)
		default:
			list = append(list, c.manifestChain(name, part.verdict))
		}
	}
	if len(nobody) > 0 {
		list = append(list, chain{Name: strings.Join(nobody, ", "), Word: c.words.of("state.not-covered"), Class: "open", Why: c.words.of("chain.no-manifest")})
	}
	for i := range inv.Firmware.ROMs {
		for j := range inv.Firmware.ROMs[i].Images {
			if efi := inv.Firmware.ROMs[i].Images[j].EFI; efi != nil && efi.Signed != nil && *efi.Signed {
				list = append(list, c.bootDriverChain(&inv.Firmware.ROMs[i], &inv.Firmware.ROMs[i].Images[j]))
			}
		}
	}
	if proof := c.r.GPUProof; proof != nil {
		for i := range proof.Devices {
			if proof.Devices[i].Address == d.Address {
				list = append(list, c.proofChain(&proof.Devices[i]))
			}
		}
	}
	if ch := c.moduleChain(inv.Driver); ch != nil {
		list = append(list, *ch)
	}
	return list
}

// manifestChain is what signed manifests say of a part.
func (c *cards) manifestChain(name string, v *facts.Verdict) chain {
	ch := chain{Name: name, Word: c.words.or("state."+string(v.State), string(v.State)), Class: map[facts.State]string{facts.Match: "good", facts.Mismatch: "bad"}[v.State], Why: clean(v.Reason)}
	if ch.Class == "" {
		ch.Class = "open"
	}
	for _, by := range v.Vouchers {
		ch.Steps = append(ch.Steps,
			step{Text: name, Class: ch.Class},
			step{Text: c.words.of("chain.manifest", "name", clean(by.Name), "version", clean(by.Version), "day", clean(by.Issued)), Code: clean(by.Manifest), Class: ch.Class})
		if by.From != "" {
			ch.Steps = append(ch.Steps, step{Text: c.words.of("chain.from", "from", clean(by.From))})
		}
		ch.Steps = append(ch.Steps, step{Text: c.words.of("chain.key", "issuer", clean(by.Issuer), "kind", c.words.or("kind."+by.Kind, by.Kind))}, step{Text: c.words.of("chain.trust")})
	}
	for _, diff := range v.Differences {
		ch.Why += " " + c.words.of("chain.differs", "fact", clean(diff.Fact), "expected", clean(diff.Expected), "actual", clean(diff.Actual))
	}
	return ch
}

// bootDriverChain is the way from an EFI image to the authority that its signature ends in.
func (c *cards) bootDriverChain(rom *inventory.ROM, image *inventory.ROMImage) chain {
	efi := image.EFI
	class, word := c.imageSigned(rom, image)
	ch := chain{Name: c.words.of("part.boot-driver"), Word: word, Class: class}
	ch.Steps = []step{{Text: c.words.of("chain.image"), Code: clean(inventory.TextOr(efi.AuthenticodeSHA256, "")), Class: class}}
	if efi.Chain != nil && len(efi.Chain.Path) > 0 {
		for _, sum := range efi.Chain.Path {
			ch.Steps = append(ch.Steps, step{Text: subjectOf(efi.Certificates, sum)})
		}
	} else if efi.Signer != nil {
		ch.Steps = append(ch.Steps, step{Text: clean(*efi.Signer)})
	}
	switch {
	case efi.Chain != nil && efi.Chain.Anchor != nil:
		ch.Steps = append(ch.Steps, step{Text: c.words.of("chain.anchor", "anchor", clean(*efi.Chain.Anchor)), Class: "good"})
	case efi.Chain != nil && efi.Chain.Fault != nil:
		ch.Steps = append(ch.Steps, step{Text: c.words.of("chain.broken", "fault", clean(*efi.Chain.Fault)), Class: "open"})
	}
	for _, db := range [...]struct {
		in       *bool
		yes, no  string
		yesClass string
	}{{efi.InDB, "chain.db", "chain.not-db", "good"}, {efi.InDBX, "chain.dbx", "", "bad"}} {
		switch {
		case db.in == nil:
		case *db.in:
			ch.Steps = append(ch.Steps, step{Text: c.words.of(db.yes), Class: db.yesClass})
		case db.no != "":
			ch.Steps = append(ch.Steps, step{Text: c.words.of(db.no), Class: "open"})
		}
	}
	return ch
}

// subjectOf is whose certificate has a digest.
func subjectOf(list []inventory.SignatureCertificate, sum string) string {
	for _, cert := range list {
		if cert.SHA256 == sum {
			return clean(cert.Subject)
		}
	}
	return clean(sum)
}

// moduleChain is who vouches for the file of the driver; nil where no file was read.
func (c *cards) moduleChain(d *inventory.Driver) *chain {
	if d == nil || d.Module == nil || d.Module.File == nil {
		return nil
	}
	file := d.Module.File
	ch := &chain{Name: c.words.of("part.module"), Class: "open", Word: c.words.of("chain.module.nobody")}
	ch.Steps = []step{{Text: clean(file.Path), Code: clean(file.SHA256)}}
	if s := file.Signature; s != nil && s.Present {
		ch.Word = c.words.of("chain.module.signed")
		ch.Steps = append(ch.Steps, step{Text: c.words.of("chain.module.signer", "signer", clean(inventory.TextOr(s.Signer, "?")))})
	}
	if p := file.Package; p != nil {
		step := step{Text: c.words.of("chain.package", "manager", clean(p.Manager), "name", clean(p.Name), "version", clean(inventory.TextOr(p.Version, "?")))}
		switch inventory.Text(p.Digest) {
		case "match":
			step.Class, ch.Class, ch.Word = "good", "good", c.words.of("chain.package.match")
		case "mismatch":
			step.Class, ch.Class, ch.Word = "bad", "bad", c.words.of("chain.package.mismatch")
		default:
			ch.Word = c.words.of("chain.package.listed")
		}
		ch.Steps = append(ch.Steps, step)
	}
	return ch
}

// stateClass is the colour of an attestation.
func stateClass(s facts.AttestationState) string {
	switch s {
	case facts.AttestationVerified:
		return "good"
	case facts.AttestationFailed:
		return "bad"
	}
	return "open"
}

// proofChain is what a GPU proves of itself: it signed what it measured, and its maker's
// manifests state what that should be.
func (c *cards) proofChain(p *facts.ProvenDevice) chain {
	ch := chain{Name: c.words.of("part.gpu"), Word: c.words.or("attestation."+string(p.State), string(p.State)), Class: stateClass(p.State), Why: clean(p.Summary)}
	ch.Steps = []step{
		{Text: c.words.of("chain.gpu.measured", "driver", clean(inventory.TextOr(p.Driver, "?")), "vbios", clean(inventory.TextOr(p.VBIOS, "?")))},
		{Text: c.words.of("chain.gpu.key", "chip", clean(orElse(p.Chip, "?"))), Code: clean(p.Key), Class: ch.Class},
	}
	for _, m := range p.Manifests {
		ch.Steps = append(ch.Steps, step{Text: c.words.of("chain.gpu.manifest", "kind", clean(m.Kind), "id", clean(m.ID), "matched", m.Matched, "compared", m.Compared, "outcome", clean(m.Outcome)), Code: clean(m.SHA256)})
	}
	for _, d := range p.Differences {
		ch.Why += " " + clean(d.Name+": "+d.Cause)
	}
	return ch
}

// boot is what the machine's TPM proves; empty where nobody asked it.
func (c *cards) boot() []chain {
	var list []chain
	if p := c.r.GPUProof; p != nil {
		list = append(list, chain{Name: c.words.of("part.gpus"), Word: c.words.or("attestation."+string(p.State), string(p.State)), Class: stateClass(p.State), Why: clean(p.Reason)})
	}
	a := c.r.Attestation
	if a == nil {
		return list
	}
	ch := chain{Name: c.words.of("part.boot"), Word: c.words.or("attestation."+string(a.State), string(a.State)), Class: stateClass(a.State), Why: clean(a.Reason)}
	if a.State == facts.AttestationAbsent {
		return append(list, ch)
	}
	ch.Steps = []step{
		{Text: c.words.or("chain.covers."+string(a.Covers), string(a.Covers))},
		{Text: c.words.of("chain.quote"), Code: clean(a.Nonce), Class: ch.Class},
		{Text: c.words.of("chain.ak"), Code: clean(a.AKName)},
	}
	if len(a.EKRoots) > 0 {
		ch.Steps = append(ch.Steps, step{Text: c.words.of("chain.ek", "roots", clean(strings.Join(a.EKRoots, ", ")))})
	}
	return append(list, ch)
}
