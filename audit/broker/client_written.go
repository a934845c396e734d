package broker

import (
	"fmt"
	"io/fs"
	"os"

	"github.com/gpuaudit/gpuaudit/audit/flock"
)

// Written is a folder of the command line that the judge may write to.
type Written struct {
	c    *Client
	name string
}

// How a folder is opened, see [Client.Written].
const (
	FolderThere = folderThere
	FolderMade  = folderMade
	FolderNew   = folderNew
)

// Written opens a folder to write to: one that is there, one that is made where it is
// missing, or one that must not be there.
func (c *Client) Written(name string, how uint8) (*Written, error) {
	put, err := named(name)
	if err != nil {
		return nil, &fs.PathError{Op: "open", Path: name, Err: err}
	}
	return &Written{c, name}, c.call(opFolder, name, func(w *writer) { put(w); w.u8(how) }, nothing)
}

// nothing is the answer that says that it was done.
func nothing(r *reader, _ *reply) error { return r.done() }

// FS is the folder to read from.
func (w *Written) FS() fs.FS { return folderFS{w.c, w.name} }

// Stat tells what a name is.
func (w *Written) Stat(name string) (fs.FileInfo, error) { return folderFS{w.c, w.name}.Stat(name) }

// Lstat tells what a name is, of a link itself.
func (w *Written) Lstat(name string) (fs.FileInfo, error) {
	return folderFS{w.c, w.name}.Lstat(name)
}

func (w *Written) change(name string, what uint8, mode fs.FileMode, to string) error {
	for _, name := range []string{name, to} {
		if _, err := named(name); err != nil {
			return &fs.PathError{Op: "open", Path: name, Err: err}
		}
	}
	return w.c.call(opChange, name, func(b *writer) {
		b.text(w.name)
		b.text(name)
		b.u8(what)
		b.u32(uint32(mode))
		b.text(to)
	}, nothing)
}

// Mkdir makes a folder, Chmod gives a file or folder a mode, Rename gives it another name
// and takes the place of what has that, Remove takes it away with what is below, and Sync
// waits until it is on the disk.
func (w *Written) Mkdir(name string, mode fs.FileMode) error {
	return w.change(name, changeMkdir, mode, "")
}
func (w *Written) Chmod(name string, mode fs.FileMode) error {
	return w.change(name, changeChmod, mode, "")
}
func (w *Written) Rename(from, to string) error { return w.change(from, changeRename, 0, to) }
func (w *Written) Remove(name string) error     { return w.change(name, changeRemove, 0, "") }
func (w *Written) Sync(name string) error       { return w.change(name, changeSync, 0, "") }

// Lock keeps other programs that lock the same name out, until it is given up.
func (w *Written) Lock(name string) (unlock func(), err error) {
	put, err := named(name)
	if err != nil {
		return nil, &fs.PathError{Op: "open", Path: name, Err: err}
	}
	var f *os.File
	err = w.c.call(opLock, name, func(b *writer) { b.text(w.name); put(b) }, func(r *reader, a *reply) error {
		if err := r.done(); err != nil {
			return err
		}
		if a.fd < 0 {
			return fmt.Errorf("%w: a lock without a descriptor", ErrProtocol)
		}
		f = os.NewFile(uintptr(a.fd), name)
		a.fd = -1
		return nil
	})
	if err != nil {
		return nil, err
	}
	if err := flock.Lock(f); err != nil {
		_ = f.Close()
		return nil, err
	}
	return func() { _ = f.Close() }, nil
}

// Close gives up nothing: the folder is closed outside when the judge ends.
func (w *Written) Close() error { return nil }

// MadeFile is a new file in a folder.
type MadeFile struct {
	c    *Client
	id   uint32
	name string
}

// Create makes a file that is not there yet.
func (w *Written) Create(name string, mode fs.FileMode) (*MadeFile, error) {
	put, err := named(name)
	if err != nil {
		return nil, &fs.PathError{Op: "open", Path: name, Err: err}
	}
	f := &MadeFile{c: w.c, name: name}
	err = w.c.call(opNew, name, func(b *writer) { b.text(w.name); put(b); b.u32(uint32(mode)) }, func(r *reader, _ *reply) error {
		f.id = r.u32()
		return r.done()
	})
	if err != nil {
		return nil, err
	}
	return f, nil
}

// Write implements [io.Writer].
func (f *MadeFile) Write(b []byte) (int, error) {
	for n := 0; n < len(b); {
		part := b[n:min(len(b), n+maxPart)]
		if err := f.c.call(opAppend, f.name, func(w *writer) { w.u32(f.id); w.bytes(part) }, nothing); err != nil {
			return n, err
		}
		n += len(part)
	}
	return len(b), nil
}

// Sync waits until what was written is on the disk.
func (f *MadeFile) Sync() error { return f.end(true) }

// Close ends the file.
func (f *MadeFile) Close() error { return f.end(false) }

func (f *MadeFile) end(sync bool) error {
	return f.c.call(opEnd, f.name, func(w *writer) { w.u32(f.id); w.flag(sync) }, nothing)
}
