package collect

import (
	"context"
	"sync"
)

// Memo returns an [Env.Derive] that computes each fact once: eight cards share
// one driver module, which is read and hashed a single time.
func Memo() func(ctx context.Context, kind, path string, compute func() ([]byte, error)) ([]byte, error) {
	type answer struct {
		once sync.Once
		data []byte
		err  error
	}
	var mu sync.Mutex
	answers := map[[2]string]*answer{}
	return func(_ context.Context, kind, path string, compute func() ([]byte, error)) ([]byte, error) {
		mu.Lock()
		a := answers[[2]string{kind, path}]
		if a == nil {
			a = &answer{}
			answers[[2]string{kind, path}] = a
		}
		mu.Unlock()
		a.once.Do(func() { a.data, a.err = compute() })
		return a.data, a.err
	}
}
