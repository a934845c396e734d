package driver

import (
	"bytes"
	"crypto/x509/pkix"
	"encoding/asn1"
	"encoding/binary"
	"math/big"
	"testing"

	"github.com/gpuaudit/gpuaudit/audit/cms"
)

// ko builds a 64 bit little-endian ELF file with a .modinfo section.
func ko(entries ...string) []byte {
	var info bytes.Buffer
	for _, e := range entries {
		info.WriteString(e + "\x00")
	}
	names := []byte("\x00.shstrtab\x00.modinfo\x00")
	namesAt := 64
	infoAt := namesAt + len(names)
	table := infoAt + info.Len()
	b := make([]byte, table+3*64)
	copy(b, "\x7fELF\x02\x01\x01")
	le := binary.LittleEndian
	le.PutUint64(b[0x28:], uint64(table))
	le.PutUint16(b[0x3a:], 64)
	le.PutUint16(b[0x3c:], 3)
	le.PutUint16(b[0x3e:], 1)
	copy(b[namesAt:], names)
	copy(b[infoAt:], info.Bytes())
	for i, s := range [][3]int{{1, namesAt, len(names)}, {11, infoAt, info.Len()}} {
		h := b[table+(i+1)*64:]
		le.PutUint32(h, uint32(s[0]))
		le.PutUint32(h[4:], 1)
		le.PutUint64(h[0x18:], uint64(s[1]))
		le.PutUint64(h[0x20:], uint64(s[2]))
	}
	return b
}

// ko32 builds the same as a 32 bit big-endian file.
func ko32(entry string) []byte {
	names := []byte("\x00.modinfo\x00")
	table := 52 + len(names) + len(entry) + 1
	b := make([]byte, table+2*40)
	copy(b, "\x7fELF\x01\x02\x01")
	be := binary.BigEndian
	be.PutUint32(b[0x20:], uint32(table))
	be.PutUint16(b[0x2e:], 40)
	be.PutUint16(b[0x30:], 2)
	copy(b[52:], names)
	copy(b[52+len(names):], entry)
	for i, s := range [][3]int{{0, 52, len(names)}, {1, 52 + len(names), len(entry) + 1}} {
		h := b[table+i*40:]
		be.PutUint32(h, uint32(s[0]))
		be.PutUint32(h[4:], 1)
		be.PutUint32(h[0x10:], uint32(s[1]))
		be.PutUint32(h[0x14:], uint32(s[2]))
	}
	return b
}

// trailer appends a signature of a kind to a module.
func trailer(module []byte, kind byte, signer, key int, signature []byte) []byte {
	head := []byte{0, 4, kind, byte(signer), byte(key), 0, 0, 0}
	out := append(bytes.Clone(module), signature...)
	out = binary.BigEndian.AppendUint32(append(out, head...), uint32(len(signature)))
	return append(out, signatureMagic...)
}

// signedData builds SignedData that names a signer and signs nothing.
func signedData(t testing.TB, id any, hash asn1.ObjectIdentifier) []byte {
	t.Helper()
	must := func(v any, params string) []byte {
		b, err := asn1.MarshalWithParams(v, params)
		if err != nil {
			t.Fatal(err)
		}
		return b
	}
	raw := func(b []byte) asn1.RawValue { return asn1.RawValue{FullBytes: b} }
	alg := pkix.AlgorithmIdentifier{Algorithm: hash}
	signer := must(struct {
		Version   int
		ID        asn1.RawValue
		Digest    pkix.AlgorithmIdentifier
		Key       pkix.AlgorithmIdentifier
		Signature []byte
	}{1, raw(must(id, "")), alg, alg, []byte("signature")}, "")
	data := must(struct {
		Version int
		Digests []pkix.AlgorithmIdentifier `asn1:"set"`
		Content struct{ Type asn1.ObjectIdentifier }
		Signers []asn1.RawValue `asn1:"set"`
	}{1, []pkix.AlgorithmIdentifier{alg}, struct{ Type asn1.ObjectIdentifier }{asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 7, 1}}, []asn1.RawValue{raw(signer)}}, "")
	return must(struct {
		Type    asn1.ObjectIdentifier
		Content asn1.RawValue
	}{cms.OIDSignedData, asn1.RawValue{Class: asn1.ClassContextSpecific, Tag: 0, IsCompound: true, Bytes: data}}, "")
}

var sha512OID = asn1.ObjectIdentifier{2, 16, 840, 1, 101, 3, 4, 2, 3}

func issuer(name string, serial int64) any {
	return struct {
		Issuer pkix.RDNSequence
		Serial *big.Int
	}{pkix.Name{CommonName: name}.ToRDNSequence(), big.NewInt(serial)}
}
