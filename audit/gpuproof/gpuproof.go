package gpuproof

import (
	"crypto/sha512"
	"encoding/hex"
	"fmt"
	"slices"
	"strings"

	"github.com/gpuaudit/gpuaudit/attest/check"
	"github.com/gpuaudit/gpuaudit/attest/spdm"
	"github.com/gpuaudit/gpuaudit/attest/spdm/nvidia"
	"github.com/gpuaudit/gpuaudit/attest/spdm/nvidia/appraise"
	"github.com/gpuaudit/gpuaudit/audit/collect/nvml"
	"github.com/gpuaudit/gpuaudit/audit/facts"
	"github.com/gpuaudit/gpuaudit/audit/inventory"
)

// Input is the evidence, and what the verifier brings.
type Input struct {
	// Answers are those of NVIDIA's library; nil where there are none, and Missing says
	// why.
	Answers *nvml.Answers
	Missing string
	// Nonce is what the verifier gave out, or what the TPM's evidence states where From
	// says so; nil for none.
	Nonce []byte
	From  facts.NonceFrom
	// AKName is the name of the key that quoted for this machine, where its TPM was asked.
	AKName []byte
	// TPM is what that evidence is worth, "" where there is none.
	TPM      facts.AttestationState
	Believed *Believed
}

// Verify judges what GPUs signed. It reads no file and no clock but the policy's; there is
// an answer for every evidence.
func Verify(in Input, inv *inventory.Inventory) (*facts.GPUProof, error) {
	p := &facts.GPUProof{State: facts.AttestationAbsent, Silent: []string{}, Collateral: in.Believed.Collateral}
	if in.Answers == nil {
		p.Reason = "the GPUs gave no evidence: " + in.Missing
		p.Silent = provers(inv)
		return p, nil
	}
	list, addresses, broken := evidence(in.Answers)
	p.Silent = silent(inv, addresses)
	if len(list) == 0 {
		p.Reason = "the GPUs gave no evidence: " + why(in.Answers, broken)
		return p, nil
	}
	policy := in.Believed.Policy
	setNonce(p, in, &policy)
	if c := in.Answers.Confidential; c != nil {
		policy.Settings = &appraise.Settings{DevTools: &c.DevTools}
	}
	r, err := appraise.Appraise(list, in.Believed.Manifests, policy)
	if err != nil {
		return nil, err
	}
	p.Limits = r.Limits
	for _, c := range r.Checks {
		p.Checks = append(p.Checks, checkFacts(c))
	}
	for i, a := range r.Devices {
		d := deviceFacts(a, in.Believed.digests)
		d.Address = addresses[i]
		agree(&d, in.Answers, inv.Device(d.Address))
		p.Devices = append(p.Devices, d)
		if a.Measured != nil {
			p.Answered++
		}
	}
	silentSwitches(p, in.Answers, r.Devices)
	if in.boundToTPM() && allAnswered(r.Devices) {
		p.Bound = bound
	}
	conclude(p)
	return p, nil
}

// bound is the value of GPUProof.Bound where the nonce holds the TPM's key.
const bound = "tpm"

// boundToTPM says that the nonce, where a verifier or the TPM's evidence gave one, holds
// the name of the key that quoted.
func (in *Input) boundToTPM() bool {
	return in.Nonce != nil && len(in.AKName) > 0 && (in.TPM == facts.AttestationVerified || in.TPM == facts.AttestationUnproven)
}

// allAnswered says that each device signed the nonce that was asked for: evidence that answers
// another one was not made for the TPM's key.
func allAnswered(devices []*appraise.Appraisal) bool {
	return !slices.ContainsFunc(devices, func(a *appraise.Appraisal) bool {
		c := a.Checks.Find(spdm.CheckNonce)
		return c == nil || c.Status != check.Pass
	})
}

