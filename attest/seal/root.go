package seal

import (
	_ "embed"
	"errors"
	"fmt"

	"github.com/sigstore/sigstore-go/pkg/root"

	"github.com/gpuaudit/gpuaudit/attest/pemcert"
	"github.com/gpuaudit/gpuaudit/attest/strictjson"
)

// ErrRoot says that a trusted root or a timestamping authority cannot be used.
var ErrRoot = errors.New("unusable trusted root")

// RootLimit caps a trusted root and a file of certificates.
const RootLimit = 1 << 20

// mostInChain caps the certificates of a timestamping authority.
const mostInChain = 32

// Root says which authorities are believed beside keys: certificate authorities
// and their transparency logs, signature logs and timestamping authorities. It
// lets nobody sign: that takes a key or an identity in a policy.
type Root struct{ material *root.TrustedRoot }

// ParseRoot reads a trusted root in sigstore's JSON
// (application/vnd.dev.sigstore.trustedroot+json;version=0.1).
func ParseRoot(text []byte) (*Root, error) {
	if err := strictjson.Check(text, RootLimit); err != nil {
		return nil, fmt.Errorf("%w: %w", ErrRoot, err)
	}
	material, err := root.NewTrustedRootFromJSON(text)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrRoot, err)
	}
	if len(material.FulcioCertificateAuthorities())+len(material.TimestampingAuthorities())+len(material.RekorLogs()) == 0 {
		return nil, fmt.Errorf("%w: it names no authority and no log", ErrRoot)
	}
	return &Root{material}, nil
}

// publicGood is the trusted root of sigstore's public-good instance, made by
// attest/seal/gen from metadata that The Update Framework verified.
//
//go:embed publicgood.json
var publicGood []byte

// PublicGoodDate is the day on which the metadata behind PublicGood was valid.
const PublicGoodDate = "2026-08-21"

// PublicGood is the trusted root of sigstore's public-good instance that this
// program carries.
func PublicGood() (*Root, error) { return ParseRoot(publicGood) }

// PublicGoodText is the embedded trusted root as JSON.
func PublicGoodText() []byte { return append([]byte(nil), publicGood...) }

// WithTimestampAuthority returns a root that believes a timestamping authority
// too: its certificates in PEM, from the signing certificate (which may be
// missing if timestamps carry it) to the self-signed one. A nil root believes
// nobody else.
func (r *Root) WithTimestampAuthority(name string, chain []byte) (*Root, error) {
	tsa, err := timestampAuthority(name, chain)
	if err != nil {
		return nil, fmt.Errorf("%w: timestamping authority %q: %w", ErrRoot, name, err)
	}
	var base root.TrustedMaterial = &root.BaseTrustedMaterial{}
	if r != nil {
		base = r.material
	}
	material, err := root.NewTrustedRoot(root.TrustedRootMediaType01, base.FulcioCertificateAuthorities(), base.CTLogs(),
		append([]root.TimestampingAuthority{tsa}, base.TimestampingAuthorities()...), base.RekorLogs())
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrRoot, err)
	}
	return &Root{material}, nil
}

func timestampAuthority(name string, text []byte) (*root.SigstoreTimestampingAuthority, error) {
	if len(text) > RootLimit {
		return nil, fmt.Errorf("larger than %d bytes", RootLimit)
	}
	chain, _, err := pemcert.Parse(text, mostInChain)
	if err != nil {
		return nil, err
	}
	last := len(chain) - 1
	tsa := &root.SigstoreTimestampingAuthority{URI: name, Root: chain[last]}
	switch {
	case name == "":
		return nil, errors.New("it has no name")
	case !tsa.Root.IsCA:
		return nil, errors.New("the last certificate is no certificate authority")
	}
	for i, c := range chain[:last] {
		switch {
		case c.CheckSignatureFrom(chain[i+1]) != nil:
			return nil, fmt.Errorf("certificate %d is not signed by the one that follows", i+1)
		case i == 0 && !c.IsCA:
			tsa.Leaf = c
		default:
			tsa.Intermediates = append(tsa.Intermediates, c)
		}
	}
	return tsa, nil
}
