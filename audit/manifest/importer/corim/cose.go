package corim

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/rsa"
	"errors"
	"fmt"

	"github.com/veraison/go-cose"

	"github.com/gpuaudit/gpuaudit/audit/manifest/importer"
)

// errNoKey says that a signature is by none of the keys that were given.
var errNoKey = errors.New("none of the given keys made the signature")

// open takes a COSE message apart and verifies it if there are keys. The
// algorithm must stand in the protected header and be one of the key's own.
func open(message []byte, tag uint64, keys []importer.Key) (payload []byte, signer string, err error) {
	if tag == tagSign {
		return openMany(message, keys)
	}
	var m cose.Sign1Message
	if err := m.UnmarshalCBOR(message); err != nil {
		return nil, "", fmt.Errorf("%w: %w", importer.ErrMalformed, err)
	}
	signer, err = try(keys, m.Headers, func(v cose.Verifier) error { return m.Verify(nil, v) })
	return m.Payload, signer, err
}

// openMany takes a message with several signatures; one that verifies is enough.
func openMany(message []byte, keys []importer.Key) (payload []byte, signer string, err error) {
	var m cose.SignMessage
	if err := m.UnmarshalCBOR(message); err != nil {
		return nil, "", fmt.Errorf("%w: %w", importer.ErrMalformed, err)
	}
	protected, err := m.Headers.MarshalProtected()
	if err != nil {
		return nil, "", fmt.Errorf("%w: %w", importer.ErrMalformed, err)
	}
	err = errNoKey
	for _, s := range m.Signatures[:min(len(m.Signatures), 16)] {
		if signer, err = try(keys, s.Headers, func(v cose.Verifier) error { return s.Verify(v, protected, m.Payload, nil) }); err == nil {
			return m.Payload, signer, nil
		}
	}
	return m.Payload, "", err
}

// try verifies with each key that fits the algorithm of the header.
func try(keys []importer.Key, h cose.Headers, verify func(cose.Verifier) error) (string, error) {
	algorithm, err := h.Protected.Algorithm()
	if err != nil {
		return "", fmt.Errorf("the signed header names no algorithm: %w", err)
	}
	for _, k := range keys {
		if !fits(algorithm, k.Public) {
			continue
		}
		v, err := cose.NewVerifier(algorithm, k.Public)
		if err != nil {
			continue
		}
		if verify(v) == nil {
			return k.Name, nil
		}
	}
	return "", errNoKey
}

// fits says whether a key may be used with an algorithm: ECDSA with the digest of
// its curve's size, Ed25519, and RSA-PSS.
func fits(a cose.Algorithm, key crypto.PublicKey) bool {
	switch k := key.(type) {
	case *ecdsa.PublicKey:
		return map[int]cose.Algorithm{256: cose.AlgorithmES256, 384: cose.AlgorithmES384, 521: cose.AlgorithmES512}[k.Curve.Params().BitSize] == a && a != 0
	case ed25519.PublicKey:
		return a == cose.AlgorithmEdDSA
	case *rsa.PublicKey:
		return a == cose.AlgorithmPS256 || a == cose.AlgorithmPS384 || a == cose.AlgorithmPS512
	}
	return false
}
