package firmware

import (
	"bytes"
	"crypto"
	_ "crypto/sha1" // for the digests of old signatures; never to trust one
	_ "crypto/sha512"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/asn1"
	"fmt"

	"github.com/gpuaudit/gpuaudit/audit/cms"
)

// oidSpcIndirect is the type of what Authenticode signs.
var oidSpcIndirect = asn1.ObjectIdentifier{1, 3, 6, 1, 4, 1, 311, 2, 1, 4}

// spcIndirectData is what an Authenticode signature signs.
type spcIndirectData struct {
	Data   asn1.RawValue
	Digest struct {
		Algorithm pkix.AlgorithmIdentifier
		Digest    []byte
	}
}

// peSignature is an Authenticode signature, read and not yet believed.
type peSignature struct {
	content      []byte // what the message digest is taken over
	algorithm    crypto.Hash
	algorithmOID asn1.ObjectIdentifier
	digest       []byte
	signer       cms.SignerInfo
	certificates []*x509.Certificate
}

// signature reads the PE image's signature. Of several it is the first that holds and leads
// to a known authority, as firmware takes any (EDK II, DxeImageVerificationLib), and else
// the first.
func (pe *peImage) signature() (*peSignature, error) {
	blobs, err := pe.pkcs7()
	if err != nil {
		return nil, err
	}
	first, err := readSignature(blobs[0])
	for i := 1; i < len(blobs) && (err != nil || !first.accepted(pe)); i++ {
		if s, bad := readSignature(blobs[i]); bad == nil && s.accepted(pe) {
			return s, nil
		}
	}
	return first, err
}

// accepted says that a signature holds, is of this image, and leads to a known authority.
func (s *peSignature) accepted(pe *peImage) bool {
	signer := s.signerCertificate()
	if signer == nil || s.algorithm == 0 || !bytes.Equal(pe.digest(s.algorithm.New()), s.digest) {
		return false
	}
	_, chain := s.chain(signer, authorities())
	return chain.Anchor != nil && s.verify(signer) == nil
}

func readSignature(blob []byte) (*peSignature, error) {
	sd, err := cms.Parse(blob)
	if err != nil {
		return nil, fmt.Errorf("signature: %w", err)
	}
	return authenticode(sd)
}

// authenticode takes the one signer and the signed digest out of the structure.
func authenticode(sd *cms.SignedData) (*peSignature, error) {
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
		signer: sd.Signers[0], certificates: sd.X509(),
	}, nil
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
