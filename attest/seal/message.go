package seal

import (
	"context"
	"crypto"
)

// Public is the public half of the key.
func (s *Signer) Public() crypto.PublicKey { return s.key.Public() }

// SignMessage signs bytes as they are, for formats that are no bundles (TUF's
// metadata): Ed25519 over the message (RFC 8032, pure), ECDSA in ASN.1 over its
// digest with the hash of the curve.
func (s *Signer) SignMessage(ctx context.Context, message []byte) ([]byte, error) {
	sig, _, err := keypair{s}.SignData(ctx, message)
	return sig, err
}
