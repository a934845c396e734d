package broker

import (
	"context"
	"encoding/binary"
	"fmt"
	"io/fs"
	"net"
	"slices"

	"golang.org/x/sys/unix"
)

// create opens an output that was granted, once.
func (s *Server) create(r *reader, a *answer) error {
	name, mode := r.text(maxName), fs.FileMode(r.u32())
	if err := r.done(); err != nil {
		return err
	}
	if mode&^0o666 != 0 {
		return fmt.Errorf("%w: an output of mode %o", ErrProtocol, mode)
	}
	if s.rights.Create == nil || !s.allowed(WriteFile, name) {
		return fmt.Errorf("write %s: %w", name, errDenied)
	}
	s.mu.Lock()
	switch {
	case s.written[name]:
		s.mu.Unlock()
		return fmt.Errorf("write %s: it was opened before", name)
	case len(s.outputs) >= s.limits.Outputs:
		s.mu.Unlock()
		return fmt.Errorf("%w: more than %d outputs", ErrProtocol, s.limits.Outputs)
	}
	s.written[name] = true
	s.mu.Unlock()
	o, err := s.rights.Create(name, mode) // waits for the reader of a FIFO
	if err != nil {
		return err
	}
	fd, err := unix.FcntlInt(o.Descriptor().Fd(), unix.F_DUPFD_CLOEXEC, 3)
	if err != nil {
		o.Abort()
		return fmt.Errorf("write %s: %w", name, err)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.next++
	s.outputs[s.next] = o
	a.w.u32(s.next)
	a.fd = fd
	return nil
}

// finish commits or aborts an output.
func (s *Server) finish(op operation, r *reader) error {
	id := r.u32()
	if err := r.done(); err != nil {
		return err
	}
	s.mu.Lock()
	o := s.outputs[id]
	delete(s.outputs, id)
	s.mu.Unlock()
	switch {
	case o == nil:
		return fmt.Errorf("%w: no such output", ErrProtocol)
	case op == opCommit:
		return o.Commit()
	}
	o.Abort()
	return nil
}

// maxCommand is the largest command and answer of a TPM (TPM2_PT_MAX_COMMAND_SIZE of
// those in use is 4096).
const maxCommand = 4096

// command gives the TPM one command of those that were granted, and its answer back.
// Without a command it opens the TPM.
func (s *Server) command(r *reader, a *answer) error {
	b := r.bytes(maxCommand)
	if err := r.done(); err != nil {
		return err
	}
	s.asking.Lock()
	defer s.asking.Unlock()
	if s.rights.TPM == nil {
		return errDenied
	}
	if s.tpm == nil {
		t, err := s.rights.TPM()
		if err != nil {
			return err
		}
		s.mu.Lock()
		s.tpm = t
		s.mu.Unlock()
	}
	if len(b) == 0 {
		return a.put(nil)
	}
	// The head of a command: tag, size, code (TCG TPM 2.0 Library, Part 1, section 18).
	if len(b) < 10 || binary.BigEndian.Uint32(b[2:]) != uint32(len(b)) {
		return fmt.Errorf("%w: no command of a TPM", ErrProtocol)
	}
	if code := binary.BigEndian.Uint32(b[6:]); !slices.Contains(s.rights.Commands, code) {
		return fmt.Errorf("TPM command %#x: %w", code, errDenied)
	}
	out, err := s.tpm.Send(b)
	if err != nil {
		return err
	}
	if len(out) > maxCommand {
		return fmt.Errorf("the TPM answered with %d bytes", len(out))
	}
	return a.put(out)
}

// dial connects to a host that was granted.
func (s *Server) dial(ctx context.Context, r *reader, a *answer) error {
	address := r.text(maxName)
	if err := r.done(); err != nil {
		return err
	}
	if !s.allowed(Dial, address) {
		return fmt.Errorf("connect to %.200s: %w", address, errDenied)
	}
	ctx, cancel := context.WithTimeout(ctx, s.limits.Answer)
	defer cancel()
	c, err := (&net.Dialer{}).DialContext(ctx, "tcp", address)
	if err != nil {
		return err
	}
	defer c.Close()
	raw, err := c.(*net.TCPConn).SyscallConn()
	if err != nil {
		return err
	}
	var failed error
	if err := raw.Control(func(fd uintptr) { a.fd, failed = unix.FcntlInt(fd, unix.F_DUPFD_CLOEXEC, 3) }); err != nil {
		return err
	}
	if failed != nil {
		a.fd = -1
	}
	return failed
}

const (
	// maxSigned is the largest payload that is signed, maxStreams how many at a time.
	maxSigned  = 64 << 20
	maxStreams = 4
)

// sign gathers the parts of a payload, and signs it when it is whole.
func (s *Server) sign(ctx context.Context, r *reader, a *answer) error {
	stream, key, last, part := r.u32(), r.u8(), r.flag(), r.bytes(maxPart)
	if err := r.done(); err != nil {
		return err
	}
	if s.rights.Sign == nil {
		return errDenied
	}
	s.mu.Lock()
	if _, there := s.parts[stream]; !there && len(s.parts) >= maxStreams || len(s.parts[stream])+len(part) > maxSigned {
		s.mu.Unlock()
		return fmt.Errorf("%w: too much to sign", ErrProtocol)
	}
	s.parts[stream] = append(s.parts[stream], part...)
	payload := s.parts[stream]
	if last {
		delete(s.parts, stream)
	}
	s.mu.Unlock()
	if !last {
		return a.put(nil)
	}
	return s.blob(ctx, a, func(ctx context.Context) ([]byte, error) { return s.rights.Sign(ctx, int(key), payload) })
}
