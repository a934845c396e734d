package outfile_test

import (
	"testing"
	"time"

	"github.com/gpuaudit/gpuaudit/audit/outfile"
)

// TestLeftovers: each is taken away once, by who left it or at the end, and nobody leaves
// anything after that.
func TestLeftovers(t *testing.T) {
	var l outfile.Leftovers
	taken := map[string]int{}
	now := l.Behind(func() { taken["a"]++ })
	l.Behind(func() { taken["b"]++ })
	now()
	now()
	if taken["a"] != 1 || taken["b"] != 0 {
		t.Errorf("%v", taken)
	}
	l.Undo()
	if taken["a"] != 1 || taken["b"] != 1 {
		t.Errorf("%v", taken)
	}
	late := make(chan bool)
	go func() {
		l.Behind(func() {})
		close(late)
	}()
	select {
	case <-late:
		t.Error("something was left after the end")
	case <-time.After(50 * time.Millisecond):
	}
}
