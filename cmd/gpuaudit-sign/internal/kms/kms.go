// Package kms signs with keys in key management services, through sigstore's
// providers. They bring the services' SDKs and open network connections: only
// gpuaudit-sign imports it.
package kms

import (
	"context"
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/sigstore/sigstore/pkg/signature/kms"
	_ "github.com/sigstore/sigstore/pkg/signature/kms/aws" // each adds its scheme
	_ "github.com/sigstore/sigstore/pkg/signature/kms/azure"
	_ "github.com/sigstore/sigstore/pkg/signature/kms/gcp"
	_ "github.com/sigstore/sigstore/pkg/signature/kms/hashivault"
)

// ErrKey says that a key cannot be used; the text says why.
var ErrKey = errors.New("unusable KMS key")

// schemes are those that are looked up. Any other one would make sigstore run a
// program called sigstore-kms-SCHEME.
var schemes = [...]string{"awskms://", "azurekms://", "gcpkms://", "hashivault://", "openbao://"}

// IsURI says whether a text names a key in a service.
func IsURI(text string) bool {
	return slices.ContainsFunc(schemes[:], func(scheme string) bool { return strings.HasPrefix(text, scheme) })
}

// Open makes the key that a URI names ready to sign. Who may use it is for the
// service's own credentials to say, which its SDK finds in the environment.
func Open(ctx context.Context, uri string) (crypto.Signer, error) {
	if !IsURI(uri) {
		return nil, fmt.Errorf("%w: %.60q: name a key by %s", ErrKey, uri, strings.Join(schemes[:], ", "))
	}
	key, err := open(ctx, uri, crypto.SHA256)
	if err != nil {
		return nil, err
	}
	if public, ok := key.Public().(*ecdsa.PublicKey); ok && public.Curve == elliptic.P384() {
		return open(ctx, uri, crypto.SHA384)
	}
	return key, nil
}

func open(ctx context.Context, uri string, hash crypto.Hash) (crypto.Signer, error) {
	service, err := kms.Get(ctx, uri, hash)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrKey, err)
	}
	var failed error
	key, _, err := service.CryptoSigner(ctx, func(err error) { failed = err })
	if err == nil && key.Public() == nil {
		err = errors.Join(errors.New("the service gives no public key"), failed)
	}
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrKey, err)
	}
	return key, nil
}
