package main

import (
	"fmt"
	"io"
	"os"
	"runtime/debug"
	"runtime/metrics"
	"time"

	"github.com/gpuaudit/gpuaudit/audit/apart"
	"github.com/gpuaudit/gpuaudit/audit/input"
)

// Memory that a verb takes. Inputs are held to budgets before they are decoded, so
// that the last is a net: beyond it the program ends as one that could not complete,
// where Go, out of memory, ends as one that was used wrongly (exit code 2).
const (
	// frugalAbove is where garbage is collected as often as Go does by itself, and not
	// a quarter as often.
	frugalAbove = 96 << 20
	// memoryLimit is what collecting garbage harder tries to stay below: with the program
	// itself, what one input may take. What thousands of devices need is more, and then it
	// is half as much again: below that, nothing but garbage would be collected.
	memoryLimit = 200 << 20
	// memoryEnd ends the program. It is below what a judge may take of the kernel, which
	// tells no name, and above what 4,096 devices take.
	memoryEnd = 1800 << 20
)

// watchMemory holds the program to its memory until it ends.
func watchMemory(stderr io.Writer, undo func()) {
	// A scan is over in a moment: collecting garbage four times less often
	// saves a fifth of it for a few megabytes.
	debug.SetGCPercent(400)
	debug.SetMemoryLimit(memoryLimit)
	go watch(memoryEnd, func() {
		undo()
		fmt.Fprintf(stderr, "gpuaudit: %smore than %d MiB of memory would be needed: the audit is not complete\n", apart.Asked(input.Last()), memoryEnd>>20)
		os.Exit(exitIncomplete)
	})
}

// watch looks at what objects take, which costs a microsecond, and calls over when that is
// more than end bytes.
func watch(end uint64, over func()) {
	sample := []metrics.Sample{{Name: "/memory/classes/heap/objects:bytes"}, {Name: "/gc/heap/live:bytes"}}
	frugal, limit := false, uint64(memoryLimit)
	for range time.Tick(20 * time.Millisecond) {
		metrics.Read(sample)
		held := sample[0].Value.Uint64()
		if !frugal && held > frugalAbove {
			frugal = true
			debug.SetGCPercent(100)
		}
		live := sample[1].Value.Uint64()
		if wanted := min(live+live/2, end); wanted > limit {
			limit = wanted
			debug.SetMemoryLimit(int64(limit))
		}
		if held > end {
			over()
			return
		}
	}
}
