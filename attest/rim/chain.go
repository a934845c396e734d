package rim

import (
	"crypto/sha256"
	"crypto/x509"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/gpuaudit/gpuaudit/attest/check"
)

// chain looks for a way from the signer to a root, and says apart from that whether all
// certificates of the way are valid now.
func (r *Result) chain(chain []*x509.Certificate, p Policy) bool {
	leaf := chain[0]
	switch {
	case leaf.IsCA || leaf.KeyUsage&x509.KeyUsageDigitalSignature == 0:
		r.fault(CheckChain, wrong("not-a-signer", "the certificate %q may not sign documents", leaf.Subject.CommonName))
		return false
	}
	path, err := p.path(chain, p.Now)
	now := err == nil
	if expired(err) {
		path, err = p.everValid(chain)
	}
	if err != nil {
		r.fault(CheckChain, wrong(chainCode(err), "%v", err))
		return false
	}
	r.pass(CheckChain)
	r.Path, r.Signer = path, leaf.Subject.CommonName
	r.Until = until(path).UTC().Format(time.RFC3339)
	r.validity(path, now, p)
	return true
}

// validity is a verdict of its own: a manifest has no timestamp, so nobody knows whether
// a signer whose certificate has ended signed in time.
func (r *Result) validity(path []*x509.Certificate, now bool, p Policy) {
	c := check.Check{Name: CheckValidity, Status: check.Pass}
	switch {
	case now:
	case slices.ContainsFunc(path, func(c *x509.Certificate) bool { return p.Now.Before(c.NotBefore) }):
		c.Status, c.Code, c.Detail = check.Unknown, "not-yet-valid", "a certificate of the signer begins after "+p.Now.UTC().Format(time.RFC3339)
	case p.UnsafeAcceptExpired:
		c.Detail = "ended " + r.Until + ", and was accepted all the same"
	default:
		c.Status, c.Code, c.Detail = check.Unknown, "expired", "the signer's certificates ended "+r.Until+"; without a timestamp nobody vouches that it signed before"
	}
	r.Checks = append(r.Checks, c)
}

// until is when the first certificate of a way ends.
func until(path []*x509.Certificate) time.Time {
	end := path[0].NotAfter
	for _, c := range path {
		if c.NotAfter.Before(end) {
			end = c.NotAfter
		}
	}
	return end
}

// path is the way to a root at a time.
func (p Policy) path(chain []*x509.Certificate, at time.Time) ([]*x509.Certificate, error) {
	roots, between := x509.NewCertPool(), x509.NewCertPool()
	for _, c := range p.Roots {
		roots.AddCert(c)
	}
	for _, c := range chain[1:] {
		switch {
		case slices.Contains(p.Pins, sha256.Sum256(c.Raw)):
			roots.AddCert(c)
		case !slices.ContainsFunc(p.Roots, c.Equal):
			between.AddCert(c)
		}
	}
	paths, err := chain[0].Verify(x509.VerifyOptions{Roots: roots, Intermediates: between, CurrentTime: at, KeyUsages: []x509.ExtKeyUsage{x509.ExtKeyUsageAny}})
	if err != nil {
		return nil, err
	}
	return paths[0], nil
}

// everValid is the way at a time when all its certificates were valid together. The
// latest of their beginnings is such a time, if there is any.
func (p Policy) everValid(chain []*x509.Certificate) (path []*x509.Certificate, err error) {
	for _, c := range chain {
		if path, err = p.path(chain, c.NotBefore); err == nil {
			return path, nil
		}
	}
	return nil, fmt.Errorf("its certificates were never valid together: %w", err)
}

func expired(err error) bool {
	invalid, ok := errors.AsType[x509.CertificateInvalidError](err)
	return ok && invalid.Reason == x509.Expired
}

func chainCode(err error) string {
	if _, ok := errors.AsType[x509.UnknownAuthorityError](err); ok {
		return "unknown-root"
	}
	return "chain"
}
