package broker

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net"
	"os"
	"path"
	"slices"
	"strings"

	"context"

	"golang.org/x/sys/unix"
)

// file is an opened file: its contents, or a descriptor.
type file struct {
	*info
	c      *Client
	name   string
	b      *bytes.Reader
	failed error    // how reading the contents ended, nil at their end
	f      *os.File // nil where b is
	list   func(string) ([]fs.DirEntry, error)
	rest   []fs.DirEntry
	listed bool
}

func (f *file) Stat() (fs.FileInfo, error) { return f.info, nil }

func (f *file) Read(p []byte) (int, error) {
	switch {
	case f.info.IsDir():
		return 0, &fs.PathError{Op: "read", Path: f.name, Err: unix.EISDIR}
	case f.f != nil:
		return f.f.Read(p)
	}
	n, err := f.b.Read(p)
	if errors.Is(err, io.EOF) && f.failed != nil {
		err = f.failed
	}
	return n, err
}

// ReadAt implements [io.ReaderAt].
func (f *file) ReadAt(p []byte, at int64) (int, error) {
	switch {
	case f.info.IsDir():
		return 0, &fs.PathError{Op: "read", Path: f.name, Err: unix.EISDIR}
	case f.f != nil:
		return f.f.ReadAt(p, at)
	}
	n, err := f.b.ReadAt(p, at)
	if errors.Is(err, io.EOF) && f.failed != nil {
		err = f.failed
	}
	return n, err
}

// Seek implements [io.Seeker].
func (f *file) Seek(offset int64, whence int) (int64, error) {
	switch {
	case f.info.IsDir():
		return 0, &fs.PathError{Op: "seek", Path: f.name, Err: unix.EISDIR}
	case f.f != nil:
		return f.f.Seek(offset, whence)
	}
	return f.b.Seek(offset, whence)
}

// ReadDir implements [fs.ReadDirFile].
func (f *file) ReadDir(n int) ([]fs.DirEntry, error) {
	if !f.listed {
		list, err := f.list(f.name)
		if err != nil {
			return nil, err
		}
		f.rest, f.listed = list, true
	}
	if n <= 0 {
		n = len(f.rest)
	} else if len(f.rest) == 0 {
		return nil, io.EOF
	}
	n = min(n, len(f.rest))
	out := f.rest[:n]
	f.rest = f.rest[n:]
	return out, nil
}

func (f *file) Close() error {
	if f.f != nil {
		return f.f.Close()
	}
	return nil
}

// opening are the requests by which one kind of names is read.
type opening struct {
	open, stat, lstat, list, link operation
	fetched                       *fetched // answers that are here already; nil for none
}

var (
	ofInputs = opening{opOpen, opStat, opLstat, opList, opLink, nil}
	ofTree   = opening{opTreeOpen, opTreeStat, opTreeLstat, opTreeList, opTreeLink, nil}
)

// askOf asks about a name, unless the answer is here already.
func (c *Client) askOf(o opening, op operation, name string, put func(*writer)) reply {
	if a, ok := o.fetched.take(question{op, name}); ok {
		return a
	}
	return c.ask(op, put)
}

func (c *Client) open(o opening, name string) (*file, error) {
	put, err := named(name)
	if err != nil {
		return nil, &fs.PathError{Op: "open", Path: name, Err: err}
	}
	var f *file
	err = c.taken(c.askOf(o, o.open, name, put), name, func(r *reader, a *reply) error {
		i := r.info(name)
		g := &file{info: i, c: c, name: name, list: func(name string) ([]fs.DirEntry, error) { return c.readDir(o, name) }}
		switch kind := r.u8(); kind {
		case whole:
			g.b = bytes.NewReader(r.bytes(inline))
			if r.flag() {
				g.failed = r.fault(name, c.classes)
			}
		case byDescriptor, folder:
			if (kind == folder) != i.IsDir() || (kind == folder) != (a.fd < 0) {
				return fmt.Errorf("%w: what was opened does not fit", ErrProtocol)
			}
		default:
			return fmt.Errorf("%w: an answer of an unknown kind", ErrProtocol)
		}
		if err := r.done(); err != nil {
			return err
		}
		if a.fd >= 0 {
			if g.b != nil {
				return fmt.Errorf("%w: contents and a descriptor", ErrProtocol)
			}
			g.f = os.NewFile(uintptr(a.fd), name)
			a.fd = -1
		}
		f = g
		return nil
	})
	return f, err
}

func (c *Client) stat(o opening, op operation, name string) (fs.FileInfo, error) {
	put, err := named(name)
	if err != nil {
		return nil, &fs.PathError{Op: "stat", Path: name, Err: err}
	}
	var i *info
	err = c.taken(c.askOf(o, op, name, put), name, func(r *reader, _ *reply) error {
		i = r.info(name)
		return r.done()
	})
	if err != nil {
		return nil, err
	}
	return i, nil
}

