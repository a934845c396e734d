package firmware

import (
	"crypto"
	_ "crypto/sha1" // for the digests of old signatures; never to trust one
	_ "crypto/sha512"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/asn1"
	"fmt"
	"math/big"
)

// Object identifiers of RFC 5652 and of Authenticode.
var (
	oidSignedData    = asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 7, 2}
	oidSpcIndirect   = asn1.ObjectIdentifier{1, 3, 6, 1, 4, 1, 311, 2, 1, 4}
	oidMessageDigest = asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 9, 4}
)

// The structures of RFC 2315 (PKCS #7 1.5), as far as they are read.
type (
	contentInfo struct {
		Type    asn1.ObjectIdentifier
		Content asn1.RawValue `asn1:"explicit,tag:0,optional"`
	}
	signedData struct {
		Version      int
		Algorithms   asn1.RawValue
		Content      contentInfo
		Certificates asn1.RawValue `asn1:"optional,tag:0"`
		CRLs         asn1.RawValue `asn1:"optional,tag:1"`
		Signers      []signerInfo  `asn1:"set"`
	}
	signerInfo struct {
		Version       int
		Issuer        issuerAndSerial
		Digest        pkix.AlgorithmIdentifier
		Attributes    asn1.RawValue `asn1:"optional,tag:0"`
		Encryption    pkix.AlgorithmIdentifier
		Signature     []byte
		UnsignedAttrs asn1.RawValue `asn1:"optional,tag:1"`
	}
	issuerAndSerial struct {
		Issuer asn1.RawValue
		Serial *big.Int
	}
	attribute struct {
		Type   asn1.ObjectIdentifier
		Values asn1.RawValue `asn1:"set"`
	}
	// spcIndirectData is what an Authenticode signature signs.
	spcIndirectData struct {
		Data   asn1.RawValue
		Digest struct {
			Algorithm pkix.AlgorithmIdentifier
			Digest    []byte
		}
	}
)

// maxCertificates bounds the certificates of one signature; real ones have two
// or three.
const maxCertificates = 16

// peSignature is an Authenticode signature, read and not yet believed.
type peSignature struct {
	content      []byte // what the message digest is taken over
	algorithm    crypto.Hash
	algorithmOID asn1.ObjectIdentifier
	digest       []byte
	signer       signerInfo
	certificates []*x509.Certificate
}

// signature reads the PE image's signature.
func (pe *peImage) signature() (*peSignature, error) {
	blob, err := pe.pkcs7()
	if err != nil {
		return nil, err
	}
	var outer contentInfo
	if _, err := asn1.Unmarshal(blob, &outer); err != nil {
		return nil, fmt.Errorf("signature: %w", err)
	}
	if !outer.Type.Equal(oidSignedData) {
		return nil, fmt.Errorf("signature: content type %v is no signed data", outer.Type)
	}
	var sd signedData
	if _, err := asn1.Unmarshal(outer.Content.Bytes, &sd); err != nil {
		return nil, fmt.Errorf("signature: signed data: %w", err)
	}
	return sd.read()
}

// read takes the one signer and the signed digest out of the structure.
func (sd *signedData) read() (*peSignature, error) {
	if !sd.Content.Type.Equal(oidSpcIndirect) {
		return nil, fmt.Errorf("signature: content type %v is not Authenticode's", sd.Content.Type)
	}
	if len(sd.Signers) != 1 {
		return nil, fmt.Errorf("signature: %d signers, Authenticode has one", len(sd.Signers))
	}
	var spc, value = spcIndirectData{}, asn1.RawValue{}
	if _, err := asn1.Unmarshal(sd.Content.Content.Bytes, &value); err != nil {
		return nil, fmt.Errorf("signature: signed digest: %w", err)
	}
	if _, err := asn1.Unmarshal(sd.Content.Content.Bytes, &spc); err != nil {
		return nil, fmt.Errorf("signature: signed digest: %w", err)
	}
	oid := spc.Digest.Algorithm.Algorithm
	return &peSignature{
		content: value.Bytes, algorithm: hashOf(oid), algorithmOID: oid, digest: spc.Digest.Digest,
		signer: sd.Signers[0], certificates: readCertificates(sd.Certificates.Bytes),
	}, nil
}

// readCertificates parses those that parse: a broken one must not hide the
// others.
func readCertificates(b []byte) []*x509.Certificate {
	var list []*x509.Certificate
	for len(b) > 0 && len(list) < maxCertificates {
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

// hashOf gives the hash of an object identifier, 0 for one that is not known.
func hashOf(oid asn1.ObjectIdentifier) crypto.Hash {
	switch oid.String() {
	case "1.3.14.3.2.26":
		return crypto.SHA1
	case "2.16.840.1.101.3.4.2.1":
		return crypto.SHA256
	case "2.16.840.1.101.3.4.2.2":
		return crypto.SHA384
	case "2.16.840.1.101.3.4.2.3":
		return crypto.SHA512
	default:
		return 0
	}
}
