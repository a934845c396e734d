package broker

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"

	"golang.org/x/sys/unix"

	"github.com/gpuaudit/gpuaudit/audit/inroot"
)

// tree is a folder that is read below, and never left: links are followed inside it. One
// that is absolute starts at the top of a machine's tree; of another folder, it is refused
// like one that leads out.
//
// The kernel resolves a name at once where it has openat2; what it refuses, or where it
// has not, package os resolves element by element, so that errors read the same.
type tree struct {
	root *os.Root
	dir  *os.File
	// plain says of a name that no FIFO and no device can be behind it; nil for none.
	plain func(name string) bool
	// machine says that it is the tree of a machine.
	machine bool
	slow    bool // without openat2, for tests
}

func openTree(name string, m *Machine) (*tree, error) {
	root, err := os.OpenRoot(name)
	if err != nil {
		return nil, err
	}
	dir, err := root.Open(".")
	if err != nil {
		root.Close()
		return nil, err
	}
	t := &tree{root: root, dir: dir, machine: m != nil}
	if m != nil {
		t.plain = m.plain
	}
	return t, nil
}

func (t *tree) close() {
	_ = t.root.Close()
	_ = t.dir.Close()
}

// errSpecial says that a name is neither a file nor a folder.
var errSpecial = errors.New("neither a file nor a folder")

// beneath opens a name by the kernel's own resolution.
func (t *tree) beneath(name string, flags uint64) (int, error) {
	if t.slow {
		return -1, unix.ENOSYS
	}
	how := unix.OpenHow{Flags: flags | unix.O_CLOEXEC, Resolve: unix.RESOLVE_BENEATH | unix.RESOLVE_NO_MAGICLINKS}
	if t.machine {
		how.Resolve = unix.RESOLVE_IN_ROOT | unix.RESOLVE_NO_MAGICLINKS
	}
	for {
		fd, err := unix.Openat2(int(t.dir.Fd()), name, &how)
		if !errors.Is(err, unix.EINTR) && !errors.Is(err, unix.EAGAIN) {
			return fd, err
		}
	}
}

// open opens a file or folder to read. It waits for nothing, and opens no device.
func (t *tree) open(name string) (fd int, s *unix.Stat_t, err error) {
	const reading = unix.O_RDONLY | unix.O_NONBLOCK | unix.O_NOCTTY
	if t.plain != nil && t.plain(name) {
		if fd, err := t.beneath(name, reading); err == nil {
			return t.checked(name, fd)
		} else if errors.Is(err, unix.ENOENT) {
			return -1, nil, &fs.PathError{Op: "openat", Path: name, Err: unix.ENOENT}
		}
	}
	// What it is has to be known before it is opened.
	before, err := t.stat(name, true)
	if err != nil {
		if pe, ok := errors.AsType[*fs.PathError](err); ok {
			err = &fs.PathError{Op: "openat", Path: name, Err: pe.Err}
		}
		return -1, nil, err
	}
	if m := modeOf(before); !m.IsRegular() && !m.IsDir() {
		return -1, nil, &fs.PathError{Op: "openat", Path: name, Err: errSpecial}
	}
	if fd, err := t.beneath(name, reading); err == nil {
		return t.checked(name, fd)
	}
	f, err := t.openFile(name, reading)
	if err != nil {
		return -1, nil, err
	}
	defer f.Close()
	if fd, err = unix.FcntlInt(f.Fd(), unix.F_DUPFD_CLOEXEC, 3); err != nil {
		return -1, nil, &fs.PathError{Op: "openat", Path: name, Err: err}
	}
	return t.checked(name, fd)
}

// checked is an opened file or folder; what else it turned out to be is closed.
func (t *tree) checked(name string, fd int) (int, *unix.Stat_t, error) {
	var s unix.Stat_t
	err := unix.Fstat(fd, &s)
	if m := modeOf(&s); err == nil && !m.IsRegular() && !m.IsDir() {
		err = errSpecial
	}
	if err != nil {
		_ = unix.Close(fd)
		return -1, nil, &fs.PathError{Op: "openat", Path: name, Err: err}
	}
	return fd, &s, nil
}

// stat tells what a name is; of a link itself unless it is followed.
func (t *tree) stat(name string, follow bool) (*unix.Stat_t, error) {
	flags := uint64(unix.O_PATH)
	if !follow {
		flags |= unix.O_NOFOLLOW
	}
	fd, err := t.beneath(name, flags)
	var s unix.Stat_t
	switch {
	case err == nil:
		err = unix.Fstat(fd, &s)
		_ = unix.Close(fd)
		if err != nil {
			return nil, &fs.PathError{Op: "statat", Path: name, Err: err}
		}
		return &s, nil
	case errors.Is(err, unix.ENOENT):
		return nil, &fs.PathError{Op: "statat", Path: name, Err: unix.ENOENT}
	}
	i, err := t.look(name, follow)
	if err != nil {
		return nil, err
	}
	return statOf(i)
}

// link reads a link.
func (t *tree) link(name string) (string, error) {
	if fd, err := t.beneath(name, unix.O_PATH|unix.O_NOFOLLOW); err == nil {
		defer unix.Close(fd)
		b := make([]byte, maxName)
		if n, err := unix.Readlinkat(fd, "", b); err == nil && n < len(b) {
			return string(b[:n]), nil
		}
	}
	if t.machine {
		return inroot.Readlink(t.root, name)
	}
	return t.root.Readlink(name)
}

// openFile and look are what package os does, element by element.
func (t *tree) openFile(name string, flags int) (*os.File, error) {
	if t.machine {
		return inroot.OpenFile(t.root, name, flags)
	}
	return t.root.OpenFile(name, flags, 0)
}

func (t *tree) look(name string, follow bool) (fs.FileInfo, error) {
	switch {
	case t.machine && follow:
		return inroot.Stat(t.root, name)
	case t.machine:
		return inroot.Lstat(t.root, name)
	case follow:
		return t.root.Stat(name)
	}
	return t.root.Lstat(name)
}

// list lists a folder.
func (t *tree) list(name string, limit int) ([]fs.DirEntry, error) {
	var f *os.File
	if fd, err := t.beneath(name, unix.O_RDONLY|unix.O_DIRECTORY); err == nil {
		f = os.NewFile(uintptr(fd), name)
	} else if f, err = t.openFile(name, os.O_RDONLY|unix.O_DIRECTORY|unix.O_NONBLOCK); err != nil {
		return nil, err
	}
	defer f.Close()
	return entriesOf(f, name, limit)
}

func entriesOf(f *os.File, name string, limit int) ([]fs.DirEntry, error) {
	list, err := f.ReadDir(limit + 1)
	if len(list) > limit {
		return nil, &fs.PathError{Op: "readdir", Path: name, Err: fmt.Errorf("%w: more than %d entries", unix.EFBIG, limit)}
	}
	if errors.Is(err, io.EOF) {
		err = nil
	}
	return list, err
}
