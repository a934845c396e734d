package broker

import (
	"io/fs"
	"path"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

// info is what is told of a file.
type info struct {
	name  string
	size  int64
	mode  fs.FileMode
	mtime int64
	// dev and ino tell whether two names are one file, uid whose it is.
	dev, ino uint64
	uid      uint32
}

func (i *info) Name() string       { return i.name }
func (i *info) Size() int64        { return i.size }
func (i *info) Mode() fs.FileMode  { return i.mode }
func (i *info) ModTime() time.Time { return time.Unix(0, i.mtime) }
func (i *info) IsDir() bool        { return i.mode.IsDir() }

// Sys is a [syscall.Stat_t] with device, number and owner alone.
func (i *info) Sys() any { return &syscall.Stat_t{Dev: i.dev, Ino: i.ino, Uid: i.uid} }

func (w *writer) info(s *unix.Stat_t) {
	w.u64(uint64(s.Size))
	w.u32(uint32(modeOf(s)))
	w.u64(uint64(s.Mtim.Nano()))
	w.u64(s.Dev)
	w.u64(s.Ino)
	w.u32(s.Uid)
}

func (r *reader) info(name string) *info {
	return &info{name: path.Base(name), size: int64(r.u64()), mode: fs.FileMode(r.u32()), mtime: int64(r.u64()), dev: r.u64(), ino: r.u64(), uid: r.u32()}
}

// modeOf is the mode of a file as package os has it.
func modeOf(s *unix.Stat_t) fs.FileMode {
	mode := fs.FileMode(s.Mode & 0o777)
	switch s.Mode & unix.S_IFMT {
	case unix.S_IFDIR:
		mode |= fs.ModeDir
	case unix.S_IFLNK:
		mode |= fs.ModeSymlink
	case unix.S_IFIFO:
		mode |= fs.ModeNamedPipe
	case unix.S_IFSOCK:
		mode |= fs.ModeSocket
	case unix.S_IFBLK:
		mode |= fs.ModeDevice
	case unix.S_IFCHR:
		mode |= fs.ModeDevice | fs.ModeCharDevice
	}
	for _, bit := range [...]struct {
		kernel uint32
		mode   fs.FileMode
	}{{unix.S_ISUID, fs.ModeSetuid}, {unix.S_ISGID, fs.ModeSetgid}, {unix.S_ISVTX, fs.ModeSticky}} {
		if s.Mode&bit.kernel != 0 {
			mode |= bit.mode
		}
	}
	return mode
}

// SameFile says whether two infos that a client gave are of one file.
func SameFile(a, b fs.FileInfo) bool {
	one, ok := a.(*info)
	two, also := b.(*info)
	return ok && also && one.dev == two.dev && one.ino == two.ino
}