// setNonce says what the evidence has to answer, and sets the policy's. Where nobody gave one
// out, it is the one that the evidence was asked for: whoever holds it later cannot tell when.
func setNonce(p *facts.GPUProof, in Input, policy *appraise.Policy) {
	if in.Nonce == nil { // as whoever asked says, who may have asked long ago
		policy.Device.Nonce = in.Answers.NonceGiven()
		p.Nonce, p.NonceFrom = hex.EncodeToString(policy.Device.Nonce), facts.NonceEvidence
		return
	}
	p.Nonce, p.NonceFrom = hex.EncodeToString(in.Nonce), in.From
	policy.Device.Nonce = Nonce(in.Nonce, in.AKName)
}

// evidence takes out of recorded answers what GPUs signed, with their addresses, and whose
// certificates do not parse.
func evidence(a *nvml.Answers) (list []nvidia.Evidence, addresses []string, broken []refusal) {
	for i := range a.GPUs {
		g := &a.GPUs[i]
		if g.Evidence == nil {
			continue
		}
		chain, err := nvidia.Chain([]byte(g.Evidence.Chain))
		if err != nil {
			broken = append(broken, refusal{g.Address, "certificates: " + err.Error()})
			continue
		}
		list = append(list, nvidia.Evidence{Evidence: spdm.Evidence{Transcript: g.Evidence.Report, Chain: chain}})
		addresses = append(addresses, g.Address)
	}
	for i := range a.Switches { // of no address of PCI that is known here
		s := &a.Switches[i]
		if s.Evidence == nil {
			continue
		}
		chain, err := nvidia.Chain([]byte(s.Evidence.Chain))
		if err != nil {
			broken = append(broken, refusal{s.UUID, "certificates: " + err.Error()})
			continue
		}
		list = append(list, nvidia.Evidence{Evidence: spdm.Evidence{Transcript: s.Evidence.Report, Chain: chain}})
		addresses = append(addresses, "")
	}
	return list, addresses, broken
}

// Collected reads answers of NVIDIA's library: what GPUs signed, and of those that signed
// nothing, why.
func Collected(answers []byte) (list []nvidia.Evidence, silent []string, err error) {
	a, err := nvml.Decode(answers)
	if err != nil {
		return nil, nil, err
	}
	list, _, broken := evidence(a)
	for _, r := range slices.Concat(broken, refusals(a), switchRefusals(a)) {
		silent = append(silent, r.address+": "+r.text)
	}
	return list, silent, nil
}

// Recorded judges the evidence that answers of NVIDIA's library hold, for the nonce that they
// state; nil where nobody asked the GPUs.
func Recorded(answers []byte, b *Believed, inv *inventory.Inventory) (*facts.GPUProof, error) {
	if answers == nil {
		return nil, nil
	}
	a, err := nvml.Decode(answers)
	if err != nil || a.Nonce == nil {
		return nil, err
	}
	return Verify(Input{Answers: a, Believed: b}, inv)
}

// refusal is a GPU that was asked and signed nothing, and what the library said.
type refusal struct{ address, text string }

func refusals(a *nvml.Answers) []refusal {
	var list []refusal
	for i := range a.GPUs {
		list = append(list, refusedBy(a.GPUs[i].Address, a.GPUs[i].Failures)...)
	}
	return list
}

// switchRefusals are the same of NVSwitches.
func switchRefusals(a *nvml.Answers) []refusal {
	var list []refusal
	for i := range a.Switches {
		list = append(list, refusedBy(a.Switches[i].UUID, a.Switches[i].Failures)...)
	}
	if a.SwitchesUnasked != nil {
		list = append(list, refusal{"NVSwitches", *a.SwitchesUnasked})
	}
	return list
}

func refusedBy(name string, failures []nvml.Failure) []refusal {
	var list []refusal
	for _, f := range failures {
		if f.Fact == "evidence" {
			list = append(list, refusal{name, f.Text})
		}
	}
	return list
}

