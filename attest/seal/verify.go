package seal

import (
	"fmt"
	"time"

	"github.com/sigstore/sigstore-go/pkg/bundle"
)

// Verified is a statement whose signature met the policy, and the key that
// made it.
type Verified struct {
	Statement Statement
	Key       string
}

// Verify parses a bundle and verifies it. Any error means that nothing in the
// bundle may be believed.
func (v *Verifier) Verify(text []byte) (*Verified, error) {
	b, err := parse(text)
	if err != nil {
		return nil, err
	}
	key, err := v.signedBy(b)
	if err != nil {
		return nil, err
	}
	switch now := v.policy.Now; {
	case now.Before(key.NotBefore):
		return nil, fmt.Errorf("%w: key %q counts from %s", ErrKeyNotYetValid, key.Name, key.NotBefore.Format(time.RFC3339))
	case now.After(key.NotAfter):
		return nil, fmt.Errorf("%w: key %q counted until %s", ErrKeyExpired, key.Name, key.NotAfter.Format(time.RFC3339))
	}
	s, err := ParseStatement(b.GetDsseEnvelope().GetPayload())
	if err != nil {
		return nil, err
	}
	if s.PredicateType != v.policy.PredicateType {
		return nil, fmt.Errorf("%w: %.120q, not %q", ErrPredicateType, s.PredicateType, v.policy.PredicateType)
	}
	return &Verified{Statement: *s, Key: key.Name}, nil
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
