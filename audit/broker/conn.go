package broker

import (
	"errors"
	"fmt"
	"io"
	"os"
	"sync"
	"syscall"

	"golang.org/x/sys/unix"
)

// conn is one end of the socket pair. Each message is whole and may bring one
// descriptor. It is safe for concurrent use.
type conn struct {
	file *os.File
	raw  syscall.RawConn
	send sync.Mutex
}

// Pair makes the two ends: messages of one are read at the other, whole and in order.
func Pair() (outside, inside *os.File, err error) {
	fds, err := unix.Socketpair(unix.AF_UNIX, unix.SOCK_SEQPACKET|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		return nil, nil, fmt.Errorf("make the socket between the processes: %w", err)
	}
	return os.NewFile(uintptr(fds[0]), "broker"), os.NewFile(uintptr(fds[1]), "judge"), nil
}

// newConn takes an end over. It is waited for in the kernel, by who reads or writes: an
// answer that comes within microseconds finds no other thread to wake for it.
func newConn(f *os.File) (*conn, error) {
	fd, err := unix.FcntlInt(f.Fd(), unix.F_DUPFD_CLOEXEC, 3)
	if err != nil {
		return nil, fmt.Errorf("the socket between the processes: %w", err)
	}
	name := f.Name()
	_ = f.Close()
	if err := unix.SetNonblock(fd, false); err != nil {
		_ = unix.Close(fd)
		return nil, fmt.Errorf("the socket between the processes: %w", err)
	}
	file := os.NewFile(uintptr(fd), name)
	raw, err := file.SyscallConn()
	if err != nil {
		_ = file.Close()
		return nil, err
	}
	return &conn{file: file, raw: raw}, nil
}

// close ends the connection, and whoever waits on it finds its end.
func (c *conn) close() error {
	_ = c.raw.Control(func(s uintptr) { _ = unix.Shutdown(int(s), unix.SHUT_RDWR) })
	return c.file.Close()
}

// write sends a message; fd below zero is none.
func (c *conn) write(b []byte, fd int) error {
	if len(b) > maxMessage {
		return fmt.Errorf("%w: a message of %d bytes", ErrProtocol, len(b))
	}
	var oob []byte
	if fd >= 0 {
		oob = unix.UnixRights(fd)
	}
	c.send.Lock()
	defer c.send.Unlock()
	var failed error
	err := c.raw.Write(func(s uintptr) bool {
		for failed = unix.EINTR; errors.Is(failed, unix.EINTR); {
			failed = unix.Sendmsg(int(s), b, oob, nil, unix.MSG_NOSIGNAL)
		}
		return true
	})
	return errors.Join(err, failed)
}

// read waits for a message and puts it into b. The descriptor is below zero where none
// came; the caller closes it. The other side's end is io.EOF.
func (c *conn) read(b []byte) (n, fd int, err error) {
	var control [64]byte
	var oobn, flags int
	var failed error
	err = c.raw.Read(func(s uintptr) bool {
		for failed = unix.EINTR; errors.Is(failed, unix.EINTR); {
			n, oobn, flags, _, failed = unix.Recvmsg(int(s), b, control[:], unix.MSG_CMSG_CLOEXEC)
		}
		return true
	})
	if err = errors.Join(err, failed); err != nil {
		if errors.Is(err, unix.ECONNRESET) || errors.Is(err, os.ErrClosed) {
			err = io.EOF
		}
		return 0, -1, err
	}
	if fd, err = descriptor(control[:oobn]); err == nil && flags&(unix.MSG_TRUNC|unix.MSG_CTRUNC) != 0 {
		err = fmt.Errorf("%w: a message is too long", ErrProtocol)
	}
	if err == nil && n == 0 {
		err = io.EOF
	}
	if err != nil && fd >= 0 {
		_ = unix.Close(fd)
		fd = -1
	}
	return n, fd, err
}

// descriptor is the one that came with a message, below zero for none. More than one is
// a breach, and all are closed.
func descriptor(control []byte) (int, error) {
	if len(control) == 0 {
		return -1, nil
	}
	messages, err := unix.ParseSocketControlMessage(control)
	if err != nil {
		return -1, fmt.Errorf("%w: %w", ErrProtocol, err)
	}
	var all []int
	for i := range messages {
		fds, err := unix.ParseUnixRights(&messages[i])
		if err != nil {
			continue
		}
		all = append(all, fds...)
	}
	if len(messages) == 1 && len(all) == 1 {
		return all[0], nil
	}
	for _, fd := range all {
		_ = unix.Close(fd)
	}
	return -1, fmt.Errorf("%w: %d descriptors with one message", ErrProtocol, len(all))
}
