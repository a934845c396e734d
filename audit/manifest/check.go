package manifest

import (
	"bytes"
	"crypto"
	"fmt"
	"time"

	"github.com/gpuaudit/gpuaudit/attest/seal"
)

// Checked is the content of a bundle or a statement, and what is known of it.
type Checked struct {
	Predicate *Predicate
	// Manifest is nil unless it was verified with a trust file.
	Manifest *Manifest
	// Signer is "" where nothing was verified, and Unsigned says that it is a bare statement.
	Signer   string
	Unsigned bool
}

// Mark is what is known of the signature, in a word.
func (c *Checked) Mark() string {
	switch {
	case c.Manifest != nil:
		return "verified"
	case c.Signer != "":
		return "signature verified"
	case c.Unsigned:
		return "UNSIGNED"
	}
	return "UNVERIFIED"
}

// By is whose signature counts: that of who stands in a trust file, or of one key, of which
// nobody said for which devices it may speak. The zero value believes nobody, and verifies
// nothing.
type By struct {
	Trust   *Trust
	Key     crypto.PublicKey
	KeyName string
	Root    *seal.Root // for the key
}

// Check reads a bundle and verifies it as far as somebody is believed. A bare statement is
// read where nobody is.
func Check(text []byte, name string, by By, now time.Time) (*Checked, error) {
	switch {
	case by.Trust != nil:
		m, err := Verify(text, name, by.Trust, now)
		if err != nil {
			return nil, err
		}
		return &Checked{Predicate: new(m.Predicate()), Manifest: m, Signer: fmt.Sprintf("%s (%s)", m.Issuer(), m.Kind())}, nil
	case by.Key != nil:
		p, err := SignedBy(text, by.Key, by.Root, now)
		if err != nil {
			return nil, err
		}
		return &Checked{Predicate: p, Signer: "the key in " + by.KeyName}, nil
	}
	if bytes.HasPrefix(text, []byte(`{"_type":`)) { // a statement that is yet to be signed
		p, err := ParseStatement(text)
		if err != nil {
			return nil, err
		}
		return &Checked{Predicate: p, Unsigned: true}, nil
	}
	p, err := Unverified(text)
	if err != nil {
		return nil, err
	}
	return &Checked{Predicate: p}, nil
}
