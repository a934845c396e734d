package broker

import (
	"context"
	"errors"
	"io"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"

	"golang.org/x/sys/unix"

	"github.com/gpuaudit/gpuaudit/audit/fifo"
)

// Kinds of the answer to a request to open.
const (
	whole        = 0 // the contents are in the message
	byDescriptor = 1
	folder       = 2
)

// input answers for files that the command line names, and for what is below a folder
// of it.
func (s *Server) input(ctx context.Context, op operation, name string, a *answer) error {
	if name == "" {
		return &fs.PathError{Op: "open", Path: name, Err: unix.ENOENT}
	}
	if op == opOpen && s.never(name) {
		return &fs.PathError{Op: "open", Path: name, Err: errDenied}
	}
	if s.allowed(CopyFile, name) && op == opOpen {
		return s.copied(ctx, name, a)
	}
	if s.allowed(CopyFile, name) || s.allowed(ReadFile, name) || s.allowed(ReadFolder, name) || s.allowed(WriteFolder, name) {
		return s.named(ctx, op, name, a)
	}
	at := s.inFolder(op, name)
	if at == nil {
		return &fs.PathError{Op: "open", Path: name, Err: errDenied}
	}
	t, err := s.treeOf(at.folder, nil)
	if err != nil {
		return err
	}
	if at.match != nil {
		return s.listMatching(t, at.match, a)
	}
	if at.beside && op == opOpen {
		fd, _, err := t.open(at.below)
		if err != nil {
			return err
		}
		secret := holdsKey(fd)
		_ = unix.Close(fd)
		if secret {
			return &fs.PathError{Op: "open", Path: name, Err: errDenied}
		}
	}
	return s.below(t, inTree[op], at.below, a)
}

// inTree is what is asked of an opened folder where something below it is asked for.
var inTree = [...]operation{opOpen: opTreeOpen, opStat: opTreeStat, opLstat: opTreeLstat, opList: opTreeList, opLink: opTreeLink}

// never says that a name leads to a file that a judge does not get. It is asked of the
// file and not of the name: links and other spellings lead to it, too.
// What they were at the start counts, too: a judge may have renamed one since.
func (s *Server) never(name string) bool {
	if len(s.secrets)+len(s.rights.Never) == 0 {
		return false
	}
	i, err := os.Stat(name)
	return err == nil && (slices.ContainsFunc(s.secrets, func(secret fs.FileInfo) bool { return os.SameFile(i, secret) }) ||
		slices.ContainsFunc(s.rights.Never, func(secret string) bool {
			other, err := os.Stat(secret)
			return err == nil && os.SameFile(i, other)
		}))
}

// named answers for a name of the command line itself: a FIFO, a device and a link are
// what the person meant.
func (s *Server) named(ctx context.Context, op operation, name string, a *answer) error {
	switch op {
	case opStat, opLstat:
		look := os.Stat
		if op == opLstat {
			look = os.Lstat
		}
		i, err := look(name)
		if err != nil {
			return err
		}
		st, err := statOf(i)
		if err != nil {
			return err
		}
		a.w.info(st)
		return nil
	case opLink:
		target, err := os.Readlink(name)
		if err != nil {
			return err
		}
		return a.put([]byte(target))
	case opList:
		if !s.allowed(ReadFolder, name) && !s.allowed(WriteFolder, name) {
			return &fs.PathError{Op: "open", Path: name, Err: errDenied}
		}
		f, err := os.Open(name)
		if err != nil {
			return err
		}
		defer f.Close()
		s.listing.Lock()
		defer s.listing.Unlock()
		list, err := entriesOf(f, name, s.limits.Entries)
		if err != nil {
			return err
		}
		return a.entries(those(list, func(e fs.DirEntry) bool { return s.part(name, e.Name()) || s.matching(filepath.Clean(name))(e.Name()) }))
	}
	s.last.Store(&name)
	f, err := fifo.Open(ctx, name, os.O_RDONLY, s.limits.FIFO)
	if err != nil {
		return err
	}
	defer f.Close()
	return a.file(f, name)
}

