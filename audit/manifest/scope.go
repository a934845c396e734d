package manifest

import (
	"errors"
	"fmt"
	"path"
	"slices"
	"time"

	"github.com/gpuaudit/gpuaudit/attest/seal"
)

// Kind is the role in which a signer speaks.
type Kind string

const (
	Vendor     Kind = "vendor"     // made the chip or the card
	Integrator Kind = "integrator" // sold the machine
	Lab        Kind = "lab"        // examined the card
	Operator   Kind = "operator"   // runs the machine: a baseline of one's own
)

// kinds are in order of precedence; never written to.
var kinds = [...]Kind{Vendor, Integrator, Lab, Operator}

// Scope says in which role a signer speaks, for which devices, and when.
type Scope struct {
	Name string `yaml:"name" json:"name" jsonschema:"minLength=1,maxLength=100"`
	Kind Kind   `yaml:"kind" json:"kind" jsonschema:"enum=vendor,enum=integrator,enum=lab,enum=operator"`
	// PCIVendors are the PCI vendor ids for whose devices it may speak.
	PCIVendors []string `yaml:"pci_vendors" json:"pci_vendors" jsonschema:"minItems=1,pattern=^[0-9a-f]{4}$"`
	// SubsystemVendors are the makers of boards for whose boards it may speak;
	// if there are any, a device must state one of them.
	SubsystemVendors []string `yaml:"subsystem_vendors,omitempty" json:"subsystem_vendors,omitempty" jsonschema:"pattern=^[0-9a-f]{4}$"`
	// Parts are patterns (as of a shell) of part numbers; if there are any,
	// every firmware entry must have a part that one of them matches, and so must
	// the ROM of the card at hand, by its own word.
	Parts []string `yaml:"parts,omitempty" json:"parts,omitempty"`
	// NotBefore and NotAfter bound the time of the signature: that of its
	// witnesses, or without any the reader's clock.
	NotBefore time.Time `yaml:"not_before" json:"not_before"`
	NotAfter  time.Time `yaml:"not_after" json:"not_after"`
	// Require is what a signature needs beside itself. A key needs nothing
	// unless it says so here, an identity needs a log entry.
	Require []string `yaml:"require,omitempty" json:"require,omitempty" jsonschema:"enum=timestamp,enum=log"`
}

func (s *Scope) validate() error {
	switch {
	case s.Name == "" || len(s.Name) > 100:
		return errors.New("name is missing or longer than 100 bytes")
	case !slices.Contains(kinds[:], s.Kind):
		return fmt.Errorf("kind %.40q is not vendor, integrator, lab or operator", s.Kind)
	case len(s.PCIVendors) == 0:
		return errors.New("pci_vendors is empty: name the vendor ids that it may speak for")
	case s.NotBefore.IsZero() || !s.NotAfter.After(s.NotBefore):
		return errors.New("not_after is not after not_before; both are required")
	}
	for field, ids := range map[string][]string{"pci_vendors": s.PCIVendors, "subsystem_vendors": s.SubsystemVendors} {
		for _, id := range ids {
			if !hex4.MatchString(id) {
				return fmt.Errorf("%s: %.20q is not four lower-case hexadecimal digits (quote it)", field, id)
			}
		}
	}
	for _, pattern := range s.Parts {
		if _, err := path.Match(pattern, ""); err != nil {
			return fmt.Errorf("parts: pattern %.60q: %w", pattern, err)
		}
	}
	for _, need := range s.Require {
		if need != "timestamp" && need != "log" {
			return fmt.Errorf("require: %.40q is not timestamp or log", need)
		}
	}
	return nil
}

// witness is what a signature needs; otherwise says what that is when the trust
// file says nothing.
func (s *Scope) witness(otherwise seal.Witness) seal.Witness {
	var w seal.Witness
	for _, need := range s.Require {
		w |= map[string]seal.Witness{"timestamp": seal.Timestamp, "log": seal.Log}[need]
	}
	if w == 0 {
		return otherwise
	}
	return w
}

// ForDevice says that the signer may speak for devices of a PCI vendor id on
// boards of a subsystem vendor id; "" is one that is not known.
func (s *Scope) ForDevice(vendor, subsystemVendor string) bool {
	return slices.Contains(s.PCIVendors, vendor) && (len(s.SubsystemVendors) == 0 || slices.Contains(s.SubsystemVendors, subsystemVendor))
}

// Words names the devices of the scope for an error message.
func (s *Scope) Words() string {
	if len(s.SubsystemVendors) == 0 {
		return fmt.Sprintf("%q is trusted for PCI vendors %v", s.Name, s.PCIVendors)
	}
	return fmt.Sprintf("%q is trusted for PCI vendors %v on boards of %v", s.Name, s.PCIVendors, s.SubsystemVendors)
}

// covers compares a manifest with the scope. One device or part outside it
// refuses the whole manifest. A manifest that leaves the board open covers the
// boards of every maker.
func (s *Scope) covers(p *Predicate) error {
	for _, d := range p.Devices {
		if !s.ForDevice(d.VendorID, d.SubsystemVendorID) {
			return fmt.Errorf("%w: %s, the manifest covers %s:%s on boards of %s", ErrScope, s.Words(), d.VendorID, d.DeviceID, anyMaker(d.SubsystemVendorID))
		}
	}
	if len(s.Parts) == 0 {
		return nil
	}
	for _, f := range p.Firmware {
		if !s.ForPart(f.Part) {
			return fmt.Errorf("%w: %q is trusted for parts %v, the manifest lists part %.60q", ErrScope, s.Name, s.Parts, f.Part)
		}
	}
	return nil
}

// ForPart says that the signer may speak for a card whose firmware states a part
// number. A signer that is not limited to parts may for all; "" is one that is not
// known.
func (s *Scope) ForPart(part string) bool {
	return len(s.Parts) == 0 || part != "" && slices.ContainsFunc(s.Parts, func(pattern string) bool { ok, _ := path.Match(pattern, part); return ok })
}

func anyMaker(id string) string {
	if id == "" {
		return "any maker"
	}
	return id
}