// why is what a GPU said instead of proving itself, without its name: rules see it.
func why(a *nvml.Answers, broken []refusal) string {
	if len(broken) > 0 {
		return broken[0].text
	}
	if a.Nonce == nil {
		return "they were not asked"
	}
	if list := refusals(a); len(list) > 0 {
		return list[0].text
	}
	return "the library lists none"
}

// silentSwitches says that NVSwitches did not sign. Where GPUs say that protected PCIe is on,
// these are a part of what is protected, and it is not known whether they are genuine; else
// it is a limit of the proof.
func silentSwitches(p *facts.GPUProof, a *nvml.Answers, devices []*appraise.Appraisal) {
	list := switchRefusals(a)
	if len(list) == 0 {
		return
	}
	if slices.ContainsFunc(devices, protected) {
		p.Checks = append(p.Checks, facts.AttestationCheck{Name: "switches", Status: string(check.Unknown), Code: "silent-switch", Detail: "protected PCIe is on, and an NVSwitch did not sign: " + list[0].text})
		return
	}
	p.Limits = append(slices.Clone(p.Limits), "what NVSwitches measured is not known: "+list[0].text)
}

// protected says whether a device reports protected PCIe.
func protected(a *appraise.Appraisal) bool {
	const mode = 2
	d := a.Device
	return d != nil && (d.ProtectedPCIe != nil && *d.ProtectedPCIe || d.Mode != nil && *d.Mode == mode)
}

// provers are the cards that could prove themselves to NVIDIA's library.
func provers(inv *inventory.Inventory) []string {
	list := []string{}
	for i := range inv.Devices {
		if d := &inv.Devices[i]; inventory.Text(d.PCI.VendorID) == "10de" && d.Driver != nil && d.Driver.Name == "nvidia" {
			list = append(list, d.Address)
		}
	}
	return list
}

func silent(inv *inventory.Inventory, answered []string) []string {
	return slices.DeleteFunc(provers(inv), func(address string) bool { return slices.Contains(answered, address) })
}

// conclude says what all devices come to. One that failed fails the whole; one that is
// silent, or of which something is not known, keeps it from being verified.
func conclude(p *facts.GPUProof) {
	var failed, open []string
	for _, c := range p.Checks {
		switch {
		case c.Status == string(check.Fail):
			failed = append(failed, c.Name+" ("+c.Code+")")
		case c.Status == string(check.Unknown):
			open = append(open, c.Name+" ("+c.Code+")")
		}
	}
	for _, d := range p.Devices {
		switch d.State {
		case facts.AttestationFailed:
			failed = append(failed, d.Summary)
		case facts.AttestationVerified:
		default:
			open = append(open, d.Summary)
		}
	}
	for _, address := range p.Silent {
		open = append(open, address+" did not answer")
	}
	switch {
	case len(failed) > 0:
		p.State, p.Reason = facts.AttestationFailed, first(failed)
	case len(open) > 0:
		p.State, p.Reason = facts.AttestationUnproven, first(open)
	default:
		p.State, p.Reason = facts.AttestationVerified, genuineOf(p)
	}
}

// genuineOf says how many devices are genuine. Of switches there is no address.
func genuineOf(p *facts.GPUProof) string {
	switches := 0
	for _, d := range p.Devices {
		if d.Address == "" {
			switches++
		}
	}
	gpus := p.Answered - switches
	if switches == 0 {
		return fmt.Sprintf("%d of %d GPUs are genuine and match their maker's manifests", gpus, gpus)
	}
	return fmt.Sprintf("%d GPUs and %d NVSwitches are genuine and match their maker's manifests", gpus, switches)
}

// first is the first of a list, and how many more there are.
func first(list []string) string {
	if len(list) == 1 {
		return list[0]
	}
	return fmt.Sprintf("%s; and %d more", list[0], len(list)-1)
}

