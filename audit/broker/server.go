package broker

import (
	"context"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"sync"
	"sync/atomic"
	"time"

	"golang.org/x/sys/unix"
)

// Server serves one judge. It parses nothing but the judge's requests.
type Server struct {
	conn    *conn
	grants  map[Grant]bool
	secrets []fs.FileInfo // those of rights.Never, as they were at the start
	folders []Grant       // those of the grants that are about what is in a folder
	rights  Rights
	limits  Limits
	classes []error

	requests, descriptors, workers atomic.Int64
	reading                        atomic.Bool // a worker waits for a request

	mu      sync.Mutex
	trees   map[string]*tree
	written map[string]bool // names of outputs that were opened
	outputs map[uint32]Output
	next    uint32
	tpm     TPM
	last    atomic.Pointer[string]
	asking  sync.Mutex        // one command of the TPM at a time
	listing sync.Mutex        // one folder at a time: a large one takes much memory
	holding map[string]string // texts of files that mention others
	kept    map[string]*os.Root
	linked  map[string]bool // where links of the machine lead that were read
	made    map[uint32]*os.File
	// madeBytes is what is left of the limit.
	madeBytes, madeCount int64
	parts                map[uint32][]byte
}

// NewServer serves what grants and rights allow, over the outside end of a [Pair].
// classes are errors that the judge has to tell from others, in the order in which the
// judge has them, too.
func NewServer(end *os.File, grants []Grant, rights Rights, limits Limits, classes ...error) (*Server, error) {
	c, err := newConn(end)
	if err != nil {
		return nil, err
	}
	s := &Server{
		conn: c, grants: map[Grant]bool{}, rights: rights, limits: limits, classes: classes,
		trees: map[string]*tree{}, written: map[string]bool{}, outputs: map[uint32]Output{}, parts: map[uint32][]byte{},
		holding: map[string]string{}, kept: map[string]*os.Root{}, linked: map[string]bool{}, made: map[uint32]*os.File{}, madeBytes: limits.MadeBytes, madeCount: limits.Made,
	}
	for _, name := range rights.Never {
		if i, err := os.Stat(name); err == nil {
			s.secrets = append(s.secrets, i)
		}
	}
	for _, g := range grants {
		s.grants[g] = true
		switch g.Kind {
		case ReadFolder, ReadMatching, ReadMentioned, WriteFolder:
			s.folders = append(s.folders, g)
		}
	}
	return s, nil
}

// Serve answers until the judge's end is closed, which is no error, or the judge breaks
// the protocol. What the judge left open is taken back: outputs that were not
// committed, and the TPM.
func (s *Server) Serve(ctx context.Context) error {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	var wg sync.WaitGroup
	s.start(ctx, cancel, &wg)
	<-ctx.Done()
	_ = s.conn.close()
	// What is under way is told and ends by itself, as a ROM is disabled. What hangs in
	// the kernel, on a FIFO that nobody opens, is left to the end of the process.
	over := make(chan struct{})
	go func() { wg.Wait(); close(over) }()
	select {
	case <-over:
	case <-time.After(s.limits.Grace):
	}
	s.release()
	if cause := context.Cause(ctx); !errors.Is(cause, io.EOF) {
		return cause
	}
	return nil
}

// Last is the file of the command line that the judge asked for last, "" for none.
func (s *Server) Last() string {
	if name := s.last.Load(); name != nil {
		return *name
	}
	return ""
}

// start has another worker wait for requests, where there may be one.
func (s *Server) start(ctx context.Context, end context.CancelCauseFunc, wg *sync.WaitGroup) {
	if s.workers.Add(1) > int64(s.limits.Workers) {
		s.workers.Add(-1)
		return
	}
	wg.Go(func() {
		defer s.workers.Add(-1)
		s.work(ctx, end, wg)
	})
}

// hangs is after which time another worker waits for requests in the place of one that
// still answers: a read that hangs holds up nothing else, and one that does not wakes no
// other thread.
const hangs = 2 * time.Millisecond

