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
	// NotBefore and NotAfter bound the clock at which the key counts. Both are
	// required: a key that never ends is spelt with a date far away.
	NotBefore, NotAfter time.Time
}

// Policy is what a signature must meet. Every field is required.
//
// A bundle signed with a key alone carries no trusted time: the policy's clock
// is that of the reader, and an expired key is refused whenever it signed.
type Policy struct {
	Keys          []Key
	PredicateType string
	Now           time.Time
}

// ErrPolicy says that a policy leaves a question open.
var ErrPolicy = errors.New("incomplete verification policy")

// Verifier verifies bundles against one policy.
type Verifier struct {
	policy Policy
	keys   []trusted
}

// trusted is a key of the policy, ready to verify with.
type trusted struct {
	Key
	hint  string
	forms []*verify.Verifier // the forms of signature that the key may have made
}

// NewVerifier checks that the policy answers every question.
func NewVerifier(p Policy) (*Verifier, error) {
	switch {
	case len(p.Keys) == 0:
		return nil, fmt.Errorf("%w: no key", ErrPolicy)
	case p.PredicateType == "":
		return nil, fmt.Errorf("%w: no predicate type", ErrPolicy)
	case p.Now.IsZero():
		return nil, fmt.Errorf("%w: no clock", ErrPolicy)
	}
	v := &Verifier{policy: p}
	for _, k := range p.Keys {
		t, err := trust(k)
		if err != nil {
			return nil, err
		}
		// Who signed must have one answer: names and keys are unique.
		for _, other := range v.keys {
			if other.Name == t.Name || other.hint == t.hint {
				return nil, fmt.Errorf("%w: keys %q and %q have the same name or are the same key", ErrPolicy, other.Name, t.Name)
			}
		}
		v.keys = append(v.keys, t)
	}
	return v, nil
}

func trust(k Key) (trusted, error) {
	switch {
	case k.Name == "":
		return trusted{}, fmt.Errorf("%w: a key without a name", ErrPolicy)
	case k.Public == nil:
		return trusted{}, fmt.Errorf("%w: key %q is missing", ErrPolicy, k.Name)
	case k.NotBefore.IsZero() || k.NotAfter.IsZero() || k.NotAfter.Before(k.NotBefore):
		return trusted{}, fmt.Errorf("%w: key %q has no period of validity", ErrPolicy, k.Name)
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
	for _, form := range forms {
		v, err := sigstoreVerifier(k.Public, form)
		if err != nil {
			return trusted{}, fmt.Errorf("key %q: %w", k.Name, err)
		}
		t.forms = append(t.forms, v)
	}
	return t, nil
}

func sigstoreVerifier(pub crypto.PublicKey, form []signature.LoadOption) (*verify.Verifier, error) {
	one, err := signature.LoadDefaultVerifier(pub, form...)
	if err != nil {
		return nil, err
	}
	// The period is checked here, not by sigstore, so that "expired" and
	// "broken" stay different answers.
	always := root.NewExpiringKey(one, time.Time{}, time.Time{})
	material := root.NewTrustedPublicKeyMaterial(func(string) (root.TimeConstrainedVerifier, error) { return always, nil })
	return verify.NewVerifier(material, verify.WithNoObserverTimestamps())
}

// made says whether the key made the signature of a bundle.
func (t *trusted) made(b *bundle.Bundle) bool {
	return slices.ContainsFunc(t.forms, func(v *verify.Verifier) bool {
		_, err := v.Verify(b, verify.NewPolicy(verify.WithoutArtifactUnsafe(), verify.WithKey()))
		return err == nil
	})
}
