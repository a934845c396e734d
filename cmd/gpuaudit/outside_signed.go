package main

import (
	"context"
	"crypto"
	"crypto/x509"
	"fmt"

	"github.com/gpuaudit/gpuaudit/attest/seal"
	"github.com/gpuaudit/gpuaudit/audit/apart"
	"github.com/gpuaudit/gpuaudit/audit/channel/publish"
	"github.com/gpuaudit/gpuaudit/policy"
)

// sealer signs a statement: it gives the bundle.
type sealer func(ctx context.Context, statement []byte) ([]byte, error)

// sealer is how a verb signs with a private key. A judge has no key: the process outside
// signs for it.
func (a *app) sealer(key string) (sealer, error) {
	if a.sign != nil {
		return func(ctx context.Context, statement []byte) ([]byte, error) { return a.sign(ctx, 0, statement) }, nil
	}
	signer, err := a.loadSigner(key)
	if err != nil {
		return nil, err
	}
	return func(ctx context.Context, statement []byte) ([]byte, error) { return seal.Sign(ctx, statement, signer) }, nil
}

// rulesSigner is how a bundle of rules is signed with a private key. A judge has no key.
func (a *app) rulesSigner(ctx context.Context, key string) (*policy.BundleSigner, error) {
	if a.sign != nil {
		return policy.NewOutsideSigner(func(files []byte) ([]byte, error) { return a.sign(ctx, 0, files) }), nil
	}
	return loadRulesKey(key)
}

func loadRulesKey(name string) (*policy.BundleSigner, error) {
	text, err := readFile(name, 64<<10)
	if err != nil {
		return nil, fmt.Errorf("--key: %w", err)
	}
	signer, err := policy.NewBundleSigner(text)
	if err != nil {
		return nil, fmt.Errorf("--key %s: %w", name, err)
	}
	return signer, nil
}

// channelSigners are the keys that sign metadata of channels. A judge has their public
// halves.
func (a *app) channelSigners(names []string) ([]publish.Signer, error) {
	var list []publish.Signer
	if a.sign == nil {
		for _, name := range names {
			signer, err := a.loadSigner(name)
			if err != nil {
				return nil, err
			}
			list = append(list, signer)
		}
		return list, nil
	}
	for i, der := range a.errand.Keys {
		key, err := x509.ParsePKIXPublicKey(der)
		if err != nil {
			return nil, fmt.Errorf("the public half of a key: %w", err)
		}
		list = append(list, outsideKey{key, i, a.sign})
	}
	return list, nil
}

// outsideKey is a key that the process outside has.
type outsideKey struct {
	public crypto.PublicKey
	number int
	sign   apart.Sign
}

func (k outsideKey) Public() crypto.PublicKey { return k.public }

func (k outsideKey) SignMessage(ctx context.Context, message []byte) ([]byte, error) {
	return k.sign(ctx, k.number, message)
}
