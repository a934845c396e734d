package manifest

import (
	"crypto"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"path"
	"slices"
	"time"

	"github.com/gpuaudit/gpuaudit/attest/seal"
	"github.com/gpuaudit/gpuaudit/attest/strictyaml"
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
type Trust struct{ keys []Key }

// Key is one key of a trust file with its scope.
type Key struct {
	Name string `yaml:"name" json:"name" jsonschema:"minLength=1,maxLength=100"`
	Kind Kind   `yaml:"kind" json:"kind" jsonschema:"enum=vendor,enum=integrator,enum=lab,enum=operator"`
	// PublicKey is PKIX in PEM; PublicKeyFile is a file that holds it, in the
	// folder of the trust file or below. One of them is required.
	PublicKey     string `yaml:"public_key" json:"public_key,omitempty" jsonschema:"oneof_required=inline"`
	PublicKeyFile string `yaml:"public_key_file" json:"public_key_file,omitempty" jsonschema:"oneof_required=file"`
	// PCIVendors are the PCI vendor ids for whose devices the key may speak.
	PCIVendors []string `yaml:"pci_vendors" json:"pci_vendors" jsonschema:"minItems=1,pattern=^[0-9a-f]{4}$"`
	// Parts are patterns (as of a shell) of part numbers; if there are any,
	// every firmware entry must have a part that one of them matches.
	Parts     []string  `yaml:"parts,omitempty" json:"parts,omitempty"`
	NotBefore time.Time `yaml:"not_before" json:"not_before"`
	NotAfter  time.Time `yaml:"not_after" json:"not_after"`

	public crypto.PublicKey
}

// TrustFile is the form of a trust file.
type TrustFile struct {
	Version int   `yaml:"version" json:"version" jsonschema:"enum=1"`
	Keys    []Key `yaml:"keys" json:"keys" jsonschema:"minItems=1"`
}

// Caps on a trust file and on a key file that it names.
const (
	trustLimit = 1 << 20
	keyLimit   = 64 << 10
)

// ParseTrust reads a trust file (YAML, or JSON, which is YAML). Every key needs
// a name, a role, PCI vendor ids and a period: there is no key that is trusted
// for everything. Key files are read from files, the trust file's folder; nil
// allows none.
func ParseTrust(text []byte, files fs.FS) (*Trust, error) {
	var file TrustFile
	if err := strictyaml.Unmarshal(text, trustLimit, &file); err != nil {
		return nil, fmt.Errorf("%w: %w", ErrTrust, err)
	}
	lines := strictyaml.Lines(text, "keys")
	if len(lines) != len(file.Keys) {
		lines = make([]int, len(file.Keys)) // keys by way of an alias have no line of their own
	}
	if file.Version != 1 {
		return nil, fmt.Errorf("%w: version is %d, not 1", ErrTrust, file.Version)
	}
	if len(file.Keys) == 0 {
		return nil, fmt.Errorf("%w: no keys", ErrTrust)
	}
	trust := &Trust{}
	for i, k := range file.Keys {
		err := k.validate()
		if err == nil {
			k.public, err = k.load(files)
		}
		if err == nil {
			err = trust.add(k)
		}
		if err != nil {
			return nil, fmt.Errorf("%w: line %d: key %.60q: %w", ErrTrust, lines[i], k.Name, err)
		}
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
	return nil
}

// load reads the public key, given in the trust file or in a file beside it.
func (k *Key) load(files fs.FS) (crypto.PublicKey, error) {
	switch {
	case (k.PublicKey == "") == (k.PublicKeyFile == ""):
		return nil, errors.New("give public_key or public_key_file, one of them")
	case k.PublicKey != "":
		return seal.ParsePublicKey([]byte(k.PublicKey))
	case files == nil:
		return nil, errors.New("public_key_file: this trust file may name no other files")
	}
	f, err := files.Open(k.PublicKeyFile)
	if err != nil {
		return nil, fmt.Errorf("public_key_file: %w", err)
	}
	defer f.Close()
	text, err := io.ReadAll(io.LimitReader(f, keyLimit+1)) // one more: seal refuses what is too long
	if err != nil {
		return nil, fmt.Errorf("public_key_file: %w", err)
	}
	pub, err := seal.ParsePublicKey(text)
	if err != nil {
		return nil, fmt.Errorf("public_key_file %.100q: %w", k.PublicKeyFile, err)
	}
	return pub, nil
}

// add takes a key into the trust. Neither a name nor a key may come twice: who
// speaks, and for what, must have one answer.
func (t *Trust) add(k Key) error {
	for _, other := range t.keys {
		if other.Name == k.Name {
			return errors.New("a second key has this name")
		}
		if same, ok := other.public.(interface{ Equal(crypto.PublicKey) bool }); ok && same.Equal(k.public) {
			return fmt.Errorf("it is the same key as %q", other.Name)
		}
	}
	t.keys = append(t.keys, k)
	return nil
}

// Named is the key of that name, which seal has found among those of SealKeys.
func (t *Trust) Named(name string) Key {
	return t.keys[slices.IndexFunc(t.keys, func(k Key) bool { return k.Name == name })]
}

// SealKeys are the keys as the signature layer wants them; it checks the
// periods.
func (t *Trust) SealKeys() []seal.Key {
	var list []seal.Key
	for _, k := range t.keys {
		list = append(list, seal.Key{Name: k.Name, Public: k.public, NotBefore: k.NotBefore, NotAfter: k.NotAfter})
	}
	return list
}

// ForVendor says that the key may speak for devices of a PCI vendor id.
func (k *Key) ForVendor(id string) bool { return slices.Contains(k.PCIVendors, id) }

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
