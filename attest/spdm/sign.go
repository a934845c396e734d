package spdm

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rsa"
	_ "crypto/sha256" // the hashes that are looked up by crypto.Hash
	_ "crypto/sha3"
	_ "crypto/sha512"
	"errors"
	"fmt"
	"math/big"
	"math/bits"
	"strings"
)

// suite is what a transcript says was negotiated: one bit each of BaseAsymSel and
// BaseHashSel (DSP0274, ALGORITHMS).
type suite struct{ asymmetric, hash uint32 }

// errUnsupported says that an algorithm is not one that is verified here. It is no
// fault of the evidence.
var errUnsupported = errors.New("unsupported algorithm")

// errSignature says that a signature does not verify.
var errSignature = errors.New("the signature does not verify")

// kind of a key and of what it makes.
type kind int

const (
	ecdsaRaw kind = iota // r and s, big-endian, each as long as the curve's order
	rsaPKCS1
	rsaPSS
	edDSA
)

// scheme is how signatures of an algorithm are made.
type scheme struct {
	kind  kind
	curve elliptic.Curve
	// size of a signature, bytes.
	size int
	// hash that goes with the key where nothing was negotiated.
	hash crypto.Hash
}

// schemes are the algorithms of BaseAsymSel, by bit. Bits that are not here, such as
// SM2 and those of post-quantum signatures, are unsupported.
var schemes = map[int]scheme{
	0:  {kind: rsaPKCS1, size: 256},
	1:  {kind: rsaPSS, size: 256},
	2:  {kind: rsaPKCS1, size: 384},
	3:  {kind: rsaPSS, size: 384},
	4:  {kind: ecdsaRaw, curve: elliptic.P256(), size: 64, hash: crypto.SHA256},
	5:  {kind: rsaPKCS1, size: 512},
	6:  {kind: rsaPSS, size: 512},
	7:  {kind: ecdsaRaw, curve: elliptic.P384(), size: 96, hash: crypto.SHA384},
	8:  {kind: ecdsaRaw, curve: elliptic.P521(), size: 132, hash: crypto.SHA512},
	10: {kind: edDSA, size: 64},
}

// hashes are the algorithms of BaseHashSel, by bit.
var hashes = map[int]crypto.Hash{
	0: crypto.SHA256, 1: crypto.SHA384, 2: crypto.SHA512,
	3: crypto.SHA3_256, 4: crypto.SHA3_384, 5: crypto.SHA3_512,
}

// choose is the scheme and the hash for a key: what was negotiated, or before SPDM 1.2,
// where a transcript need not say it, what goes with the curve of the key.
func (m *messages) choose(key crypto.PublicKey) (scheme, crypto.Hash, error) {
	if m.suite == nil {
		k, ok := key.(*ecdsa.PublicKey)
		for _, s := range schemes {
			if ok && s.curve == k.Curve {
				if m.hint != 0 {
					return s, m.hint, nil
				}
				return s, s.hash, nil
			}
		}
		return scheme{}, 0, fmt.Errorf("%w: the transcript names none, and a key of the kind %T says it not alone", errUnsupported, key)
	}
	s, ok := schemes[oneBit(m.suite.asymmetric)]
	if !ok {
		return scheme{}, 0, fmt.Errorf("%w: signatures 0x%08x", errUnsupported, m.suite.asymmetric)
	}
	h, ok := hashes[oneBit(m.suite.hash)]
	if !ok {
		return scheme{}, 0, fmt.Errorf("%w: hash 0x%08x", errUnsupported, m.suite.hash)
	}
	return s, h, nil
}

// oneBit is the number of the only bit that is set, -1 for any other number of them.
func oneBit(v uint32) int {
	if bits.OnesCount32(v) != 1 {
		return -1
	}
	return bits.TrailingZeros32(v)
}

// signedBytes is what is hashed and signed: the messages themselves before SPDM 1.2;
// from 1.2 on a prefix that names the version and the purpose, and the messages'
// digest (DSP0274, "Signature generation": combined_spdm_prefix has 100 bytes).
func (m *messages) signedBytes(h crypto.Hash) []byte {
	if m.version < V12 {
		return m.signed
	}
	const context = "responder-measurements signing"
	prefix := make([]byte, 100, 100+h.Size())
	copy(prefix, strings.Repeat(fmt.Sprintf("dmtf-spdm-v%d.%d.*", m.version>>4, m.version&0xf), 4))
	copy(prefix[100-len(context):], context)
	digest := h.New()
	digest.Write(m.signed)
	return digest.Sum(prefix)
}

// verify verifies the signature with a key.
func (m *messages) verify(key crypto.PublicKey) error {
	s, h, err := m.choose(key)
	if err != nil {
		return err
	}
	if !h.Available() {
		return fmt.Errorf("%w: %v", errUnsupported, h)
	}
	at := m.opaqueAt + len(m.opaque)
	switch n := len(m.signature); {
	case n < s.size:
		return &FormatError{Code: "truncated", Offset: at, Detail: fmt.Sprintf("the signature takes %d bytes, %d are left", s.size, n)}
	case n > s.size:
		return &FormatError{Code: "stray-bytes", Offset: at + s.size, Detail: fmt.Sprintf("%d bytes follow the signature", n-s.size)}
	}
	signed := m.signedBytes(h)
	digest := h.New()
	digest.Write(signed)
	ok := false
	switch k := key.(type) {
	case *ecdsa.PublicKey:
		ok = s.kind == ecdsaRaw && k.Curve == s.curve && rawECDSA(k, digest.Sum(nil), m.signature)
	case *rsa.PublicKey:
		switch s.kind {
		case rsaPKCS1:
			ok = rsa.VerifyPKCS1v15(k, h, digest.Sum(nil), m.signature) == nil
		case rsaPSS:
			ok = rsa.VerifyPSS(k, h, digest.Sum(nil), m.signature, &rsa.PSSOptions{SaltLength: h.Size()}) == nil
		}
	case ed25519.PublicKey:
		ok = s.kind == edDSA && ed25519.Verify(k, signed, m.signature)
	}
	if !ok {
		return errSignature
	}
	return nil
}

// rawECDSA verifies r and s side by side. Both s and n-s verify: the bytes of a
// signature identify nothing.
func rawECDSA(k *ecdsa.PublicKey, digest, signature []byte) bool {
	half := len(signature) / 2
	return ecdsa.Verify(k, digest, new(big.Int).SetBytes(signature[:half]), new(big.Int).SetBytes(signature[half:]))
}
