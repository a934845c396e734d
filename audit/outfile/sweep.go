package outfile

import (
	"errors"
	"os"
	"path/filepath"
	"syscall"

	"golang.org/x/sys/unix"

	"github.com/gpuaudit/gpuaudit/audit/flock"
	"github.com/gpuaudit/gpuaudit/audit/lazyregexp"
)

// temporary are the names of files that are being written.
var temporary = lazyregexp.New(`^\.gpuaudit-[0-9a-f]{16}$`)

// maxSwept bounds the entries of a folder that are looked at.
const maxSwept = 64 << 10

// hold locks a file that is being written, for as long as this process lives: a process
// that is killed leaves its file, and a later one finds it unlocked. What is returned
// keeps the lock when the file is closed, before it is put in its place. It is nil where
// the file system knows no locks: what is left there stays.
func hold(name string, f *os.File) (lock *os.File, err error) {
	switch err := flock.Lock(f); {
	case errors.Is(err, syscall.EWOULDBLOCK):
		return nil, errSwept
	case err != nil:
		return nil, nil
	case !flock.StillThere(name, f):
		return nil, errSwept
	}
	fd, err := unix.FcntlInt(f.Fd(), unix.F_DUPFD_CLOEXEC, 0)
	if err != nil {
		return nil, err
	}
	return os.NewFile(uintptr(fd), name), nil
}

// errSwept says that another process took a new file for one that was left behind: it had
// no lock yet.
var errSwept = errors.New("it was taken away again")

// sweep removes from a folder what processes left half-written there that were killed:
// files with such a name, of this user, that no process has locked. It follows no link,
// since others may write in the folder, and what cannot be told is left.
func sweep(folder string) {
	root, err := os.OpenRoot(folder)
	if err != nil {
		return
	}
	defer root.Close()
	dir, err := root.Open(".")
	if err != nil {
		return
	}
	defer dir.Close()
	names, _ := dir.Readdirnames(maxSwept)
	for _, name := range names {
		if temporary.MatchString(filepath.Base(name)) {
			sweepOne(root, name)
		}
	}
}

func sweepOne(root *os.Root, name string) {
	info, err := root.Lstat(name)
	if err != nil || !info.Mode().IsRegular() {
		return
	}
	if s, ok := info.Sys().(*syscall.Stat_t); !ok || int(s.Uid) != os.Geteuid() {
		return
	}
	f, err := root.OpenFile(name, os.O_RDONLY|syscall.O_NOFOLLOW|syscall.O_NONBLOCK, 0)
	if err != nil {
		return
	}
	defer f.Close()
	if open, err := f.Stat(); err != nil || !os.SameFile(info, open) || flock.Lock(f) != nil {
		return
	}
	// Whoever put it in its place meanwhile had it locked until then.
	if now, err := root.Lstat(name); err != nil || !os.SameFile(info, now) {
		return
	}
	_ = root.Remove(name)
}