// file hands out an open file of a name, and of a folder what it is alone.
func (a *answer) file(f *os.File, name string) error {
	fd, err := unix.FcntlInt(f.Fd(), unix.F_DUPFD_CLOEXEC, 3)
	if err != nil {
		return &fs.PathError{Op: "open", Path: name, Err: err}
	}
	var st unix.Stat_t
	if err := unix.Fstat(fd, &st); err != nil {
		_ = unix.Close(fd)
		return &fs.PathError{Op: "open", Path: name, Err: err}
	}
	if m := modeOf(&st); m.IsDir() {
		_ = unix.Close(fd)
		return a.opened(-1, &st, folder)
	}
	return a.opened(fd, &st, byDescriptor)
}

// Copies of files: what is at most heldBytes is not copied, and of a larger one no more than
// copyBytes, which is more than any format may have.
const (
	heldBytes = 64 << 20
	copyBytes = 2<<30 + 1
)

// copied answers a request to open a file with a copy of it, which has no name.
func (s *Server) copied(ctx context.Context, name string, a *answer) error {
	s.last.Store(&name)
	f, err := fifo.Open(ctx, name, os.O_RDONLY, s.limits.FIFO)
	if err != nil {
		return err
	}
	defer f.Close()
	if i, err := f.Stat(); err == nil && (i.IsDir() || i.Mode().IsRegular() && i.Size() <= heldBytes) {
		return a.file(f, name)
	}
	to, err := os.CreateTemp("", "gpuaudit-input-")
	if err != nil {
		return err
	}
	defer to.Close()
	if err := os.Remove(to.Name()); err != nil {
		return err
	}
	if _, err := io.Copy(to, io.LimitReader(f, copyBytes)); err != nil {
		return err
	}
	if _, err := to.Seek(0, io.SeekStart); err != nil {
		return err
	}
	return a.file(to, name)
}

// opened answers a request to open: what the file is, and itself.
func (a *answer) opened(fd int, s *unix.Stat_t, kind uint8) error {
	a.w.info(s)
	a.w.u8(kind)
	a.fd = fd
	return nil
}

// machine answers for the machine that is audited.
func (s *Server) machine(op operation, name string, a *answer) error {
	m := s.rights.Machine
	if m == nil || !m.allows(op, name) && !(op == opTreeLink && s.onTheWay(name)) {
		return &fs.PathError{Op: "openat", Path: name, Err: unix.EACCES}
	}
	if !m.Live && op == opTreeOpen && s.never(filepath.Join(m.Root, name)) {
		return &fs.PathError{Op: "openat", Path: name, Err: unix.EACCES}
	}
	if m.Live && op == opTreeOpen && isROM(name) {
		return s.closedROM(name, a)
	}
	t, err := s.treeOf(m.Root, m)
	if err != nil {
		return err
	}
	if op == opTreeLink {
		target, err := t.link(name)
		if err != nil {
			return err
		}
		s.remember(name, target)
		return a.put([]byte(target))
	}
	return s.below(t, op, name, a)
}

// maxLinked caps the links that are remembered.
const maxLinked = 4096

// remember keeps where a link leads that the judge may read: a file that is opened through
// it may be a link again, and whose file it is, a package's list says of the last name.
func (s *Server) remember(name, target string) {
	if !path.IsAbs(target) {
		target = path.Join(path.Dir(name), target)
	}
	target = strings.TrimPrefix(path.Clean("/"+target), "/")
	s.mu.Lock()
	defer s.mu.Unlock()
	if target != "" && len(s.linked) < maxLinked {
		s.linked[target] = true
	}
}

