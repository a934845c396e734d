package main

import (
	"bytes"
	"context"
	"crypto"
	"crypto/x509"
	"errors"
	"fmt"
	"slices"
	"sync"
	"sync/atomic"

	"github.com/gpuaudit/gpuaudit/attest/seal"
	"github.com/gpuaudit/gpuaudit/audit/channel/publish"
	"github.com/gpuaudit/gpuaudit/policy"
)

// sealer signs a statement: it gives the bundle.
type sealer func(ctx context.Context, statement []byte) ([]byte, error)

// signer has the process outside sign a text with one of its keys.
type signer func(ctx context.Context, key int, text []byte) ([]byte, error)

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

// signing signs the statements of a judge that are of these types, each type once. The
// outermost layer of a statement is all that is parsed of what a judge made, and strictly:
// the key may be trusted for more than this verb.
func signing(signer *seal.Signer, types []string) func(ctx context.Context, key int, statement []byte) ([]byte, error) {
	var mu sync.Mutex
	left := slices.Clone(types)
	return func(ctx context.Context, _ int, text []byte) ([]byte, error) {
		statement, err := seal.ParseStatement(text)
		if err != nil {
			return nil, err
		}
		mu.Lock()
		at := slices.Index(left, statement.PredicateType)
		if at >= 0 {
			left = slices.Delete(left, at, at+1)
		}
		mu.Unlock()
		if at >= 0 {
			return seal.Sign(ctx, text, signer)
		}
		if slices.Contains(types, statement.PredicateType) {
			return nil, errors.New("a second statement of one type is not signed")
		}
		return nil, fmt.Errorf("%.80q is no statement that this verb signs", statement.PredicateType)
	}
}

// signingMetadata signs what a judge made for a channel: metadata of TUF (The Update
// Framework, section 4.2) in canonical JSON, of one of its four roles. That begins with
// the role; nothing else that is signed with such keys does, and nothing is parsed.
func signingMetadata(signers []*seal.Signer) func(ctx context.Context, key int, text []byte) ([]byte, error) {
	return func(ctx context.Context, key int, text []byte) ([]byte, error) {
		ofRole := func(role string) bool { return bytes.HasPrefix(text, []byte(`{"_type":"`+role+`",`)) }
		switch {
		case !slices.ContainsFunc(publish.Roles(), ofRole):
			return nil, fmt.Errorf("what is to be signed is no metadata of a channel: %.80q", text)
		case key < 0 || key >= len(signers):
			return nil, errors.New("there is no such key")
		}
		return signers[key].SignMessage(ctx, text)
	}
}

// signingRules signs the list of files of one bundle of rules.
func signingRules(signer *policy.BundleSigner) func(ctx context.Context, key int, text []byte) ([]byte, error) {
	var signed atomic.Bool
	return func(_ context.Context, _ int, files []byte) ([]byte, error) {
		if signed.Swap(true) {
			return nil, errors.New("a second bundle is not signed")
		}
		return signer.Sign(files)
	}
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
	sign   signer
}

func (k outsideKey) Public() crypto.PublicKey { return k.public }

func (k outsideKey) SignMessage(ctx context.Context, message []byte) ([]byte, error) {
	return k.sign(ctx, k.number, message)
}
