package manifest

import (
	"bytes"
	"errors"
	"fmt"
	"path"
	"slices"
	"time"

	"go.yaml.in/yaml/v3"

	"github.com/gpuaudit/gpuaudit/attest/seal"
)

// ErrTrust says that a trust file cannot be used; the text names the line.
var ErrTrust = errors.New("invalid trust file")

// Kind is the role in which a key speaks.
type Kind string

const (
	Vendor     Kind = "vendor"     // made the chip or the card
	Integrator Kind = "integrator" // sold the machine
	Lab        Kind = "lab"        // examined the card
	Operator   Kind = "operator"   // runs the machine: a baseline of one's own
)

// kinds are in order of precedence; never written to.
var kinds = [...]Kind{Vendor, Integrator, Lab, Operator}

// Trust says which keys may speak for which devices.
type Trust struct{ keys map[string]Key }

// Key is one key of a trust file with its scope.
type Key struct {
	Name string `yaml:"name" json:"name"`
	Kind Kind   `yaml:"kind" json:"kind" jsonschema:"enum=vendor,enum=integrator,enum=lab,enum=operator"`
	// PublicKey is PKIX in PEM.
	PublicKey string `yaml:"public_key" json:"public_key"`
	// PCIVendors are the PCI vendor ids for whose devices the key may speak.
	PCIVendors []string `yaml:"pci_vendors" json:"pci_vendors"`
	// Parts are patterns (as of a shell) of part numbers; if there are any,
	// every firmware entry must have a part that one of them matches.
	Parts     []string  `yaml:"parts,omitempty" json:"parts,omitempty"`
	NotBefore time.Time `yaml:"not_before" json:"not_before"`
	NotAfter  time.Time `yaml:"not_after" json:"not_after"`
}

// TrustFile is the form of a trust file.
type TrustFile struct {
	Version int   `yaml:"version" json:"version" jsonschema:"enum=1"`
	Keys    []Key `yaml:"keys" json:"keys"`
}

// trustLimit caps a trust file.
const trustLimit = 1 << 20

// ParseTrust reads a trust file (YAML). Every key needs a name, a role, PCI
// vendor ids and a period: there is no key that is trusted for everything.
func ParseTrust(text []byte) (*Trust, error) {
	if len(text) > trustLimit {
		return nil, fmt.Errorf("%w: larger than %d bytes", ErrTrust, trustLimit)
	}
	dec := yaml.NewDecoder(bytes.NewReader(text))
	dec.KnownFields(true)
	var file TrustFile
	if err := dec.Decode(&file); err != nil {
		return nil, fmt.Errorf("%w: %w", ErrTrust, err)
	}
	if file.Version != 1 {
		return nil, fmt.Errorf("%w: version is %d, not 1", ErrTrust, file.Version)
	}
	trust := &Trust{keys: map[string]Key{}}
	seen := map[string]string{}
	for i, k := range file.Keys {
		if err := k.validate(); err != nil {
			return nil, fmt.Errorf("%w: keys[%d] %.60q: %w", ErrTrust, i, k.Name, err)
		}
		if _, taken := trust.keys[k.Name]; taken {
			return nil, fmt.Errorf("%w: keys[%d]: a second key is named %q", ErrTrust, i, k.Name)
		}
		if other, taken := seen[k.PublicKey]; taken {
			return nil, fmt.Errorf("%w: keys[%d]: %q and %q are the same key", ErrTrust, i, other, k.Name)
		}
		trust.keys[k.Name], seen[k.PublicKey] = k, k.Name
	}
	if len(trust.keys) == 0 {
		return nil, fmt.Errorf("%w: no keys", ErrTrust)
	}
	return trust, nil
}

func (k *Key) validate() error {
	switch {
	case k.Name == "" || len(k.Name) > 100:
		return errors.New("name is missing or longer than 100 bytes")
	case !slices.Contains(kinds[:], k.Kind):
		return fmt.Errorf("kind %.40q is not vendor, integrator, lab or operator", k.Kind)
	case len(k.PCIVendors) == 0:
		return errors.New("pci_vendors is empty: name the vendor ids that the key may speak for")
	case k.NotBefore.IsZero() || !k.NotAfter.After(k.NotBefore):
		return errors.New("not_after is not after not_before; both are required")
	}
	for _, id := range k.PCIVendors {
		if !hex4.MatchString(id) {
			return fmt.Errorf("pci_vendors: %.20q is not four lower-case hexadecimal digits (quote it)", id)
		}
	}
	for _, pattern := range k.Parts {
		if _, err := path.Match(pattern, ""); err != nil {
			return fmt.Errorf("parts: pattern %.60q: %w", pattern, err)
		}
	}
	_, err := seal.ParsePublicKey([]byte(k.PublicKey))
	return err
}

// sealKeys are the keys as the signature layer wants them; it checks the
// periods.
func (t *Trust) sealKeys() []seal.Key {
	var list []seal.Key
	for _, k := range t.keys {
		pub, err := seal.ParsePublicKey([]byte(k.PublicKey))
		if err != nil {
			continue // validate has parsed it
		}
		list = append(list, seal.Key{Name: k.Name, Public: pub, NotBefore: k.NotBefore, NotAfter: k.NotAfter})
	}
	return list
}

// covers holds a manifest against the key's scope. One device or part outside
// it refuses the whole manifest.
func (k *Key) covers(p *Predicate) error {
	for _, d := range p.Devices {
		if !slices.Contains(k.PCIVendors, d.VendorID) {
			return fmt.Errorf("%w: key %q is trusted for PCI vendors %v, the manifest covers %s:%s", ErrScope, k.Name, k.PCIVendors, d.VendorID, d.DeviceID)
		}
	}
	if len(k.Parts) == 0 {
		return nil
	}
	for _, f := range p.Firmware {
		if !slices.ContainsFunc(k.Parts, func(pattern string) bool { ok, _ := path.Match(pattern, f.Part); return ok && f.Part != "" }) {
			return fmt.Errorf("%w: key %q is trusted for parts %v, the manifest lists part %.60q", ErrScope, k.Name, k.Parts, f.Part)
		}
	}
	return nil
}
