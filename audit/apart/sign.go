package apart

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"sync/atomic"

	"github.com/gpuaudit/gpuaudit/attest/seal"
	"github.com/gpuaudit/gpuaudit/audit/channel/publish"
	"github.com/gpuaudit/gpuaudit/policy"
)

// Sign signs a text with one of the keys of the process outside, by its number.
type Sign func(ctx context.Context, key int, text []byte) ([]byte, error)

// Statements signs the statements of a judge that are of these types, each type once. The
// outermost layer of a statement is all that is parsed of what a judge made, and strictly:
// the key may be trusted for more than this verb.
func Statements(signer *seal.Signer, types []string) Sign {
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

// Metadata signs what a judge made for a channel: metadata of TUF (The Update
// Framework, section 4.2) in canonical JSON, of one of its four roles. That begins with
// the role; nothing else that is signed with such keys does, and nothing is parsed.
func Metadata(signers []*seal.Signer) Sign {
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

// Rules signs the list of files of one bundle of rules.
func Rules(signer *policy.BundleSigner) Sign {
	var signed atomic.Bool
	return func(_ context.Context, _ int, files []byte) ([]byte, error) {
		if signed.Swap(true) {
			return nil, errors.New("a second bundle is not signed")
		}
		return signer.Sign(files)
	}
}
