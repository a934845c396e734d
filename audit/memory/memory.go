// Package memory holds a process to the memory that it may take.
package memory

import (
	"runtime/debug"
	"runtime/metrics"
	"time"
)

// Memory that a verb takes. Inputs are held to budgets before they are decoded, so
// that the last is a net: beyond it the program ends as one that could not complete,
// where Go, out of memory, ends as one that was used wrongly (exit code 2).
const (
	// frugalAbove is where garbage is collected as often as Go does by itself, and not
	// a quarter as often.
	frugalAbove = 96 << 20
	// limit is what collecting garbage harder tries to stay below: with the program
	// itself, what one input may take. What thousands of devices need is more, and then it
	// is half as much again: below that, nothing but garbage would be collected.
	limit = 200 << 20
	// End ends the program. It is below what a judge may take of the kernel, which
	// tells no name, and above what 4,096 devices take.
	End = 1800 << 20
)

// A scan is over in a moment: collecting garbage four times less often saves a fifth of it
// for a few megabytes. It counts from the start: what packages make ready would be collected
// just before main, and nearly all of it stays.
func init() { debug.SetGCPercent(400) }

// Hold holds the process to its memory until it ends. Beyond [End] bytes it calls over,
// which has to end it.
func Hold(over func()) {
	debug.SetMemoryLimit(limit)
	go watch(End, over)
}

// watch looks at what objects take, which costs a microsecond, and calls over when that is
// more than end bytes.
func watch(end uint64, over func()) {
	sample := []metrics.Sample{{Name: "/memory/classes/heap/objects:bytes"}, {Name: "/gc/heap/live:bytes"}}
	frugal, soft := false, uint64(limit)
	for range time.Tick(20 * time.Millisecond) {
		metrics.Read(sample)
		held := sample[0].Value.Uint64()
		if !frugal && held > frugalAbove {
			frugal = true
			debug.SetGCPercent(100)
		}
		live := sample[1].Value.Uint64()
		if wanted := min(live+live/2, end); wanted > soft {
			soft = wanted
			debug.SetMemoryLimit(int64(soft))
		}
		if held > end {
			over()
			return
		}
	}
}
