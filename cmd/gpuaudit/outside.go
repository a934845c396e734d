package main

import (
	"context"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"math"
	"os"
	"slices"
	"strings"
	"time"

	"golang.org/x/sys/unix"
	"golang.org/x/term"

	"github.com/gpuaudit/gpuaudit/attest/tpm"
	"github.com/gpuaudit/gpuaudit/audit/bounded"
	"github.com/gpuaudit/gpuaudit/audit/broker"
	"github.com/gpuaudit/gpuaudit/audit/channel/state"
	"github.com/gpuaudit/gpuaudit/audit/config"
	"github.com/gpuaudit/gpuaudit/audit/fault"
	"github.com/gpuaudit/gpuaudit/audit/machine"
	"github.com/gpuaudit/gpuaudit/audit/sandbox"
)

func openTPM(device string) (broker.TPM, error) { return tpm.Open(device) }

// createFor opens outputs for the judge. Ended by a signal, nothing is left of them.
func (a *app) createFor(p *plan) func(name string, mode fs.FileMode) (broker.Output, error) {
	return func(name string, mode fs.FileMode) (broker.Output, error) {
		if p.opened != nil && name == p.opened.file {
			return newKeyOutput(func() error { return a.keepKey(p.opened) })
		}
		open := a.openOut
		if slices.Contains(p.fresh, name) {
			open = a.openNew
		}
		f, err := open(name, mode)
		if err != nil {
			return nil, err
		}
		if name == p.settings {
			return newSettingsOutput(f, p.pack)
		}
		return f, nil
	}
}

// judgeBase is what a judge adds to its exit code, so that Go's own 2, of a program that
// ran out of memory or crashed, is told from that of wrong usage.
const judgeBase = 64

// outside runs a verb in a process without rights, and does for it what p allows. It
// parses nothing but the requests of that process, and outlives it: whatever ends the
// judge, ROMs are disabled and half-written outputs are gone before this returns.
func (a *app) outside(ctx context.Context, p *plan, args []string) int {
	code, err := a.serve(ctx, p, args)
	if cause := context.Cause(ctx); cause != nil && (err != nil || !p.watches) {
		err = cause
	}
	if err != nil {
		a.fail(fault.AsIncomplete(err))
		return exitIncomplete
	}
	return code
}

func (a *app) serve(ctx context.Context, p *plan, args []string) (int, error) {
	for _, address := range machine.Recover() {
		a.warn("the ROM of %s was still enabled by a process that was killed, and is disabled now", address)
	}
	if p.wrong != nil {
		a.fail(p.wrong)
		return exitCode(p.wrong), nil
	}
	if p.unreadPlaces != nil {
		a.warn("the places of channels: %v", p.unreadPlaces)
	}
	for _, place := range p.unnamed {
		a.warn("%s, was never named on a command line: it is not asked; name it once with --channel", place)
	}
	stdin, err := p.stdin()
	if err != nil {
		a.fail(err)
		return exitCode(err), nil
	}
	defer stdin.Close()
	if err := p.misplaced(); err != nil {
		a.fail(err)
		return exitUsage, nil
	}
	if err := a.loadKeys(p); err != nil {
		a.fail(err)
		return exitCode(err), nil
	}
	rights, err := a.rights(p)
	if err != nil {
		return 0, err
	}
	end, inside, err := broker.Pair()
	if err != nil {
		return 0, err
	}
	asks, uses := broker.DefaultLimits(), sandbox.DefaultLimits()
	if p.watches { // for days
		asks.Requests, asks.Descriptors, uses.CPU = math.MaxInt, math.MaxInt, 0
	}
	server, err := broker.NewServer(end, p.grants, rights, asks, machine.Classes()...)
	if err != nil {
		return 0, err
	}
	stdout, stderr := toWrite(os.Stdout), toWrite(os.Stderr)
	judge, err := sandbox.Start(sandbox.Options{
		Args: append([]string{os.Args[0]}, args...), Env: os.Environ(), Told: settingsIn(os.Environ()), Stdin: stdin, Stdout: stdout, Stderr: stderr,
		Control: inside, Limits: uses,
	})
	inside.Close()
	if err != nil {
		return 0, err
	}
	defer context.AfterFunc(ctx, func() {
		if !p.watches || !judge.Ask(grace/2) {
			judge.Kill()
		}
	})()
	served := make(chan error, 1)
	serving, stop := context.WithCancel(ctx)
	if p.watches { // it says what it found last, after a signal
		serving, stop = context.WithCancel(context.WithoutCancel(ctx))
	}
	defer stop()
	go func() {
		err := server.Serve(serving)
		if errors.Is(err, broker.ErrProtocol) {
			judge.Kill()
		}
		served <- err
	}()
	code, ended := judge.Wait()
	// The judge's end of the socket is closed with it; what it left is taken back.
	var broken error
	select {
	case broken = <-served:
	case <-time.After(2 * time.Second):
	}
	switch {
	case errors.Is(broken, broker.ErrProtocol):
		return 0, broken
	case ended != nil:
		return 0, fmt.Errorf("%s%w: the audit is not complete", asked(server.Last()), ended)
	case code == exitIncomplete:
		return code, nil // the net of its memory, which has said so
	case code < judgeBase:
		return 0, fmt.Errorf("%sthe judging process ended by a fault of its own, or out of memory (code %d): the audit is not complete", asked(server.Last()), code)
	}
	if code -= judgeBase; code == 0 && p.errand.Channel != "" {
		if err := state.Remember(p.errand.State, p.errand.Channel); err != nil {
			return 0, fmt.Errorf("remember the place of the channel: %w", err)
		}
	}
	return code, nil
}

