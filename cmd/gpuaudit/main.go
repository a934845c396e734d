// Command gpuaudit audits GPUs and AI accelerators: what a card is, which code
// it brings, who vouches for it, and whether it may be used.
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"runtime"
	"strings"
	"syscall"
	"time"

	"golang.org/x/term"

	"github.com/gpuaudit/gpuaudit/attest/passphrase"
	"github.com/gpuaudit/gpuaudit/audit/config"
	"github.com/gpuaudit/gpuaudit/audit/sandbox"
)

// The first goroutine has the first thread, to which Linux gives the signals of a process.
// In the process outside it waits, and opens and reads nothing: a thread that hangs in the
// kernel would take no signal, and none would end the program. A judge needs no such thread,
// and gives up the rights of each one that it has.
func init() {
	if !sandbox.Inside() {
		runtime.LockOSThread()
	}
}

func main() { os.Exit(run()) }

func run() int {
	// Rego's time functions know a zone "Local". A rule must judge one input in one
	// way on every machine, so there is no other zone than UTC here.
	time.Local = time.UTC
	if sandbox.Launched() {
		fmt.Fprintln(os.Stderr, "gpuaudit:", sandbox.Launch())
		return exitIncomplete
	}
	ctx, cancel := context.WithCancelCause(context.Background())
	defer cancel(nil)
	a := &app{
		Stdin: os.Stdin, Stdout: os.Stdout, Stderr: os.Stderr,
		Now: time.Now, Getenv: os.Getenv, LookupEnv: os.LookupEnv, Ask: passphrase.Terminal,
		Terminal: term.IsTerminal(int(os.Stdout.Fd())), SystemConfig: config.System,
	}
	if a.Terminal {
		a.Width, _, _ = term.GetSize(int(os.Stdout.Fd())) // 0 where the terminal does not say
	}
	for _, v := range os.Environ() {
		if name, _, ok := strings.Cut(v, "="); ok && strings.HasPrefix(name, config.Prefix) && !sandbox.Inside() {
			a.Variables = append(a.Variables, name)
		}
	}
	a.InventoryOf = a.inventoryOf
	a.byRoot = os.Geteuid() == 0
	a.looks = !showsNotice(os.Args[1:])
	a.hear(os.Args[1:])
	if sandbox.Inside() {
		return a.inside()
	}
	// A reader of standard output that went away is an error of the write, and no
	// signal: what was begun is undone.
	signal.Ignore(syscall.SIGPIPE)
	signals := make(chan os.Signal, 2)
	signal.Notify(signals, ends()...)
	go a.endOn(signals, cancel, os.Stderr)
	a.alone = startable()
	if p := a.plan(os.Args[1:]); p != nil && a.alone == nil {
		return a.outside(ctx, p, os.Args[1:])
	}
	runtime.UnlockOSThread()
	watchMemory(a.Stderr, a.left.Undo)
	return a.main(ctx, os.Args[1:])
}

// startable is why this program cannot be started again, as a judge; nil where it can.
func startable() error {
	if sandbox.WithCgo {
		return errors.New("this program was built with cgo, and cannot give up its rights")
	}
	if _, err := os.Stat("/proc/self/exe"); err != nil {
		return fmt.Errorf("there is no /proc to start this program from: %w", err)
	}
	return nil
}

// grace is how long a verb may take to end by itself after a signal. What hangs in
// open or read, on a FIFO or a mount that is gone, does not notice one.
const grace = time.Second

// ends are the signals that end a verb. One that the caller had ignored, as nohup
// does with HUP, stays ignored.
func ends() []os.Signal {
	var list []os.Signal
	for _, s := range []os.Signal{os.Interrupt, syscall.SIGTERM, syscall.SIGHUP, syscall.SIGQUIT} {
		if !signal.Ignored(s) {
			list = append(list, s)
		}
	}
	return list
}

// endOn ends the program when a signal comes: the verb is told and has a moment, in
// which ROMs that it enabled are disabled; then, or at a second signal, what it left
// is taken away and the program exits.
func (a *app) endOn(signals <-chan os.Signal, cancel func(error), stderr io.Writer) {
	first := <-signals
	cause := fmt.Errorf("ended by a signal (%s)", first)
	cancel(cause)
	select {
	case <-signals:
	case <-time.After(grace):
	}
	a.left.Undo()
	// The verb changes its streams: these words go by a value.
	(&app{Stderr: stderr, logFormat: a.logFormat, words: a.words}).fail(cause)
	os.Exit(exitIncomplete)
}
