package hosttest

import (
	"bytes"
	"crypto/sha256"
	"crypto/sha512"
	"crypto/x509/pkix"
	"encoding/asn1"
	"encoding/binary"
	"math/big"
)

// Signed appends the trailer of a signed kernel module to one: a PKCS #7 signature by a
// distribution's key, whose arithmetic nobody here can check without that key.
func Signed(module []byte, signer string) []byte {
	type algorithm struct{ Algorithm asn1.ObjectIdentifier }
	type issuer struct {
		Name   asn1.RawValue
		Serial *big.Int
	}
	type signerInfo struct {
		Version   int
		Issuer    issuer
		Digest    algorithm
		Signature algorithm
		Value     []byte
	}
	type content struct{ Type asn1.ObjectIdentifier }
	type signedData struct {
		Version int
		Digests []algorithm `asn1:"set"`
		Content content
		Signers []signerInfo `asn1:"set"`
	}
	type contentInfo struct {
		Type asn1.ObjectIdentifier
		Data signedData `asn1:"explicit,tag:0"`
	}
	name := must(asn1.Marshal(pkix.Name{CommonName: signer}.ToRDNSequence()))
	sum, value := sha256.Sum256([]byte(signer)), sha512.Sum512(module)
	sha := algorithm{asn1.ObjectIdentifier{2, 16, 840, 1, 101, 3, 4, 2, 1}}
	der := must(asn1.Marshal(contentInfo{asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 7, 2}, signedData{
		Version: 1, Digests: []algorithm{sha}, Content: content{asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 7, 1}},
		Signers: []signerInfo{{1, issuer{asn1.RawValue{FullBytes: name}, new(big.Int).SetBytes(sum[:16])}, sha,
			algorithm{asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 1, 1}}, bytes.Repeat(value[:], 4)}}}}))
	trailer := make([]byte, 12)
	trailer[2] = 2 // PKCS #7
	binary.BigEndian.PutUint32(trailer[8:], uint32(len(der)))
	return bytes.Join([][]byte{module, der, trailer, []byte("~Module signature appended~\n")}, nil)
}

func must(der []byte, err error) []byte {
	if err != nil {
		panic("hosttest: " + err.Error())
	}
	return der
}
