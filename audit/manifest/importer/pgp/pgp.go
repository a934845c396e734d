// Package pgp verifies OpenPGP signatures (RFC 9580) over documents that others
// publish, against a keyring that the user gives.
package pgp

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"github.com/ProtonMail/go-crypto/openpgp"
	"github.com/ProtonMail/go-crypto/openpgp/clearsign"
	"github.com/ProtonMail/go-crypto/openpgp/packet"
)

// KeyringLimit caps a keyring file.
const KeyringLimit = 4 << 20

// ErrSignature says that no key of the keyring made the signature, or that it
// does not hold.
var ErrSignature = errors.New("the OpenPGP signature does not verify")

// Keyring are the keys that a user trusts for one import.
type Keyring struct{ keys openpgp.EntityList }

// ParseKeyring reads public keys, binary or armoured.
func ParseKeyring(text []byte) (*Keyring, error) {
	if len(text) > KeyringLimit {
		return nil, fmt.Errorf("keyring: more than %d bytes", KeyringLimit)
	}
	read := openpgp.ReadKeyRing
	if bytes.HasPrefix(bytes.TrimSpace(text), []byte("-----BEGIN PGP")) {
		read = openpgp.ReadArmoredKeyRing
	}
	keys, err := read(bytes.NewReader(text))
	switch {
	case err != nil:
		return nil, fmt.Errorf("keyring: %w", err)
	case len(keys) == 0:
		return nil, errors.New("keyring: it holds no keys")
	}
	return &Keyring{keys}, nil
}

const clearHeader = "-----BEGIN PGP SIGNED MESSAGE-----"

// Clearsigned takes a clear-signed document apart. The text is what its signature
// covers and nothing else; it is returned whether the signature holds or not,
// and nobody has signed it unless signer is set. A nil keyring checks nothing.
func Clearsigned(document []byte, keyring *Keyring, now time.Time) (text []byte, signer string, err error) {
	block, rest := clearsign.Decode(document)
	switch {
	case block == nil:
		return nil, "", errors.New("no clear-signed document")
	case !bytes.HasPrefix(document, []byte(clearHeader)) || len(bytes.TrimSpace(rest)) > 0:
		return nil, "", errors.New("there is text beside the signed one")
	case keyring == nil:
		return block.Bytes, "", nil
	}
	entity, err := block.VerifySignature(keyring.keys, at(now))
	if err != nil {
		return block.Bytes, "", fmt.Errorf("%w: %w", ErrSignature, err)
	}
	return block.Bytes, name(entity), nil
}

// Detached verifies a detached signature, binary or armoured, over a document.
func Detached(document io.Reader, signature []byte, keyring *Keyring, now time.Time) (signer string, err error) {
	check := openpgp.CheckDetachedSignature
	if bytes.HasPrefix(bytes.TrimSpace(signature), []byte("-----BEGIN PGP")) {
		check = openpgp.CheckArmoredDetachedSignature
	}
	entity, err := check(keyring.keys, document, bytes.NewReader(signature), at(now))
	if err != nil {
		return "", fmt.Errorf("%w: %w", ErrSignature, err)
	}
	return name(entity), nil
}

func at(now time.Time) *packet.Config {
	return &packet.Config{Time: func() time.Time { return now }}
}

// name is the fingerprint and the first of the names that the key claims.
func name(e *openpgp.Entity) string {
	var names []string
	for n := range e.Identities {
		names = append(names, n)
	}
	slices.Sort(names)
	if len(names) == 0 {
		return fmt.Sprintf("OpenPGP key %X", e.PrimaryKey.Fingerprint)
	}
	return strings.TrimSpace(fmt.Sprintf("OpenPGP key %X %s", e.PrimaryKey.Fingerprint, names[0]))
}
