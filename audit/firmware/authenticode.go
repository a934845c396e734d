package firmware

import (
	"bytes"
	"crypto"
	"crypto/ecdsa"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/x509"
	"encoding/asn1"
	"errors"
	"fmt"
	"hash"
	"strings"

	"github.com/gpuaudit/gpuaudit/audit/cms"
	"github.com/gpuaudit/gpuaudit/audit/inventory"
)

func newSHA256() hash.Hash { return sha256.New() }

// report writes what the signature says into e. Digest and signature are two
// verdicts: an edited driver keeps a valid signature over the old digest.
func (s *peSignature) report(pe *peImage, e *inventory.EFIImage) {
	e.SignatureDigest = new(inventory.HashName(s.algorithmOID.String()))
	if s.algorithm != 0 {
		e.DigestMatches = new(bytes.Equal(pe.digest(s.algorithm.New()), s.digest))
	}
	signer := s.signerCertificate()
	for _, c := range s.certificates {
		sum := sha256.Sum256(c.Raw)
		e.Certificates = append(e.Certificates, inventory.SignatureCertificate{
			Subject: clip(c.Subject.String()), Issuer: clip(c.Issuer.String()), Serial: clip(fmt.Sprintf("%x", c.SerialNumber)),
			SHA256: hexBytes(sum[:]...), NotBefore: c.NotBefore.UTC(), NotAfter: c.NotAfter.UTC(), Signer: c == signer,
		})
	}
	_, e.Chain = s.chain(signer, authorities())
	if signer == nil {
		return
	}
	e.Signer = new(clip(signer.Subject.String()))
	switch err := s.verify(signer); {
	case err == nil:
		e.SignatureValid = new(true)
	case !errors.Is(err, errUnsupported):
		e.SignatureValid = new(false)
	}
}

func (s *peSignature) signerCertificate() *x509.Certificate {
	id, err := s.signer.IssuerAndSerial()
	if err != nil {
		return nil
	}
	for _, c := range s.certificates {
		if id.Serial != nil && c.SerialNumber.Cmp(id.Serial) == 0 && bytes.Equal(c.RawIssuer, id.Issuer.FullBytes) {
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
		var a cms.Attribute
		rest, err := asn1.Unmarshal(b, &a)
		if err != nil {
			return nil, fmt.Errorf("signed attributes: %w", err)
		}
		if a.Type.Equal(cms.OIDMessageDigest) {
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

// clip bounds a text that a certificate states.
func clip(s string) string {
	const most = 256
	if len(s) > most {
		s = strings.ToValidUTF8(s[:most], "") + "..."
	}
	return s
}
