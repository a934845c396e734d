package seal_test

import (
	"bytes"
	"crypto"
	"encoding/json"
	"errors"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/gpuaudit/gpuaudit/attest/seal"
	"github.com/gpuaudit/gpuaudit/attest/seal/sealtest"
)

const (
	subject = "https://github.com/example/firmware/.github/workflows/release.yml@refs/tags/v1"
	issuer  = "https://token.actions.githubusercontent.com"
)

// lab is authorities of one test. Their certificates are of today, so the clock
// of these tests is the real one.
type lab struct {
	*sealtest.Lab
	t testing.TB
}

func newLab(t testing.TB) lab {
	t.Helper()
	l, err := sealtest.New()
	if err != nil {
		t.Fatal(err)
	}
	return lab{l, t}
}

var everything = sealtest.Parts{Certificates: true, Timestamps: true, Log: true}

func (l lab) root(p sealtest.Parts) *seal.Root {
	l.t.Helper()
	text, err := l.Root(p)
	if err != nil {
		l.t.Fatal(err)
	}
	r, err := seal.ParseRoot(text)
	if err != nil {
		l.t.Fatal(err)
	}
	return r
}

func (l lab) keyless(change func(*sealtest.Signature)) []byte {
	l.t.Helper()
	s := sealtest.Signature{Subject: subject, Issuer: issuer, Statement: statement(l.t, blobSHA256), At: time.Now()}
	if change != nil {
		change(&s)
	}
	b, err := l.Keyless(s)
	if err != nil {
		l.t.Fatal(err)
	}
	return b
}

// signed is a bundle of a key, with witnesses.
func (l lab) signed(key crypto.Signer, stamp, log bool) []byte {
	l.t.Helper()
	b := signed(l.t, key)
	var err error
	if stamp {
		b, err = l.Stamped(b)
	}
	if log && err == nil {
		var public []byte
		if public, err = signerOf(l.t, key).PublicKeyPEM(); err == nil {
			b, err = l.Logged(b, public, time.Now())
		}
	}
	if err != nil {
		l.t.Fatal(err)
	}
	return b
}

// believing is a policy that believes one identity and the whole lab.
func (l lab) believing() seal.Policy {
	return seal.Policy{Root: l.root(everything), PredicateType: predicateType, Now: time.Now(), Identities: []seal.Identity{{
		Name: "release", Subject: subject, Issuer: issuer, NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour), Witness: seal.Log | seal.Timestamp}}}
}

// trustingKey is a policy that trusts one key, valid in the hour around now.
func (l lab) trustingKey(key crypto.Signer, w seal.Witness) seal.Policy {
	return seal.Policy{Root: l.root(everything), PredicateType: predicateType, Now: time.Now(), Keys: []seal.Key{{
		Name: "key", Public: key.Public(), NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour), Witness: w}}}
}

func TestKeyless(t *testing.T) {
	l := newLab(t)
	for _, tc := range []struct {
		name   string
		bundle []byte
		need   seal.Witness
	}{
		{"log and timestamp", l.keyless(nil), seal.Log | seal.Timestamp},
		{"log that signs its time", l.keyless(func(s *sealtest.Signature) { s.NoTimestamp = true }), seal.Log},
		{"timestamp alone", l.keyless(func(s *sealtest.Signature) { s.NoLog = true }), seal.Timestamp},
		{"Rekor 2 and timestamp", l.keyless(func(s *sealtest.Signature) { s.Log = sealtest.Rekor2 }), seal.Log | seal.Timestamp},
	} {
		t.Run(tc.name, func(t *testing.T) {
			p := l.believing()
			p.Identities[0].Witness = tc.need
			got, err := verifier(t, p).Verify(tc.bundle)
			if err != nil {
				t.Fatal(err)
			}
			if got.Signer != "release" || time.Since(got.Seen).Abs() > time.Minute || string(got.Statement.Predicate) != `{"vendor":"Example"}` {
				t.Errorf("verified %+v", got)
			}
		})
	}
}

