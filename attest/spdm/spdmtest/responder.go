// Package spdmtest answers GET_MEASUREMENTS as a device would, for tests: with a chain
// of its own and every choice open, the wrong ones, too.
package spdmtest

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha512"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/binary"
	"math/big"
	"strings"
	"time"
)

// Signed is who signs measurements: a key and its chain, leaf first.
type Signed struct {
	Key   *ecdsa.PrivateKey
	Chain []*x509.Certificate
	keys  []*ecdsa.PrivateKey
}

// Subject is what a certificate of a chain says.
type Subject struct {
	Name, Serial string
	Extensions   []pkix.Extension
}

// NewChain makes P-384 certificates, root last, whose subjects are given leaf first.
func NewChain(subjects ...Subject) (*Signed, error) {
	s := &Signed{Chain: make([]*x509.Certificate, len(subjects)), keys: make([]*ecdsa.PrivateKey, len(subjects))}
	for i := len(subjects) - 1; i >= 0; i-- {
		key, err := ecdsa.GenerateKey(elliptic.P384(), rand.Reader)
		if err != nil {
			return nil, err
		}
		t := &x509.Certificate{SerialNumber: big.NewInt(int64(i + 1)), Subject: pkix.Name{CommonName: subjects[i].Name, SerialNumber: subjects[i].Serial},
			NotBefore: time.Date(2021, 1, 1, 0, 0, 0, 0, time.UTC), NotAfter: time.Date(9999, 12, 31, 23, 59, 59, 0, time.UTC),
			BasicConstraintsValid: true, IsCA: i > 0, KeyUsage: x509.KeyUsageDigitalSignature, ExtraExtensions: subjects[i].Extensions}
		if i > 0 {
			t.KeyUsage = x509.KeyUsageCertSign
		}
		parent, signer := t, key
		if i < len(subjects)-1 {
			parent, signer = s.Chain[i+1], s.keys[i+1]
		}
		der, err := x509.CreateCertificate(rand.Reader, t, parent, &key.PublicKey, signer)
		if err != nil {
			return nil, err
		}
		if s.Chain[i], err = x509.ParseCertificate(der); err != nil {
			return nil, err
		}
		s.keys[i] = key
	}
	s.Key = s.keys[0]
	return s, nil
}

// KeyOf is the key of a certificate of the chain.
func (s *Signed) KeyOf(i int) *ecdsa.PrivateKey { return s.keys[i] }

// Root is the certificate that vouches for the chain.
func (s *Signed) Root() []*x509.Certificate { return s.Chain[len(s.Chain)-1:] }

// Answer is what a device is asked and says.
type Answer struct {
	// Version of SPDM, such as 0x11. From 0x12 on the negotiation comes first.
	Version        byte
	Nonce          [32]byte
	ResponderNonce [32]byte
	// Record is the measurement record; Blocks its number of blocks.
	Record []byte
	Blocks int
	Opaque []byte
}

// Block is a measurement block of DMTF's specification.
func Block(index byte, kind byte, value []byte) []byte {
	b := []byte{index, 1}
	b = binary.LittleEndian.AppendUint16(b, uint16(len(value)+3))
	b = append(b, kind)
	b = binary.LittleEndian.AppendUint16(b, uint16(len(value)))
	return append(b, value...)
}

// Messages are those before the signature.
func (a *Answer) Messages() []byte {
	var b []byte
	if a.Version >= 0x12 {
		b = a.negotiation()
	}
	b = append(b, a.Version, 0xE0, 1, 0xFF)
	b = append(b, a.Nonce[:]...)
	b = append(b, 0)
	context := []byte("context!")
	if a.Version >= 0x13 {
		b = append(b, context...)
	}
	b = append(b, a.Version, 0x60, 0, 0, byte(a.Blocks), byte(len(a.Record)), byte(len(a.Record)>>8), byte(len(a.Record)>>16))
	b = append(b, a.Record...)
	b = append(b, a.ResponderNonce[:]...)
	b = binary.LittleEndian.AppendUint16(b, uint16(len(a.Opaque)))
	b = append(b, a.Opaque...)
	if a.Version >= 0x13 {
		b = append(b, context...)
	}
	return b
}

// negotiation is GET_VERSION to ALGORITHMS, for ECDSA with P-384 and SHA-384.
func (a *Answer) negotiation() []byte {
	b := []byte{0x10, 0x84, 0, 0, 0x10, 0x04, 0, 0, 0, 1, 0, a.Version}
	for _, code := range []byte{0xE1, 0x61} {
		b = append(b, a.Version, code, 0, 0)
		b = append(b, make([]byte, 16)...)
	}
	b = append(b, a.Version, 0xE3, 0, 0, 32, 0)
	b = append(b, make([]byte, 26)...)
	alg := make([]byte, 36)
	copy(alg, []byte{a.Version, 0x63, 0, 0, 36, 0, 1})
	binary.LittleEndian.PutUint32(alg[12:], 1<<7)
	binary.LittleEndian.PutUint32(alg[16:], 1<<1)
	return append(b, alg...)
}

// Sign puts the signature behind messages, over what DSP0274 says of a version.
func (s *Signed) Sign(messages []byte, version byte) ([]byte, error) {
	signed := messages
	if version >= 0x12 {
		const context = "responder-measurements signing"
		prefix := make([]byte, 100)
		copy(prefix, strings.Repeat("dmtf-spdm-v1."+string('0'+version&0xf)+".*", 4))
		copy(prefix[100-len(context):], context)
		sum := sha512.Sum384(messages)
		signed = append(prefix, sum[:]...)
	}
	sum := sha512.Sum384(signed)
	r, z, err := ecdsa.Sign(rand.Reader, s.Key, sum[:])
	if err != nil {
		return nil, err
	}
	raw := make([]byte, 96)
	r.FillBytes(raw[:48])
	z.FillBytes(raw[48:])
	return append(append([]byte(nil), messages...), raw...), nil
}

// Twin is the other signature of the same messages: n-s in the place of s.
func Twin(transcript []byte, key crypto.PublicKey) []byte {
	b := append([]byte(nil), transcript...)
	s := new(big.Int).SetBytes(b[len(b)-48:])
	s.Sub(key.(*ecdsa.PublicKey).Params().N, s).FillBytes(b[len(b)-48:])
	return b
}
