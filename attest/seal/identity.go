package seal

import (
	"bytes"
	"crypto/x509"
	"errors"
	"fmt"
	"regexp"
	"slices"
	"time"

	"github.com/sigstore/sigstore-go/pkg/bundle"
	"github.com/sigstore/sigstore-go/pkg/fulcio/certificate"
	"github.com/sigstore/sigstore-go/pkg/root"
	"github.com/sigstore/sigstore-go/pkg/verify"
	"github.com/sigstore/sigstore/pkg/cryptoutils"
)

// Identity is somebody whom an OpenID Connect issuer knows, and for whom a
// trusted certificate authority (Fulcio) issued a short-lived certificate.
type Identity struct {
	Name string
	// Subject or SubjectPattern is what the certificate's subject alternative
	// name must be, Issuer or IssuerPattern the OpenID Connect issuer that
	// vouched for it: exactly one of each. A pattern matches the whole value.
	Subject, SubjectPattern string
	Issuer, IssuerPattern   string
	// NotBefore and NotAfter bound the time of the signature.
	NotBefore, NotAfter time.Time
	// Witness is what a signature needs: a certificate is valid for minutes, so
	// it counts only with a time that somebody else signed.
	Witness Witness
}

// Failures of keyless signatures, each its own.
var (
	ErrUnknownIdentity = errors.New("signed by an identity that is not trusted")
	ErrCertificate     = errors.New("the signer's certificate is not good")
)

// patternLimit caps a pattern in bytes.
const patternLimit = 1 << 10

// identity is an identity of the policy, ready to compare with.
type identity struct {
	Identity
	subject, issuer func(string) bool
}

func newIdentity(id Identity, r *Root) (identity, error) {
	t := identity{Identity: id}
	fault := func(format string, args ...any) (identity, error) {
		return identity{}, fmt.Errorf("%w: identity %q: %w", ErrPolicy, id.Name, fmt.Errorf(format, args...))
	}
	switch {
	case id.Name == "":
		return fault("it has no name")
	case r == nil || len(r.material.FulcioCertificateAuthorities()) == 0:
		return fault("no certificate authority is trusted: give a trusted root")
	case id.NotBefore.IsZero() || id.NotAfter.IsZero() || id.NotAfter.Before(id.NotBefore):
		return fault("it has no period of validity")
	}
	err := id.Witness.validate()
	if err == nil && id.Witness == NoWitness {
		err = errors.New("a certificate is valid for minutes: a timestamp or a log entry must be needed")
	}
	if err == nil {
		t.subject, err = matcher("subject", id.Subject, id.SubjectPattern)
	}
	if err == nil {
		t.issuer, err = matcher("issuer", id.Issuer, id.IssuerPattern)
	}
	if err != nil {
		return fault("%w", err)
	}
	return t, nil
}

// CheckIdentity says what is wrong with how an identity is named.
func CheckIdentity(subject, subjectPattern, issuer, issuerPattern string) error {
	_, err := matcher("subject", subject, subjectPattern)
	if err == nil {
		_, err = matcher("issuer", issuer, issuerPattern)
	}
	return err
}

// matcher compares with an exact value or with a pattern, anchored at both ends.
func matcher(what, exact, pattern string) (func(string) bool, error) {
	switch {
	case (exact == "") == (pattern == ""):
		return nil, fmt.Errorf("give the %s or a pattern for it, one of them", what)
	case exact != "":
		return func(s string) bool { return s == exact }, nil
	case len(pattern) > patternLimit:
		return nil, fmt.Errorf("the pattern of the %s is longer than %d bytes", what, patternLimit)
	}
	re, err := regexp.Compile(`\A(?:` + pattern + `)\z`)
	if err != nil {
		return nil, fmt.Errorf("pattern of the %s: %w", what, err)
	}
	return re.MatchString, nil
}

