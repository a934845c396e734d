package seal_test

import (
	"encoding/base64"
	"encoding/json"
	"reflect"
	"testing"

	"github.com/gpuaudit/gpuaudit/attest/seal"
)

// FuzzVerify starts from a bundle that verifies: whatever else verifies must
// hold the same statement.
func FuzzVerify(f *testing.F) {
	key := newKey(f, "p256")
	good, v := signed(f, key), verifier(f, trusting(key))
	want, err := v.Verify(good)
	if err != nil {
		f.Fatal(err)
	}
	f.Add(good)
	f.Add([]byte(`{"mediaType":"application/vnd.dev.sigstore.bundle.v0.3+json","verificationMaterial":{"publicKey":{}},"dsseEnvelope":{"payload":"e30=","payloadType":"application/vnd.in-toto+json","signatures":[{"sig":"MEUC"}]}}`))
	f.Add([]byte(`{}`))
	f.Fuzz(func(t *testing.T, b []byte) {
		got, err := v.Verify(b)
		if (got == nil) == (err == nil) {
			t.Fatalf("statement %v and error %v", got, err)
		}
		if err == nil && !reflect.DeepEqual(got, want) {
			t.Errorf("another statement than the signed one verifies: %+v", got)
		}
		_, _ = seal.Unverified(b)
	})
}

// FuzzWitnesses starts from a keyless bundle with a log entry and a timestamp.
func FuzzWitnesses(f *testing.F) {
	l := newLab(f)
	p := l.believing()
	good, v := l.keyless(nil), verifier(f, p)
	want, err := v.Verify(good)
	if err != nil {
		f.Fatal(err)
	}
	f.Add(good)
	f.Fuzz(func(t *testing.T, b []byte) {
		got, err := v.Verify(b)
		if (got == nil) == (err == nil) {
			t.Fatalf("statement %v and error %v", got, err)
		}
		if err == nil && !reflect.DeepEqual(got, want) {
			t.Errorf("another statement than the signed one verifies: %+v", got)
		}
	})
}

// FuzzTimestamp puts responses into a bundle: what goes in can be read again.
func FuzzTimestamp(f *testing.F) {
	l, key := newLab(f), newKey(f, "p256")
	bundle := signed(f, key)
	sig, err := base64.StdEncoding.DecodeString(signatureOf(f, bundle))
	if err != nil {
		f.Fatal(err)
	}
	good, err := l.Stamp(sig)
	if err != nil {
		f.Fatal(err)
	}
	v := verifier(f, l.trustingKey(key, seal.Timestamp))
	f.Add(good)
	f.Add([]byte{0x30, 0x05, 0x30, 0x03, 0x02, 0x01, 0x02})
	f.Fuzz(func(t *testing.T, b []byte) {
		stamped, err := seal.AttachTimestamp(bundle, b)
		if err != nil {
			return
		}
		if _, err := seal.Unverified(stamped); err != nil {
			t.Error(err)
		}
		_, _ = v.Verify(stamped)
	})
}

func FuzzParseRoot(f *testing.F) {
	f.Add(seal.PublicGoodText())
	f.Add([]byte(`{"mediaType":"application/vnd.dev.sigstore.trustedroot+json;version=0.1","tlogs":[{}]}`))
	f.Fuzz(func(t *testing.T, b []byte) {
		if r, err := seal.ParseRoot(b); (r == nil) == (err == nil) {
			t.Errorf("%v, %v", r, err)
		}
	})
}

func FuzzLoadSigner(f *testing.F) {
	f.Add([]byte("-----BEGIN PRIVATE KEY-----\nMC4CAQAwBQYDK2VwBCIEIAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA\n-----END PRIVATE KEY-----\n"))
	f.Add([]byte("-----BEGIN EC PARAMETERS-----\nBggqhkjOPQMBBw==\n-----END EC PARAMETERS-----\n"))
	f.Fuzz(func(t *testing.T, b []byte) {
		s, err := seal.LoadSigner(b, nil)
		if err != nil {
			return
		}
		pub, err := s.PublicKeyPEM()
		if err != nil {
			t.Fatal(err)
		}
		if _, err := seal.ParsePublicKey(pub); err != nil {
			t.Errorf("a key that can sign cannot be verified with: %v", err)
		}
	})
}

func signatureOf(t testing.TB, bundle []byte) string {
	t.Helper()
	var doc struct {
		DsseEnvelope struct{ Signatures []struct{ Sig string } }
	}
	if err := json.Unmarshal(bundle, &doc); err != nil {
		t.Fatal(err)
	}
	return doc.DsseEnvelope.Signatures[0].Sig
}
