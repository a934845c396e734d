package waive

import (
	"crypto"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/gpuaudit/gpuaudit/attest/seal"
	"github.com/gpuaudit/gpuaudit/attest/strictjson"
	"github.com/gpuaudit/gpuaudit/audit/manifest"
)

// SignatureType is the predicate type of a signature on a waiver file: an in-toto
// statement whose one subject is the file. The file itself stays as people wrote
// it, and cosign verify-blob-attestation holds it against the signature.
const SignatureType = "https://gpuaudit.github.io/waivers/v1"

// ErrSignature says that a waiver file is not signed as is asked; it wraps the
// error of package seal where a signature does not verify.
var ErrSignature = errors.New("the waiver file is not signed as it has to be")

// signed is the predicate: what the signer saw, in a number.
type signed struct {
	Waivers int `json:"waivers"`
}

// Statement is what the owner and the approver of a waiver file sign.
func Statement(name string, text []byte) ([]byte, error) {
	s, err := Parse(text)
	if err != nil {
		return nil, err
	}
	return seal.NewStatement([]seal.Subject{{Name: name, Digest: map[string]string{"sha256": s.sha256}}}, SignatureType, signed{len(s.entries)})
}

// Believed says whose signatures count: operators of the trust file, or the
// holders of keys whose scope nobody has stated. Exactly one of them is set.
type Believed struct {
	Trust *manifest.Trust
	Keys  []crypto.PublicKey
	Now   time.Time
}

// Signers are those who signed a waiver file.
type Signers struct {
	// Names are of keys or identities of the trust file; with keys alone they are
	// numbers.
	Names []string
	// scopes are empty with keys alone.
	scopes []manifest.Scope
}

// Verify verifies signatures on a waiver file. Each must verify, be on exactly
// this file, and be of another signer; one that does not is an error, also
// beside good ones.
func Verify(text []byte, bundles [][]byte, b Believed) (*Signers, error) {
	v, err := b.verifier()
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrSignature, err)
	}
	set, err := Parse(text)
	if err != nil {
		return nil, err
	}
	signers := &Signers{}
	for _, bundle := range bundles {
		s, err := v.Verify(bundle)
		if err == nil {
			err = set.is(&s.Statement)
		}
		if err == nil {
			err = signers.add(s.Signer, b.Trust)
		}
		if err != nil {
			return nil, fmt.Errorf("%w: %w", ErrSignature, err)
		}
	}
	return signers, nil
}

func (b *Believed) verifier() (*seal.Verifier, error) {
	if (b.Trust == nil) == (len(b.Keys) == 0) {
		return nil, fmt.Errorf("%w: give a trust file or keys, one of them", seal.ErrPolicy)
	}
	if b.Trust != nil {
		return seal.NewVerifier(b.Trust.Policy(SignatureType, b.Now))
	}
	p := seal.Policy{PredicateType: SignatureType, Now: b.Now}
	for i, key := range b.Keys {
		k := seal.GivenKey(key)
		k.Name = fmt.Sprintf("key %d", i+1)
		p.Keys = append(p.Keys, k)
	}
	return seal.NewVerifier(p)
}

// is says that the statement is about this file.
func (s *Set) is(st *seal.Statement) error {
	var p signed
	if err := strictjson.Unmarshal(st.Predicate, seal.StatementLimit, &p); err != nil {
		return fmt.Errorf("read what was signed: %w", err)
	}
	switch {
	case len(st.Subject) != 1 || len(st.Subject[0].Digest) != 1 || st.Subject[0].Digest["sha256"] != s.sha256:
		return errors.New("the signature is on another file, or on another edition of this one")
	case p.Waivers != len(s.entries):
		return fmt.Errorf("the signature is on %d waivers, the file holds %d", p.Waivers, len(s.entries))
	}
	return nil
}

func (s *Signers) add(name string, t *manifest.Trust) error {
	if slices.Contains(s.Names, name) {
		return fmt.Errorf("%q signed twice: that is one signature", name)
	}
	s.Names = append(s.Names, name)
	if t == nil {
		return nil
	}
	scope := t.Named(name)
	if scope.Kind != manifest.Operator {
		return fmt.Errorf("%q is trusted as %s: only operators accept findings on their machines", name, scope.Kind)
	}
	s.scopes = append(s.scopes, scope)
	return nil
}

// Demands are what an organisation asks of a waiver file; the file may ask for
// more.
type Demands struct {
	// MaxDays is the longest time from issue to expiry; 0 leaves it to the file.
	MaxDays int
	// TwoPerson asks for an owner and an approver who are not the same, and for a
	// signature of each where signatures are asked for.
	TwoPerson bool
	// Signed asks for a signature.
	Signed bool
}

// SignedBy takes the signers of the file, nil for none, and compares them with
// what is asked.
func (s *Set) SignedBy(signers *Signers, d Demands) error {
	s.signers = signers
	switch {
	case signers == nil || len(signers.Names) == 0:
		if d.Signed {
			return fmt.Errorf("%w: it is not signed", ErrSignature)
		}
		return nil
	case !s.twoPerson && !d.TwoPerson:
		return nil
	case len(signers.Names) < 2:
		return fmt.Errorf("%w: two people have to sign, and only %s did", ErrSignature, signers.Names[0])
	case len(signers.scopes) == 0:
		return nil
	}
	for i := range s.entries {
		e := &s.entries[i]
		for _, name := range []string{e.Owner, e.Approver} {
			if !slices.Contains(signers.Names, strings.TrimSpace(name)) {
				return fmt.Errorf("%w: line %d: %.60q is no name of those who signed: %s", ErrSignature, e.line, name, strings.Join(signers.Names, ", "))
			}
		}
	}
	return nil
}

// mayWaive says that every signer may speak for a device of these ids.
func (s *Signers) mayWaive(vendor, subsystemVendor string) bool {
	return s == nil || !slices.ContainsFunc(s.scopes, func(scope manifest.Scope) bool { return !scope.ForDevice(vendor, subsystemVendor) })
}

func digest(text []byte) string {
	sum := sha256.Sum256(text)
	return hex.EncodeToString(sum[:])
}
