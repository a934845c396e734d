package fleet

import (
	"iter"
	"runtime"
)

// Ordered works on as many inputs at once as there are processors, and yields the
// answers in the order of the inputs. No more answers wait than there are processors,
// however slow the one before them is.
func Ordered[T any](inputs []string, work func(string) T) iter.Seq[T] {
	return func(yield func(T) bool) {
		queue := make(chan chan T, runtime.GOMAXPROCS(0))
		slots := make(chan struct{}, cap(queue))
		stop := make(chan struct{})
		defer close(stop)
		go func() {
			defer close(queue)
			for _, input := range inputs {
				answer := make(chan T, 1)
				select {
				case queue <- answer:
				case <-stop:
					return
				}
				slots <- struct{}{}
				go func() {
					answer <- work(input)
					<-slots
				}()
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
