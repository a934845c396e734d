package importer

import (
	"crypto"
	"crypto/sha256"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"fmt"
)

// KeysLimit caps a file of keys.
const KeysLimit = 1 << 20

// Key is a public key that the user gives to verify an original with. A key that
// a document brings along is never one.
type Key struct {
	Name   string // for provenance: file and fingerprint
	Public crypto.PublicKey
}

// ParseKeys reads public keys (PKIX) and certificates in PEM from a file. Of a
// certificate the key alone counts: it is the user who vouches for it.
func ParseKeys(text []byte, file string) ([]Key, error) {
	var list []Key
	for block, rest := pem.Decode(text); block != nil; block, rest = pem.Decode(rest) {
		var public crypto.PublicKey
		var err error
		switch block.Type {
		case "PUBLIC KEY":
			public, err = x509.ParsePKIXPublicKey(block.Bytes)
		case "CERTIFICATE":
			var c *x509.Certificate
			if c, err = x509.ParseCertificate(block.Bytes); err == nil {
				public = c.PublicKey
			}
		default:
			err = fmt.Errorf("a %.40q is no public key", block.Type)
		}
		if err != nil {
			return nil, err
		}
		der, err := x509.MarshalPKIXPublicKey(public)
		if err != nil {
			return nil, err
		}
		list = append(list, Key{Name: fmt.Sprintf("key %s (SHA-256 of its PKIX form %x)", Text(file), sha256.Sum256(der)), Public: public})
	}
	if len(list) == 0 {
		return nil, errors.New("no public key in PEM")
	}
	return list, nil
}
