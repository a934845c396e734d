package policy

import (
	"context"
	"errors"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
)

// TestLikeModelsAreJudgedOnce: models that come at the same time are judged once, and
// each for itself where a rule broke or the judgement failed.
func TestLikeModelsAreJudgedOnce(t *testing.T) {
	failed := errors.New("failed")
	for name, test := range map[string]struct {
		judged *judged
		err    error
		want   int32
	}{
		"whole":  {&judged{}, nil, 1},
		"broken": {&judged{answers: []answer{{err: failed}}}, nil, 512},
		"failed": {nil, failed, 512},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				var m memo
				var calls atomic.Int32
				var wg sync.WaitGroup
				gate := make(chan struct{})
				for range 512 {
					wg.Go(func() {
						j, err := m.once(t.Context(), modelKey{1}, func() (*judged, error) {
							calls.Add(1)
							<-gate
							return test.judged, test.err
						})
						if j != test.judged || !errors.Is(err, test.err) {
							t.Errorf("%v, %v", j, err)
						}
					})
				}
				synctest.Wait()
				if n := calls.Load(); n != 1 {
					t.Errorf("%d judge at the same time, want 1", n)
				}
				close(gate)
				wg.Wait()
				if n := calls.Load(); n != test.want {
					t.Errorf("judged %d times, want %d", n, test.want)
				}
				if len(m.asked) != 0 {
					t.Errorf("%d models are still asked for", len(m.asked))
				}
			})
		})
	}
}

// TestWaitingEndsWithTheCaller: who waits for another's judgement goes when called off,
// and another model waits for nobody.
func TestWaitingEndsWithTheCaller(t *testing.T) {
	var m memo
	if j, wait := m.begin(modelKey{1}); j != nil || wait != nil {
		t.Fatal("the first one does not ask")
	}
	never := func() (*judged, error) { t.Error("judged"); return nil, nil }
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := m.once(ctx, modelKey{1}, never); !errors.Is(err, context.Canceled) {
		t.Errorf("got %v, want that it was called off", err)
	}
	want := &judged{}
	if j, err := m.once(t.Context(), modelKey{2}, func() (*judged, error) { return want, nil }); j != want || err != nil {
		t.Errorf("another model: %v, %v", j, err)
	}
}