// loadKeys makes the private keys of a command line ready to sign for its judge.
func (a *app) loadKeys(p *plan) error {
	a.tpmDevice, a.passphraseFD = p.device, p.passphraseFD
	for _, name := range p.keys {
		signer, err := a.loadSigner(name)
		if err != nil {
			return err
		}
		public, err := x509.MarshalPKIXPublicKey(signer.Public())
		if err != nil {
			return fmt.Errorf("%s: %w", name, err)
		}
		p.signers, p.errand.Keys = append(p.signers, signer), append(p.errand.Keys, public)
	}
	if p.baselineKey != nil {
		return a.openBaselineKey(p)
	}
	if p.rulesKey == "" {
		return nil
	}
	var err error
	p.rulesSigner, err = loadRulesKey(p.rulesKey)
	return err
}

// asked names the input that was asked for last.
func asked(name string) string {
	if name == "" {
		return ""
	}
	return name + ": "
}

// settingsIn are the variables that are settings of an audit, and those that say where
// the user's file of them is. The passphrase of a key is not among them.
func settingsIn(all []string) []string {
	return slices.DeleteFunc(slices.Clone(all), func(v string) bool {
		name, _, _ := strings.Cut(v, "=")
		return name == passphraseEnv || name != "HOME" && name != "XDG_CONFIG_HOME" && !strings.HasPrefix(name, config.Prefix)
	})
}

// Caps on the names of inputs that come on standard input.
const (
	listedBytes = 16 << 20
	listedNames = 256 << 10
)

// stdin is what a judge has for standard input: nothing, or the names that stand there. What
// somebody types is for the process outside, and a file there is asked for like any other.
func (p *plan) stdin() (*os.File, error) {
	if p.listed {
		return p.list(os.Stdin)
	}
	nothing, end, err := os.Pipe() // a root directory may have no /dev/null
	if err != nil {
		return nil, err
	}
	return nothing, end.Close()
}

// toWrite is a terminal opened anew, to write to alone: what a shell hands down for output
// could be read as well, and tells what is typed. All else stays what it is.
func toWrite(f *os.File) *os.File {
	if !term.IsTerminal(int(f.Fd())) {
		return f
	}
	w, err := os.OpenFile(fmt.Sprintf("/proc/self/fd/%d", f.Fd()), os.O_WRONLY|unix.O_NOCTTY, 0)
	if err != nil {
		return f // another user's terminal, as after su(1)
	}
	return w
}

// list lets the judge read the inputs that standard input names, one on each line. What
// the judge gets in its place is a file in memory with the same lines.
func (p *plan) list(from io.Reader) (*os.File, error) {
	text, err := bounded.Read(from, listedBytes)
	if err != nil {
		return nil, fmt.Errorf("read the names of inputs: %w", err)
	}
	if err := areNames(text); err != nil {
		return nil, err
	}
	n := 0
	for line := range strings.Lines(string(text)) {
		name := strings.TrimSuffix(strings.TrimSuffix(line, "\n"), "\r")
		if name == "" {
			continue
		}
		if n++; n > listedNames {
			return nil, fmt.Errorf("standard input names more than %d inputs", listedNames)
		}
		p.grant(broker.ReadFile, name)
	}
	fd, err := unix.MemfdCreate("inputs", unix.MFD_CLOEXEC)
	if err != nil {
		return nil, fmt.Errorf("keep the names of inputs: %w", err)
	}
	f := os.NewFile(uintptr(fd), "inputs")
	if _, err = f.Write(text); err == nil {
		_, err = f.Seek(0, io.SeekStart)
	}
	if err != nil {
		f.Close()
		return nil, fmt.Errorf("keep the names of inputs: %w", err)
	}
	return f, nil
}
