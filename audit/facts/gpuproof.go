package facts

import (
	"fmt"
	"maps"
	"slices"
	"strings"
)

// GPUProof is what GPUs and switches of a machine prove of themselves: measurements that
// they signed, held against what their maker states. It is nil where nobody asked.
type GPUProof struct {
	State AttestationState `json:"state"`
	// Reason says in a sentence why the state is what it is.
	Reason string `json:"reason"`
	// Nonce is the one that whoever asked gave out, hexadecimal; what GPUs signed is
	// derived from it. See NonceFrom.
	Nonce     string    `json:"nonce,omitempty"`
	NonceFrom NonceFrom `json:"nonce_from,omitempty"`
	// Bound says to what the nonce binds the evidence beside: "tpm" where it holds the
	// name of the key that quoted for this machine, "" for nothing. Whether that key is of a
	// TPM is the attestation's to prove: where its state is unproven, this is no more than it.
	Bound string `json:"bound,omitempty"`
	// Checks are of the devices together.
	Checks []AttestationCheck `json:"checks,omitempty"`
	// Answered is how many devices signed, and Silent lists NVIDIA's GPUs that were asked
	// and did not.
	Answered int      `json:"answered"`
	Silent   []string `json:"silent"`
	// Devices are those that answered; rules see of each its own.
	Devices []ProvenDevice `json:"devices,omitempty"`
	// Collateral is the packed reference that counted, nil for none.
	Collateral *Collateral `json:"collateral,omitempty"`
	// Limits are what such a proof leaves open in any case.
	Limits []string `json:"limits,omitempty"`
}

// CollateralSet is its name among the data sets, by which a pack may bound its age.
const CollateralSet = "gpu-collateral"

// Collateral is a signed archive of roots, reference manifests and OCSP answers.
type Collateral struct {
	SHA256 string `json:"sha256"`
	// Packed is when it was made (RFC 3339), and Signer who signed it.
	Packed string `json:"packed"`
	Signer string `json:"signer"`
}

// ProvenDevice is what one device proves.
type ProvenDevice struct {
	// Address is that of the card of this machine; "" for a switch.
	Address string `json:"address,omitempty"`
	// Outcome is genuine-and-matches, genuine-no-reference, genuine-differs, not-genuine or
	// not-verifiable; State is verified only where all is known and good.
	Outcome string           `json:"outcome"`
	State   AttestationState `json:"state"`
	Summary string           `json:"summary"`
	Next    string           `json:"next,omitempty"`
	// Chip, Architecture and ChipID are of its certificate; Driver and VBIOS are versions
	// that it signed; nil where it does not state them. Key is the SHA-256 of its key.
	Chip         string  `json:"chip,omitempty"`
	Architecture string  `json:"architecture,omitempty"`
	ChipID       string  `json:"chip_id,omitempty"`
	Key          string  `json:"key,omitempty"`
	Driver       *string `json:"driver,omitempty"`
	VBIOS        *string `json:"vbios,omitempty"`
	// Disagrees are what it signed and the machine says otherwise: "chip-id", "driver",
	// "vbios"; Agrees are those that both say.
	Disagrees []string `json:"disagrees"`
	Agrees    []string `json:"agrees"`

	Checks      []AttestationCheck `json:"checks,omitempty"`
	Manifests   []ProvenManifest   `json:"manifests,omitempty"`
	Differences []ProvenDifference `json:"differences,omitempty"`
	// Uncovered are measured indices that no manifest states, numbered as manifests do.
	Uncovered []int `json:"uncovered,omitempty"`
	// Measured is what a genuine device signed that it measured, in the order of indices,
	// for whoever states or compares references of one's own; rules do not see it. Skipped
	// are indices that count for nothing: the video decoder's where that is off, and those
	// whose value is no digest of SHA-384.
	Measured []MeasuredValue `json:"measured,omitempty"`
	Skipped  []int           `json:"skipped,omitempty"`
}