// TestWitnessedKey: a timestamp judges an expired key at the time of signing.
func TestWitnessedKey(t *testing.T) {
	l, key := newLab(t), newKey(t, "p256")
	later := time.Now().AddDate(5, 0, 0)
	for _, tc := range []struct {
		name       string
		stamp, log bool
		need       seal.Witness
		now        time.Time
		want       error
	}{
		{"timestamp", true, false, seal.Timestamp, time.Now(), nil},
		{"log", false, true, seal.Log, time.Now(), nil},
		{"both", true, true, seal.Log | seal.Timestamp, time.Now(), nil},
		{"a timestamp that nobody asked for", true, false, seal.NoWitness, time.Now(), nil},
		{"key expired, timestamp of before", true, false, seal.NoWitness, later, nil},
		{"key expired, log entry of before", false, true, seal.Log, later, nil},
		{"key expired, no witness", false, false, seal.NoWitness, later, seal.ErrKeyExpired},
		{"no timestamp", false, true, seal.Log | seal.Timestamp, time.Now(), seal.ErrMissingTimestamp},
		{"no log entry", true, false, seal.Log | seal.Timestamp, time.Now(), seal.ErrMissingLog},
		{"timestamp of the future", true, false, seal.Timestamp, time.Now().Add(-30 * time.Minute), seal.ErrTimestamp},
		{"log entry of the future", false, true, seal.Log, time.Now().Add(-30 * time.Minute), seal.ErrLog},
	} {
		t.Run(tc.name, func(t *testing.T) {
			p := l.trustingKey(key, tc.need)
			p.Now = tc.now
			_, err := verifier(t, p).Verify(l.signed(key, tc.stamp, tc.log))
			if !errors.Is(err, tc.want) || tc.want == nil && err != nil {
				t.Errorf("error is %v, want %v", err, tc.want)
			}
		})
	}
}

// TestPeriodsAreJudgedAtTheTimeOfSigning, of keys and of identities.
func TestPeriodsAreJudgedAtTheTimeOfSigning(t *testing.T) {
	l, key := newLab(t), newKey(t, "p256")
	for _, tc := range []struct {
		name     string
		from, to time.Duration
		want     error
	}{
		{"ended before it signed", -2 * time.Hour, -time.Hour, seal.ErrKeyExpired},
		{"begins after it signed", time.Hour, 2 * time.Hour, seal.ErrKeyNotYetValid},
	} {
		t.Run(tc.name, func(t *testing.T) {
			p := l.trustingKey(key, seal.Timestamp)
			p.Keys[0].NotBefore, p.Keys[0].NotAfter = time.Now().Add(tc.from), time.Now().Add(tc.to)
			p.Now = time.Now().Add(90 * time.Minute) // when the second key is valid
			if _, err := verifier(t, p).Verify(l.signed(key, true, false)); !errors.Is(err, tc.want) {
				t.Errorf("key: %v", err)
			}
			p = l.believing()
			p.Identities[0].NotBefore, p.Identities[0].NotAfter = time.Now().Add(tc.from), time.Now().Add(tc.to)
			if _, err := verifier(t, p).Verify(l.keyless(nil)); !errors.Is(err, tc.want) {
				t.Errorf("identity: %v", err)
			}
		})
	}
}

