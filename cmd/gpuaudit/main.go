// Command gpuaudit audits GPUs and AI accelerators: what a card is, which code
// it brings, who vouches for it, and whether it may be used.
package main

import (
	"context"
	"os"
	"os/signal"
	"runtime/debug"
	"syscall"
	"time"

	"golang.org/x/term"

	"github.com/gpuaudit/gpuaudit/attest/passphrase"
)

func main() { os.Exit(run()) }

func run() int {
	// A scan is over in a moment: collecting garbage four times less often
	// saves a fifth of it for a few megabytes.
	debug.SetGCPercent(400)
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	a := &app{
		Stdin: os.Stdin, Stdout: os.Stdout, Stderr: os.Stderr,
		Now: time.Now, Getenv: os.Getenv, LookupEnv: os.LookupEnv, Ask: passphrase.Terminal,
		Terminal: term.IsTerminal(int(os.Stdout.Fd())),
	}
	a.InventoryOf = a.inventoryOf
	return a.main(ctx, os.Args[1:])
}