// MeasuredValue is the value of one index, numbered as manifests do.
type MeasuredValue struct {
	Index  int    `json:"index"`
	SHA384 string `json:"sha384"`
}

// Genuine says that a genuine device signed, whatever it measured.
func (d *ProvenDevice) Genuine() bool {
	return d.Outcome == OutcomeMatches || d.Outcome == OutcomeNoReference || d.Outcome == OutcomeDiffers
}

// Outcomes of a genuine device.
const (
	OutcomeMatches     = "genuine-and-matches"
	OutcomeNoReference = "genuine-no-reference"
	OutcomeDiffers     = "genuine-differs"
)

// ProvenManifest is a reference manifest that a device needs, and what became of it.
type ProvenManifest struct {
	Kind     string `json:"kind"` // "driver", "vbios", "switch-bios"
	ID       string `json:"id,omitempty"`
	SHA256   string `json:"sha256,omitempty"` // of the file that was taken or refused
	Outcome  string `json:"outcome"`
	Compared int    `json:"compared"`
	Matched  int    `json:"matched"`
}

// ProvenDifference is a measurement that its manifest does not state.
type ProvenDifference struct {
	Index int    `json:"index"` // -1 for a floor and for a component
	Name  string `json:"name"`
	Code  string `json:"code"`
	Cause string `json:"cause"`
	Next  string `json:"next"`
}

// Of is what the card at an address proves, nil where it did not answer.
func (p *GPUProof) Of(address string) *ProvenDevice {
	if p == nil {
		return nil
	}
	for i := range p.Devices {
		if address != "" && p.Devices[i].Address == address {
			return &p.Devices[i]
		}
	}
	return nil
}

// ForRules is what rules see of the proof for the card at an address, "" for the host: no
// id, key or measurement, and of a card no address, so that equal cards are judged once. Nil
// where nobody asked.
func (p *GPUProof) ForRules(address string) *GPUProof {
	if p == nil {
		return nil
	}
	seen := *p
	seen.Nonce, seen.Devices, seen.Reason = "", nil, p.impersonal()
	if address == "" {
		return &seen
	}
	seen.Silent, seen.Checks = []string{}, nil
	for _, d := range p.Devices {
		if d.Address == address {
			d.Address, d.ChipID, d.Key, d.Summary, d.Next, d.Measured, d.Skipped = "", "", "", "", "", nil, nil
			seen.Devices = append(seen.Devices, d)
		}
	}
	if len(seen.Devices) == 0 && len(p.Devices) > 0 {
		seen.Reason = "the card did not answer"
	}
	return &seen
}

// impersonal is the reason in words that name no device. That of a proof which nobody gave,
// or of one that is whole, names none.
func (p *GPUProof) impersonal() string {
	if p.State == AttestationAbsent || p.State == AttestationVerified {
		return p.Reason
	}
	status := "unknown"
	if p.State == AttestationFailed {
		status = "fail"
	}
	named := map[string]bool{}
	for _, c := range p.Checks {
		named[c.titled(status)] = true
	}
	for _, d := range p.Devices {
		for _, c := range d.Checks {
			named[c.titled(status)] = true
		}
	}
	delete(named, "")
	words := slices.Sorted(maps.Keys(named))
	if n := len(p.Silent); n > 0 && status == "unknown" {
		words = append(words, fmt.Sprintf("%d that did not answer", n))
	}
	if len(words) == 0 {
		return "not all of it is known"
	}
	return strings.Join(words, ", ")
}

// titled is a check of a status by its name and code, "" for one of another status, and for
// one that only follows from another or that most evidence lacks.
func (c *AttestationCheck) titled(status string) string {
	if c.Status != status || c.Code == "not-reached" || c.Code == "not-stated" || c.Code == "not-reported" {
		return ""
	}
	return c.Name + " (" + c.Code + ")"
}
