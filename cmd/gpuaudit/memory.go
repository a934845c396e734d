package main

import (
	"fmt"
	"io"
	"os"

	"github.com/gpuaudit/gpuaudit/audit/apart"
	"github.com/gpuaudit/gpuaudit/audit/input"
	"github.com/gpuaudit/gpuaudit/audit/memory"
)

// watchMemory holds the program to its memory until it ends.
func watchMemory(stderr io.Writer, undo func()) {
	memory.Hold(func() {
		undo()
		fmt.Fprintf(stderr, "gpuaudit: %smore than %d MiB of memory would be needed: the audit is not complete\n", apart.Asked(input.Last()), memory.End>>20)
		os.Exit(exitIncomplete)
	})
}