// deviceFacts takes over an appraisal. What rules see is published and stays as it is;
// what package appraise answers with is its own to change.
func deviceFacts(a *appraise.Appraisal, digests map[string]string) facts.ProvenDevice {
	d := facts.ProvenDevice{Disagrees: []string{}, Agrees: []string{}, Outcome: string(a.Outcome), State: state(a.Status), Summary: a.Summary, Next: a.Next, Uncovered: a.Uncovered}
	if v := a.Device; v != nil {
		d.Chip, d.Architecture, d.ChipID, d.Driver, d.VBIOS = v.Chip, v.Arch, v.ID, v.Driver, v.VBIOS
	}
	if a.Measured != nil {
		d.Key = a.Measured.Key
	}
	if d.Genuine() {
		d.Measured, d.Skipped = measured(a)
	}
	for _, c := range a.Checks {
		d.Checks = append(d.Checks, checkFacts(c))
	}
	for _, ref := range a.References {
		d.Manifests = append(d.Manifests, facts.ProvenManifest{Kind: ref.Kind, ID: ref.ID, SHA256: digests[ref.File], Outcome: string(ref.Outcome), Compared: ref.Compared, Matched: ref.Matched})
		for _, x := range ref.Differences {
			d.Differences = append(d.Differences, facts.ProvenDifference{Index: x.Index, Name: x.Name, Code: x.Code, Cause: x.Cause, Next: x.Next})
		}
	}
	return d
}

// measured are the values that a device signed, and the indices that count for nothing.
func measured(a *appraise.Appraisal) (values []facts.MeasuredValue, skipped []int) {
	for _, s := range a.Skipped {
		skipped = append(skipped, s.Index)
	}
	for _, b := range a.Measured.Blocks {
		switch index := b.Index - 1; {
		case b.Index >= spdm.ManifestIndex || slices.Contains(skipped, index):
		case b.Raw || len(b.Value) != sha512.Size384:
			skipped = append(skipped, index)
		default:
			values = append(values, facts.MeasuredValue{Index: index, SHA384: hex.EncodeToString(b.Value)})
		}
	}
	slices.SortFunc(values, func(a, b facts.MeasuredValue) int { return a.Index - b.Index })
	slices.Sort(skipped)
	return values, skipped
}

func checkFacts(c check.Check) facts.AttestationCheck {
	return facts.AttestationCheck{Name: c.Name, Status: string(c.Status), Code: c.Code, Detail: c.Detail, Offset: c.Offset}
}

func state(s check.Status) facts.AttestationState {
	switch s {
	case check.Pass:
		return facts.AttestationVerified
	case check.Fail:
		return facts.AttestationFailed
	}
	return facts.AttestationUnproven
}

// What a device signed and the machine says, too.
const (
	sameChip   = "chip-id"
	sameDriver = "driver"
	sameVBIOS  = "vbios"
)

// agree compares what a card signed with what is known of the card at its address: what a
// card of another host signed says another chip, or other versions.
func agree(d *facts.ProvenDevice, answers *nvml.Answers, card *inventory.Device) {
	hold := func(what string, same bool) {
		if same {
			d.Agrees = append(d.Agrees, what)
		} else {
			d.Disagrees = append(d.Disagrees, what)
		}
	}
	for i := range answers.GPUs {
		if g := &answers.GPUs[i]; g.Address == d.Address && g.PDI != nil && d.ChipID != "" {
			hold(sameChip, *g.PDI == d.ChipID)
		}
	}
	if card == nil {
		return
	}
	if d.Driver != nil && card.Driver != nil && len(card.Driver.Claims) > 0 {
		hold(sameDriver, slices.ContainsFunc(card.Driver.Claims, func(c inventory.DriverClaim) bool { return c.Version == *d.Driver }))
	}
	if d.VBIOS != nil && len(card.Firmware.Versions) > 0 {
		hold(sameVBIOS, slices.ContainsFunc(card.Firmware.Versions, func(c inventory.VersionClaim) bool { return strings.EqualFold(c.Version, *d.VBIOS) }))
	}
}
