package outfile

import (
	"errors"
	"io"
	"io/fs"
	"os"

	"github.com/gpuaudit/gpuaudit/audit/flock"
)

// How says how a folder is opened.
type How uint8

const (
	// There is for a folder that has to be there.
	There How = iota
	// Made is for one that is made, with those above it, where it is missing.
	Made
	// New is for one that must not be there.
	New
)

// Folder is a folder that a verb keeps files in. Names are those below it, with slashes,
// and nothing outside of it is reached, whatever links are in it.
type Folder interface {
	FS() fs.FS
	// Stat tells what a name is, Lstat of a link itself.
	Stat(name string) (fs.FileInfo, error)
	Lstat(name string) (fs.FileInfo, error)
	Mkdir(name string, mode fs.FileMode) error
	Chmod(name string, mode fs.FileMode) error
	// Rename takes the place of what has the new name.
	Rename(from, to string) error
	// Remove takes away a name with what is below it.
	Remove(name string) error
	// Sync waits until a file or a folder is on the disk.
	Sync(name string) error
	// Create makes a file that is not there yet, with the mode less the umask.
	Create(name string, mode fs.FileMode) (NewFile, error)
	// Lock keeps out who locks the same name: its error is then EWOULDBLOCK.
	Lock(name string) (unlock func(), err error)
	io.Closer
}

// NewFile is a file of a folder that is being written.
type NewFile interface {
	io.WriteCloser
	Sync() error
}

// OpenFolder opens a folder to keep files in.
func OpenFolder(name string, how How) (Folder, error) {
	if through != nil {
		return through.Folder(name, how)
	}
	var err error
	switch how {
	case Made:
		err = os.MkdirAll(name, 0o755)
	case New:
		err = os.Mkdir(name, 0o755)
	}
	if err != nil {
		return nil, err
	}
	root, err := os.OpenRoot(name)
	if err != nil {
		return nil, err
	}
	return direct{root}, nil
}

// Put writes a whole file in the place of another.
func Put(f Folder, name string, b []byte, mode fs.FileMode) error {
	if err := f.Remove(name); err != nil {
		return err
	}
	to, err := f.Create(name, mode)
	if err != nil {
		return err
	}
	_, err = to.Write(b)
	return errors.Join(err, to.Close())
}

// direct is a folder that this process opened itself.
type direct struct{ *os.Root }

func (d direct) Remove(name string) error { return d.RemoveAll(name) }

func (d direct) Sync(name string) error {
	f, err := d.Root.Open(name)
	if err != nil {
		return err
	}
	return errors.Join(f.Sync(), f.Close())
}

func (d direct) Create(name string, mode fs.FileMode) (NewFile, error) {
	f, err := d.OpenFile(name, os.O_WRONLY|os.O_CREATE|os.O_EXCL, mode)
	if err != nil {
		return nil, err
	}
	return f, nil
}

func (d direct) Lock(name string) (func(), error) {
	f, err := d.OpenFile(name, os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return nil, err
	}
	if err := flock.Lock(f); err != nil {
		f.Close()
		return nil, err
	}
	return func() { f.Close() }, nil
}
