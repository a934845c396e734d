package collect

import (
	"context"
	"encoding/json"
	"fmt"

	"github.com/gpuaudit/gpuaudit/attest/strictjson"
)

// Derived asks the environment for facts of a file ([Env.Derive]) and decodes them. In a
// capture they were recorded elsewhere and are as hostile as everything else: who asks
// holds their values to what compute gives. The error is a [ErrMalformed] where they are
// no facts of this form.
func Derived[T any](ctx context.Context, env *Env, kind, name string, compute func() (T, error)) (T, error) {
	if env.Derive == nil {
		return compute()
	}
	var facts, none T
	b, err := env.Derive(ctx, kind, name, func() ([]byte, error) {
		v, err := compute()
		if err != nil {
			return nil, err
		}
		return json.Marshal(v)
	})
	if err != nil {
		return none, err
	}
	if err := strictjson.Decode(b, strictjson.Limits{Bytes: DerivedLimit, Unknown: true}, &facts); err != nil {
		return none, fmt.Errorf("decode the recorded facts of %s: %w: %w", name, ErrMalformed, err)
	}
	return facts, nil
}
