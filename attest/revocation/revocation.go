// Package revocation reads answers of OCSP responders (RFC 6960) that somebody asked for
// before, and says offline whether certificates were revoked. It asks nobody.
//
// "Not revoked" is all that a good answer says. Whether its maker knows the certificate
// at all is another question: NVIDIA's responder answers "good" for a serial number that
// it never gave out, where the issuer is one of its own.
package revocation

import (
	"crypto/x509"
	"encoding/asn1"
	"errors"
	"fmt"
	"slices"
	"time"

	"golang.org/x/crypto/ocsp"

	"github.com/gpuaudit/gpuaudit/attest/check"
)

// Bounds of answers. Those that were seen have 1 to 2 KB.
const (
	MaxBytes   = 64 << 10
	MaxAnswers = 4096
)

// maxSkew is how far the clock of a responder may be ahead.
const maxSkew = 5 * time.Minute

// Answers are answers of responders.
type Answers struct{ list [][]byte }

// Add adds an answer in DER. It says whether it is one at all; whom it is of is told when
// a certificate is looked for.
func (a *Answers) Add(b []byte) (bool, error) {
	var outer struct {
		Status asn1.Enumerated
		Rest   asn1.RawValue `asn1:"explicit,tag:0,optional"`
	}
	if rest, err := asn1.Unmarshal(b, &outer); len(b) > MaxBytes || err != nil || len(rest) > 0 {
		return false, nil //nolint:nilerr // another file
	}
	if len(a.list) == MaxAnswers {
		return false, fmt.Errorf("more than %d answers", MaxAnswers)
	}
	a.list = append(a.list, b)
	return true, nil
}

// Len is how many answers there are.
func (a *Answers) Len() int {
	if a == nil {
		return 0
	}
	return len(a.list)
}

// Check says under a name whether the certificates of a way to a root were revoked, each
// by its issuer's answer. The way is leaf first; its last one, the root, is not asked
// for, and neither are the first skip.
func (a *Answers) Check(name string, path []*x509.Certificate, skip int, now time.Time) check.Check {
	c := check.Check{Name: name, Status: check.Pass, Detail: "not revoked"}
	if len(path) <= skip+1 {
		return check.Check{Name: name, Status: check.Unknown, Code: check.NotReached}
	}
	for i := skip; i < len(path)-1; i++ {
		one := a.one(path[i], path[i+1], now)
		one.Name = name
		switch {
		case one.Status == check.Fail:
			return one
		case one.Status == check.Unknown && c.Status == check.Pass:
			c = one
		}
	}
	return c
}

// one is the best of the answers for a certificate: a revocation counts, whatever else
// there is, and one that is out of date counts only where nothing better is there.
func (a *Answers) one(cert, issuer *x509.Certificate, now time.Time) check.Check {
	who := cert.Subject.CommonName
	best := check.Check{Status: check.Unknown, Code: "no-answer", Detail: "there is no answer for " + who}
	for _, b := range a.list {
		r, err := ocsp.ParseResponseForCert(b, cert, issuer)
		if err != nil || authorised(r, issuer) != nil {
			continue // of another certificate, or not of one who may answer
		}
		switch c := judge(r, who, now); {
		case c.Status == check.Fail:
			return c
		case c.Status == check.Pass, best.Code == "no-answer":
			best = c
		}
	}
	return best
}

var errResponder = errors.New("the responder may not answer for this issuer")

// authorised says whether a responder may answer: it is the issuer, or the issuer made
// its certificate for this (RFC 6960, section 4.2.2.2). That the certificate is the
// issuer's was verified before.
func authorised(r *ocsp.Response, issuer *x509.Certificate) error {
	switch c := r.Certificate; {
	case c == nil || c.Equal(issuer):
		return nil
	case !slices.Contains(c.ExtKeyUsage, x509.ExtKeyUsageOCSPSigning):
		return errResponder
	case r.ProducedAt.Before(c.NotBefore) || r.ProducedAt.After(c.NotAfter):
		return errResponder
	}
	return nil
}

func judge(r *ocsp.Response, who string, now time.Time) check.Check {
	c := check.Check{Status: check.Unknown}
	switch {
	case r.Status == ocsp.Revoked && r.RevocationReason == ocsp.CertificateHold:
		c.Status, c.Code, c.Detail = check.Fail, "on-hold", fmt.Sprintf("%s is on hold since %s", who, stamp(r.RevokedAt))
	case r.Status == ocsp.Revoked:
		c.Status, c.Code, c.Detail = check.Fail, "revoked", fmt.Sprintf("%s was revoked at %s, reason %d", who, stamp(r.RevokedAt), r.RevocationReason)
	case r.Status != ocsp.Good:
		c.Code, c.Detail = "unknown-to-responder", "the responder does not know "+who
	case now.Add(maxSkew).Before(r.ThisUpdate):
		c.Code, c.Detail = "not-yet-valid", fmt.Sprintf("the answer for %s is of %s, later than now", who, stamp(r.ThisUpdate))
	case r.NextUpdate.IsZero():
		c.Code, c.Detail = "no-end", fmt.Sprintf("the answer for %s does not say until when it holds", who)
	case now.After(r.NextUpdate):
		c.Code, c.Detail = "stale", fmt.Sprintf("the answer for %s held until %s", who, stamp(r.NextUpdate))
	default:
		c.Status = check.Pass
	}
	return c
}

func stamp(t time.Time) string { return t.UTC().Format(time.RFC3339) }

// Period is from when to when an answer holds, and for which serial number; until is zero
// where it does not say. Nobody has verified it.
func Period(b []byte) (serial string, from, until time.Time, err error) {
	r, err := ocsp.ParseResponse(b, nil)
	if err != nil {
		return "", from, until, err
	}
	return fmt.Sprintf("%x", r.SerialNumber), r.ThisUpdate, r.NextUpdate, nil
}
