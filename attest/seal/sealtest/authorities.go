package sealtest

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/asn1"
	"math/big"
	"net/url"
	"time"

	"github.com/digitorus/timestamp"
	"github.com/sigstore/sigstore-go/pkg/root"
)

// authority is a CA of the lab that issues one kind of certificate.
type authority struct {
	ca  *x509.Certificate
	key *ecdsa.PrivateKey
}

func newAuthority(name string) (*authority, error) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return nil, err
	}
	a := &authority{key: key}
	template := &x509.Certificate{Subject: pkix.Name{CommonName: name}, IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageCertSign}
	a.ca, err = a.issue(template, key.Public())
	return a, err
}

// issue signs a certificate; the first one is the authority's own.
func (a *authority) issue(template *x509.Certificate, public crypto.PublicKey) (*x509.Certificate, error) {
	serial, err := rand.Int(rand.Reader, big.NewInt(1<<62))
	if err != nil {
		return nil, err
	}
	template.SerialNumber = serial
	if template.NotAfter.IsZero() {
		template.NotBefore, template.NotAfter = time.Now().Add(-time.Hour), time.Now().Add(time.Hour)
	}
	parent := a.ca
	if parent == nil {
		parent = template
	}
	der, err := x509.CreateCertificate(rand.Reader, template, parent, public, a.key)
	if err != nil {
		return nil, err
	}
	return x509.ParseCertificate(der)
}

// issuerOID is Fulcio's extension for the OpenID Connect issuer (version 2).
var issuerOID = asn1.ObjectIdentifier{1, 3, 6, 1, 4, 1, 57264, 1, 8}

// Certify issues a certificate of ten minutes for a subject (a URI), and returns
// it and the authority's own.
func (l *Lab) Certify(subject, issuer string, public crypto.PublicKey) (leaf, ca *x509.Certificate, err error) {
	uri, err := url.Parse(subject)
	if err != nil {
		return nil, nil, err
	}
	value, err := asn1.MarshalWithParams(issuer, "utf8")
	if err != nil {
		return nil, nil, err
	}
	leaf, err = l.fulcio.issue(&x509.Certificate{
		URIs: []*url.URL{uri}, KeyUsage: x509.KeyUsageDigitalSignature, ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageCodeSigning},
		NotBefore: time.Now().Add(-time.Minute), NotAfter: time.Now().Add(9 * time.Minute),
		ExtraExtensions: []pkix.Extension{{Id: issuerOID, Value: value}},
	}, public)
	return leaf, l.fulcio.ca, err
}

// tsa is a timestamping authority that puts its certificate into its answers.
type tsa struct {
	*authority
	leaf *x509.Certificate
	key  *ecdsa.PrivateKey
}

func newTSA() (*tsa, error) {
	a, err := newAuthority("lab TSA CA")
	if err != nil {
		return nil, err
	}
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return nil, err
	}
	purpose, err := asn1.Marshal([]asn1.ObjectIdentifier{{1, 3, 6, 1, 5, 5, 7, 3, 8}}) // id-kp-timeStamping
	if err != nil {
		return nil, err
	}
	leaf, err := a.issue(&x509.Certificate{Subject: pkix.Name{CommonName: "lab TSA"}, KeyUsage: x509.KeyUsageDigitalSignature,
		ExtraExtensions: []pkix.Extension{{Id: asn1.ObjectIdentifier{2, 5, 29, 37}, Critical: true, Value: purpose}}}, key.Public())
	return &tsa{a, leaf, key}, err
}

func (t *tsa) trusted() root.TimestampingAuthority {
	return &root.SigstoreTimestampingAuthority{Root: t.ca, Leaf: t.leaf, URI: "https://tsa.lab", ValidityPeriodStart: t.ca.NotBefore, ValidityPeriodEnd: t.ca.NotAfter}
}

// Answer is the response of the timestamping authority to a request.
func (l *Lab) Answer(request []byte) ([]byte, error) {
	q, err := timestamp.ParseRequest(request)
	if err != nil {
		return nil, err
	}
	t := timestamp.Timestamp{HashAlgorithm: q.HashAlgorithm, HashedMessage: q.HashedMessage, Nonce: q.Nonce, Time: time.Now(),
		Policy: asn1.ObjectIdentifier{1, 3, 6, 1, 4, 1, 57264, 2}, AddTSACertificate: q.Certificates}
	return t.CreateResponseWithOpts(l.tsa.leaf, l.tsa.key, crypto.SHA256)
}
