package main

import (
	"context"
	"io/fs"
	"os"
	"os/signal"
	"syscall"

	"github.com/google/go-tpm/tpm2/transport"

	"github.com/gpuaudit/gpuaudit/audit/broker"
	"github.com/gpuaudit/gpuaudit/audit/input"
	"github.com/gpuaudit/gpuaudit/audit/machine"
	"github.com/gpuaudit/gpuaudit/audit/outfile"
	"github.com/gpuaudit/gpuaudit/audit/sandbox"
)

// inside runs a verb in the process without rights. Before anything is parsed it gives
// up what it has; everything that it reads and writes is opened outside.
func (a *app) inside() int {
	// Whoever ends the program tells the process outside, which ends this one.
	signal.Ignore(os.Interrupt, syscall.SIGHUP, syscall.SIGQUIT, syscall.SIGPIPE)
	e, err := readErrand(a.Getenv(errandEnv))
	if err != nil {
		a.fail(err)
		return judgeBase + exitIncomplete
	}
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
	input.Through(client)
	outfile.Through(func(name string, mode fs.FileMode) (outfile.Remote, error) {
		f, err := client.Create(name, mode)
		if err != nil {
			return nil, err
		}
		return f, nil
	})
	a.protection, a.unconfined = protection, true
	a.byRoot, a.signsOutside = e.ByRoot, true
	a.access = &machine.Access{
		FS: client.Machine(), ROM: client.ROM, ByRoot: e.ByRoot, Full: e.Full, NVML: client.NVML, NVMLPlan: e.NVML,
		TPM: func() (transport.TPMCloser, error) { return client.OpenTPM() },
	}
	a.access.Scratch = protection.Scratch
	watchMemory(a.Stderr, func() {})
	return judgeBase + a.main(context.Background(), os.Args[1:])
}
