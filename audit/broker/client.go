package broker

import (
	"context"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"os"
	"sync"

	"golang.org/x/sys/unix"
)

// Client asks the process outside. It is safe for concurrent use.
//
// Of those that wait for an answer one reads, and hands each other one its own; when it
// has its own, the next reads. Who asks alone reads its answer itself.
type Client struct {
	conn    *conn
	classes []error
	in      []byte // of who reads

	mu      sync.Mutex
	next    uint32
	waiting map[uint32]*waiter
	reads   bool // somebody does
	ended   error
}

// waiter is who waits for an answer: it gets that, or is told to read.
type waiter struct {
	answer chan reply
	read   chan struct{}
	sent   bool // its request: before that it cannot read, for it may have to wait to write
}

// reply is an answer as it came.
type reply struct {
	b   []byte
	fd  int
	err error
}

func (r *reply) close() {
	if r.fd >= 0 {
		_ = unix.Close(r.fd)
		r.fd = -1
	}
}

// NewClient asks over the inside end of a [Pair]. classes are those of [NewServer].
func NewClient(end *os.File, classes ...error) (*Client, error) {
	c, err := newConn(end)
	if err != nil {
		return nil, err
	}
	return &Client{conn: c, classes: classes, in: make([]byte, maxMessage), waiting: map[uint32]*waiter{}}, nil
}

// Close ends the connection.
func (c *Client) Close() error { return c.conn.close() }

