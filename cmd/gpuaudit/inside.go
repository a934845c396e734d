package main

import (
	"context"
	"os"
	"os/signal"
	"runtime/debug"
	"syscall"

	"github.com/gpuaudit/gpuaudit/audit/apart"
)

// inside runs a verb in the process without rights.
func (a *app) inside() int {
	// Whoever ends the program tells the process outside, which ends this one.
	signal.Ignore(os.Interrupt, syscall.SIGHUP, syscall.SIGQUIT, syscall.SIGPIPE)
	judge, err := apart.Enter()
	if err != nil {
		a.fail(err)
		return apart.Base + exitIncomplete
	}
	a.protection, a.unconfined = judge.Protection, true
	a.byRoot, a.errand, a.sign, a.access = judge.Errand.ByRoot, judge.Errand, judge.Sign, judge.Access
	watchMemory(a.Stderr, func() {})
	a.spare = func(limit int64) { debug.SetMemoryLimit(limit) }
	// What goes on until somebody ends it is told so, and says what it found last.
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM)
	defer stop()
	return apart.Base + a.main(ctx, os.Args[1:])
}
