package fleet

import (
	"iter"
	"runtime"
)

// Ordered works on as many inputs at once as there are processors, and yields the
// answers in the order of the inputs. No more answers wait than there are processors,
// however slow the one before them is.
func Ordered[T any](inputs []string, work func(string) T) iter.Seq[T] {
	type task struct {
		input  string
		answer chan T
	}
	return func(yield func(T) bool) {
		queue := make(chan chan T, runtime.GOMAXPROCS(0))
		tasks := make(chan task)
		stop := make(chan struct{})
		defer close(stop)
		// Few goroutines work on many inputs: the stack of each grows once.
		for range cap(queue) {
			go func() {
				for t := range tasks {
					t.answer <- work(t.input)
				}
			}()
		}
		go func() {
			defer close(queue)
			defer close(tasks)
			for _, input := range inputs {
				t := task{input, make(chan T, 1)}
				select {
				case queue <- t.answer:
				case <-stop:
					return
				}
				tasks <- t
			}
		}()
		for answer := range queue {
			if !yield(<-answer) {
				return
			}
		}
	}
}

// Exit codes that stand over others (docs/exit-codes.md).
const (
	failed    = 1
	usage     = 2
	signature = 4
)

// Worse is the one of two exit codes that counts for both: a signature that did not
// verify stands over a failure, that over an input that is none, and that over an audit
// that could not be completed, since a card that is known to be bad is not made better
// by another one that is unknown.
func Worse(a, b int) int {
	if rank(b) > rank(a) {
		return b
	}
	return a
}

// rank orders exit codes. One that is not known is no pass.
func rank(code int) int {
	switch code {
	case 0:
		return 0
	case signature:
		return 4
	case failed:
		return 3
	case usage:
		return 2
	}
	return 1
}
