package seal

import (
	"bytes"
	"crypto"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/sigstore/sigstore-go/pkg/bundle"
	"github.com/sigstore/sigstore-go/pkg/root"
	"github.com/sigstore/sigstore-go/pkg/verify"
	"github.com/sigstore/sigstore/pkg/signature"
	"google.golang.org/protobuf/encoding/protojson"

	"github.com/gpuaudit/gpuaudit/attest/strictjson"
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

type trusted struct {
	Key
	hint   string
	verify *verify.Verifier
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
	one, err := signature.LoadDefaultVerifier(k.Public)
	if err != nil {
		return trusted{}, fmt.Errorf("key %q: %w", k.Name, err)
	}
	// The period is checked here, not by sigstore, so that "expired" and
	// "broken" stay different answers.
	always := root.NewExpiringKey(one, time.Time{}, time.Time{})
	material := root.NewTrustedPublicKeyMaterial(func(string) (root.TimeConstrainedVerifier, error) { return always, nil })
	sv, err := verify.NewVerifier(material, verify.WithNoObserverTimestamps())
	if err != nil {
		return trusted{}, fmt.Errorf("key %q: %w", k.Name, err)
	}
	return trusted{Key: k, hint: hint(k.Public), verify: sv}, nil
}

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

// signedBy finds the key that made the signature. The hint in the bundle only
// tells a broken signature of a known key from a signature of an unknown one.
func (v *Verifier) signedBy(b *bundle.Bundle) (*trusted, error) {
	named := b.GetVerificationMaterial().GetPublicKey().GetHint()
	known := ""
	for i := range v.keys {
		k := &v.keys[i]
		if _, err := k.verify.Verify(b, verify.NewPolicy(verify.WithoutArtifactUnsafe(), verify.WithKey())); err == nil {
			if named != k.hint {
				return nil, fmt.Errorf("%w: it names another key than the one that signed it", ErrMalformed)
			}
			return k, nil
		}
		if named == k.hint {
			known = k.Name
		}
	}
	if known != "" {
		return nil, fmt.Errorf("%w: it is not that of key %q over this content", ErrBadSignature, known)
	}
	return nil, fmt.Errorf("%w: key hint %.60q", ErrUnknownKey, named)
}

// parse reads a bundle in its one spelling.
func parse(text []byte) (*bundle.Bundle, error) {
	if err := strictjson.Check(text, BundleLimit); err != nil {
		return nil, fmt.Errorf("%w: %w", ErrMalformed, err)
	}
	var b bundle.Bundle
	if err := b.UnmarshalJSON(text); err != nil {
		return nil, fmt.Errorf("%w: %w", ErrMalformed, err)
	}
	envelope := b.GetDsseEnvelope()
	switch {
	case b.GetMediaType() != mediaType:
		return nil, fmt.Errorf("%w: media type %.80q, not %q", ErrMalformed, b.GetMediaType(), mediaType)
	case b.GetVerificationMaterial().GetPublicKey() == nil:
		return nil, fmt.Errorf("%w: it is not signed with a key", ErrMalformed)
	case envelope == nil || len(envelope.GetSignatures()) != 1:
		return nil, fmt.Errorf("%w: not a DSSE envelope with one signature", ErrMalformed)
	case envelope.GetPayloadType() != payloadType:
		return nil, fmt.Errorf("%w: payload type %.80q, not %q", ErrMalformed, envelope.GetPayloadType(), payloadType)
	}
	if !canonical(text, &b) {
		return nil, fmt.Errorf("%w: it is not spelt as an encoder spells it", ErrMalformed)
	}
	return &b, nil
}

// canonical says that the bytes are what encoding the bundle again gives, white
// space between values aside: base64 and JSON have several spellings of one
// value, and a signed file should have one.
func canonical(text []byte, b *bundle.Bundle) bool {
	again, err := protojson.Marshal(b.Bundle)
	if err != nil {
		return false
	}
	var given, want bytes.Buffer
	if json.Compact(&given, bytes.TrimSpace(text)) != nil || json.Compact(&want, again) != nil {
		return false
	}
	return bytes.Equal(given.Bytes(), want.Bytes())
}

// Unverified returns the statement of a bundle whose signature nobody has
// checked. It exists to show a file to a person; the name is the warning.
func Unverified(text []byte) (*Statement, error) {
	b, err := parse(text)
	if err != nil {
		return nil, err
	}
	return ParseStatement(b.GetDsseEnvelope().GetPayload())
}