func (c *Client) readDir(o opening, name string) ([]fs.DirEntry, error) {
	put, err := named(name)
	if err != nil {
		return nil, &fs.PathError{Op: "open", Path: name, Err: err}
	}
	b, err := c.blobOf(c.askOf(o, o.list, name, put), name, maxBlob)
	if err != nil {
		return nil, err
	}
	r := &reader{b: b}
	n := r.u32()
	// An entry takes nine bytes at least: a list is no longer than what came of it.
	if uint64(n) > uint64(len(b))/9 {
		return nil, fmt.Errorf("%w: a listing of %d entries in %d bytes", ErrProtocol, n, len(b))
	}
	list := make([]fs.DirEntry, 0, n)
	for range n {
		e := &entry{c: c, o: o, folder: name, mode: fs.FileMode(r.u32()).Type(), name: r.text(256)}
		if e.name == "" || e.name == "." || e.name == ".." || strings.Contains(e.name, "/") {
			return nil, fmt.Errorf("%w: a listing holds %.40q", ErrProtocol, e.name)
		}
		list = append(list, e)
	}
	if err := r.done(); err != nil {
		return nil, err
	}
	slices.SortFunc(list, func(a, b fs.DirEntry) int { return strings.Compare(a.Name(), b.Name()) })
	return list, nil
}

func (c *Client) readLink(o opening, name string) (string, error) {
	put, err := named(name)
	if err != nil {
		return "", &fs.PathError{Op: "readlink", Path: name, Err: err}
	}
	b, err := c.blobOf(c.askOf(o, o.link, name, put), name, maxName)
	return string(b), err
}

// entry is an entry of a listing.
type entry struct {
	c      *Client
	o      opening
	folder string
	name   string
	mode   fs.FileMode
}

func (e *entry) Name() string      { return e.name }
func (e *entry) IsDir() bool       { return e.mode.IsDir() }
func (e *entry) Type() fs.FileMode { return e.mode }
func (e *entry) Info() (fs.FileInfo, error) {
	return e.c.stat(e.o, e.o.lstat, path.Join(e.folder, e.name))
}

// machineFS is the machine that is audited.
type machineFS struct {
	c       *Client
	fetched *fetched
}

// Machine is the machine that is audited, as package os has a root: links are followed
// inside it alone.
func (c *Client) Machine() fs.FS { return machineFS{c: c} }

func valid(op, name string) error {
	if !fs.ValidPath(name) {
		return &fs.PathError{Op: op, Path: name, Err: fs.ErrInvalid}
	}
	return nil
}

// Open opens a file that the command line names, or one below a folder of it.
func (c *Client) Open(name string) (fs.File, error) {
	f, err := c.open(ofInputs, name)
	if err != nil {
		return nil, err
	}
	return f, nil
}

// Stat tells what such a file is.
func (c *Client) Stat(name string) (fs.FileInfo, error) { return c.stat(ofInputs, opStat, name) }

// ReadDir lists such a folder.
func (c *Client) ReadDir(name string) ([]fs.DirEntry, error) { return c.readDir(ofInputs, name) }

// ReadLink reads such a link.
func (c *Client) ReadLink(name string) (string, error) { return c.readLink(ofInputs, name) }

// Created is an output that was opened outside.
type Created struct {
	*os.File
	c  *Client
	id uint32
}

// Create opens an output.
func (c *Client) Create(name string, mode fs.FileMode) (*Created, error) {
	put, err := named(name)
	if err != nil {
		return nil, fmt.Errorf("write %.80s: %w", name, err)
	}
	var out *Created
	err = c.call(opCreate, name, func(w *writer) {
		put(w)
		w.u32(uint32(mode))
	}, func(r *reader, a *reply) error {
		id := r.u32()
		if err := r.done(); err != nil {
			return err
		}
		if a.fd < 0 {
			return fmt.Errorf("%w: an output without a descriptor", ErrProtocol)
		}
		out = &Created{File: os.NewFile(uintptr(a.fd), name), c: c, id: id}
		a.fd = -1
		return nil
	})
	return out, err
}

// Commit puts the output in its place, Abort takes it back.
func (o *Created) Commit() error {
	_ = o.File.Close()
	return o.c.finish(opCommit, o.id)
}

// Abort takes the output back.
func (o *Created) Abort() {
	_ = o.File.Close()
	_ = o.c.finish(opAbort, o.id)
}

func (c *Client) finish(op operation, id uint32) error {
	return c.call(op, "", func(w *writer) { w.u32(id) }, func(r *reader, _ *reply) error { return r.done() })
}

// DialContext connects to a host of the command line.
func (c *Client) DialContext(ctx context.Context, _, address string) (net.Conn, error) {
	put, err := named(address)
	if err != nil {
		return nil, err
	}
	return until(ctx, func() (net.Conn, error) {
		var out net.Conn
		err := c.call(opDial, address, put, func(r *reader, a *reply) error {
			if err := r.done(); err != nil {
				return err
			}
			if a.fd < 0 {
				return fmt.Errorf("%w: a connection without a descriptor", ErrProtocol)
			}
			f := os.NewFile(uintptr(a.fd), address)
			a.fd = -1
			defer f.Close()
			var err error
			out, err = net.FileConn(f)
			return err
		})
		return out, err
	})
}
