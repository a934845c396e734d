package memory

import (
	"runtime"
	"testing"
	"time"
)

// TestWatch: the watch fires at its bound and not before it.
func TestWatch(t *testing.T) {
	held := make([]byte, 4<<20)
	fired := make(chan struct{})
	go watch(1<<50, func() { t.Error("fired far below its bound") })
	go watch(1<<20, func() { close(fired) })
	select {
	case <-fired:
	case <-time.After(10 * time.Second):
		t.Error("did not fire")
	}
	runtime.KeepAlive(held)
}
