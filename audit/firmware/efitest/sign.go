package efitest

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/sha256"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/asn1"
	"encoding/binary"
	"fmt"
	"math/big"
	"time"

	"github.com/gpuaudit/gpuaudit/audit/cms"
)

// Sign appends a certificate table to a PE32+ image without one: an Authenticode
// signature over a digest by a fresh key, whose certificate names subject and issuer.
// The headers are those of an image that begins with [UnsignedPE]'s, or any other
// whose optional header is PE32+.
func Sign(image, digest []byte, subject, issuer string) ([]byte, error) {
	blob, err := SignedBlob(digest, subject, issuer)
	if err != nil {
		return nil, err
	}
	return WithCertificates(image, blob), nil
}

// WithCertificates appends a PKCS #7 blob as the certificate table, at the end of the
// image as it is: a digest covers what would align it.
func WithCertificates(image, blob []byte) []byte {
	const headerBytes, pkcs7 = 8, 2
	out := append([]byte(nil), image...)
	for len(blob)%8 != 0 {
		blob = append(blob[:len(blob):len(blob)], 0)
	}
	entry := CertificateEntry(out)
	binary.LittleEndian.PutUint32(out[entry:], uint32(len(out)))
	binary.LittleEndian.PutUint32(out[entry+4:], uint32(len(blob)+headerBytes))
	head := make([]byte, headerBytes)
	binary.LittleEndian.PutUint32(head, uint32(len(blob)+headerBytes))
	binary.LittleEndian.PutUint16(head[4:], 0x200)
	binary.LittleEndian.PutUint16(head[6:], pkcs7)
	return append(append(out, head...), blob...)
}

// CertificateEntry is the offset of the directory entry of the certificate table in a
// PE32+ image (Microsoft PE and COFF Specification).
func CertificateEntry(image []byte) int {
	return int(binary.LittleEndian.Uint32(image[0x3c:])) + 24 + 112 + 4*8
}

// UnsignedPE builds a PE32+ image of one section, a boot service driver for x64.
func UnsignedPE(code []byte) []byte {
	const headers, at = 0x200, 0x40
	b := make([]byte, headers, headers+len(code))
	copy(b, "MZ")
	b[0x3c] = at
	copy(b[at:], "PE\x00\x00\x64\x86\x01\x00")
	binary.LittleEndian.PutUint16(b[at+20:], 240) // size of the optional header
	o := b[at+24:]
	binary.LittleEndian.PutUint16(o, 0x20b)
	binary.LittleEndian.PutUint32(o[60:], headers)
	o[68] = 11                                 // subsystem
	binary.LittleEndian.PutUint32(o[108:], 16) // directories
	s := o[240:]
	copy(s, ".text")
	binary.LittleEndian.PutUint32(s[16:], uint32(len(code)))
	binary.LittleEndian.PutUint32(s[20:], headers)
	return append(b, code...)
}

// spcIndirectData is the content of an Authenticode signature ("Windows Authenticode
// Portable Executable Signature Format").
type spcIndirectData struct {
	Data   asn1.RawValue
	Digest struct {
		Algorithm pkix.AlgorithmIdentifier
		Digest    []byte
	}
}

// encoder keeps the first error of a structure that is written in pieces.
type encoder struct{ err error }

func (e *encoder) der(v any) []byte {
	b, err := asn1.Marshal(v)
	if err != nil && e.err == nil {
		e.err = fmt.Errorf("encode a signature: %w", err)
	}
	return b
}

func raw(class, tag int, content ...[]byte) asn1.RawValue {
	var all []byte
	for _, c := range content {
		all = append(all, c...)
	}
	return asn1.RawValue{Class: class, Tag: tag, IsCompound: true, Bytes: all}
}

// SignedBlob is the PKCS #7 structure over the SHA-256 digest of an image.
func SignedBlob(digest []byte, subject, issuer string) ([]byte, error) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), nil)
	if err != nil {
		return nil, fmt.Errorf("make a key: %w", err)
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(7), Subject: pkix.Name{CommonName: subject},
		NotBefore: time.Unix(1700000000, 0), NotAfter: time.Unix(1800000000, 0),
	}
	parent := &x509.Certificate{Subject: pkix.Name{CommonName: issuer}, SerialNumber: big.NewInt(8)}
	cert, err := x509.CreateCertificate(nil, template, parent, &key.PublicKey, key)
	if err != nil {
		return nil, fmt.Errorf("make a certificate: %w", err)
	}
	parsed, err := x509.ParseCertificate(cert)
	if err != nil {
		return nil, fmt.Errorf("read the certificate: %w", err)
	}
	var e encoder
	sha := pkix.AlgorithmIdentifier{Algorithm: asn1.ObjectIdentifier{2, 16, 840, 1, 101, 3, 4, 2, 1}}
	indirect := asn1.ObjectIdentifier{1, 3, 6, 1, 4, 1, 311, 2, 1, 4}
	var spc spcIndirectData
	spc.Data = raw(0, 16, e.der(asn1.ObjectIdentifier{1, 3, 6, 1, 4, 1, 311, 2, 1, 15}))
	spc.Digest.Algorithm, spc.Digest.Digest = sha, digest
	content := e.der(spc)
	var inner asn1.RawValue
	if _, err := asn1.Unmarshal(content, &inner); err != nil {
		return nil, fmt.Errorf("read what was encoded: %w", err)
	}
	sum := sha256.Sum256(inner.Bytes)
	attributes := e.der(cms.Attribute{Type: cms.OIDMessageDigest, Values: raw(0, 17, e.der(sum[:]))})
	toSign := sha256.Sum256(e.der(raw(0, 17, attributes)))
	signature, err := key.Sign(nil, toSign[:], crypto.SHA256)
	if err != nil {
		return nil, fmt.Errorf("sign: %w", err)
	}
	signer := cms.SignerInfo{
		Version: 1, ID: asn1.RawValue{FullBytes: e.der(cms.IssuerAndSerial{Issuer: asn1.RawValue{FullBytes: parsed.RawIssuer}, Serial: parsed.SerialNumber})}, Digest: sha,
		Attributes: raw(2, 0, attributes), Encryption: pkix.AlgorithmIdentifier{Algorithm: asn1.ObjectIdentifier{1, 2, 840, 10045, 2, 1}}, Signature: signature,
	}
	sd := e.der(struct {
		Version      int
		Algorithms   []pkix.AlgorithmIdentifier `asn1:"set"`
		Content      cms.ContentInfo
		Certificates asn1.RawValue
		Signers      []cms.SignerInfo `asn1:"set"`
	}{1, []pkix.AlgorithmIdentifier{sha}, cms.ContentInfo{Type: indirect, Content: asn1.RawValue{Class: 2, Tag: 0, IsCompound: true, Bytes: content}}, raw(2, 0, cert), []cms.SignerInfo{signer}})
	blob := e.der(cms.ContentInfo{Type: cms.OIDSignedData, Content: asn1.RawValue{Class: 2, Tag: 0, IsCompound: true, Bytes: sd}})
	return blob, e.err
}
