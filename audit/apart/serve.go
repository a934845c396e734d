package apart

import (
	"context"
	"errors"
	"fmt"
	"io"
	"math"
	"os"
	"strings"
	"time"

	"golang.org/x/sys/unix"
	"golang.org/x/term"

	"github.com/gpuaudit/gpuaudit/audit/bounded"
	"github.com/gpuaudit/gpuaudit/audit/broker"
	"github.com/gpuaudit/gpuaudit/audit/input"
	"github.com/gpuaudit/gpuaudit/audit/machine"
	"github.com/gpuaudit/gpuaudit/audit/sandbox"
)

// Base is what a judge adds to its exit code, so that Go's own 2, of a program that
// ran out of memory or crashed, is told from that of wrong usage.
const Base = 64

// Launch is how a judge is started.
type Launch struct {
	// Args begin with the name of the program, which is this one. Told are the variables of
	// the environment that it gets beside those that every process needs.
	Args, Env, Told []string
	// What Stdin is, see [Plan.Stdin]. Of a terminal it gets an end to write to.
	Stdin, Stdout, Stderr *os.File
	// Grace is how long one that watches may take to end after a signal.
	Grace time.Duration
	// Said is the code of a judge that ended by itself and has said why.
	Said int
}

// Serve runs a judge, and does for it what the plan allows. It parses nothing but the
// requests of that process, and outlives it: whatever ends the judge, ROMs are disabled and
// half-written outputs are gone before this returns.
func (p *Plan) Serve(ctx context.Context, l Launch) (int, error) {
	rights, err := p.rights()
	if err != nil {
		return 0, err
	}
	end, inside, err := broker.Pair()
	if err != nil {
		return 0, err
	}
	asks, uses := broker.DefaultLimits(), sandbox.DefaultLimits()
	if p.Watches { // for days
		asks.Requests, asks.Descriptors, uses.CPU = math.MaxInt, math.MaxInt, 0
	}
	server, err := broker.NewServer(end, p.Grants, rights, asks, machine.Classes()...)
	if err != nil {
		return 0, err
	}
	stdout, stderr := toWrite(l.Stdout), toWrite(l.Stderr)
	judge, err := sandbox.Start(sandbox.Options{
		Args: l.Args, Env: l.Env, Told: l.Told, Stdin: l.Stdin, Stdout: stdout, Stderr: stderr,
		Control: inside, Limits: uses,
	})
	inside.Close()
	if err != nil {
		return 0, err
	}
	defer context.AfterFunc(ctx, func() {
		if !p.Watches || !judge.Ask(l.Grace/2) {
			judge.Kill()
		}
	})()
	served := make(chan error, 1)
	serving, stop := context.WithCancel(ctx)
	if p.Watches { // it says what it found last, after a signal
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
		return 0, fmt.Errorf("%s%w: the audit is not complete", Asked(server.Last()), ended)
	case code == l.Said:
		return code, nil // the net of its memory, which has said so
	case code < Base:
		return 0, fmt.Errorf("%sthe judging process ended by a fault of its own, or out of memory (code %d): the audit is not complete", Asked(server.Last()), code)
	}
	return code - Base, nil
}

// Asked names the input that was asked for last.
func Asked(name string) string {
	if name == "" {
		return ""
	}
	return name + ": "
}

// Caps on the names of inputs that come on standard input.
const (
	listedBytes = 16 << 20
	listedNames = 256 << 10
)

// Stdin is what a judge has for standard input: nothing, or the names that stand there. What
// somebody types is for the process outside, and a file there is asked for like any other.
func (p *Plan) Stdin(from *os.File) (*os.File, error) {
	if p.Listed {
		return p.list(from)
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
func (p *Plan) list(from io.Reader) (*os.File, error) {
	text, err := bounded.Read(from, listedBytes)
	if err != nil {
		return nil, fmt.Errorf("read the names of inputs: %w", err)
	}
	if err := input.AreNames(text); err != nil {
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
		p.Grant(broker.ReadFile, name)
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