// onTheWay says that a link which the judge read leads to a name, or through it: of such a
// one it may ask whether it is a link, and nothing else.
func (s *Server) onTheWay(name string) bool {
	if m := s.rights.Machine; !fs.ValidPath(name) || m.excepts(name) {
		return false
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	for at := name; at != "."; at = path.Dir(at) {
		if s.linked[at] {
			return true
		}
	}
	for to := range s.linked {
		if strings.HasPrefix(to, name+"/") {
			return true
		}
	}
	return false
}

// allows says that a path is declared. What a folder on the way to one is, and where a
// link leads, may be asked; what else is in it may not. Windows into a device's memory
// are not what a collector reads, and a descriptor of one could be mapped.
func (m *Machine) allows(op operation, name string) bool {
	if !fs.ValidPath(name) || m.Live && window(name) || m.excepts(name) {
		return false
	}
	asks := op == opTreeStat || op == opTreeLstat || op == opTreeLink
	return asks && name == "." || slices.ContainsFunc(m.Paths, func(p string) bool {
		return p == "." || name == p || strings.HasPrefix(name, p+"/") || asks && strings.HasPrefix(p, name+"/")
	})
}

// excepts says that a path is in a folder that may not be read, and not one that may
// nevertheless.
func (m *Machine) excepts(name string) bool {
	return slices.ContainsFunc(m.Except, func(p string) bool { return name == p || strings.HasPrefix(name, p+"/") }) &&
		!slices.ContainsFunc(m.But, func(pattern string) bool {
			ok, err := path.Match(pattern, name)
			return err == nil && ok
		})
}

// plain says that no FIFO and no device can be behind a name.
func (m *Machine) plain(name string) bool {
	return m.Live && (strings.HasPrefix(name, "sys/") || strings.HasPrefix(name, "proc/"))
}

func window(name string) bool {
	base := name[strings.LastIndexByte(name, '/')+1:]
	if base == "legacy_mem" || base == "legacy_io" { // of a bus: Documentation/PCI/sysfs-pci.rst
		return true
	}
	number, ok := strings.CutPrefix(base, "resource")
	return ok && number != "" && number[0] >= '0' && number[0] <= '9'
}

func isROM(name string) bool {
	return strings.HasSuffix(name, "/rom") && strings.HasPrefix(name, "sys/")
}

// closedROM answers for the ROM attribute of the running machine: that it may be
// opened, and that it is not read in this way, enabled or not.
func (s *Server) closedROM(name string, a *answer) error {
	t, err := s.treeOf(s.rights.Machine.Root, s.rights.Machine)
	if err != nil {
		return err
	}
	fd, st, err := t.open(name)
	if err != nil {
		return err
	}
	_ = unix.Close(fd)
	return a.contents(st, nil, &fs.PathError{Op: "read", Path: name, Err: unix.EINVAL}, s.classes)
}

// contents answers with what a file holds, and how reading it ended.
func (a *answer) contents(st *unix.Stat_t, b []byte, failed error, classes []error) error {
	a.w.info(st)
	a.w.u8(whole)
	a.w.bytes(b)
	a.w.flag(failed != nil)
	if failed != nil {
		a.w.fault(failed, classes)
	}
	return nil
}

// below answers for what is below an opened folder.
func (s *Server) below(t *tree, op operation, name string, a *answer) error {
	switch op {
	case opTreeStat, opTreeLstat:
		st, err := t.stat(name, op == opTreeStat)
		if err != nil {
			return err
		}
		a.w.info(st)
		return nil
	case opTreeLink:
		target, err := t.link(name)
		if err != nil {
			return err
		}
		return a.put([]byte(target))
	case opTreeList:
		s.listing.Lock()
		defer s.listing.Unlock()
		list, err := t.list(name, s.limits.Entries)
		if err != nil {
			return err
		}
		return a.entries(list)
	}
	fd, st, err := t.open(name)
	if err != nil {
		return err
	}
	if modeOf(st).IsDir() {
		_ = unix.Close(fd)
		return a.opened(-1, st, folder)
	}
	b, err := readSmall(fd, a.room)
	if err == nil && len(b) > inline {
		if _, err = unix.Seek(fd, 0, unix.SEEK_SET); err == nil {
			return a.opened(fd, st, byDescriptor)
		}
	}
	_ = unix.Close(fd)
	if err != nil {
		err = &fs.PathError{Op: "read", Path: name, Err: err}
	}
	return a.contents(st, b[:min(len(b), inline)], err, s.classes)
}

// readSmall reads a file into room until its end, an error, or more than goes in a message.
func readSmall(fd int, room []byte) ([]byte, error) {
	b := room[:0]
	for {
		n, err := unix.Read(fd, b[len(b):cap(b)])
		switch {
		case errors.Is(err, unix.EINTR):
			continue
		case err != nil:
			return b, err
		case n == 0:
			return b, nil
		}
		if b = b[:len(b)+n]; len(b) > inline {
			return b, nil
		}
	}
}

// entries answers with a listing: type and name of each.
func (a *answer) entries(list []fs.DirEntry) error {
	var w writer
	w.u32(uint32(len(list)))
	for _, e := range list {
		w.u32(uint32(e.Type()))
		w.text(e.Name())
	}
	return a.put(w.b)
}
