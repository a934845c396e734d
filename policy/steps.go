package policy

import (
	"context"
	"fmt"
	"sync/atomic"

	"github.com/open-policy-agent/opa/v1/topdown"
)

// steps ends an evaluation after so many expressions: work and not time, so that one
// input gives the same answer on a busy machine and on an idle one. OPA asks before
// each expression whether it was cancelled, and what it asks is this. It belongs to one
// evaluation, which runs in one goroutine; only Cancel may come from another.
type steps struct {
	ctx       context.Context
	left      int64
	exceeded  bool
	cancelled atomic.Bool
}

var _ topdown.Cancel = (*steps)(nil)

// stepsBetween is how often the context is asked, which costs a lock.
const stepsBetween = 1024

// Cancel implements [topdown.Cancel].
func (s *steps) Cancel() { s.cancelled.Store(true) }

// Cancelled implements [topdown.Cancel].
func (s *steps) Cancelled() bool {
	if s.exceeded || s.cancelled.Load() {
		return true
	}
	if s.left--; s.left < 0 {
		s.exceeded = true
		return true
	}
	if s.left%stepsBetween == 0 && s.ctx.Err() != nil {
		s.cancelled.Store(true)
		return true
	}
	return false
}

// err is why an evaluation ended early; nil where it did not.
func (s *steps) err(limit int64) error {
	switch {
	case s.exceeded:
		return fmt.Errorf("%w: stopped after %d steps", ErrSteps, limit)
	case s.cancelled.Load():
		return fmt.Errorf("%w: stopped by the clock", ErrSteps)
	}
	return nil
}