// named finds the identity that a certificate claims. Nothing of the
// certificate is verified yet.
func (v *Verifier) named(b *bundle.Bundle) (*identity, error) {
	leaf, err := x509.ParseCertificate(leafOf(b))
	if err != nil {
		return nil, fmt.Errorf("%w: certificate: %w", ErrMalformed, err)
	}
	s, err := certificate.SummarizeCertificate(leaf)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrCertificate, err)
	}
	var found *identity
	for i := range v.identities {
		id := &v.identities[i]
		if !id.subject(s.SubjectAlternativeName) || !id.issuer(s.Issuer) {
			continue
		}
		if found != nil { // who signed must have one answer
			return nil, fmt.Errorf("%w: identities %q and %q both match %.200q", ErrPolicy, found.Name, id.Name, s.SubjectAlternativeName)
		}
		found = id
	}
	if found == nil {
		return nil, fmt.Errorf("%w: %.200q, vouched for by %.200q", ErrUnknownIdentity, s.SubjectAlternativeName, s.Issuer)
	}
	return found, nil
}

// certified verifies that a trusted authority issued the certificate, that it
// was valid whenever a witness saw the signature, that it is in a certificate
// transparency log where the root names any, and that its key signed the content.
func certified(b *bundle.Bundle, material root.TrustedMaterial, times []time.Time) error {
	leaf, err := x509.ParseCertificate(leafOf(b))
	if err != nil {
		return fmt.Errorf("%w: certificate: %w", ErrMalformed, err)
	}
	if err := strictChain(b, material); err != nil {
		return fmt.Errorf("%w: %w", ErrCertificate, err)
	}
	// Go leaves a subject that is an "other name" to the caller, who has read it.
	leaf.UnhandledCriticalExtensions = slices.DeleteFunc(leaf.UnhandledCriticalExtensions, cryptoutils.SANOID.Equal)
	var chains [][]*x509.Certificate
	for _, t := range times {
		if chains, err = verify.VerifyLeafCertificate(t, leaf, material); err != nil {
			return fmt.Errorf("%w: no trusted authority issued it for %s", ErrCertificate, t.UTC().Format(time.RFC3339))
		}
	}
	if len(material.CTLogs()) > 0 {
		if err := verify.VerifySignedCertificateTimestamp(chains, 1, material); err != nil {
			return fmt.Errorf("%w: certificate transparency: %w", ErrCertificate, err)
		}
	}
	// Times, logs and certificate are good. What is left is the signature.
	content, err := b.SignatureContent()
	if err != nil {
		return fmt.Errorf("%w: %w", ErrMalformed, err)
	}
	signer, err := b.VerificationContent()
	if err != nil {
		return fmt.Errorf("%w: %w", ErrMalformed, err)
	}
	if err := verify.VerifySignature(content, signer, material); err != nil {
		return fmt.Errorf("%w: it is not that of the certificate's key over this content", ErrBadSignature)
	}
	return nil
}

// strictChain: what follows the signer's certificate in a chain (bundle version
// 0.2) is not what it is verified with, and nobody has signed the list. It must be
// certificates of trusted authorities, so that a bundle holds no part of which
// nobody knows where it is from.
func strictChain(b *bundle.Bundle, material root.TrustedMaterial) error {
	var known [][]byte
	for _, a := range material.FulcioCertificateAuthorities() {
		if ca, ok := a.(*root.FulcioCertificateAuthority); ok {
			for _, c := range append([]*x509.Certificate{ca.Root}, ca.Intermediates...) {
				known = append(known, c.Raw)
			}
		}
	}
	chain := b.GetVerificationMaterial().GetX509CertificateChain().GetCertificates()
	for i, c := range chain {
		if i > 0 && !slices.ContainsFunc(known, func(k []byte) bool { return bytes.Equal(k, c.GetRawBytes()) }) {
			return fmt.Errorf("certificate %d of the chain is not one of a trusted authority", i+1)
		}
	}
	return nil
}
