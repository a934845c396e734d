// Package manifest reads what vendors, integrators, labs and operators state of
// devices: signed statements with digests of firmware and drivers. Verify is
// the only way to a Manifest, and a key speaks only for what the trust file
// says it may speak for.
package manifest

import (
	"crypto"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"time"

	"github.com/gpuaudit/gpuaudit/attest/seal"
	"github.com/gpuaudit/gpuaudit/attest/strictjson"
)

// Failures beside those of package seal, each its own.
var (
	ErrInvalid     = errors.New("invalid manifest")
	ErrScope       = errors.New("the key may not speak for this")
	ErrExpired     = errors.New("the manifest has expired")
	ErrNotYetValid = errors.New("the manifest is not issued yet")
)

// Manifest is a verified manifest.
type Manifest struct {
	name, sha256 string
	issuer       Scope
	seen         time.Time
	predicate    Predicate
}

// Name is the file name under which the manifest was given.
func (m *Manifest) Name() string { return m.name }

// SHA256 is the digest of the bundle.
func (m *Manifest) SHA256() string { return m.sha256 }

// Issuer is the name of the key or identity in the trust file.
func (m *Manifest) Issuer() string { return m.issuer.Name }

// Kind is the role of the issuer: vendor, integrator, lab or operator.
func (m *Manifest) Kind() Kind { return m.issuer.Kind }

// PartsOnly says that the issuer may speak for cards of some part numbers only,
// and ForPart for which.
func (m *Manifest) PartsOnly() bool { return len(m.issuer.Parts) > 0 }

// ForPart says that the issuer may speak for a card whose ROM states a part number.
func (m *Manifest) ForPart(part string) bool { return m.issuer.ForPart(part) }

// Seen is when the first witness saw the signature: a timestamping authority or
// a log. It is zero where only the reader's clock judged.
func (m *Manifest) Seen() time.Time { return m.seen }

// Predicate is what the manifest states. Its lists are the manifest's own: they
// must not be changed.
func (m *Manifest) Predicate() Predicate { return m.predicate }

// Verify checks the signature of a bundle, the validity of its content at the
// given time, and that the key may speak for every device in it.
func Verify(bundle []byte, name string, trust *Trust, now time.Time) (*Manifest, error) {
	v, err := seal.NewVerifier(trust.Policy(PredicateType, now))
	if err != nil {
		return nil, err
	}
	verified, err := v.Verify(bundle)
	if err != nil {
		return nil, err
	}
	p, err := decodeAt(&verified.Statement, now)
	if err != nil {
		return nil, err
	}
	issuer := trust.Named(verified.Signer)
	if err := issuer.covers(p); err != nil {
		return nil, err
	}
	sum := sha256.Sum256(bundle)
	return &Manifest{name: name, sha256: hex.EncodeToString(sum[:]), issuer: issuer, seen: verified.Seen, predicate: *p}, nil
}

// SignedBy returns what a bundle states if the given key signed it and it is
// valid at the given time. Nobody has said for which devices that key may speak,
// so what it returns is no Manifest. The root says whose timestamps and log
// entries may stand beside the signature.
func SignedBy(bundle []byte, key crypto.PublicKey, root *seal.Root, now time.Time) (*Predicate, error) {
	v, err := seal.NewVerifier(seal.Policy{Keys: []seal.Key{seal.GivenKey(key)}, Root: root, PredicateType: PredicateType, Now: now})
	if err != nil {
		return nil, err
	}
	verified, err := v.Verify(bundle)
	if err != nil {
		return nil, err
	}
	return decodeAt(&verified.Statement, now)
}

// decodeAt reads the predicate and checks that it is valid at the given time.
func decodeAt(s *seal.Statement, now time.Time) (*Predicate, error) {
	p, err := decode(s)
	switch {
	case err != nil:
		return nil, err
	case now.Before(p.Issued):
		return nil, fmt.Errorf("%w: issued %s", ErrNotYetValid, p.Issued.Format(time.RFC3339))
	case now.After(p.Expires):
		return nil, fmt.Errorf("%w: on %s", ErrExpired, p.Expires.Format(time.RFC3339))
	}
	return p, nil
}

// decode reads the predicate strictly and holds the statement's subjects
// against it.
func decode(s *seal.Statement) (*Predicate, error) {
	var p Predicate
	if err := strictjson.Unmarshal(s.Predicate, seal.StatementLimit, &p); err != nil {
		return nil, fmt.Errorf("%w: %w", ErrInvalid, err)
	}
	if err := p.Validate(); err != nil {
		return nil, fmt.Errorf("%w: %w", ErrInvalid, err)
	}
	if err := p.checkSubjects(s.Subject); err != nil {
		return nil, fmt.Errorf("%w: %w", ErrInvalid, err)
	}
	return &p, nil
}

// ParseStatement reads an unsigned statement and checks its content. What it
// returns proves nothing.
func ParseStatement(text []byte) (*Predicate, error) {
	s, err := seal.ParseStatement(text)
	if err != nil {
		return nil, err
	}
	if s.PredicateType != PredicateType {
		return nil, fmt.Errorf("%w: predicate type %.120q, not %q", ErrInvalid, s.PredicateType, PredicateType)
	}
	return decode(s)
}

// Statement encodes a predicate as an unsigned in-toto statement.
func Statement(p *Predicate) ([]byte, error) {
	if err := p.Validate(); err != nil {
		return nil, fmt.Errorf("%w: %w", ErrInvalid, err)
	}
	return seal.NewStatement(p.subjects(), PredicateType, p)
}

// Unverified returns what a bundle states without checking who signed it. It
// exists to show a file to a person; the name is the warning.
func Unverified(bundle []byte) (*Predicate, error) {
	s, err := seal.Unverified(bundle)
	if err != nil {
		return nil, err
	}
	if s.PredicateType != PredicateType {
		return nil, fmt.Errorf("%w: predicate type %.120q, not %q", ErrInvalid, s.PredicateType, PredicateType)
	}
	return decode(s)
}
