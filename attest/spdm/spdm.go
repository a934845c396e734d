// Package spdm verifies measurements that a device signed: the messages
// GET_MEASUREMENTS and MEASUREMENTS of DMTF's Security Protocol and Data Model, DSP0274
// versions 1.1 to 1.4. Parsing and verifying are one step: what a transcript says is to
// be had only where its signature verified. What a maker puts into the opaque data, and
// how a chain binds a chip, is for packages below this one.
package spdm

import (
	"crypto"
	"crypto/sha256"
	"crypto/subtle"
	"crypto/x509"
	"encoding/hex"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/gpuaudit/gpuaudit/attest/check"
)

// Evidence is what a device answered.
type Evidence struct {
	// Transcript is GET_MEASUREMENTS and MEASUREMENTS with its signature; from SPDM 1.2
	// on the messages that agreed on version and algorithms come before (VCA).
	Transcript []byte
	// Chain is the device's certificates, that of the signing key first.
	Chain []*x509.Certificate
	// Hash is the one that goes with the signature, where the transcript does not name it
	// and whoever delivers it does; 0 for the one that goes with the key's curve.
	Hash crypto.Hash
}

// Policy is what a verifier brings.
type Policy struct {
	// Nonce is the requester's nonce that the verifier gave out, 32 bytes; without one
	// freshness stays unknown.
	Nonce []byte
	// Now is the clock against which certificates are judged. Required.
	Now time.Time
	// Roots vouch for devices. Without one the chain stays unknown.
	Roots []*x509.Certificate
	// Chains keeps ways that were verified before; nil keeps none.
	Chains *Chains
}

// ErrPolicy says that a policy is wrong in itself.
var ErrPolicy = errors.New("incomplete policy")

// Names of the checks, in their order.
const (
	CheckForm      = "spdm-form"
	CheckSignature = "spdm-signature"
	CheckChain     = "device-chain"
	CheckNonce     = "spdm-nonce"
)

// MaxChain caps a device's certificates; those that were seen have five.
const MaxChain = 16

// Result is what a transcript proves.
type Result struct {
	Checks check.List `json:"checks"`
	// Measured is what the device signed; nil where the signature does not verify.
	Measured *Measured `json:"measured,omitempty"`
	// Path is the chain up to the root that vouches for it, leaf first; nil where none
	// does.
	Path []*x509.Certificate `json:"-"`
}

// Measured is what a device signed.
type Measured struct {
	// Version of SPDM, such as 0x11 for 1.1.
	Version byte    `json:"version"`
	Blocks  []Block `json:"blocks"`
	// Nonce is the requester's, ResponderNonce the device's own: what a verifier gave
	// out is held against the first alone.
	Nonce          []byte `json:"nonce"`
	ResponderNonce []byte `json:"responder_nonce"`
	// Opaque is what the maker adds in a form of its own, OpaqueAt where it begins in
	// the transcript, bytes.
	Opaque   []byte `json:"-"`
	OpaqueAt int    `json:"-"`
	// Key is the SHA-256 of the signing key (SubjectPublicKeyInfo), in hexadecimal.
	Key string `json:"key"`
}

// Identity tells one report from another: its key and the nonce that it answers. Its
// bytes do not, because of each ECDSA signature there is a second one.
func (m *Measured) Identity() string { return m.Key + ":" + hex.EncodeToString(m.Nonce) }

// Block is the one of an index, nil for none.
func (m *Measured) Block(index int) *Block {
	for i := range m.Blocks {
		if m.Blocks[i].Index == index {
			return &m.Blocks[i]
		}
	}
	return nil
}

// Verify judges a transcript. It reads no clock, no file and no network; its error is of
// the policy alone, never of the evidence.
func Verify(e Evidence, p Policy) (*Result, error) {
	switch {
	case p.Now.IsZero():
		return nil, fmt.Errorf("%w: no clock", ErrPolicy)
	case p.Nonce != nil && len(p.Nonce) != NonceSize:
		return nil, fmt.Errorf("%w: the nonce has %d bytes, SPDM's have %d", ErrPolicy, len(p.Nonce), NonceSize)
	}
	r := &Result{}
	m, err := parse(e.Transcript)
	r.form(err)
	if err == nil {
		m.hint = e.Hash
		err = r.signature(m, e.Chain)
	}
	if err != nil {
		r.notReached(CheckSignature, CheckChain, CheckNonce)
		return r, nil
	}
	r.chain(e.Chain, p)
	r.nonce(m, p.Nonce)
	return r, nil
}

func (r *Result) add(c check.Check) { r.Checks = append(r.Checks, c) }

// notReached adds the checks that are not listed yet.
func (r *Result) notReached(names ...string) {
	for _, name := range names {
		if r.Checks.Find(name) == nil {
			r.add(check.Check{Name: name, Status: check.Unknown, Code: check.NotReached})
		}
	}
}

