package state

import (
	"errors"
	"io/fs"
	"path"

	"github.com/gpuaudit/gpuaudit/audit/outfile"
)

// disk is all that this package does to the file system. Everything stays below
// one directory, links included.
type disk struct {
	folder outfile.Folder // nil in a state that is only read
	// step is called before each act and may stop it: tests make it fail, or end
	// the process, at every one. It is nil otherwise.
	step func(act string) error
}

func (d *disk) before(act string) error {
	if d.step == nil {
		return nil
	}
	return d.step(act)
}

// mkdir makes a directory that everybody may read, whatever the umask is.
func (d *disk) mkdir(name string) error {
	if err := d.before("mkdir " + name); err != nil {
		return err
	}
	switch err := d.folder.Mkdir(name, 0o755); {
	case errors.Is(err, fs.ErrExist):
		return nil
	case err != nil:
		return err
	}
	return d.folder.Chmod(name, 0o755)
}

// write writes a new file and waits until it is on the medium.
func (d *disk) write(name string, b []byte) (err error) {
	if err := d.before("create " + name); err != nil {
		return err
	}
	f, err := d.folder.Create(name, 0o644)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, f.Close()) }()
	for _, part := range [][]byte{b[:len(b)/2], b[len(b)/2:]} {
		if err := d.before("write " + name); err != nil {
			return err
		}
		if _, err := f.Write(part); err != nil {
			return err
		}
	}
	if err := d.folder.Chmod(name, 0o644); err != nil {
		return err
	}
	if err := d.before("sync " + name); err != nil {
		return err
	}
	return f.Sync()
}

// sync waits until the names in a directory are on the medium.
func (d *disk) sync(name string) error {
	if err := d.before("sync " + name); err != nil {
		return err
	}
	return d.folder.Sync(name)
}

// replace puts a file whole in the place of another: a reader sees the one or
// the other.
func (d *disk) replace(name string, b []byte) error {
	next := name + replacing
	if err := d.remove(next); err != nil {
		return err
	}
	if err := d.write(next, b); err != nil {
		return err
	}
	if err := d.before("rename " + name); err != nil {
		return err
	}
	if err := d.folder.Rename(next, name); err != nil {
		return err
	}
	return d.sync(path.Dir(name))
}

// remove removes what an interrupted run or an older generation left.
func (d *disk) remove(name string) error {
	if _, err := d.folder.Lstat(name); errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err := d.before("remove " + name); err != nil {
		return err
	}
	return d.folder.Remove(name)
}
