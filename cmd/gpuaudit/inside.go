package main

import (
	"context"
	"io/fs"
	"os"
	"os/signal"
	"runtime/debug"
	"syscall"

	"github.com/google/go-tpm/tpm2/transport"

	"github.com/gpuaudit/gpuaudit/audit/broker"
	"github.com/gpuaudit/gpuaudit/audit/input"
	"github.com/gpuaudit/gpuaudit/audit/machine"
	"github.com/gpuaudit/gpuaudit/audit/network"
	"github.com/gpuaudit/gpuaudit/audit/outfile"
	"github.com/gpuaudit/gpuaudit/audit/sandbox"
)

// inside runs a verb in the process without rights. Before anything is parsed it gives
// up what it has; everything that it reads and writes is opened outside.
func (a *app) inside() int {
	// Whoever ends the program tells the process outside, which ends this one.
	signal.Ignore(os.Interrupt, syscall.SIGHUP, syscall.SIGQUIT, syscall.SIGPIPE)
	protection, control, err := sandbox.Enter()
	if err != nil {
		a.fail(err)
		return judgeBase + exitIncomplete
	}
	client, err := broker.NewClient(control, machine.Classes()...)
	if err != nil {
		a.fail(err)
		return judgeBase + exitIncomplete
	}
	told, err := client.Told()
	if err != nil {
		a.fail(err)
		return judgeBase + exitIncomplete
	}
	e, err := readErrand(told)
	if err != nil {
		a.fail(err)
		return judgeBase + exitIncomplete
	}
	input.Through(client, e.User)
	outfile.Through(opener{client})
	network.Through(networkOf(client, e))
	a.protection, a.unconfined = protection, true
	a.byRoot, a.errand, a.sign = e.ByRoot, e, client.Sign
	a.access = &machine.Access{
		FS: client.Machine(), ROM: client.ROM, ByRoot: e.ByRoot, Full: e.Full, NVML: client.NVML, NVMLPlan: e.NVML,
		TPM: func() (transport.TPMCloser, error) { return client.OpenTPM() },
	}
	a.access.Scratch = protection.Scratch
	watchMemory(a.Stderr, func() {})
	a.spare = func(limit int64) { debug.SetMemoryLimit(limit) }
	// What goes on until somebody ends it is told so, and says what it found last.
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM)
	defer stop()
	return judgeBase + a.main(ctx, os.Args[1:])
}

// opener has outputs opened outside.
type opener struct{ *broker.Client }

func (o opener) Output(name string, mode fs.FileMode) (outfile.Remote, error) {
	f, err := o.Create(name, mode)
	if err != nil {
		return nil, err
	}
	return f, nil
}

func (o opener) Folder(name string, how outfile.How) (outfile.Folder, error) {
	f, err := o.Written(name, uint8(how))
	if err != nil {
		return nil, err
	}
	return written{f}, nil
}

// written is a folder that is written to by the process outside.
type written struct{ *broker.Written }

func (w written) Create(name string, mode fs.FileMode) (outfile.NewFile, error) {
	f, err := w.Written.Create(name, mode)
	if err != nil {
		return nil, err
	}
	return f, nil
}
