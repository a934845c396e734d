// Package cms reads CMS SignedData (RFC 5652; PKCS #7 of RFC 2315 is its first version)
// as far as signatures of kernel modules and of EFI drivers have it. It says what a
// structure claims, and verifies nothing.
package cms

import (
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/asn1"
	"errors"
	"fmt"
	"math/big"
)

// Object identifiers of RFC 5652.
var (
	OIDSignedData    = asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 7, 2}
	OIDMessageDigest = asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 9, 4}
)

// ContentInfo is a content with its type (section 3).
type ContentInfo struct {
	Type    asn1.ObjectIdentifier
	Content asn1.RawValue `asn1:"explicit,tag:0,optional"`
}

// SignedData is a content with who signed it (section 5.1).
type SignedData struct {
	Version      int
	Algorithms   asn1.RawValue
	Content      ContentInfo
	Certificates asn1.RawValue `asn1:"optional,tag:0"`
	CRLs         asn1.RawValue `asn1:"optional,tag:1"`
	Signers      []SignerInfo  `asn1:"set"`
}

// SignerInfo is one signature (section 5.3).
type SignerInfo struct {
	Version int
	// ID is an [IssuerAndSerial], or a subject key identifier as [0].
	ID            asn1.RawValue
	Digest        pkix.AlgorithmIdentifier
	Attributes    asn1.RawValue `asn1:"optional,tag:0"`
	Encryption    pkix.AlgorithmIdentifier
	Signature     []byte
	UnsignedAttrs asn1.RawValue `asn1:"optional,tag:1"`
}

// IssuerAndSerial names a certificate (section 10.2.4).
type IssuerAndSerial struct {
	Issuer asn1.RawValue // a Name
	Serial *big.Int
}

// Attribute is a signed attribute (section 5.3).
type Attribute struct {
	Type   asn1.ObjectIdentifier
	Values asn1.RawValue `asn1:"set"`
}

// Parse reads the signed data that der begins with. What follows it is left: a
// certificate table pads its entries.
func Parse(der []byte) (*SignedData, error) {
	var outer ContentInfo
	if _, err := asn1.Unmarshal(der, &outer); err != nil {
		return nil, err
	}
	if !outer.Type.Equal(OIDSignedData) {
		return nil, fmt.Errorf("content type %v is not signed data", outer.Type)
	}
	var sd SignedData
	if _, err := asn1.Unmarshal(outer.Content.Bytes, &sd); err != nil {
		return nil, fmt.Errorf("signed data: %w", err)
	}
	return &sd, nil
}

// MaxCertificates bounds the certificates that are read of one signature; real ones
// have two or three.
const MaxCertificates = 16

// X509 parses the certificates that parse: a broken one must not hide the others.
func (sd *SignedData) X509() []*x509.Certificate {
	var list []*x509.Certificate
	for b := sd.Certificates.Bytes; len(b) > 0 && len(list) < MaxCertificates; {
		var raw asn1.RawValue
		rest, err := asn1.Unmarshal(b, &raw)
		if err != nil {
			break
		}
		if c, err := x509.ParseCertificate(raw.FullBytes); err == nil {
			list = append(list, c)
		}
		b = rest
	}
	return list
}

// KeyID is the subject key identifier by which the signer is named; false where it is
// named by issuer and serial number.
func (s *SignerInfo) KeyID() ([]byte, bool) {
	return s.ID.Bytes, s.ID.Class == asn1.ClassContextSpecific && s.ID.Tag == 0
}

// IssuerAndSerial is how the signer is named; an error where it is named by a key.
func (s *SignerInfo) IssuerAndSerial() (*IssuerAndSerial, error) {
	if _, byKey := s.KeyID(); byKey {
		return nil, errors.New("the signer is named by its key")
	}
	var id IssuerAndSerial
	if _, err := asn1.Unmarshal(s.ID.FullBytes, &id); err != nil {
		return nil, fmt.Errorf("the signer's issuer and serial number: %w", err)
	}
	return &id, nil
}

// Name is the issuer.
func (id *IssuerAndSerial) Name() (pkix.Name, error) {
	var rdn pkix.RDNSequence
	if _, err := asn1.Unmarshal(id.Issuer.FullBytes, &rdn); err != nil {
		return pkix.Name{}, fmt.Errorf("the signer's issuer: %w", err)
	}
	var name pkix.Name
	name.FillFromRDNSequence(&rdn)
	return name, nil
}