// work takes one request after the other, for as long as no other worker does.
func (s *Server) work(ctx context.Context, end context.CancelCauseFunc, wg *sync.WaitGroup) {
	in := make([]byte, maxMessage)
	out, room := writer{b: make([]byte, 0, maxMessage)}, make([]byte, inline+1)
	for s.reading.CompareAndSwap(false, true) {
		n, fd, err := s.conn.read(in)
		s.reading.Store(false)
		if fd >= 0 {
			_ = unix.Close(fd)
			err = fmt.Errorf("%w: a request brought a descriptor", ErrProtocol)
		}
		if err == nil {
			err = s.count(1)
		}
		if err == nil {
			relieved := make(chan struct{})
			late := time.AfterFunc(hangs, func() { s.start(ctx, end, wg); close(relieved) })
			err = s.serve(ctx, in[:n], &out, room)
			if !late.Stop() {
				<-relieved
			}
		}
		if err != nil {
			end(err)
			return
		}
	}
}

// count counts requests, of which there may not be too many.
func (s *Server) count(n int) error {
	if s.requests.Add(int64(n)) > int64(s.limits.Requests) {
		return fmt.Errorf("%w: more than %d requests", ErrProtocol, s.limits.Requests)
	}
	return nil
}

// answer is what a request gets: bytes after the head, and a descriptor that is closed
// once it is sent; below zero for none.
type answer struct {
	w  *writer
	fd int
	// room is for what is read of a file: a byte more than goes in a message.
	room []byte
}

// serve answers one request. An error ends the connection.
func (s *Server) serve(ctx context.Context, request []byte, out *writer, room []byte) error {
	r := &reader{b: request}
	id, op := r.u32(), operation(r.u8())
	if r.broken || op == 0 || op >= opLast {
		return fmt.Errorf("%w: a request of an unknown kind", ErrProtocol)
	}
	out.b = out.b[:0]
	out.u32(id)
	out.u8(0)
	head := len(out.b)
	a := &answer{w: out, fd: -1, room: room}
	err := s.dispatch(ctx, op, r, a)
	if errors.Is(err, ErrProtocol) {
		a.close()
		return err
	}
	if err == nil && a.fd >= 0 && s.descriptors.Add(1) > int64(s.limits.Descriptors) {
		a.close()
		return fmt.Errorf("%w: more than %d descriptors", ErrProtocol, s.limits.Descriptors)
	}
	if err != nil {
		a.close()
		out.b = out.b[:head]
		out.b[head-1] = 1
		out.fault(err, s.classes)
	}
	err = s.conn.write(out.b, a.fd)
	a.close()
	if errors.Is(err, unix.EPIPE) || errors.Is(err, unix.ECONNRESET) || errors.Is(err, os.ErrClosed) {
		return io.EOF
	}
	return err
}

func (a *answer) close() {
	if a.fd >= 0 {
		_ = unix.Close(a.fd)
		a.fd = -1
	}
}

func (s *Server) dispatch(ctx context.Context, op operation, r *reader, a *answer) error {
	switch op {
	case opOpen, opStat, opLstat, opList, opLink:
		name := r.text(maxName)
		if err := r.done(); err != nil {
			return err
		}
		return s.input(ctx, op, name, a)
	case opTreeOpen, opTreeStat, opTreeLstat, opTreeList, opTreeLink:
		name := r.text(maxName)
		if err := r.done(); err != nil {
			return err
		}
		return s.machine(op, name, a)
	case opTreeMany:
		return s.many(r, a)
	case opCreate:
		return s.create(r, a)
	case opCommit, opAbort:
		return s.finish(op, r)
	case opTPM:
		return s.command(r, a)
	case opDial:
		return s.dial(ctx, r, a)
	case opSign:
		return s.sign(ctx, r, a)
	case opROM:
		address := r.text(64)
		if err := r.done(); err != nil {
			return err
		}
		if s.rights.ROM == nil {
			return errDenied
		}
		return s.blob(ctx, a, func(ctx context.Context) ([]byte, error) { return s.rights.ROM(ctx, address) })
	case opTold:
		if err := r.done(); err != nil {
			return err
		}
		return a.put(s.rights.Told)
	case opFolder:
		return s.openFolder(r)
	case opChange:
		return s.change(r)
	case opNew:
		return s.newFile(r, a)
	case opAppend:
		return s.appendTo(r)
	case opEnd:
		return s.endFile(r)
	case opLock:
		return s.lockFolder(r, a)
	case opNVML:
		text := r.text(64)
		if err := r.done(); err != nil {
			return err
		}
		nonce, err := nonceOf(text)
		if err != nil {
			return err
		}
		if s.rights.NVML == nil {
			return errDenied
		}
		return s.blob(ctx, a, func(ctx context.Context) ([]byte, error) { return s.rights.NVML(ctx, nonce) })
	}
	return fmt.Errorf("%w: a request of an unknown kind", ErrProtocol)
}

