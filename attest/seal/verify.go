package seal

import (
	"fmt"
	"slices"
	"time"

	"github.com/sigstore/sigstore-go/pkg/bundle"
)

// Verified is a statement whose signature met the policy, and who made it.
type Verified struct {
	Statement Statement
	// Signer is the name of the key or identity in the policy.
	Signer string
	// Seen is the earliest time at which a witness signed that it saw the
	// signature; zero without a witness that signs times.
	Seen time.Time
}

// Verify parses a bundle and verifies it. Any error means that nothing in the
// bundle may be believed.
func (v *Verifier) Verify(text []byte) (*Verified, error) {
	b, err := parse(text)
	if err != nil {
		return nil, err
	}
	verify := v.byKey
	if len(leafOf(b)) > 0 {
		verify = v.byIdentity
	}
	who, err := verify(b)
	if err != nil {
		return nil, err
	}
	s, err := ParseStatement(b.GetDsseEnvelope().GetPayload())
	if err != nil {
		return nil, err
	}
	if s.PredicateType != v.policy.PredicateType {
		return nil, fmt.Errorf("%w: %.120q, not %q", ErrPredicateType, s.PredicateType, v.policy.PredicateType)
	}
	who.Statement = *s
	return who, nil
}

func (v *Verifier) byKey(b *bundle.Bundle) (*Verified, error) {
	key, err := v.signedBy(b)
	if err != nil {
		return nil, err
	}
	if err := key.Witness.missing(b); err != nil {
		return nil, fmt.Errorf("%w: key %q", err, key.Name)
	}
	times, err := witnessed(b, beside{v.material, key.verifier}, v.policy.Now)
	if err != nil {
		return nil, err
	}
	if err := v.inTime("key", key.Name, key.NotBefore, key.NotAfter, times); err != nil {
		return nil, err
	}
	return &Verified{Signer: key.Name, Seen: earliest(times)}, nil
}

func (v *Verifier) byIdentity(b *bundle.Bundle) (*Verified, error) {
	id, err := v.named(b)
	if err != nil {
		return nil, err
	}
	if err := id.Witness.missing(b); err != nil {
		return nil, fmt.Errorf("%w: identity %q", err, id.Name)
	}
	times, err := witnessed(b, v.material, v.policy.Now)
	if err != nil {
		return nil, err
	}
	if len(times) == 0 { // an entry in a log that signs no times
		return nil, fmt.Errorf("%w: a certificate is valid for minutes, and no witness says when", ErrMissingTimestamp)
	}
	if err := certified(b, v.material, times); err != nil {
		return nil, err
	}
	if err := v.inTime("identity", id.Name, id.NotBefore, id.NotAfter, times); err != nil {
		return nil, err
	}
	return &Verified{Signer: id.Name, Seen: earliest(times)}, nil
}

// inTime judges a signer's period at every time that a witness signed, and at
// the reader's clock where there is none.
func (v *Verifier) inTime(what, name string, from, to time.Time, times []time.Time) error {
	if len(times) == 0 {
		times = []time.Time{v.policy.Now}
	}
	for _, t := range times {
		switch {
		case t.Before(from):
			return fmt.Errorf("%w: %s %q counts from %s", ErrKeyNotYetValid, what, name, from.Format(time.RFC3339))
		case t.After(to):
			return fmt.Errorf("%w: %s %q counted until %s", ErrKeyExpired, what, name, to.Format(time.RFC3339))
		}
	}
	return nil
}

func earliest(times []time.Time) time.Time {
	if len(times) == 0 {
		return time.Time{}
	}
	return slices.MinFunc(times, time.Time.Compare).UTC()
}

// signedBy finds the key that made the signature. The bundle's hint is not
// believed, it only says which key to try: with a hint that is wrong the bundle
// is refused, with none every key is tried.
func (v *Verifier) signedBy(b *bundle.Bundle) (*trusted, error) {
	named := b.GetVerificationMaterial().GetPublicKey().GetHint()
	for i := range v.keys {
		k := &v.keys[i]
		if named != "" && named != k.hint {
			continue
		}
		switch {
		case k.made(b):
			return k, nil
		case named != "":
			return nil, fmt.Errorf("%w: it is not that of key %q over this content", ErrBadSignature, k.Name)
		}
	}
	if named == "" {
		return nil, fmt.Errorf("%w: no key that is trusted made the signature, and the bundle names none", ErrUnknownKey)
	}
	return nil, fmt.Errorf("%w: key hint %.60q", ErrUnknownKey, named)
}
