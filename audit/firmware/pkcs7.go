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
	"slices"
	"time"

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

// signature reads the PE image's signature. Of several it is one that holds and leads to a
// known authority, the one that lasts longest, as firmware takes any (EDK II,
// DxeImageVerificationLib), and else the first.
func (pe *peImage) signature() (*peSignature, error) {
	blobs, err := pe.pkcs7()
	if err != nil {
		return nil, err
	}
	if len(blobs) > 1 {
		if accepted := pe.accepted(blobs); len(accepted) > 0 {
			return accepted[0], nil
		}
	}
	return readSignature(blobs[0])
}

// accepted are the signatures that hold, are of this image, and lead to a known authority,
// that which lasts longest first.
func (pe *peImage) accepted(blobs [][]byte) []*peSignature {
	var list []*peSignature
	until := map[*peSignature]time.Time{}
	for _, blob := range blobs {
		s, err := readSignature(blob)
		if err != nil {
			continue
		}
		signer := s.signerCertificate()
		if signer == nil || s.algorithm == 0 || !bytes.Equal(pe.digest(s.algorithm.New()), s.digest) {
			continue
		}
		if _, chain := s.chain(signer, authorities()); chain.Anchor != nil && s.verify(signer) == nil {
			list, until[s] = append(list, s), *chain.AnchorNotAfter
		}
	}
	slices.SortStableFunc(list, func(a, b *peSignature) int { return until[b].Compare(until[a]) })
	return list
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
