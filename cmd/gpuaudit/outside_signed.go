package main

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"

	"github.com/gpuaudit/gpuaudit/attest/seal"
)

// sealer signs a statement: it gives the bundle.
type sealer func(ctx context.Context, statement []byte) ([]byte, error)

// sealer is how a verb signs with a private key. A judge has no key: the process outside
// signs for it.
func (a *app) sealer(key string) (sealer, error) {
	if a.sealed != nil {
		return a.sealed, nil
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
func signing(signer *seal.Signer, types []string) func(ctx context.Context, statement []byte) ([]byte, error) {
	var mu sync.Mutex
	left := slices.Clone(types)
	return func(ctx context.Context, text []byte) ([]byte, error) {
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
