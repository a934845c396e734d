package rom

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"
	"strings"
	"sync"
	"syscall"

	"github.com/gpuaudit/gpuaudit/audit/collect"
	"github.com/gpuaudit/gpuaudit/audit/firmware"
	"github.com/gpuaudit/gpuaudit/audit/inventory"
)

// What enables and disables the ROM attribute of sysfs. The newline is not
// decoration: pci_write_rom (Linux, drivers/pci/pci-sysfs.c) takes anything but
// the two bytes "0\n" at offset 0 as "enable", a lone "0" too.
const (
	enable  = "1\n"
	disable = "0\n"
)

// Live returns the reader of ROMs of the running machine, whose root is given.
// Reading has a side effect: the kernel switches the device's ROM decoder on
// for the time of each read, and a driver may use the device meanwhile. The
// attribute is disabled again before the reader returns, whatever happened.
//
// It reads endpoints only, and leaves a sleeping device alone: one in D3 answers
// with ff, and waking it would change the machine. Both give an error that
// [collect.ReasonOf] calls not-supported.
func Live(root *os.Root) func(ctx context.Context, address string) ([]byte, error) {
	return func(ctx context.Context, address string) ([]byte, error) {
		if !inventory.ValidAddress(address) {
			return nil, fmt.Errorf("%w: %.40q is no PCI address", collect.ErrMalformed, address)
		}
		dir := path.Join(devices, address)
		if err := readable(root.FS(), dir); err != nil {
			return nil, err
		}
		f, err := root.OpenFile(path.Join(dir, "rom"), os.O_RDWR, 0)
		if err != nil {
			return nil, err
		}
		defer f.Close()
		return readEnabled(ctx, f, mark(Marks, address))
	}
}

// attribute is the open ROM attribute.
type attribute interface {
	io.Reader
	io.WriterAt
}

// readEnabled enables the attribute, reads it, and disables it again: also
// after an error, a panic, or at once when the context ends while a read hangs. Once it
// is disabled for good, done takes the mark away that says otherwise.
func readEnabled(ctx context.Context, f attribute, done func()) (b []byte, err error) {
	if err := ctx.Err(); err != nil {
		done()
		return nil, fmt.Errorf("read ROM: %w", err)
	}
	s := &switched{f: f, done: done}
	stop := context.AfterFunc(ctx, func() { _ = s.off() })
	defer func() {
		stop()
		if werr := s.off(); werr != nil {
			b, err = nil, errors.Join(err, fmt.Errorf("disable ROM: it may still be enabled, write 0 to the attribute: %w", werr))
		}
	}()
	if err := s.on(ctx); err != nil {
		return nil, err
	}
	return readBounded(ctx, f)
}

// switched is the attribute that one reading switches on once, and off for good.
type switched struct {
	mu   sync.Mutex
	f    attribute
	done func()
	// ended says that it was switched off.
	ended bool
}

func (s *switched) on(ctx context.Context) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if err := ctx.Err(); err != nil { // it may have been switched off already
		return fmt.Errorf("read ROM: %w", err)
	}
	if _, err := s.f.WriteAt([]byte(enable), 0); err != nil {
		return fmt.Errorf("enable ROM: %w", err)
	}
	return nil
}

// off leaves the mark where the attribute may still be enabled.
func (s *switched) off() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	_, err := s.f.WriteAt([]byte(disable), 0)
	if err == nil && !s.ended {
		s.ended = true
		s.done()
	}
	return err
}

// readBounded reads in small steps, so that a cancelled context ends it.
func readBounded(ctx context.Context, r io.Reader) ([]byte, error) {
	var b []byte
	chunk := make([]byte, 64<<10)
	for {
		if err := ctx.Err(); err != nil {
			return nil, fmt.Errorf("read ROM: after %d bytes: %w", len(b), err)
		}
		n, err := r.Read(chunk)
		b = append(b, chunk[:n]...)
		switch {
		case len(b) > firmware.MaxBytes:
			return nil, fmt.Errorf("read ROM: %w of %d bytes", collect.ErrLimit, firmware.MaxBytes)
		case err == io.EOF:
			return b, nil
		case err != nil:
			return nil, fmt.Errorf("read ROM: after %d bytes: %w", len(b), err)
		}
	}
}

// readable refuses devices whose ROM must not be touched.
func readable(fsys fs.FS, dir string) error {
	if class, err := collect.Attr(fsys, path.Join(dir, "class")); err == nil && strings.HasPrefix(class, "0x06") {
		return refusal("the function is a bridge (class " + class + "); its ROM is not read")
	}
	for _, name := range []string{"power_state", "power/runtime_status"} {
		switch state, err := collect.Attr(fsys, path.Join(dir, name)); {
		case err != nil:
			continue // an older kernel, or no runtime power management
		case strings.HasPrefix(state, "D3"), state == "suspended", state == "suspending":
			return refusal("the device is asleep (" + name + " is " + state + ") and was not woken; use the device, or write on to power/control, and scan again")
		}
	}
	return nil
}

// refusal is a device that is not read, and why.
type refusal string

func (r refusal) Error() string { return string(r) }

// Is makes it what the kernel would answer: not supported.
func (r refusal) Is(target error) bool {
	return target == syscall.EOPNOTSUPP || target == errors.ErrUnsupported
}
