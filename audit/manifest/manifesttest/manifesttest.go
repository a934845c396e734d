// Package manifesttest signs and verifies manifests for tests: there is no other way
// to one.
package manifesttest

import (
	"context"
	"crypto/ed25519"
	"crypto/rand"
	"crypto/x509"
	"encoding/pem"
	"fmt"
	"time"

	"github.com/gpuaudit/gpuaudit/attest/seal"
	"github.com/gpuaudit/gpuaudit/audit/manifest"
)

// Verified signs a predicate with a fresh key of a kind that may speak for cards of
// one PCI vendor, and verifies the bundle. The key and the trust in it are called name.
func Verified(ctx context.Context, p *manifest.Predicate, name string, kind manifest.Kind, vendor string, now time.Time) (*manifest.Manifest, error) {
	_, key, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		return nil, fmt.Errorf("make a key: %w", err)
	}
	der, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		return nil, fmt.Errorf("encode the key: %w", err)
	}
	signer, err := seal.LoadSigner(pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: der}), nil)
	if err != nil {
		return nil, err
	}
	public, err := signer.PublicKeyPEM()
	if err != nil {
		return nil, err
	}
	trust, err := manifest.ParseTrust(fmt.Appendf(nil, "version: 1\nkeys:\n  - name: %s\n    kind: %s\n    pci_vendors: [%q]\n    not_before: 2026-01-01T00:00:00Z\n    not_after: 2028-01-01T00:00:00Z\n    public_key: %q\n", name, kind, vendor, public), nil)
	if err != nil {
		return nil, err
	}
	statement, err := manifest.Statement(p)
	if err != nil {
		return nil, err
	}
	bundle, err := seal.Sign(ctx, statement, signer)
	if err != nil {
		return nil, err
	}
	return manifest.Verify(bundle, name+".json", trust, now)
}
