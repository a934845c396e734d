// Package rim verifies reference integrity manifests: what a maker states of the
// measurements that its firmware gives. The form is a SWID tag (ISO/IEC 19770-2:2015)
// with the attributes of TCG's "Reference Integrity Manifest Information Model", signed
// inside itself (W3C, "XML Signature Syntax and Processing"), with the measurements as
// NVIDIA lists them.
//
// Nothing is read from a file but what its signature covers: the signed element is put
// into its canonical form, the digest of that form is compared with the signed one, and
// the values are parsed from that form again. Whatever went wrong before, the values are
// those that somebody signed.
package rim

import (
	"crypto/sha256"
	"crypto/x509"
	"encoding/hex"
	"errors"
	"fmt"
	"time"

	"github.com/gpuaudit/gpuaudit/attest/check"
)

// Bounds of a manifest. The largest that was seen has 26 KB, 92 elements, 800 attributes
// and depth 6. Canonicalising copies an element once for each level that it is deep.
const (
	MaxBytes      = 512 << 10
	maxDepth      = 8
	maxElements   = 4096
	maxAttributes = 32768
	maxChain      = 16
)

// Names of the checks, in their order.
const (
	CheckForm      = "rim-form"
	CheckSignature = "rim-signature"
	CheckDigest    = "rim-digest"
	CheckChain     = "rim-chain"
	CheckValidity  = "rim-validity"
	CheckContent   = "rim-content"
)

var checks = []string{CheckForm, CheckSignature, CheckDigest, CheckChain, CheckValidity, CheckContent}

// Policy is what a verifier brings.
type Policy struct {
	// Now is the clock against which certificates are judged. Required.
	Now time.Time
	// Roots vouch for signers.
	Roots []*x509.Certificate
	// Pins are SHA-256 digests of certificates that count as roots where a manifest
	// brings them.
	Pins [][sha256.Size]byte
	// UnsafeAcceptExpired takes a signer whose certificate has ended. Manifests carry no
	// timestamp: nobody vouches that such a one was signed in time.
	UnsafeAcceptExpired bool
}

// ErrPolicy says that a policy is wrong in itself.
var ErrPolicy = errors.New("incomplete policy")

// Result is what a manifest is worth.
type Result struct {
	Checks check.List `json:"checks"`
	// SHA256 of the file, in hexadecimal.
	SHA256 string `json:"sha256"`
	// Signer is the name of the signing certificate, Until when that ends; both "" where
	// no root vouches for it.
	Signer string `json:"signer,omitempty"`
	Until  string `json:"until,omitempty"`
	// Manifest is nil unless signature, digest, chain and content pass. Whether the
	// signer's certificate has ended does not count here: see [CheckValidity].
	Manifest *Manifest `json:"manifest,omitempty"`
	// CoRIM is what a manifest in CBOR states, nil as Manifest is.
	CoRIM *CoRIM `json:"corim,omitempty"`
	// Path is the chain up to the root that vouches for it, leaf first; nil for none.
	Path []*x509.Certificate `json:"-"`
}

// Verify judges a manifest. It reads no clock, no file and no network; its error is of
// the policy alone, never of the manifest.
func Verify(b []byte, p Policy) (*Result, error) {
	if err := p.check(); err != nil {
		return nil, err
	}
	sum := sha256.Sum256(b)
	r := &Result{SHA256: hex.EncodeToString(sum[:])}
	d, err := parse(b)
	if err == nil {
		r.verify(d, p)
	} else {
		r.fault(CheckForm, err)
	}
	for _, name := range checks {
		if r.Checks.Find(name) == nil {
			r.Checks = append(r.Checks, check.Check{Name: name, Status: check.Unknown, Code: check.NotReached})
		}
	}
	return r, nil
}

func (p Policy) check() error {
	switch {
	case p.Now.IsZero():
		return fmt.Errorf("%w: no clock", ErrPolicy)
	case len(p.Roots) == 0 && len(p.Pins) == 0:
		return fmt.Errorf("%w: neither roots nor pins", ErrPolicy)
	}
	return nil
}

// verify takes the steps after the form. The digest is compared whether or not the
// signature verifies: which of both fails tells an edited body from an edited signature.
func (r *Result) verify(d *document, p Policy) {
	r.pass(CheckForm)
	good := r.step(CheckSignature, d.verifySignature())
	good = r.step(CheckDigest, d.verifyDigest()) && good
	if !good || !r.chain(d.chain, p) {
		return
	}
	m, err := readManifest(d.body)
	if r.step(CheckContent, err) {
		r.Manifest = m
	}
}

func (r *Result) pass(name string) {
	r.Checks = append(r.Checks, check.Check{Name: name, Status: check.Pass})
}

func (r *Result) step(name string, err error) bool {
	if err != nil {
		r.fault(name, err)
		return false
	}
	r.pass(name)
	return true
}

// fault adds a check that did not pass. What is not supported is unknown.
func (r *Result) fault(name string, err error) {
	c := check.Check{Name: name, Status: check.Fail, Code: "malformed", Detail: err.Error()}
	if f, ok := errors.AsType[*FormatError](err); ok {
		c.Code, c.Detail = f.Code, f.Detail
		if f.Offset >= 0 {
			c.Offset = &f.Offset
		}
		if f.Code == codeUnsupported {
			c.Status = check.Unknown
		}
	}
	r.Checks = append(r.Checks, c)
}

const codeUnsupported = "unsupported"

// FormatError says what of a manifest is not as its form demands.
type FormatError struct {
	// Code is a stable reason, such as "doctype".
	Code string
	// Offset of the fault in the file, bytes; -1 where it has no place of its own.
	Offset int
	Detail string
}

func (e *FormatError) Error() string {
	if e.Offset < 0 {
		return fmt.Sprintf("reference manifest: %s (%s)", e.Detail, e.Code)
	}
	return fmt.Sprintf("reference manifest: offset %d: %s (%s)", e.Offset, e.Detail, e.Code)
}

// wrong is a fault without a place in the file.
func wrong(code, format string, args ...any) error {
	return &FormatError{Code: code, Offset: -1, Detail: fmt.Sprintf(format, args...)}
}