// receive hands answers to who asked, until that of id has come, or none will.
func (c *Client) receive(id uint32) {
	for came := uint32(0); came != id; {
		n, fd, err := c.conn.read(c.in)
		if err != nil {
			c.end(err)
			return
		}
		r := &reader{b: c.in[:n]}
		came = r.u32()
		c.mu.Lock()
		waits := c.waiting[came]
		delete(c.waiting, came)
		c.mu.Unlock()
		if r.broken || waits == nil {
			if fd >= 0 {
				_ = unix.Close(fd)
			}
			c.end(fmt.Errorf("%w: an answer that nobody waits for", ErrProtocol))
			return
		}
		waits.answer <- reply{b: append([]byte(nil), r.b...), fd: fd}
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.reads = false
	for _, next := range c.waiting {
		if next.sent {
			c.reads = true
			next.read <- struct{}{}
			return
		}
	}
}

// end fails everything that waits, and what is asked later.
func (c *Client) end(err error) {
	if errors.Is(err, io.EOF) {
		err = errors.New("the process outside has ended")
	}
	_ = c.conn.close()
	c.mu.Lock()
	defer c.mu.Unlock()
	c.ended = err
	for id, waits := range c.waiting {
		waits.answer <- reply{fd: -1, err: err}
		delete(c.waiting, id)
	}
}

// ask sends a request and waits for what comes of it.
func (c *Client) ask(op operation, put func(*writer)) reply {
	me := &waiter{answer: make(chan reply, 1), read: make(chan struct{}, 1)}
	c.mu.Lock()
	if c.ended != nil {
		defer c.mu.Unlock()
		return reply{fd: -1, err: c.ended}
	}
	// Never 0, by which receive begins.
	for c.next++; c.next == 0 || c.waiting[c.next] != nil; c.next++ {
	}
	id := c.next
	c.waiting[id] = me
	c.mu.Unlock()
	w := writer{b: make([]byte, 0, 256)}
	w.u32(id)
	w.u8(uint8(op))
	put(&w)
	err := c.conn.write(w.b, -1)
	c.mu.Lock()
	if err != nil {
		delete(c.waiting, id)
		c.mu.Unlock()
		return reply{fd: -1, err: err}
	}
	me.sent = true
	first := !c.reads && c.waiting[id] == me // and has no answer by now
	c.reads = c.reads || first
	c.mu.Unlock()
	if first {
		c.receive(id)
	}
	select {
	case a := <-me.answer:
		return a
	case <-me.read:
		c.receive(id)
		return <-me.answer
	}
}

// call asks, and gives the body of an answer that is no error to take. Take owns the
// descriptor if it sets it below zero.
func (c *Client) call(op operation, name string, put func(*writer), take func(*reader, *reply) error) error {
	return c.taken(c.ask(op, put), name, take)
}

// taken gives the body of an answer that is no error to take.
func (c *Client) taken(a reply, name string, take func(*reader, *reply) error) error {
	defer a.close()
	if a.err != nil {
		return a.err
	}
	r := &reader{b: a.b}
	if r.flag() {
		err := r.fault(name, c.classes)
		if done := r.done(); done != nil {
			return done
		}
		return err
	}
	return take(r, &a)
}

// blob is an answer of bytes.
func (c *Client) blob(op operation, name string, limit int, put func(*writer)) ([]byte, error) {
	return c.blobOf(c.ask(op, put), name, limit)
}

func (c *Client) blobOf(a reply, name string, limit int) ([]byte, error) {
	var out []byte
	err := c.taken(a, name, func(r *reader, a *reply) error {
		var err error
		out, err = r.blob(a, limit)
		return err
	})
	return out, err
}

func (r *reader) blob(a *reply, limit int) ([]byte, error) {
	if !r.flag() {
		b := r.bytes(min(limit, inline))
		return b, r.done()
	}
	size := r.u64()
	if err := r.done(); err != nil {
		return nil, err
	}
	if a.fd < 0 || size > uint64(limit) || size > maxBlob {
		return nil, fmt.Errorf("%w: %d bytes in an answer", ErrProtocol, size)
	}
	b := make([]byte, size)
	for at := 0; at < len(b); {
		n, err := unix.Pread(a.fd, b[at:], int64(at))
		if errors.Is(err, unix.EINTR) {
			continue
		}
		if err != nil || n == 0 {
			return nil, fmt.Errorf("%w: an answer is cut (%v)", ErrProtocol, err)
		}
		at += n
	}
	return b, nil
}

// named puts a name into a request; one that is too long is refused here.
func named(name string) (func(*writer), error) {
	if len(name) > maxName {
		return nil, unix.ENAMETOOLONG
	}
	for i := range len(name) {
		if name[i] == 0 {
			return nil, unix.EINVAL
		}
	}
	return func(w *writer) { w.text(name) }, nil
}

// until waits for an answer no longer than the context lasts.
func until[T any](ctx context.Context, work func() (T, error)) (T, error) {
	type result struct {
		v   T
		err error
	}
	done := make(chan result, 1)
	go func() {
		v, err := work()
		done <- result{v, err}
	}()
	select {
	case r := <-done:
		return r.v, r.err
	case <-ctx.Done():
		var none T
		return none, ctx.Err()
	}
}

// ROM reads the expansion ROM of the function at a PCI address.
func (c *Client) ROM(ctx context.Context, address string) ([]byte, error) {
	if len(address) > 64 {
		return nil, unix.EINVAL
	}
	return until(ctx, func() ([]byte, error) {
		return c.blob(opROM, "sys/bus/pci/devices/"+address+"/rom", maxBlob, func(w *writer) { w.text(address) })
	})
}

// NVML asks NVIDIA's library, with a nonce for the GPUs to sign; nil asks for no evidence.
func (c *Client) NVML(ctx context.Context, nonce []byte) ([]byte, error) {
	return until(ctx, func() ([]byte, error) {
		return c.blob(opNVML, "", maxBlob, func(w *writer) { w.text(hex.EncodeToString(nonce)) })
	})
}

// Told is what the process outside says before anything is asked.
func (c *Client) Told() ([]byte, error) { return c.blob(opTold, "", maxBlob, func(*writer) {}) }

// Sign lets the process outside sign a text with a key that the command line names.
func (c *Client) Sign(ctx context.Context, key int, payload []byte) ([]byte, error) {
	c.mu.Lock()
	c.next++
	stream := c.next
	c.mu.Unlock()
	for {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		n := min(len(payload), maxPart)
		last := n == len(payload)
		b, err := c.blob(opSign, "", maxBlob, func(w *writer) {
			w.u32(stream)
			w.u8(uint8(key))
			w.flag(last)
			w.bytes(payload[:n])
		})
		if err != nil || last {
			return b, err
		}
		payload = payload[n:]
	}
}

// OpenTPM opens the TPM outside.
func (c *Client) OpenTPM() (TPM, error) {
	t := clientTPM{c}
	if _, err := t.Send(nil); err != nil {
		return nil, err
	}
	return t, nil
}

type clientTPM struct{ c *Client }

func (t clientTPM) Send(command []byte) ([]byte, error) {
	if len(command) > maxCommand {
		return nil, fmt.Errorf("a command of %d bytes for the TPM", len(command))
	}
	return t.c.blob(opTPM, "", maxCommand, func(w *writer) { w.bytes(command) })
}

// Close leaves the TPM open until the judge ends.
func (clientTPM) Close() error { return nil }
