package policy

import (
	"context"
	"crypto/sha256"
	"sync"
)

// memo keeps what the built-in rules said of a model, by the SHA-256 of its
// JSON form: inputs come from machines under suspicion, and one must not be
// able to pick up the verdict of another by a collision.
type memo struct {
	mu    sync.Mutex
	known map[[sha256.Size]byte]*judged
}

// memoSize bounds the models that are kept; some 30 KiB each. A fleet has few:
// one for each kind of card, slot, driver and firmware.
const memoSize = 1024

func (m *memo) get(key [sha256.Size]byte) *judged {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.known[key]
}

// put forgets everything when it is full: that keeps memory flat, and costs a
// fleet of few models nothing.
func (m *memo) put(key [sha256.Size]byte, j *judged) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.known == nil || len(m.known) >= memoSize {
		m.known = map[[sha256.Size]byte]*judged{}
	}
	m.known[key] = j
}

// judgeModel asks the built-in rules, once for each model. What a rule that
// broke said is not kept.
func (e *Engine) judgeModel(ctx context.Context, model any) (*judged, error) {
	text, err := e.encode(model)
	if err != nil {
		return nil, err
	}
	key := sha256.Sum256(text)
	if j := e.memo.get(key); j != nil {
		return j, nil
	}
	j, err := e.judge(ctx, text, false)
	if err != nil {
		return nil, err
	}
	for _, a := range j.answers {
		if a.err != nil {
			return j, nil
		}
	}
	e.memo.put(key, j)
	return j, nil
}
