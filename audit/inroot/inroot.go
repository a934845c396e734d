// Package inroot reads the file tree of a machine as a program does whose root it is: a
// link is followed inside it, an absolute one from its top, as Linux does with
// RESOLVE_IN_ROOT (openat2(2)). An [os.Root] refuses links that are absolute, and
// distributions are full of them: what update-alternatives manages, a unit that was
// masked, /opt/rocm.
//
// A link that changes meanwhile leads nowhere else: what was resolved is opened by the
// [os.Root], which is never left.
package inroot

import (
	"errors"
	"io/fs"
	"os"
	"path"
	"strings"
	"syscall"
)

// hops is how many links one name may lead through, as in Linux.
const hops = 40

// steps caps the elements that one name may come to with its links.
const steps = 1024

// FS is a tree, as package fs reads it.
type FS struct{ root *os.Root }

// New is the tree below a root, which stays the caller's to close.
func New(root *os.Root) FS { return FS{root} }

// Open implements [fs.FS].
func (f FS) Open(name string) (fs.File, error) {
	file, err := OpenFile(f.root, name, os.O_RDONLY)
	if err != nil {
		return nil, err
	}
	return opened{file, path.Base(name)}, nil
}

// opened is a file that tells the name which was asked for, as package os does.
type opened struct {
	*os.File
	name string
}

func (o opened) Stat() (fs.FileInfo, error) {
	info, err := o.File.Stat()
	if err != nil {
		return nil, err
	}
	return named{info, o.name}, nil
}

// Stat implements [fs.StatFS].
func (f FS) Stat(name string) (fs.FileInfo, error) {
	return valid("stat", name, func() (fs.FileInfo, error) { return Stat(f.root, name) })
}

// Lstat implements [fs.ReadLinkFS].
func (f FS) Lstat(name string) (fs.FileInfo, error) {
	return valid("lstat", name, func() (fs.FileInfo, error) { return Lstat(f.root, name) })
}

// ReadLink implements [fs.ReadLinkFS].
func (f FS) ReadLink(name string) (string, error) {
	return valid("readlink", name, func() (string, error) { return Readlink(f.root, name) })
}

// ReadFile implements [fs.ReadFileFS].
func (f FS) ReadFile(name string) ([]byte, error) {
	return valid("readfile", name, func() ([]byte, error) { return resolved(f.root, name, true, f.root.ReadFile) })
}

// ReadDir implements [fs.ReadDirFS].
func (f FS) ReadDir(name string) ([]fs.DirEntry, error) {
	return valid("readdir", name, func() ([]fs.DirEntry, error) {
		return resolved(f.root, name, true, func(name string) ([]fs.DirEntry, error) { return fs.ReadDir(f.root.FS(), name) })
	})
}

// valid refuses what is no name of package fs.
func valid[T any](op, name string, do func() (T, error)) (T, error) {
	if !fs.ValidPath(name) {
		var none T
		return none, &fs.PathError{Op: op, Path: name, Err: fs.ErrInvalid}
	}
	return do()
}

// OpenFile opens a file or folder below a root.
func OpenFile(root *os.Root, name string, flags int) (*os.File, error) {
	return valid("open", name, func() (*os.File, error) {
		return resolved(root, name, true, func(name string) (*os.File, error) { return root.OpenFile(name, flags, 0) })
	})
}

// Stat tells what a name is, behind all links.
func Stat(root *os.Root, name string) (fs.FileInfo, error) {
	info, err := resolved(root, name, true, root.Stat)
	if err != nil {
		return nil, err
	}
	return named{info, path.Base(name)}, nil
}

// named is what a file is, under the name that was asked for.
type named struct {
	fs.FileInfo
	name string
}

func (n named) Name() string { return n.name }

// Lstat tells what a name is itself.
func Lstat(root *os.Root, name string) (fs.FileInfo, error) {
	return resolved(root, name, false, root.Lstat)
}

// Readlink reads a link.
func Readlink(root *os.Root, name string) (string, error) {
	return resolved(root, name, false, root.Readlink)
}

// resolved does something with a name, and where the root refuses it, with what its links
// lead to.
func resolved[T any](root *os.Root, name string, follow bool, do func(string) (T, error)) (T, error) {
	v, err := do(name)
	if err == nil || errors.Is(err, fs.ErrNotExist) || errors.Is(err, fs.ErrPermission) || errors.Is(err, fs.ErrInvalid) {
		return v, err
	}
	to, resolveErr := resolve(root, name, follow)
	if resolveErr != nil || to == name {
		return v, err
	}
	if v, err = do(to); err != nil {
		if pe, ok := errors.AsType[*fs.PathError](err); ok {
			err = &fs.PathError{Op: pe.Op, Path: name, Err: pe.Err}
		}
	}
	return v, err
}

// resolve is the name without links that a name below a root leads to. What is not there
// ends it: nothing below it is a link.
func resolve(root *os.Root, name string, follow bool) (string, error) {
	return Resolve(name, follow, func(name string) (string, error) {
		if info, err := root.Lstat(name); err != nil || info.Mode()&fs.ModeSymlink == 0 {
			return "", nil
		}
		target, err := root.Readlink(name)
		if first, _, _ := strings.Cut(name, "/"); first == "proc" && path.IsAbs(target) {
			return "", syscall.ELOOP // a magic link: it leads where its text only says
		}
		return target, err
	})
}

// Resolve is the name without links that a name leads to, where link says the target of a
// name that is one, and "" of all else. Without follow a link in last place stays.
func Resolve(name string, follow bool, link func(name string) (target string, err error)) (string, error) {
	at, rest, links := ".", name, 0
	for step := 0; rest != ""; step++ {
		if step > steps {
			return "", syscall.ELOOP
		}
		elem, tail, _ := strings.Cut(rest, "/")
		switch elem {
		case "", ".":
			rest = tail
			continue
		case "..":
			at, rest = path.Dir(at), tail // the top is above itself
			continue
		}
		next := path.Join(at, elem)
		if tail == "" && !follow {
			return next, nil
		}
		target, err := link(next)
		if err != nil {
			return "", err
		}
		if target == "" {
			at, rest = next, tail
			continue
		}
		if links++; links > hops {
			return "", syscall.ELOOP
		}
		if path.IsAbs(target) {
			at = "."
		}
		rest = target + "/" + tail
	}
	return at, nil
}
