// Package pkcs11 signs with keys on tokens and in hardware security modules
// that speak PKCS #11 v2.40, through the vendor's library and purego. A program
// that links it is no longer static and runs the vendor's code: only
// gpuaudit-sign imports it.
package pkcs11

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"encoding/asn1"
	"errors"
	"fmt"
	"io"
	"math/big"
	"sync"

	"golang.org/x/crypto/cryptobyte"
	casn1 "golang.org/x/crypto/cryptobyte/asn1"
)

// Key is an ECDSA key on a token, ready to sign.
type Key struct {
	mu      sync.Mutex // a session signs one thing at a time
	module  *module
	session uint
	object  uint
	public  *ecdsa.PublicKey
}

// Open loads the library at path, logs in and finds the key that the URI names.
// The PIN is asked for where the token wants one.
func Open(path string, u *URI, pin func() ([]byte, error)) (*Key, error) {
	m, err := load(path)
	if err != nil {
		return nil, err
	}
	k := &Key{module: m}
	slot, info, err := m.token(u)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrKey, err)
	}
	if rv := m.openSession(slot, serialSession, 0, 0, &k.session); rv != okay {
		return nil, fmt.Errorf("%w: open a session: %w", ErrKey, failure(rv))
	}
	if err := k.find(info, u, pin); err != nil {
		k.Close() // and with its last session the login
		return nil, fmt.Errorf("%w: %w", ErrKey, err)
	}
	return k, nil
}

// find logs in and finds both halves of the key.
func (k *Key) find(info *tokenInfo, u *URI, pin func() ([]byte, error)) (err error) {
	if info.flags&loginRequired != 0 {
		secret, err := pin()
		if err != nil {
			return fmt.Errorf("read PIN: %w", err)
		}
		if rv := k.module.login(k.session, user, secret, uint(len(secret))); rv != okay && rv != alreadyLoggedIn {
			return fmt.Errorf("log in: %w", failure(rv))
		}
	}
	if k.object, err = k.one(privateKey, u.Object, u.ID); err != nil {
		return fmt.Errorf("private key: %w", err)
	}
	k.public, err = k.readPublic(u)
	return err
}

// one finds the only EC key of a class with a label and an id.
func (k *Key) one(class uint, label, id string) (uint, error) {
	template := []attribute{number(attrClass, class), number(attrKeyType, keyEC)}
	if label != "" {
		template = append(template, text(attrLabel, label))
	}
	if id != "" {
		template = append(template, text(attrID, id))
	}
	found, err := k.module.find(k.session, template)
	switch {
	case err != nil:
		return 0, err
	case len(found) == 0:
		return 0, errors.New("the token has no EC key of this name (RSA and Ed25519 keys are not supported)")
	case len(found) > 1:
		return 0, errors.New("several keys match: name one with object= and id=")
	}
	return found[0], nil
}

// readPublic reads the public half: of the public key with the same id, or of
// the private key where the token keeps it there.
func (k *Key) readPublic(u *URI) (*ecdsa.PublicKey, error) {
	object := k.object
	if id, err := k.module.value(k.session, k.object, attrID); err == nil && len(id) > 0 {
		if public, err := k.one(publicKey, "", string(id)); err == nil {
			object = public
		}
	} else if public, err := k.one(publicKey, u.Object, u.ID); err == nil {
		object = public
	}
	params, err := k.module.value(k.session, object, attrECParams)
	if err != nil {
		return nil, fmt.Errorf("public key: %w", err)
	}
	point, err := k.module.value(k.session, object, attrECPoint)
	if err != nil {
		return nil, fmt.Errorf("public key: %w", err)
	}
	return parsePublic(params, point)
}

// parsePublic reads CKA_EC_PARAMS, a named curve, and CKA_EC_POINT, a point in
// an octet string (PKCS #11 Current Mechanisms, section 2.3.3).
func parsePublic(params, point []byte) (*ecdsa.PublicKey, error) {
	var id asn1.ObjectIdentifier
	if rest, err := asn1.Unmarshal(params, &id); err != nil || len(rest) > 0 {
		return nil, errors.New("public key: the curve has no name")
	}
	curves := map[string]elliptic.Curve{"1.2.840.10045.3.1.7": elliptic.P256(), "1.3.132.0.34": elliptic.P384()}
	curve := curves[id.String()]
	if curve == nil {
		return nil, fmt.Errorf("public key: curve %s is neither P-256 nor P-384", id)
	}
	var raw []byte
	if rest, err := asn1.Unmarshal(point, &raw); err != nil || len(rest) > 0 {
		return nil, errors.New("public key: the point is malformed")
	}
	public, err := ecdsa.ParseUncompressedPublicKey(curve, raw)
	if err != nil {
		return nil, fmt.Errorf("public key: %w", err)
	}
	return public, nil
}

// Public is the public half, an *ecdsa.PublicKey.
func (k *Key) Public() crypto.PublicKey { return k.public }

// Sign signs a digest on the token. It implements crypto.Signer; the token
// brings its own randomness.
func (k *Key) Sign(_ io.Reader, digest []byte, opts crypto.SignerOpts) ([]byte, error) {
	if len(digest) == 0 || len(digest) != opts.HashFunc().Size() {
		return nil, fmt.Errorf("%w: it signs digests only", ErrKey)
	}
	k.mu.Lock()
	defer k.mu.Unlock()
	if rv := k.module.signInit(k.session, &mechanism{kind: ecdsaRaw}, k.object); rv != okay {
		return nil, fmt.Errorf("sign: %w", failure(rv))
	}
	half := (k.public.Curve.Params().BitSize + 7) / 8
	signature, size := make([]byte, 2*half), uint(2*half)
	if rv := k.module.sign(k.session, digest, uint(len(digest)), signature, &size); rv != okay {
		return nil, fmt.Errorf("sign: %w", failure(rv))
	}
	if size != uint(len(signature)) {
		return nil, fmt.Errorf("sign: the token gave %d bytes, not %d", size, len(signature))
	}
	var b cryptobyte.Builder
	b.AddASN1(casn1.SEQUENCE, func(b *cryptobyte.Builder) {
		b.AddASN1BigInt(new(big.Int).SetBytes(signature[:half]))
		b.AddASN1BigInt(new(big.Int).SetBytes(signature[half:]))
	})
	return b.Bytes()
}

// Close ends the session with the token.
func (k *Key) Close() { k.module.closeSession(k.session) }