// nonceOf is a nonce for GPUs, of 32 bytes, nil for none.
func nonceOf(text string) ([]byte, error) {
	if text == "" {
		return nil, nil
	}
	nonce, err := hex.DecodeString(text)
	if err != nil || len(nonce) != 32 {
		return nil, fmt.Errorf("%w: a nonce for GPUs is not of 32 bytes", ErrProtocol)
	}
	return nonce, nil
}

// errDenied is for what no grant allows.
var errDenied = fmt.Errorf("not granted to the judging process: %w", unix.EACCES)

// blob answers with bytes: in the message where they are few, and as memory that
// nobody can change where they are many.
func (s *Server) blob(ctx context.Context, a *answer, get func(context.Context) ([]byte, error)) error {
	ctx, cancel := context.WithTimeout(ctx, s.limits.Answer)
	defer cancel()
	b, err := get(ctx)
	if err != nil {
		return err
	}
	return a.put(b)
}

func (a *answer) put(b []byte) error {
	switch {
	case len(b) > maxBlob:
		return fmt.Errorf("%w: %d bytes", unix.EFBIG, len(b))
	case len(b) <= inline:
		a.w.flag(false)
		a.w.bytes(b)
		return nil
	}
	fd, err := unix.MemfdCreate("answer", unix.MFD_CLOEXEC|unix.MFD_ALLOW_SEALING)
	if err != nil {
		return fmt.Errorf("memory for an answer: %w", err)
	}
	for rest := b; len(rest) > 0; {
		n, err := unix.Write(fd, rest)
		if err != nil && !errors.Is(err, unix.EINTR) {
			_ = unix.Close(fd)
			return fmt.Errorf("memory for an answer: %w", err)
		}
		rest = rest[max(n, 0):]
	}
	_, _ = unix.FcntlInt(uintptr(fd), unix.F_ADD_SEALS, unix.F_SEAL_WRITE|unix.F_SEAL_SHRINK|unix.F_SEAL_GROW|unix.F_SEAL_SEAL)
	a.fd = fd
	a.w.flag(true)
	a.w.u64(uint64(len(b)))
	return nil
}

// release takes back what a judge left, however it ended.
func (s *Server) release() {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, t := range s.trees {
		t.close()
	}
	for id, o := range s.outputs {
		o.Abort()
		delete(s.outputs, id)
	}
	for id, f := range s.made {
		_ = f.Close()
		delete(s.made, id)
	}
	for _, root := range s.kept {
		_ = root.Close()
	}
	if s.tpm != nil {
		_ = s.tpm.Close()
		s.tpm = nil
	}
}

// allowed says that a grant of a kind has this name.
func (s *Server) allowed(kind Kind, name string) bool { return s.grants[Grant{kind, name}] }

// treeOf is an opened folder, a machine's or, without one, another; it is opened once.
func (s *Server) treeOf(name string, m *Machine) (*tree, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	key := name
	if m != nil {
		key = "\x00" + name
	}
	if t := s.trees[key]; t != nil {
		return t, nil
	}
	t, err := openTree(name, m)
	if err == nil {
		s.trees[key] = t
	}
	return t, err
}
