// Package fifo opens files that may be a FIFO without waiting for ever for the other end:
// a gate that names a FIFO to which nobody writes must end, and say why.
package fifo

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"time"

	"golang.org/x/sys/unix"
)

// Wait is how long the other end of a FIFO has to open it.
const Wait = 10 * time.Second

// ErrNobody says that no other process opened a FIFO in time.
var ErrNobody = errors.New("it is a FIFO, and no other process opened its other end")

// Open opens a file to read or to write, as flags say. Of a FIFO it waits for the other end,
// at most for so long; what comes through it then may take its time. Nothing else is waited
// for, and the terminal of the process stays what it is.
func Open(ctx context.Context, name string, flags int, wait time.Duration) (*os.File, error) {
	info, err := os.Stat(name)
	switch {
	case err != nil || info.Mode()&fs.ModeNamedPipe == 0:
		return plain(name, flags)
	case flags&unix.O_ACCMODE == unix.O_WRONLY:
		return toReader(ctx, name, flags, wait)
	}
	return fromWriter(ctx, name, flags, wait)
}

// plain opens what is no FIFO. Should it have become one, that is not waited for.
func plain(name string, flags int) (*os.File, error) {
	f, err := os.OpenFile(name, flags|unix.O_NOCTTY|unix.O_NONBLOCK, 0)
	if err != nil {
		return nil, err
	}
	var st unix.Stat_t
	if err := unix.Fstat(int(f.Fd()), &st); err == nil && st.Mode&unix.S_IFMT != unix.S_IFREG {
		_ = unix.SetNonblock(int(f.Fd()), false) // what a terminal says is waited for
	}
	return f, nil
}

// toReader opens a FIFO to write once somebody reads: Linux says at once that nobody does.
func toReader(ctx context.Context, name string, flags int, wait time.Duration) (*os.File, error) {
	for end := time.Now().Add(wait); ; {
		f, err := os.OpenFile(name, flags|unix.O_NONBLOCK, 0)
		if err == nil {
			return f, unix.SetNonblock(int(f.Fd()), false)
		}
		if !errors.Is(err, unix.ENXIO) {
			return nil, err
		}
		if time.Now().After(end) {
			return nil, nobody(name, wait)
		}
		select {
		case <-ctx.Done():
			return nil, context.Cause(ctx)
		case <-time.After(10 * time.Millisecond):
		}
	}
}

// fromWriter opens a FIFO to read once somebody writes. Only to wait in open tells that.
func fromWriter(ctx context.Context, name string, flags int, wait time.Duration) (*os.File, error) {
	type opened struct {
		f   *os.File
		err error
	}
	done := make(chan opened, 1)
	go func() {
		f, err := os.OpenFile(name, flags, 0)
		done <- opened{f, err}
	}()
	var late error
	select {
	case o := <-done:
		return o.f, o.err
	case <-ctx.Done():
		late = context.Cause(ctx)
	case <-time.After(wait):
		late = nobody(name, wait)
	}
	go func() { // who writes now finds no reader
		if o := <-done; o.f != nil {
			o.f.Close()
		}
	}()
	// A writer lets go of what waits; where this process may be none, it waits until the end
	// of the process.
	if fd, err := unix.Open(name, unix.O_WRONLY|unix.O_NONBLOCK|unix.O_CLOEXEC, 0); err == nil {
		_ = unix.Close(fd)
	}
	return nil, late
}

func nobody(name string, wait time.Duration) error {
	return &fs.PathError{Op: "open", Path: name, Err: fmt.Errorf("%w within %v", ErrNobody, wait)}
}
