// Package tempdir makes private directories for the time of a process. A process that
// is killed cannot remove its own, so that a later one does: each directory is locked
// by the process that uses it, and the kernel drops the lock when that process ends,
// however it ends.
package tempdir

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"time"

	"github.com/gpuaudit/gpuaudit/audit/flock"
)

// Dir is a directory that this process uses.
type Dir struct {
	Path string
	lock *os.File
}

// Make makes a directory in parent whose name begins with prefix.
func Make(parent, prefix string) (*Dir, error) {
	for range 10 {
		path, err := os.MkdirTemp(parent, prefix)
		if err != nil {
			return nil, err
		}
		lock, err := os.Open(path)
		if err == nil {
			err = flock.Lock(lock)
		}
		if err == nil && flock.StillThere(path, lock) {
			return &Dir{Path: path, lock: lock}, nil
		}
		if lock != nil {
			lock.Close()
		}
		_ = os.RemoveAll(path)
		// Between making and locking it, another process could take it for one that
		// was left behind. All else will be so again.
		if err != nil && !errors.Is(err, fs.ErrNotExist) && !errors.Is(err, syscall.EWOULDBLOCK) {
			return nil, fmt.Errorf("make a directory in %s: %w", parent, err)
		}
	}
	return nil, fmt.Errorf("make a directory in %s: it is taken away again", parent)
}

// Remove takes the directory away.
func (d *Dir) Remove() {
	_ = os.RemoveAll(d.Path)
	d.lock.Close()
}

// maxSwept bounds the entries of a shared directory that are looked at.
const maxSwept = 4096

// Sweep removes directories that processes left in parent which were killed: those
// whose name begins with prefix, that belong to this user and to nobody else, that no
// process has locked, and that were last changed before a time. It follows no link,
// since anybody may write in a shared directory, and returns what it removed.
func Sweep(parent, prefix string, before time.Time) ([]string, error) {
	root, err := os.OpenRoot(parent)
	if err != nil {
		return nil, err
	}
	defer root.Close()
	dir, err := root.Open(".")
	if err != nil {
		return nil, err
	}
	defer dir.Close()
	names, err := dir.Readdirnames(maxSwept)
	if err != nil && !errors.Is(err, io.EOF) {
		return nil, err
	}
	var swept []string
	for _, name := range names {
		if strings.HasPrefix(name, prefix) && sweep(root, name, before) {
			swept = append(swept, filepath.Join(parent, name))
		}
	}
	return swept, nil
}

// sweep removes one directory if it was left behind. What cannot be told is left.
func sweep(root *os.Root, name string, before time.Time) bool {
	info, err := root.Lstat(name)
	if err != nil || !ours(info) || !info.ModTime().Before(before) {
		return false
	}
	f, err := root.OpenFile(name, os.O_RDONLY|syscall.O_DIRECTORY|syscall.O_NOFOLLOW, 0)
	if err != nil {
		return false
	}
	defer f.Close()
	if open, err := f.Stat(); err != nil || !os.SameFile(info, open) || flock.Lock(f) != nil {
		return false
	}
	return root.RemoveAll(name) == nil
}

// ours says that it is a directory of this user into which no other may write.
func ours(info os.FileInfo) bool {
	s, ok := info.Sys().(*syscall.Stat_t)
	return ok && info.IsDir() && int(s.Uid) == os.Geteuid() && info.Mode().Perm()&0o077 == 0
}
