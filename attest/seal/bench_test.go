package seal_test

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"testing"

	"github.com/gpuaudit/gpuaudit/attest/seal"
)

// BenchmarkVerify compares verifying a whole bundle with the arithmetic that it
// cannot do without.
func BenchmarkVerify(b *testing.B) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		b.Fatal(err)
	}
	digest := sha256.Sum256([]byte(blob))
	sig, err := ecdsa.SignASN1(rand.Reader, key, digest[:])
	if err != nil {
		b.Fatal(err)
	}
	b.Run("ecdsa-p256", func(b *testing.B) {
		for b.Loop() {
			if !ecdsa.VerifyASN1(&key.PublicKey, digest[:], sig) {
				b.Fatal("it does not verify")
			}
		}
	})
	bundle := signed(b, key)
	v, err := seal.NewVerifier(trusting(key))
	if err != nil {
		b.Fatal(err)
	}
	b.Run("bundle", func(b *testing.B) {
		for b.Loop() {
			if _, err := v.Verify(bundle); err != nil {
				b.Fatal(err)
			}
		}
	})
}

// BenchmarkVerifyWitnessed is the whole of what sigstore's form takes: a
// certificate, a log entry with its proof, and a timestamp.
func BenchmarkVerifyWitnessed(b *testing.B) {
	l := newLab(b)
	bundle := l.keyless(nil)
	v, err := seal.NewVerifier(l.believing())
	if err != nil {
		b.Fatal(err)
	}
	for b.Loop() {
		if _, err := v.Verify(bundle); err != nil {
			b.Fatal(err)
		}
	}
}
