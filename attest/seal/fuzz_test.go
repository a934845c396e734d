package seal_test

import (
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
