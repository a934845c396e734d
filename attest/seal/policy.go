package seal

import (
	"crypto"
	"crypto/ed25519"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/sigstore/sigstore-go/pkg/bundle"
	"github.com/sigstore/sigstore-go/pkg/root"
	"github.com/sigstore/sigstore-go/pkg/verify"
	"github.com/sigstore/sigstore/pkg/signature"
	"github.com/sigstore/sigstore/pkg/signature/options"
)

// Key is a public key that a policy trusts, under a name, for a time.
type Key struct {
	Name   string
	Public crypto.PublicKey
	// NotBefore and NotAfter bound the time of the signature: the times that
	// witnesses signed, or without any the reader's clock. Both are required: a
	// key that never ends is spelt with a date far away.
	NotBefore, NotAfter time.Time
	// Witness is what a signature of this key needs beside itself.
	Witness Witness
}

// GivenKey is a key that somebody names for one verification, without a period
// and without a need for witnesses.
func GivenKey(public crypto.PublicKey) Key {
	return Key{Name: "given", Public: public, NotBefore: time.Unix(0, 0), NotAfter: time.Date(9999, 1, 1, 0, 0, 0, 0, time.UTC), Witness: NoWitness}
}

// Policy is what a signature must meet. At least one key or identity, a
// predicate type and a clock are required.
type Policy struct {
	Keys       []Key
	Identities []Identity
	// Root names the authorities that may vouch for identities, times and log
	// entries. It may be nil where no key needs any; then a bundle that carries
	// a timestamp or a log entry is refused, for nobody can verify it.
	Root          *Root
	PredicateType string
	Now           time.Time
}

// ErrPolicy says that a policy leaves a question open.
var ErrPolicy = errors.New("incomplete verification policy")

// Verifier verifies bundles against one policy.
type Verifier struct {
	policy     Policy
	keys       []trusted
	identities []identity
	material   root.TrustedMaterial
}

// trusted is a key of the policy, ready to verify with.
type trusted struct {
	Key
	hint     string
	verifier root.TimeConstrainedVerifier
	forms    []root.TrustedMaterial // the forms of signature that the key may have made
}

// NewVerifier checks that the policy answers every question.
func NewVerifier(p Policy) (*Verifier, error) {
	switch {
	case len(p.Keys)+len(p.Identities) == 0:
		return nil, fmt.Errorf("%w: no key and no identity", ErrPolicy)
	case p.PredicateType == "":
		return nil, fmt.Errorf("%w: no predicate type", ErrPolicy)
	case p.Now.IsZero():
		return nil, fmt.Errorf("%w: no clock", ErrPolicy)
	}
	v := &Verifier{policy: p, material: &root.BaseTrustedMaterial{}}
	if p.Root != nil {
		v.material = p.Root.material
	}
	names := map[string]bool{}
	for _, k := range p.Keys {
		t, err := trust(k, v.material)
		if err != nil {
			return nil, err
		}
		// Who signed must have one answer: names and keys are unique.
		for _, other := range v.keys {
			if other.Name == t.Name || other.hint == t.hint {
				return nil, fmt.Errorf("%w: keys %q and %q have the same name or are the same key", ErrPolicy, other.Name, t.Name)
			}
		}
		names[t.Name] = true
		v.keys = append(v.keys, t)
	}
	for _, id := range p.Identities {
		t, err := newIdentity(id, p.Root)
		if err != nil {
			return nil, err
		}
		if names[t.Name] {
			return nil, fmt.Errorf("%w: two signers are named %q", ErrPolicy, t.Name)
		}
		names[t.Name] = true
		v.identities = append(v.identities, t)
	}
	return v, nil
}

func trust(k Key, material root.TrustedMaterial) (trusted, error) {
	fault := func(err error) (trusted, error) {
		return trusted{}, fmt.Errorf("%w: key %q: %w", ErrPolicy, k.Name, err)
	}
	switch {
	case k.Name == "":
		return trusted{}, fmt.Errorf("%w: a key without a name", ErrPolicy)
	case k.Public == nil:
		return fault(errors.New("it is missing"))
	case k.NotBefore.IsZero() || k.NotAfter.IsZero() || k.NotAfter.Before(k.NotBefore):
		return fault(errors.New("it has no period of validity"))
	case k.Witness&Timestamp != 0 && len(material.TimestampingAuthorities()) == 0:
		return fault(errors.New("it needs a timestamp, and no timestamping authority is trusted"))
	case k.Witness&Log != 0 && len(material.RekorLogs()) == 0:
		return fault(errors.New("it needs a log entry, and no log is trusted"))
	}
	if err := k.Witness.validate(); err != nil {
		return fault(err)
	}
	if _, err := algorithmOf(k.Public); err != nil {
		return trusted{}, fmt.Errorf("key %q: %w", k.Name, err)
	}
	t := trusted{Key: k, hint: hint(k.Public)}
	forms := [][]signature.LoadOption{nil}
	if _, ok := k.Public.(ed25519.PublicKey); ok {
		// cosign 3 signs with Ed25519ph (RFC 8032, section 5.1), which is
		// separated from Ed25519 by its prefix.
		forms = append(forms, []signature.LoadOption{options.WithED25519ph()})
	}
	for i, form := range forms {
		one, err := signature.LoadDefaultVerifier(k.Public, form...)
		if err != nil {
			return trusted{}, fmt.Errorf("key %q: %w", k.Name, err)
		}
		// The period is checked here, not by sigstore, so that "expired" and
		// "broken" stay different answers.
		always := root.NewExpiringKey(one, time.Time{}, time.Time{})
		if i == 0 {
			t.verifier = always
		}
		t.forms = append(t.forms, root.NewTrustedPublicKeyMaterial(func(string) (root.TimeConstrainedVerifier, error) { return always, nil }))
	}
	return t, nil
}

// made says whether the key made the signature of a bundle. What is signed is not looked at:
// whoever asks parses it afterwards, more strictly than sigstore would.
func (t *trusted) made(b *bundle.Bundle) bool {
	content, err := b.SignatureContent()
	if err != nil {
		return false
	}
	signer, err := b.VerificationContent()
	if err != nil || signer.Certificate() != nil || signer.PublicKey() == nil {
		return false
	}
	return slices.ContainsFunc(t.forms, func(m root.TrustedMaterial) bool { return verify.VerifySignature(content, signer, m) == nil })
}

// beside is what is trusted beside a key, with that key.
type beside struct {
	root.TrustedMaterial
	key root.TimeConstrainedVerifier
}

func (m beside) PublicKeyVerifier(string) (root.TimeConstrainedVerifier, error) { return m.key, nil }
