package fifo

import (
	"context"
	"errors"
	"io"
	"os"
	"path/filepath"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

func made(t *testing.T) string {
	t.Helper()
	name := filepath.Join(t.TempDir(), "fifo")
	if err := unix.Mkfifo(name, 0o600); err != nil {
		t.Fatal(err)
	}
	return name
}

// TestNobody: neither end waits for ever for the other.
func TestNobody(t *testing.T) {
	for _, flags := range []int{os.O_RDONLY, os.O_WRONLY} {
		name := made(t)
		begun := time.Now()
		if _, err := Open(t.Context(), name, flags, 20*time.Millisecond); !errors.Is(err, ErrNobody) {
			t.Errorf("%v", err)
		}
		ctx, cancel := context.WithTimeoutCause(t.Context(), 20*time.Millisecond, io.ErrClosedPipe)
		defer cancel()
		if _, err := Open(ctx, name, flags, time.Hour); !errors.Is(err, io.ErrClosedPipe) {
			t.Errorf("%v", err)
		}
		if took := time.Since(begun); took > 5*time.Second {
			t.Errorf("%v", took)
		}
	}
}

// TestBothEnds: what is written in time comes through, whoever is first, and is waited for.
func TestBothEnds(t *testing.T) {
	for _, first := range []int{os.O_RDONLY, os.O_WRONLY} {
		name := made(t)
		other := os.O_RDONLY + os.O_WRONLY - first
		ends := make(chan *os.File, 2)
		open := func(flags int) {
			f, err := Open(t.Context(), name, flags, time.Minute)
			if err != nil {
				t.Error(err)
			}
			ends <- f
		}
		go open(first)
		time.Sleep(20 * time.Millisecond)
		go open(other)
		var from, to *os.File
		for range 2 {
			f := <-ends
			if mode, err := unix.FcntlInt(f.Fd(), unix.F_GETFL, 0); err != nil || mode&unix.O_NONBLOCK != 0 {
				t.Errorf("%#o %v", mode, err)
			} else if mode&unix.O_ACCMODE == unix.O_WRONLY {
				to = f
			} else {
				from = f
			}
		}
		go func() {
			time.Sleep(20 * time.Millisecond)
			_, _ = to.WriteString("late")
			to.Close()
		}()
		if b, err := io.ReadAll(from); err != nil || string(b) != "late" {
			t.Errorf("%q %v", b, err)
		}
		from.Close()
	}
}

// TestPlain: what is no FIFO is opened at once.
func TestPlain(t *testing.T) {
	name := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(name, []byte("text"), 0o600); err != nil {
		t.Fatal(err)
	}
	f, err := Open(t.Context(), name, os.O_RDONLY, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	if b, err := io.ReadAll(f); err != nil || string(b) != "text" {
		t.Errorf("%q %v", b, err)
	}
	if _, err := Open(t.Context(), name+".none", os.O_RDONLY, 0); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("%v", err)
	}
}
