package seal_test

import (
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/sha256"
	"crypto/sha512"
	"testing"
)

// TestSignMessage: the signatures are those of the standards, over the message as
// it is.
func TestSignMessage(t *testing.T) {
	message := []byte("a message")
	for _, kind := range []string{"p256", "p384", "ed25519"} {
		s := signerOf(t, newKey(t, kind))
		sig, err := s.SignMessage(t.Context(), message)
		if err != nil {
			t.Fatal(err)
		}
		verify := func(message []byte) bool {
			switch key := s.Public().(type) {
			case ed25519.PublicKey:
				return ed25519.Verify(key, message, sig)
			case *ecdsa.PublicKey:
				if kind == "p384" {
					digest := sha512.Sum384(message)
					return ecdsa.VerifyASN1(key, digest[:], sig)
				}
				digest := sha256.Sum256(message)
				return ecdsa.VerifyASN1(key, digest[:], sig)
			}
			return false
		}
		if !verify(message) {
			t.Errorf("%s: the signature does not verify", kind)
		}
		if verify([]byte("another one")) {
			t.Errorf("%s: it verifies over another message", kind)
		}
	}
}
