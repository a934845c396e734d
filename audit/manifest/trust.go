package manifest

import (
	"crypto"
	"errors"
	"fmt"
	"io/fs"
	"slices"
	"time"

	"github.com/gpuaudit/gpuaudit/attest/seal"
	"github.com/gpuaudit/gpuaudit/attest/strictyaml"
	"github.com/gpuaudit/gpuaudit/audit/bounded"
)

// ErrTrust says that a trust file cannot be used; the text names the line.
var ErrTrust = errors.New("invalid trust file")

// Trust says which keys and identities may speak for which devices, and which
// authorities may witness it.
type Trust struct {
	keys       []Key
	identities []Identity
	root       *seal.Root
	tsas       []chain
}

// Key is one key of a trust file with its scope.
type Key struct {
	Scope `yaml:",inline"`
	// PublicKey is PKIX in PEM; PublicKeyFile is a file that holds it, in the
	// folder of the trust file or below. One of them is required.
	PublicKey     string `yaml:"public_key,omitempty" json:"public_key,omitempty" jsonschema:"oneof_required=inline"`
	PublicKeyFile string `yaml:"public_key_file,omitempty" json:"public_key_file,omitempty" jsonschema:"oneof_required=file"`

	public crypto.PublicKey
}

// Identity is one identity of a trust file with its scope: who signed without a
// key of his own, with a certificate that a trusted root's authority issued.
type Identity struct {
	Scope `yaml:",inline"`
	// Subject is the certificate's subject alternative name (an address of mail,
	// or of a workflow), Issuer the OpenID Connect issuer that vouched for it. A
	// pattern is a regular expression (RE2) that must match the whole. One of
	// each pair is required.
	Subject        string `yaml:"subject,omitempty" json:"subject,omitempty"`
	SubjectPattern string `yaml:"subject_pattern,omitempty" json:"subject_pattern,omitempty"`
	Issuer         string `yaml:"issuer,omitempty" json:"issuer,omitempty"`
	IssuerPattern  string `yaml:"issuer_pattern,omitempty" json:"issuer_pattern,omitempty"`
}

// Authority is a timestamping authority that is believed.
type Authority struct {
	Name string `yaml:"name" json:"name" jsonschema:"minLength=1,maxLength=100"`
	// Certificates are in PEM, from the signing certificate (which may be
	// missing) to the self-signed one; CertificatesFile is a file that holds
	// them, in the folder of the trust file or below. One of them is required.
	Certificates     string `yaml:"certificates,omitempty" json:"certificates,omitempty" jsonschema:"oneof_required=inline"`
	CertificatesFile string `yaml:"certificates_file,omitempty" json:"certificates_file,omitempty" jsonschema:"oneof_required=file"`
}

// chain is an authority with its certificates, read.
type chain struct {
	name string
	pem  []byte
}

// TrustFile is the form of a trust file.
type TrustFile struct {
	Version    int        `yaml:"version" json:"version" jsonschema:"enum=1"`
	Keys       []Key      `yaml:"keys,omitempty" json:"keys,omitempty" jsonschema:"minItems=1,anyof_required=keys"`
	Identities []Identity `yaml:"identities,omitempty" json:"identities,omitempty" jsonschema:"minItems=1,anyof_required=identities"`
	// TrustedRootFile is a sigstore trusted root in the folder of the trust file
	// or below. It takes the place of the one that the program carries.
	TrustedRootFile string `yaml:"trusted_root_file,omitempty" json:"trusted_root_file,omitempty"`
	// TimestampAuthorities are believed beside those of the trusted root.
	TimestampAuthorities []Authority `yaml:"timestamp_authorities,omitempty" json:"timestamp_authorities,omitempty"`
}

// Caps on a trust file and on the key files that it names.
const (
	trustLimit = 1 << 20
	keyLimit   = 64 << 10
)

// ParseTrust reads a trust file (YAML, or JSON, which is YAML). Every key and
// identity needs a name, a role, PCI vendor ids and a period: nobody is trusted
// for everything. Files that it names are read from files, the trust file's
// folder; nil allows none.
func ParseTrust(text []byte, files fs.FS) (*Trust, error) {
	var file TrustFile
	if err := strictyaml.Unmarshal(text, trustLimit, &file); err != nil {
		return nil, fmt.Errorf("%w: %w", ErrTrust, err)
	}
	if file.Version != 1 {
		return nil, fmt.Errorf("%w: version is %d, not 1", ErrTrust, file.Version)
	}
	if len(file.Keys)+len(file.Identities) == 0 {
		return nil, fmt.Errorf("%w: no keys and no identities", ErrTrust)
	}
	t := &Trust{}
	for i, k := range file.Keys {
		if err := t.addKey(k, files); err != nil {
			return nil, fmt.Errorf("%w: line %d: key %.60q: %w", ErrTrust, line(text, "keys", i), k.Name, err)
		}
	}
	for i, id := range file.Identities {
		if err := t.addIdentity(id); err != nil {
			return nil, fmt.Errorf("%w: line %d: identity %.60q: %w", ErrTrust, line(text, "identities", i), id.Name, err)
		}
	}
	for i, a := range file.TimestampAuthorities {
		certificates, err := inlineOrFile(files, "certificates", a.Certificates, a.CertificatesFile, seal.RootLimit)
		if err != nil {
			return nil, fmt.Errorf("%w: line %d: timestamp authority %.60q: %w", ErrTrust, line(text, "timestamp_authorities", i), a.Name, err)
		}
		t.tsas = append(t.tsas, chain{a.Name, certificates})
	}
	root, err := trustedRoot(file.TrustedRootFile, files)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrTrust, err)
	}
	return t.Believing(root)
}

