package seal

import (
	"context"
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"encoding/pem"
	"errors"
	"fmt"

	"github.com/secure-systems-lab/go-securesystemslib/encrypted"
	protocommon "github.com/sigstore/protobuf-specs/gen/pb-go/common/v1"
	"github.com/sigstore/sigstore/pkg/cryptoutils"
)

// ErrKey says that a key cannot be used; the text says why.
var ErrKey = errors.New("unusable key")

// keyLimit caps a key file.
const keyLimit = 64 << 10

// Signer is a private key, in memory or behind a device: ECDSA P-256 or P-384,
// or Ed25519.
type Signer struct {
	key  crypto.Signer
	algo algorithm
}

// algorithm is how keys of one type sign.
type algorithm struct {
	name    string
	details protocommon.PublicKeyDetails
	hash    crypto.Hash // 0: the message itself is signed
	digest  protocommon.HashAlgorithm
}

// LoadSigner reads a PEM private key: PKCS #8, SEC 1, or cosign's encrypted
// form, for which it asks passphrase.
func LoadSigner(text []byte, passphrase func() ([]byte, error)) (*Signer, error) {
	if len(text) > keyLimit {
		return nil, fmt.Errorf("%w: the file is larger than %d bytes", ErrKey, keyLimit)
	}
	block, rest := pem.Decode(text)
	if block != nil && block.Type == "EC PARAMETERS" { // openssl ecparam writes the curve's name first
		block, _ = pem.Decode(rest)
	}
	if block == nil {
		return nil, fmt.Errorf("%w: no PEM block", ErrKey)
	}
	der := block.Bytes
	switch block.Type {
	case "PRIVATE KEY", "EC PRIVATE KEY":
	case "ENCRYPTED SIGSTORE PRIVATE KEY", "ENCRYPTED COSIGN PRIVATE KEY":
		var err error
		if der, err = decrypt(der, passphrase); err != nil {
			return nil, err
		}
	default:
		return nil, fmt.Errorf("%w: a PEM block %q is no private key that can be read here", ErrKey, block.Type)
	}
	key, err := parsePrivate(der)
	if err != nil {
		return nil, err
	}
	return NewSigner(key)
}

// NewSigner signs with a key that somebody else holds: a TPM, a token, a
// service. It gets the digest of what is signed, Ed25519 the whole of it.
func NewSigner(key crypto.Signer) (*Signer, error) {
	algo, err := algorithmOf(key.Public())
	if err != nil {
		return nil, err
	}
	return &Signer{key: key, algo: algo}, nil
}

func decrypt(der []byte, passphrase func() ([]byte, error)) ([]byte, error) {
	if passphrase == nil {
		return nil, fmt.Errorf("%w: it is encrypted and no passphrase was given", ErrKey)
	}
	pass, err := passphrase()
	if err != nil {
		return nil, fmt.Errorf("%w: read passphrase: %w", ErrKey, err)
	}
	plain, err := encrypted.Decrypt(der, pass)
	if err != nil {
		return nil, fmt.Errorf("%w: wrong passphrase, or damaged: %w", ErrKey, err)
	}
	return plain, nil
}

func parsePrivate(der []byte) (crypto.Signer, error) {
	if key, err := x509.ParseECPrivateKey(der); err == nil {
		return key, nil
	}
	key, err := x509.ParsePKCS8PrivateKey(der)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrKey, err)
	}
	signer, ok := key.(crypto.Signer)
	if !ok {
		return nil, fmt.Errorf("%w: a %T cannot sign", ErrKey, key)
	}
	return signer, nil
}

func algorithmOf(pub crypto.PublicKey) (algorithm, error) {
	switch k := pub.(type) {
	case *ecdsa.PublicKey:
		switch k.Curve {
		case elliptic.P256():
			return algorithm{"ECDSA", protocommon.PublicKeyDetails_PKIX_ECDSA_P256_SHA_256, crypto.SHA256, protocommon.HashAlgorithm_SHA2_256}, nil
		case elliptic.P384():
			return algorithm{"ECDSA", protocommon.PublicKeyDetails_PKIX_ECDSA_P384_SHA_384, crypto.SHA384, protocommon.HashAlgorithm_SHA2_384}, nil
		}
	case ed25519.PublicKey:
		return algorithm{"ED25519", protocommon.PublicKeyDetails_PKIX_ED25519, 0, protocommon.HashAlgorithm_SHA2_256}, nil
	}
	return algorithm{}, fmt.Errorf("%w: %T: use ECDSA P-256, ECDSA P-384 or Ed25519", ErrKey, pub)
}

// PublicKeyPEM is the public half, as PKIX in PEM.
func (s *Signer) PublicKeyPEM() ([]byte, error) {
	return cryptoutils.MarshalPublicKeyToPEM(s.key.Public())
}

// keypair adapts a Signer to sigstore's interface.
type keypair struct{ *Signer }

func (k keypair) GetHashAlgorithm() protocommon.HashAlgorithm       { return k.algo.digest }
func (k keypair) GetSigningAlgorithm() protocommon.PublicKeyDetails { return k.algo.details }
func (k keypair) GetKeyAlgorithm() string                           { return k.algo.name }
func (k keypair) GetPublicKey() crypto.PublicKey                    { return k.key.Public() }

func (k keypair) GetHint() []byte { return []byte(hint(k.key.Public())) }

func (k keypair) GetPublicKeyPem() (string, error) {
	text, err := k.PublicKeyPEM()
	return string(text), err
}

// SignData signs data and returns the signature and the digest that a
// transparency log would record.
func (k keypair) SignData(_ context.Context, data []byte) ([]byte, []byte, error) {
	if k.algo.hash == 0 {
		digest := sha256.Sum256(data)
		sig, err := k.key.Sign(rand.Reader, data, crypto.Hash(0))
		return sig, digest[:], err
	}
	h := k.algo.hash.New()
	h.Write(data)
	digest := h.Sum(nil)
	sig, err := k.key.Sign(rand.Reader, digest, k.algo.hash)
	return sig, digest, err
}

// hint names a public key as cosign does: the base64 of the SHA-256 of its
// PKIX form. It helps to choose a key and is never believed.
func hint(pub crypto.PublicKey) string {
	der, err := x509.MarshalPKIXPublicKey(pub)
	if err != nil {
		return "" // algorithmOf admitted the key, so it has a PKIX form
	}
	sum := sha256.Sum256(der)
	return base64.StdEncoding.EncodeToString(sum[:])
}

// ParsePublicKey reads a PEM public key of a type that can be verified here.
func ParsePublicKey(text []byte) (crypto.PublicKey, error) {
	if len(text) > keyLimit {
		return nil, fmt.Errorf("%w: the file is larger than %d bytes", ErrKey, keyLimit)
	}
	pub, err := cryptoutils.UnmarshalPEMToPublicKey(text)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrKey, err)
	}
	if _, err := algorithmOf(pub); err != nil {
		return nil, err
	}
	return pub, nil
}