// TestKeylessFailuresHaveNames.
func TestKeylessFailuresHaveNames(t *testing.T) {
	l, other := newLab(t), newLab(t)
	for _, tc := range []struct {
		name   string
		sign   func(*sealtest.Signature)
		policy func(*seal.Policy)
		want   error
		text   string
	}{
		{"another subject", func(s *sealtest.Signature) { s.Subject += "0" }, nil, seal.ErrUnknownIdentity, "v10"},
		{"another issuer", func(s *sealtest.Signature) { s.Issuer = "https://accounts.example.org" }, nil, seal.ErrUnknownIdentity, "accounts.example.org"},
		{"a pattern that matches", nil, func(p *seal.Policy) {
			p.Identities[0].Subject, p.Identities[0].SubjectPattern = "", `https://github\.com/example/[^/]+/\.github/workflows/release\.yml@refs/tags/.*`
			p.Identities[0].Issuer, p.Identities[0].IssuerPattern = "", `https://token\.actions\.githubusercontent\.com`
		}, nil, ""},
		{"a pattern that matches the middle only", nil, func(p *seal.Policy) {
			p.Identities[0].Subject, p.Identities[0].SubjectPattern = "", `github\.com/example/`
		}, seal.ErrUnknownIdentity, ""},
		{"an alternative does not escape the anchors", func(s *sealtest.Signature) { s.Subject = "https://evil.example/https://good" }, func(p *seal.Policy) {
			p.Identities[0].Subject, p.Identities[0].SubjectPattern = "", `x|https://good`
		}, seal.ErrUnknownIdentity, ""},
		{"two identities match", nil, func(p *seal.Policy) {
			second := p.Identities[0]
			second.Name, second.Subject, second.SubjectPattern = "any", "", ".*"
			p.Identities = append(p.Identities, second)
		}, seal.ErrPolicy, "both match"},
		{"another certificate authority", nil, func(p *seal.Policy) {
			text, err := other.Root(sealtest.Parts{Certificates: true})
			if err != nil {
				t.Fatal(err)
			}
			p.Root = join(t, text, l, sealtest.Parts{Timestamps: true, Log: true})
		}, seal.ErrCertificate, ""},
		{"another log", nil, func(p *seal.Policy) {
			text, err := other.Root(sealtest.Parts{Log: true})
			if err != nil {
				t.Fatal(err)
			}
			p.Root = join(t, text, l, sealtest.Parts{Certificates: true, Timestamps: true})
		}, seal.ErrLog, "no trusted log"},
		{"another timestamping authority", nil, func(p *seal.Policy) {
			text, err := other.Root(sealtest.Parts{Timestamps: true})
			if err != nil {
				t.Fatal(err)
			}
			p.Root = join(t, text, l, sealtest.Parts{Certificates: true, Log: true})
		}, seal.ErrTimestamp, ""},
		{"no timestamping authority", nil, func(p *seal.Policy) { p.Root = l.root(sealtest.Parts{Certificates: true, Log: true}) }, seal.ErrTimestamp, "name one"},
		{"not in the certificate transparency log", nil, func(p *seal.Policy) {
			p.Root = l.root(sealtest.Parts{Certificates: true, Timestamps: true, Log: true, Transparency: true})
		}, seal.ErrCertificate, "transparency"},
		{"no log entry", func(s *sealtest.Signature) { s.NoLog = true }, nil, seal.ErrMissingLog, "release"},
		{"no timestamp", func(s *sealtest.Signature) { s.NoTimestamp = true }, nil, seal.ErrMissingTimestamp, "release"},
		{"no witness at all", func(s *sealtest.Signature) { s.NoTimestamp, s.NoLog = true, true }, nil, seal.ErrMissingTimestamp, ""},
		{"a log that signs no time", func(s *sealtest.Signature) { s.Log, s.NoTimestamp = sealtest.Rekor2, true }, func(p *seal.Policy) { p.Identities[0].Witness = seal.Log }, seal.ErrMissingTimestamp, "no witness says when"},
		{"logged when the certificate was not valid", func(s *sealtest.Signature) { s.At = time.Now().Add(-30 * time.Minute) }, nil, seal.ErrLog, "outside certificate validity"},
		{"another predicate type", nil, func(p *seal.Policy) { p.PredicateType = "https://example.org/other" }, seal.ErrPredicateType, ""},
		{"keys only", nil, func(p *seal.Policy) { *p = l.trustingKey(newKey(t, "p256"), seal.NoWitness) }, seal.ErrUnknownIdentity, ""},
	} {
		t.Run(tc.name, func(t *testing.T) {
			p := l.believing()
			if tc.policy != nil {
				tc.policy(&p)
			}
			_, err := verifier(t, p).Verify(l.keyless(tc.sign))
			if !errors.Is(err, tc.want) || tc.want == nil && err != nil {
				t.Fatalf("error is %v, want %v", err, tc.want)
			}
			if err != nil && !strings.Contains(err.Error(), tc.text) {
				t.Errorf("error is %v, want %q in it", err, tc.text)
			}
		})
	}
}

// TestEveryByteOfWitnessesCounts: nothing in a bundle with certificate, log
// entry and timestamp can be changed so that it still verifies.
func TestEveryByteOfWitnessesCounts(t *testing.T) {
	l, key := newLab(t), newKey(t, "p256")
	for _, tc := range []struct {
		name   string
		bundle []byte
		policy seal.Policy
	}{
		{"keyless, Rekor 1", l.keyless(nil), l.believing()},
		{"keyless, Rekor 2", l.keyless(func(s *sealtest.Signature) { s.Log = sealtest.Rekor2 }), l.believing()},
		{"key with witnesses", l.signed(key, true, true), l.trustingKey(key, seal.NoWitness)},
	} {
		t.Run(tc.name, func(t *testing.T) {
			v := verifier(t, tc.policy)
			if _, err := v.Verify(tc.bundle); err != nil {
				t.Fatal(err)
			}
			for i := range tc.bundle {
				for _, bit := range bits(i) {
					bad := bytes.Clone(tc.bundle)
					bad[i] ^= 1 << bit
					if _, err := v.Verify(bad); err == nil {
						t.Errorf("byte %d of %d with bit %d flipped still verifies: %q", i, len(bad), bit, bad[max(0, i-60):min(len(bad), i+60)])
					}
				}
			}
		})
	}
}

// bits are those that are flipped in a byte: all with GPUAUDIT_LONG, otherwise
// one, another one in each byte.
func bits(i int) []int {
	if long {
		return []int{0, 1, 2, 3, 4, 5, 6, 7}
	}
	return []int{i % 8}
}

// join is a root of one lab's parts and another's.
func join(t *testing.T, one []byte, l lab, p sealtest.Parts) *seal.Root {
	t.Helper()
	two, err := l.Root(p)
	if err != nil {
		t.Fatal(err)
	}
	var a, b map[string]json.RawMessage
	if json.Unmarshal(one, &a) != nil || json.Unmarshal(two, &b) != nil {
		t.Fatal("no JSON")
	}
	for name, part := range b {
		a[name] = part
	}
	text, err := json.Marshal(a)
	if err != nil {
		t.Fatal(err)
	}
	r, err := seal.ParseRoot(text)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

var long = os.Getenv("GPUAUDIT_LONG") != ""
