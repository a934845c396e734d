package firmware

import (
	"bytes"
	"crypto"
	"crypto/ecdsa"
	"crypto/rsa"
	_ "crypto/sha1" // for the digests of old signatures; never to trust one
	"crypto/sha256"
	_ "crypto/sha512"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/asn1"
	"errors"
	"fmt"
	"hash"
	"math/big"

	"github.com/gpuaudit/gpuaudit/audit/inventory"
)

func newSHA256() hash.Hash { return sha256.New() }

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

// report writes what the signature says into e. Digest and signature are two
// verdicts: an edited driver keeps a valid signature over the old digest.
func (s *peSignature) report(pe *peImage, e *inventory.EFIImage) {
	e.SignatureDigest = new(hashName(s.algorithm, s.algorithmOID))
	if s.algorithm != 0 {
		e.DigestMatches = new(bytes.Equal(pe.digest(s.algorithm.New()), s.digest))
	}
	signer := s.signerCertificate()
	for _, c := range s.certificates {
		sum := sha256.Sum256(c.Raw)
		e.Certificates = append(e.Certificates, inventory.SignatureCertificate{
			Subject: c.Subject.String(), Issuer: c.Issuer.String(), Serial: fmt.Sprintf("%x", c.SerialNumber),
			SHA256: hexBytes(sum[:]...), NotBefore: c.NotBefore.UTC(), NotAfter: c.NotAfter.UTC(), Signer: c == signer,
		})
	}
	if signer == nil {
		return
	}
	e.Signer = new(signer.Subject.String())
	switch err := s.verify(signer); {
	case err == nil:
		e.SignatureValid = new(true)
	case !errors.Is(err, errUnsupported):
		e.SignatureValid = new(false)
	}
}

func (s *peSignature) signerCertificate() *x509.Certificate {
	for _, c := range s.certificates {
		if s.signer.Issuer.Serial != nil && c.SerialNumber.Cmp(s.signer.Issuer.Serial) == 0 && bytes.Equal(c.RawIssuer, s.signer.Issuer.Issuer.FullBytes) {
			return c
		}
	}
	return nil
}

var errUnsupported = errors.New("algorithm not supported")

// verify checks the arithmetic: the signed attributes hold the digest of the
// content, and the certificate's key signed the attributes. It looks at no
// time, no chain and no use of the key.
func (s *peSignature) verify(c *x509.Certificate) error {
	algorithm := hashOf(s.signer.Digest.Algorithm)
	if algorithm == 0 {
		return errUnsupported
	}
	if len(s.signer.Attributes.FullBytes) == 0 {
		return checkSignature(c.PublicKey, algorithm, sumOf(algorithm, s.content), s.signer.Signature)
	}
	stated, err := messageDigest(s.signer.Attributes.Bytes)
	if err != nil {
		return err
	}
	if !bytes.Equal(stated, sumOf(algorithm, s.content)) {
		return errors.New("the signed attributes hold another digest")
	}
	// They are stored with the tag [0] and signed with that of a SET (RFC 2315, 9.3).
	signed := bytes.Clone(s.signer.Attributes.FullBytes)
	signed[0] = 0x31
	return checkSignature(c.PublicKey, algorithm, sumOf(algorithm, signed), s.signer.Signature)
}

// messageDigest finds the digest of the content among the signed attributes.
func messageDigest(b []byte) ([]byte, error) {
	for len(b) > 0 {
		var a attribute
		rest, err := asn1.Unmarshal(b, &a)
		if err != nil {
			return nil, fmt.Errorf("signed attributes: %w", err)
		}
		if a.Type.Equal(oidMessageDigest) {
			var digest []byte
			if _, err := asn1.Unmarshal(a.Values.Bytes, &digest); err != nil {
				return nil, fmt.Errorf("signed attributes: message digest: %w", err)
			}
			return digest, nil
		}
		b = rest
	}
	return nil, errors.New("the signed attributes hold no digest")
}

// checkSignature verifies with the keys that code signing uses. A key size out
// of the ordinary is refused before it can cost time.
func checkSignature(key crypto.PublicKey, algorithm crypto.Hash, digest, signature []byte) error {
	const minBits, maxBits = 1024, 8192
	switch k := key.(type) {
	case *rsa.PublicKey:
		if n := k.N.BitLen(); n < minBits || n > maxBits {
			return errUnsupported
		}
		return rsa.VerifyPKCS1v15(k, algorithm, digest, signature)
	case *ecdsa.PublicKey:
		if !ecdsa.VerifyASN1(k, digest, signature) {
			return errors.New("ECDSA signature does not verify")
		}
		return nil
	default:
		return errUnsupported
	}
}

func sumOf(algorithm crypto.Hash, b []byte) []byte {
	h := algorithm.New()
	h.Write(b)
	return h.Sum(nil)
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

func hashName(h crypto.Hash, oid asn1.ObjectIdentifier) string {
	switch h {
	case crypto.SHA1:
		return "sha1"
	case crypto.SHA256:
		return "sha256"
	case crypto.SHA384:
		return "sha384"
	case crypto.SHA512:
		return "sha512"
	default:
		return oid.String()
	}
}
