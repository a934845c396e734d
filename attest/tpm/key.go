package tpm

import (
	"bytes"
	"crypto"
	"crypto/ecdsa"
	"crypto/rsa"
	"errors"
	"fmt"
	"math/big"

	"github.com/google/go-tpm/tpm2"
)

// parsePublic decodes a TPMT_PUBLIC. Only bytes that encode back to themselves
// count, so that a name is taken over exactly what was read.
func parsePublic(b []byte) (*tpm2.TPMTPublic, crypto.PublicKey, error) {
	if len(b) > maxStructure {
		return nil, nil, fmt.Errorf("a public area of %d bytes", len(b))
	}
	p, err := tpm2.Unmarshal[tpm2.TPMTPublic](b)
	if err != nil {
		return nil, nil, fmt.Errorf("public area: %w", err)
	}
	if p.Type != tpm2.TPMAlgRSA && p.Type != tpm2.TPMAlgECC {
		return nil, nil, fmt.Errorf("%w: key type %04x", errAlgorithm, uint16(p.Type))
	}
	if !bytes.Equal(tpm2.Marshal(p), b) {
		return nil, nil, errors.New("public area: it does not encode back to the same bytes")
	}
	key, err := tpm2.Pub(*p)
	if err != nil {
		return nil, nil, fmt.Errorf("public area: %w", err)
	}
	return p, key, usable(key)
}

var errAlgorithm = errors.New("algorithm not supported")

// usable refuses keys that cost time or prove nothing.
func usable(key crypto.PublicKey) error {
	switch k := key.(type) {
	case *rsa.PublicKey:
		if n := k.N.BitLen(); n < 2048 || n > 4096 || k.E < 3 || k.E%2 == 0 {
			return fmt.Errorf("%w: RSA of %d bits, exponent %d", errAlgorithm, n, k.E)
		}
	case *ecdsa.PublicKey:
		if _, err := k.ECDH(); err != nil {
			return fmt.Errorf("public area: %w", err) // not a point of its curve
		}
	default:
		return errAlgorithm
	}
	return nil
}

// nameOf computes a key's name: its hash algorithm and the hash of its public
// area (Part 1, section 16).
func nameOf(p *tpm2.TPMTPublic, raw []byte) ([]byte, error) {
	h, err := p.NameAlg.Hash()
	if err != nil || !h.Available() {
		return nil, fmt.Errorf("%w: name hash %04x", errAlgorithm, uint16(p.NameAlg))
	}
	w := h.New()
	w.Write(raw)
	return append([]byte{byte(p.NameAlg >> 8), byte(p.NameAlg)}, w.Sum(nil)...), nil
}

// qualifiedName is the name of a primary key of the endorsement hierarchy with
// its place (Part 1, section 16): it is what the TPM signs as the signer.
func qualifiedName(p *tpm2.TPMTPublic, name []byte) ([]byte, error) {
	h, err := p.NameAlg.Hash()
	if err != nil || !h.Available() {
		return nil, fmt.Errorf("%w: name hash %04x", errAlgorithm, uint16(p.NameAlg))
	}
	w := h.New()
	w.Write([]byte{0x40, 0x00, 0x00, 0x0b}) // TPM_RH_ENDORSEMENT
	w.Write(name)
	return append([]byte{byte(p.NameAlg >> 8), byte(p.NameAlg)}, w.Sum(nil)...), nil
}

// signature errors, told apart because they mean different things.
var (
	errSignatureForm = errors.New("the signature does not parse")
	errSignatureKind = errors.New("the signature's algorithm is not the key's")
	errSignature     = errors.New("the signature does not verify")
)

// verifySignature checks a TPMT_SIGNATURE (Part 2, section 11.3.4) over a
// message. SHA-1 is not taken.
func verifySignature(key crypto.PublicKey, message, signature []byte) error {
	s, err := tpm2.Unmarshal[tpm2.TPMTSignature](signature)
	if err != nil {
		return fmt.Errorf("%w: %w", errSignatureForm, err)
	}
	switch s.SigAlg {
	case tpm2.TPMAlgRSASSA, tpm2.TPMAlgRSAPSS, tpm2.TPMAlgECDSA:
	default:
		return fmt.Errorf("%w: signature algorithm %04x", errAlgorithm, uint16(s.SigAlg))
	}
	if !bytes.Equal(tpm2.Marshal(s), signature) {
		return fmt.Errorf("%w: it does not encode back to the same bytes", errSignatureForm)
	}
	if s.SigAlg == tpm2.TPMAlgECDSA {
		return verifyECDSA(key, message, s)
	}
	return verifyRSA(key, message, s)
}

func verifyECDSA(key crypto.PublicKey, message []byte, s *tpm2.TPMTSignature) error {
	k, ok := key.(*ecdsa.PublicKey)
	if !ok {
		return fmt.Errorf("%w: ECDSA by an RSA key", errSignatureKind)
	}
	sig, err := s.Signature.ECDSA()
	if err != nil {
		return fmt.Errorf("%w: %w", errSignatureForm, err)
	}
	digest, _, err := hashed(sig.Hash, message)
	if err != nil {
		return err
	}
	r, v := new(big.Int).SetBytes(sig.SignatureR.Buffer), new(big.Int).SetBytes(sig.SignatureS.Buffer)
	if !ecdsa.Verify(k, digest, r, v) {
		return errSignature
	}
	return nil
}

func verifyRSA(key crypto.PublicKey, message []byte, s *tpm2.TPMTSignature) error {
	k, ok := key.(*rsa.PublicKey)
	if !ok {
		return fmt.Errorf("%w: RSA by an ECC key", errSignatureKind)
	}
	get := s.Signature.RSASSA
	if s.SigAlg == tpm2.TPMAlgRSAPSS {
		get = s.Signature.RSAPSS
	}
	sig, err := get()
	if err != nil {
		return fmt.Errorf("%w: %w", errSignatureForm, err)
	}
	digest, h, err := hashed(sig.Hash, message)
	if err != nil {
		return err
	}
	if s.SigAlg == tpm2.TPMAlgRSAPSS {
		err = rsa.VerifyPSS(k, h, digest, sig.Sig.Buffer, nil)
	} else {
		err = rsa.VerifyPKCS1v15(k, h, digest, sig.Sig.Buffer)
	}
	if err != nil {
		return errSignature
	}
	return nil
}

func hashed(a tpm2.TPMIAlgHash, message []byte) ([]byte, crypto.Hash, error) {
	switch a {
	case tpm2.TPMAlgSHA256, tpm2.TPMAlgSHA384, tpm2.TPMAlgSHA512:
	default:
		return nil, 0, fmt.Errorf("%w: signature hash %04x", errAlgorithm, uint16(a))
	}
	h, err := a.Hash()
	if err != nil {
		return nil, 0, fmt.Errorf("%w: %w", errAlgorithm, err)
	}
	w := h.New()
	w.Write(message)
	return w.Sum(nil), h, nil
}
