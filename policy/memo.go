package policy

import (
	"context"
	"crypto/sha256"
	"fmt"
	"slices"
	"sync"
)

// memo keeps what the built-in rules said of a model, by the SHA-256 of its
// JSON form: inputs come from machines under suspicion, and one must not be
// able to pick up the verdict of another by a collision.
type memo struct {
	mu    sync.Mutex
	known map[modelKey]*judged
	// asked are the models that somebody has the rules judge now; the channel closes
	// when they have.
	asked map[modelKey]chan struct{}
}

type modelKey = [sha256.Size]byte

// memoSize bounds the models that are kept; some 30 KiB each. A fleet has few:
// one for each kind of card, slot, driver and firmware.
const memoSize = 1024

// once has a model judged, or waits for whoever has it judged already: like cards of
// one machine come at the same time. Where that one broke, or was called off, each
// that waited asks for itself. What a rule that broke said is not kept.
func (m *memo) once(ctx context.Context, key modelKey, judge func() (*judged, error)) (*judged, error) {
	j, wait := m.begin(key)
	if j != nil {
		return j, nil
	}
	if wait == nil {
		defer m.end(key)
	} else {
		select {
		case <-wait:
		case <-ctx.Done():
			return nil, fmt.Errorf("evaluate rules: %w", ctx.Err())
		}
		if j := m.get(key); j != nil {
			return j, nil
		}
	}
	j, err := judge()
	if err == nil && !j.broken() {
		m.put(key, j)
	}
	return j, err
}

// begin returns what is known of a model, or what to wait for; neither where the
// caller is the one to ask, who calls end afterwards.
func (m *memo) begin(key modelKey) (*judged, <-chan struct{}) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if j := m.known[key]; j != nil {
		return j, nil
	}
	if wait := m.asked[key]; wait != nil {
		return nil, wait
	}
	if m.asked == nil {
		m.asked = map[modelKey]chan struct{}{}
	}
	m.asked[key] = make(chan struct{})
	return nil, nil
}

func (m *memo) end(key modelKey) {
	m.mu.Lock()
	defer m.mu.Unlock()
	close(m.asked[key])
	delete(m.asked, key)
}

func (m *memo) get(key modelKey) *judged {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.known[key]
}

// put forgets everything when it is full: that keeps memory flat, and costs a
// fleet of few models nothing.
func (m *memo) put(key modelKey, j *judged) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.known == nil || len(m.known) >= memoSize {
		m.known = map[modelKey]*judged{}
	}
	m.known[key] = j
}

// broken says that a rule could not be evaluated.
func (j *judged) broken() bool {
	return slices.ContainsFunc(j.answers, func(a answer) bool { return a.err != nil })
}

// judgeModel asks the built-in rules, once for each model.
func (e *Engine) judgeModel(ctx context.Context, model any) (*judged, error) {
	text, err := e.encode(model)
	if err != nil {
		return nil, err
	}
	return e.memo.once(ctx, sha256.Sum256(text), func() (*judged, error) { return e.judge(ctx, text, false) })
}
