package boot

import (
	"crypto/x509"
	"encoding/hex"
	"errors"
	"fmt"

	"github.com/gpuaudit/gpuaudit/attest/pemcert"
	"github.com/gpuaudit/gpuaudit/attest/tpm"
	"github.com/gpuaudit/gpuaudit/audit/input"
)

// Caps on what says whom to believe.
const (
	certificatesLimit = 4 << 20
	mostCertificates  = 4096
	enrolmentLimit    = 256 << 10
)

// Given says which TPM is believed, as it was given. Nothing of it is parsed.
type Given struct {
	// Nonce is the verifier's, in hexadecimal; "" for none.
	Nonce string
	// Roots may vouch for a TPM, instead of the built-in vendors; Chain leads from a
	// TPM's certificate to its vendor's root. Both are PEM, and nil for none.
	Roots, Chain *input.File
	// Enrolled is the enrolment of the machine's attestation key, AK its name in
	// hexadecimal where there is no enrolment file.
	Enrolled *input.File
	AK       string
}

// Names are the files that say which TPM is believed, "" for none.
type Names struct{ Roots, Chain, Enrolled string }

// Read reads the files that are named.
func Read(n Names) (Given, error) {
	var g Given
	for _, f := range []struct {
		flag, name string
		limit      int64
		to         **input.File
	}{
		{"--enrolled", n.Enrolled, enrolmentLimit, &g.Enrolled},
		{"--ek-chain", n.Chain, certificatesLimit, &g.Chain},
		{"--ek-roots", n.Roots, certificatesLimit, &g.Roots},
	} {
		var err error
		if *f.to, err = input.Optional(f.name, f.limit); err != nil {
			return g, fmt.Errorf("%s: %w", f.flag, err)
		}
	}
	return g, nil
}

// Asked says that somebody named a nonce, a key or an authority, and so wants an answer.
func (g *Given) Asked() bool { return *g != Given{} }

// NonceAlone says that a nonce was named, and nothing else.
func (g *Given) NonceAlone() bool { return g.Nonce != "" && *g == Given{Nonce: g.Nonce} }

// Policy is what is believed, without a clock and a report.
func (g *Given) Policy() (*tpm.Policy, error) {
	p := &tpm.Policy{Vendors: tpm.VendorRoots()}
	var err error
	if p.Nonce, err = ParseNonce(g.Nonce); err != nil {
		return nil, err
	}
	if p.Enrolled, err = g.enrolment(); err != nil {
		return nil, err
	}
	if p.Chain, err = certificates("--ek-chain", g.Chain); err != nil {
		return nil, err
	}
	roots, err := certificates("--ek-roots", g.Roots)
	if err != nil {
		return nil, err
	}
	// Those that signed themselves are roots, the others lead to them.
	for _, c := range roots {
		if c.CheckSignatureFrom(c) == nil {
			p.Roots = append(p.Roots, c)
		} else {
			p.Chain = append(p.Chain, c)
		}
	}
	if g.Roots != nil && len(p.Roots) == 0 {
		return nil, fmt.Errorf("--ek-roots %s: it holds no root certificate", g.Roots.Name)
	}
	return p, nil
}

func (g *Given) enrolment() (*tpm.Enrolment, error) {
	switch {
	case g.Enrolled != nil && g.AK != "":
		return nil, errors.New("--enrolled and --ak exclude each other")
	case g.AK != "":
		b, err := hex.DecodeString(g.AK)
		if err != nil {
			return nil, fmt.Errorf("--ak: %.140q is not hexadecimal", g.AK)
		}
		return &tpm.Enrolment{Schema: tpm.EnrolmentSchema, AKName: hex.EncodeToString(b)}, nil
	case g.Enrolled == nil:
		return nil, nil
	}
	e, err := tpm.ParseEnrolment(g.Enrolled.Data)
	if err != nil {
		return nil, fmt.Errorf("--enrolled %s: %w", g.Enrolled.Name, err)
	}
	return e, nil
}

// Issuers are the certificates of the chain, DER, for a TPM's evidence to carry.
func (g *Given) Issuers() ([][]byte, error) {
	list, err := certificates("--ek-chain", g.Chain)
	var out [][]byte
	for _, c := range list {
		out = append(out, c.Raw)
	}
	return out, err
}

// ParseNonce reads a verifier's nonce; nil for none.
func ParseNonce(text string) ([]byte, error) {
	if text == "" {
		return nil, nil
	}
	nonce, ok := decodeNonce(text)
	if !ok {
		return nil, fmt.Errorf("--nonce: %.140q is not %d to %d bytes in hexadecimal", text, tpm.MinNonce, tpm.MaxNonce)
	}
	return nonce, nil
}

func decodeNonce(text string) (nonce []byte, ok bool) {
	nonce, err := hex.DecodeString(text)
	return nonce, err == nil && len(nonce) >= tpm.MinNonce && len(nonce) <= tpm.MaxNonce
}

// certificates are those of a PEM file, none where there is none.
func certificates(flag string, f *input.File) ([]*x509.Certificate, error) {
	if f == nil {
		return nil, nil
	}
	list, _, err := pemcert.Parse(f.Data, mostCertificates)
	if err != nil {
		return nil, fmt.Errorf("%s %s: %w", flag, f.Name, err)
	}
	return list, nil
}
