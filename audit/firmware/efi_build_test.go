package firmware

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/sha256"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/asn1"
	"encoding/binary"
	"math/big"
	"testing"
	"time"

	"github.com/gpuaudit/gpuaudit/audit/cms"
)

// unsignedPE builds a PE32+ image of one section.
func unsignedPE(code []byte) []byte {
	const headers, at = 0x200, 0x40
	b := make([]byte, headers, headers+len(code))
	copy(b, "MZ")
	b[0x3c] = at
	copy(b[at:], "PE\x00\x00\x64\x86\x01\x00")
	binary.LittleEndian.PutUint16(b[at+20:], 240) // size of the optional header
	o := b[at+24:]
	binary.LittleEndian.PutUint16(o, 0x20b)
	binary.LittleEndian.PutUint32(o[60:], headers)
	o[peSubsystem] = 11
	binary.LittleEndian.PutUint32(o[108:], 16) // directories
	s := o[240:]
	copy(s, ".text")
	binary.LittleEndian.PutUint32(s[16:], uint32(len(code)))
	binary.LittleEndian.PutUint32(s[20:], headers)
	return append(b, code...)
}

// signPE signs an image with a key of its own, the way Authenticode does.
func signPE(t testing.TB, image []byte) []byte {
	t.Helper()
	pe, err := parsePE(image)
	if err != nil {
		t.Fatal(err)
	}
	blob := signedBlob(t, pe.digest(newSHA256()))
	for len(blob)%8 != 0 {
		blob = append(blob, 0)
	}
	entry := 0x40 + 24 + peDirectories + peCertificate*8
	binary.LittleEndian.PutUint32(image[entry:], uint32(len(image)))
	binary.LittleEndian.PutUint32(image[entry+4:], uint32(len(blob)+certHeaderBytes))
	head := make([]byte, certHeaderBytes)
	binary.LittleEndian.PutUint32(head, uint32(len(blob)+certHeaderBytes))
	binary.LittleEndian.PutUint16(head[4:], 0x200)
	binary.LittleEndian.PutUint16(head[6:], certPKCS7)
	return append(append(image, head...), blob...)
}

func der(t testing.TB, v any) []byte {
	t.Helper()
	b, err := asn1.Marshal(v)
	if err != nil {
		t.Fatal(err)
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

// signedBlob is the PKCS #7 structure over an image's digest.
func signedBlob(t testing.TB, digest []byte) []byte {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), nil)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(7), Subject: pkix.Name{CommonName: "a test's signer"},
		NotBefore: time.Unix(1700000000, 0), NotAfter: time.Unix(1800000000, 0),
	}
	cert, err := x509.CreateCertificate(nil, template, template, &key.PublicKey, key)
	if err != nil {
		t.Fatal(err)
	}
	parsed, err := x509.ParseCertificate(cert)
	if err != nil {
		t.Fatal(err)
	}
	sha := pkix.AlgorithmIdentifier{Algorithm: asn1.ObjectIdentifier{2, 16, 840, 1, 101, 3, 4, 2, 1}}
	var spc spcIndirectData
	spc.Data = raw(0, 16, der(t, asn1.ObjectIdentifier{1, 3, 6, 1, 4, 1, 311, 2, 1, 15}))
	spc.Digest.Algorithm, spc.Digest.Digest = sha, digest
	content := der(t, spc)
	var inner asn1.RawValue
	if _, err := asn1.Unmarshal(content, &inner); err != nil {
		t.Fatal(err)
	}
	sum := sha256.Sum256(inner.Bytes)
	attributes := der(t, cms.Attribute{Type: cms.OIDMessageDigest, Values: raw(0, 17, der(t, sum[:]))})
	toSign := sha256.Sum256(der(t, raw(0, 17, attributes)))
	signature, err := key.Sign(nil, toSign[:], crypto.SHA256)
	if err != nil {
		t.Fatal(err)
	}
	signer := cms.SignerInfo{
		Version: 1, ID: asn1.RawValue{FullBytes: der(t, cms.IssuerAndSerial{Issuer: asn1.RawValue{FullBytes: parsed.RawIssuer}, Serial: parsed.SerialNumber})}, Digest: sha,
		Attributes: raw(2, 0, attributes), Encryption: pkix.AlgorithmIdentifier{Algorithm: asn1.ObjectIdentifier{1, 2, 840, 10045, 2, 1}}, Signature: signature,
	}
	sd := der(t, struct {
		Version      int
		Algorithms   []pkix.AlgorithmIdentifier `asn1:"set"`
		Content      cms.ContentInfo
		Certificates asn1.RawValue
		Signers      []cms.SignerInfo `asn1:"set"`
	}{1, []pkix.AlgorithmIdentifier{sha}, cms.ContentInfo{Type: oidSpcIndirect, Content: asn1.RawValue{Class: 2, Tag: 0, IsCompound: true, Bytes: content}}, raw(2, 0, cert), []cms.SignerInfo{signer}})
	return der(t, cms.ContentInfo{Type: cms.OIDSignedData, Content: asn1.RawValue{Class: 2, Tag: 0, IsCompound: true, Bytes: sd}})
}

// efiROM puts a payload in an EFI option ROM.
func efiROM(payload []byte, compression byte) []byte {
	if compression == 1 {
		payload = store(payload, uefiBits)
	}
	const at = 0x40
	b := image(codeEFI, 0x1002, 0x73ff, (at+len(payload)+blockBytes-1)/blockBytes, true)
	clear(b[at:])
	binary.LittleEndian.PutUint32(b[4:], efiSignature)
	binary.LittleEndian.PutUint16(b[8:], 11)
	binary.LittleEndian.PutUint16(b[0x0a:], 0x8664)
	b[0x0c], b[0x16] = compression, at
	copy(b[at:], payload)
	return b
}