// NamedFiles are the files that a trust file names in its folder, each once. They have
// to be read before it is parsed; of what does not parse, none are known.
func NamedFiles(text []byte) []string {
	var file TrustFile
	if strictyaml.Unmarshal(text, trustLimit, &file) != nil {
		return nil
	}
	names := []string{file.TrustedRootFile}
	for _, k := range file.Keys {
		names = append(names, k.PublicKeyFile)
	}
	for _, a := range file.TimestampAuthorities {
		names = append(names, a.CertificatesFile)
	}
	slices.Sort(names)
	return slices.DeleteFunc(slices.Compact(names), func(name string) bool { return name == "" })
}

// ReadNamed reads such a file, at most as much as [ParseTrust] takes.
func ReadNamed(files fs.FS, name string) ([]byte, error) {
	f, err := files.Open(name)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	return bounded.Read(f, seal.RootLimit)
}

// line is where an entry of a list begins; 0 for one by way of an alias.
func line(text []byte, list string, i int) int {
	if lines := strictyaml.Lines(text, list); i < len(lines) {
		return lines[i]
	}
	return 0
}

func trustedRoot(name string, files fs.FS) (*seal.Root, error) {
	if name == "" {
		return seal.PublicGood()
	}
	text, err := readBeside(files, "trusted_root_file", name, seal.RootLimit)
	if err != nil {
		return nil, err
	}
	root, err := seal.ParseRoot(text)
	if err != nil {
		return nil, fmt.Errorf("trusted_root_file %.100q: %w", name, err)
	}
	return root, nil
}

// Believing returns the trust with another trusted root, which the trust file's
// timestamping authorities stand beside.
func (t *Trust) Believing(root *seal.Root) (*Trust, error) {
	other := *t
	var err error
	for _, tsa := range t.tsas {
		if root, err = root.WithTimestampAuthority(tsa.name, tsa.pem); err != nil {
			return nil, fmt.Errorf("%w: %w", ErrTrust, err)
		}
	}
	other.root = root
	// What a signer needs must be there to be had, whatever the question.
	if _, err := seal.NewVerifier(other.Policy(PredicateType, time.Unix(1, 0))); err != nil {
		return nil, fmt.Errorf("%w: %w", ErrTrust, err)
	}
	return &other, nil
}

func (t *Trust) addKey(k Key, files fs.FS) error {
	if err := k.validate(); err != nil {
		return err
	}
	text, err := inlineOrFile(files, "public_key", k.PublicKey, k.PublicKeyFile, keyLimit)
	if err != nil {
		return err
	}
	if k.public, err = seal.ParsePublicKey(text); err != nil {
		if k.PublicKeyFile != "" {
			return fmt.Errorf("public_key_file %.100q: %w", k.PublicKeyFile, err)
		}
		return err
	}
	if t.scope(k.Name) != nil {
		return errors.New("a second key has this name")
	}
	// Who speaks, and for what, must have one answer.
	for _, other := range t.keys {
		if same, ok := other.public.(interface{ Equal(crypto.PublicKey) bool }); ok && same.Equal(k.public) {
			return fmt.Errorf("it is the same key as %q", other.Name)
		}
	}
	t.keys = append(t.keys, k)
	return nil
}

func (t *Trust) addIdentity(id Identity) error {
	if err := id.validate(); err != nil {
		return err
	}
	if err := seal.CheckIdentity(id.Subject, id.SubjectPattern, id.Issuer, id.IssuerPattern); err != nil {
		return err
	}
	if t.scope(id.Name) != nil {
		return errors.New("a key or another identity has this name")
	}
	t.identities = append(t.identities, id)
	return nil
}

// inlineOrFile is what the trust file holds, or a file beside it.
func inlineOrFile(files fs.FS, field, inline, name string, limit int64) ([]byte, error) {
	switch {
	case (inline == "") == (name == ""):
		return nil, fmt.Errorf("give %s or %s_file, one of them", field, field)
	case inline != "":
		return []byte(inline), nil
	}
	return readBeside(files, field+"_file", name, limit)
}

func readBeside(files fs.FS, field, name string, limit int64) ([]byte, error) {
	if files == nil {
		return nil, fmt.Errorf("%s: this trust file may name no other files", field)
	}
	f, err := files.Open(name)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", field, err)
	}
	defer f.Close()
	text, err := bounded.Read(f, limit)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", field, err)
	}
	return text, nil
}

func (t *Trust) scope(name string) *Scope {
	if i := slices.IndexFunc(t.keys, func(k Key) bool { return k.Name == name }); i >= 0 {
		return &t.keys[i].Scope
	}
	if i := slices.IndexFunc(t.identities, func(id Identity) bool { return id.Name == name }); i >= 0 {
		return &t.identities[i].Scope
	}
	return nil
}

// Named is the scope of a signer that seal has found by Policy.
func (t *Trust) Named(name string) Scope { return *t.scope(name) }

// Policy is what a signature over a statement of a type must meet.
func (t *Trust) Policy(predicateType string, now time.Time) seal.Policy {
	p := seal.Policy{Root: t.root, PredicateType: predicateType, Now: now}
	for _, k := range t.keys {
		p.Keys = append(p.Keys, seal.Key{Name: k.Name, Public: k.public, NotBefore: k.NotBefore, NotAfter: k.NotAfter, Witness: k.witness(seal.NoWitness)})
	}
	for _, id := range t.identities {
		p.Identities = append(p.Identities, seal.Identity{Name: id.Name, Subject: id.Subject, SubjectPattern: id.SubjectPattern, Issuer: id.Issuer, IssuerPattern: id.IssuerPattern,
			NotBefore: id.NotBefore, NotAfter: id.NotAfter, Witness: id.witness(seal.Log)})
	}
	return p
}
