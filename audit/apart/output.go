package apart

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"

	"golang.org/x/sys/unix"

	"github.com/gpuaudit/gpuaudit/audit/bounded"
	"github.com/gpuaudit/gpuaudit/audit/broker"
	"github.com/gpuaudit/gpuaudit/audit/input"
	"github.com/gpuaudit/gpuaudit/audit/outfile"
)

// ignored is an output that stands for something else.
type ignored struct {
	nothing *os.File
	keep    func() error
}

// Instead is an output of which what a judge writes is not looked at. When it is committed,
// something else is kept, such as a key that the judge does not know.
func Instead(keep func() error) (broker.Output, error) {
	f, err := os.OpenFile(os.DevNull, os.O_WRONLY, 0)
	if err != nil {
		return nil, err
	}
	return &ignored{f, keep}, nil
}

func (o *ignored) Descriptor() *os.File { return o.nothing }
func (o *ignored) Abort()               { o.nothing.Close() }

func (o *ignored) Commit() error {
	o.nothing.Close()
	return o.keep()
}

// checked is an output that is looked at before it is put in its place.
type checked struct {
	target  *outfile.File
	written *os.File // in memory
	is      func(text, old []byte) error
}

// checkedLimit is the most bytes of an output that is looked at.
const checkedLimit = 64 << 10

// Checked is an output that others follow with their rights, such as settings: what a judge
// wrote is put there only if is says nothing against it, which sees the file before, too.
func Checked(target *outfile.File, is func(text, old []byte) error) (broker.Output, error) {
	fd, err := unix.MemfdCreate("settings", unix.MFD_CLOEXEC)
	if err != nil {
		target.Abort()
		return nil, fmt.Errorf("make room for the settings: %w", err)
	}
	return &checked{target, os.NewFile(uintptr(fd), "settings"), is}, nil
}

func (o *checked) Descriptor() *os.File { return o.written }

func (o *checked) Abort() {
	o.written.Close()
	o.target.Abort()
}

func (o *checked) Commit() error {
	defer o.Abort()
	if _, err := o.written.Seek(0, io.SeekStart); err != nil {
		return err
	}
	text, err := bounded.Read(o.written, checkedLimit)
	if err != nil {
		return fmt.Errorf("write %s: %w", o.target.Name(), err)
	}
	var before []byte
	old, err := input.Read(o.target.Name(), checkedLimit)
	switch {
	case err == nil:
		before = old.Data
	case !errors.Is(err, fs.ErrNotExist):
		return err
	}
	if err := o.is(text, before); err != nil {
		return fmt.Errorf("write %s: %w", o.target.Name(), err)
	}
	if _, err := o.target.Write(text); err != nil {
		return err
	}
	return o.target.Commit()
}