func (r *Result) form(err error) {
	if err == nil {
		r.add(check.Check{Name: CheckForm, Status: check.Pass})
		return
	}
	r.add(Fault(CheckForm, err))
}

// Fault is the failed check of a name for an error of a form: what is not supported is
// unknown.
func Fault(name string, err error) check.Check {
	c := check.Check{Name: name, Status: check.Fail, Code: "malformed", Detail: err.Error()}
	if f, ok := errors.AsType[*FormatError](err); ok {
		c.Code, c.Detail, c.Offset = f.Code, f.Detail, &f.Offset
		if f.Code == "unsupported" {
			c.Status = check.Unknown
		}
	}
	return c
}

// signature verifies the signature over the transcript with the leaf's key; on success, and only then,
// there is something measured.
func (r *Result) signature(m *messages, chain []*x509.Certificate) error {
	if len(chain) == 0 {
		err := errors.New("the evidence has no certificate of the signing key")
		r.add(check.Check{Name: CheckSignature, Status: check.Unknown, Code: "no-certificate", Detail: err.Error()})
		return err
	}
	leaf := chain[0]
	switch err := m.verify(leaf.PublicKey); {
	case errors.Is(err, errUnsupported):
		r.add(check.Check{Name: CheckSignature, Status: check.Unknown, Code: "unsupported", Detail: err.Error()})
		return err
	case errors.Is(err, errSignature):
		r.add(check.Check{Name: CheckSignature, Status: check.Fail, Code: "signature", Detail: "the signature is not that of the certificate's key over these messages"})
		return err
	case err != nil:
		r.add(Fault(CheckSignature, err))
		return err
	}
	r.add(check.Check{Name: CheckSignature, Status: check.Pass})
	sum := sha256.Sum256(leaf.RawSubjectPublicKeyInfo)
	r.Measured = &Measured{Version: m.version, Blocks: m.blocks, Nonce: m.nonce, ResponderNonce: m.responderNonce,
		Opaque: m.opaque, OpaqueAt: m.opaqueAt, Key: hex.EncodeToString(sum[:])}
	return nil
}

// chain looks for a way from the leaf to a root that the verifier trusts.
func (r *Result) chain(chain []*x509.Certificate, p Policy) {
	switch {
	case len(p.Roots) == 0:
		r.add(check.Check{Name: CheckChain, Status: check.Unknown, Code: "no-roots", Detail: "no root was given that could vouch for the device"})
		return
	case len(chain) > MaxChain:
		r.add(check.Check{Name: CheckChain, Status: check.Fail, Code: "too-large", Detail: fmt.Sprintf("%d certificates, more than %d", len(chain), MaxChain)})
		return
	}
	var key [sha256.Size]byte
	if p.Chains != nil {
		key = keyOf(chain, p.Roots)
		if r.Path = p.Chains.find(key, p.Now); r.Path != nil {
			r.add(check.Check{Name: CheckChain, Status: check.Pass})
			return
		}
	}
	roots, between := x509.NewCertPool(), x509.NewCertPool()
	for _, c := range p.Roots {
		roots.AddCert(c)
	}
	for _, c := range chain[1:] {
		if !slices.ContainsFunc(p.Roots, c.Equal) { // a root that is there twice is verified twice
			between.AddCert(c)
		}
	}
	paths, err := chain[0].Verify(x509.VerifyOptions{Roots: roots, Intermediates: between, CurrentTime: p.Now, KeyUsages: []x509.ExtKeyUsage{x509.ExtKeyUsageAny}})
	if err != nil {
		r.add(check.Check{Name: CheckChain, Status: check.Fail, Code: chainCode(err), Detail: err.Error()})
		return
	}
	r.Path = paths[0]
	p.Chains.keep(key, r.Path)
	r.add(check.Check{Name: CheckChain, Status: check.Pass})
}

func chainCode(err error) string {
	if invalid, ok := errors.AsType[x509.CertificateInvalidError](err); ok && invalid.Reason == x509.Expired {
		return "expired"
	}
	if _, ok := errors.AsType[x509.UnknownAuthorityError](err); ok {
		return "unknown-root"
	}
	return "chain"
}

func (r *Result) nonce(m *messages, want []byte) {
	c := check.Check{Name: CheckNonce, Status: check.Pass}
	switch {
	case want == nil:
		c.Status, c.Code, c.Detail = check.Unknown, "no-nonce", "no nonce was given: the report may be of any time"
	case subtle.ConstantTimeCompare(want, m.nonce) == 1:
	case subtle.ConstantTimeCompare(want, m.responderNonce) == 1:
		c.Status, c.Code, c.Detail = check.Fail, "responder-nonce", "the nonce that is expected is the device's own, which proves no freshness"
	default:
		c.Status, c.Code, c.Detail = check.Fail, "nonce", "the report answers another nonce"
	}
	r.add(c)
}
