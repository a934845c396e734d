package firmware

import (
	"slices"
	"sync/atomic"
	"testing"
)

// TestWorkRunsAll: early, and every job once, on one worker and on several.
func TestWorkRunsAll(t *testing.T) {
	for _, bytes := range []int{1, smallROM} {
		for _, n := range []int{0, 1, 2, 50} {
			var early, ran atomic.Int64
			work(bytes, func() { early.Add(1) }, func() []job {
				return slices.Repeat([]job{{1, func() { ran.Add(1) }}}, n)
			})
			if early.Load() != 1 || ran.Load() != int64(n) {
				t.Errorf("%d bytes: early ran %d times, %d of %d jobs", bytes, early.Load(), ran.Load(), n)
			}
		}
	}
}

// TestWorkHandsPanicsOver: a fault of ours reaches the caller, who contains it,
// wherever it happens.
func TestWorkHandsPanicsOver(t *testing.T) {
	fine, fails := func() {}, func() { panic("a fault") }
	for name, run := range map[string]func(){
		"early":   func() { work(smallROM, fails, func() []job { return nil }) },
		"prepare": func() { work(smallROM, fine, func() []job { panic("a fault") }) },
		"jobs":    func() { work(smallROM, fine, func() []job { return slices.Repeat([]job{{1, fails}}, 9) }) },
		"alone":   func() { work(1, fine, func() []job { return []job{{1, fails}} }) },
	} {
		func() {
			defer func() {
				if recover() != "a fault" {
					t.Errorf("%s: the panic did not reach the caller", name)
				}
			}()
			run()
		}()
	}
}
