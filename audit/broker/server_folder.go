package broker

import (
	"errors"
	"fmt"
	"io/fs"
	"os"

	"golang.org/x/sys/unix"
)

// How a folder is opened that is written to.
const (
	folderThere uint8 = iota // it has to be there
	folderMade               // it is made where it is missing
	folderNew                // it must not be there
)

// Changes of what is in a folder.
const (
	changeMkdir uint8 = iota + 1
	changeChmod
	changeRename
	changeRemove
	changeSync
)

// openFolder opens a folder that a judge may write to, or makes it.
func (s *Server) openFolder(r *reader) error {
	name, how := r.text(maxName), r.u8()
	if err := r.done(); err != nil {
		return err
	}
	if kind := map[bool]Kind{true: NewFolder, false: WriteFolder}[how == folderNew]; !s.allowed(kind, name) {
		return &fs.PathError{Op: "open", Path: name, Err: errDenied}
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.kept[name] != nil && how != folderNew {
		return nil
	}
	var err error
	switch how {
	case folderThere:
	case folderMade:
		err = os.MkdirAll(name, 0o755)
	case folderNew:
		err = os.Mkdir(name, 0o755)
	default:
		return fmt.Errorf("%w: a folder to open in an unknown way", ErrProtocol)
	}
	if err != nil {
		return err
	}
	root, err := os.OpenRoot(name)
	if err != nil {
		return err
	}
	s.kept[name] = root
	return nil
}

// inWritten is an opened folder, and a name below it.
func (s *Server) inWritten(folder, name string) (*os.Root, error) {
	s.mu.Lock()
	root := s.kept[folder]
	s.mu.Unlock()
	if root == nil {
		return nil, &fs.PathError{Op: "open", Path: folder, Err: errDenied}
	}
	switch {
	case !fs.ValidPath(name):
		return nil, &fs.PathError{Op: "open", Path: name, Err: fs.ErrInvalid}
	case name != "." && !s.part(folder, name):
		return nil, &fs.PathError{Op: "open", Path: name, Err: errDenied}
	}
	return root, nil
}

// makes counts what is made in folders.
func (s *Server) makes() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.madeCount--; s.madeCount < 0 {
		return fmt.Errorf("%w: more than %d files and folders are made", ErrProtocol, s.limits.Made)
	}
	return nil
}

// change changes what is in a folder.
func (s *Server) change(r *reader) error {
	folder, name, what, mode, to := r.text(maxName), r.text(maxName), r.u8(), fs.FileMode(r.u32()), r.text(maxName)
	if err := r.done(); err != nil {
		return err
	}
	if mode&^0o755 != 0 { // nobody else may write
		return fmt.Errorf("%w: a mode %o", ErrProtocol, mode)
	}
	root, err := s.inWritten(folder, name)
	if err != nil {
		return err
	}
	switch what {
	case changeMkdir:
		if err := s.makes(); err != nil {
			return err
		}
		return root.Mkdir(name, mode)
	case changeChmod:
		return root.Chmod(name, mode)
	case changeRename:
		if _, err := s.inWritten(folder, to); err != nil {
			return err
		}
		return root.Rename(name, to)
	case changeRemove:
		if name == "." {
			return &fs.PathError{Op: "remove", Path: name, Err: fs.ErrInvalid}
		}
		return root.RemoveAll(name)
	case changeSync:
		f, err := root.OpenFile(name, os.O_RDONLY|unix.O_NONBLOCK, 0)
		if err != nil {
			return err
		}
		return errors.Join(f.Sync(), f.Close())
	}
	return fmt.Errorf("%w: an unknown change of a folder", ErrProtocol)
}

// openFiles is how many files may be written at a time.
const openFiles = 16

// newFile makes a file that is not there yet. Its contents come in parts, so that they are
// counted: a judge gets no descriptor to write to.
func (s *Server) newFile(r *reader, a *answer) error {
	folder, name, mode := r.text(maxName), r.text(maxName), fs.FileMode(r.u32())
	if err := r.done(); err != nil {
		return err
	}
	if mode&^0o644 != 0 {
		return fmt.Errorf("%w: a file of mode %o", ErrProtocol, mode)
	}
	root, err := s.inWritten(folder, name)
	if err != nil {
		return err
	}
	if err := s.makes(); err != nil {
		return err
	}
	f, err := root.OpenFile(name, os.O_WRONLY|os.O_CREATE|os.O_EXCL|unix.O_NOFOLLOW, mode)
	if err != nil {
		return err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.made) >= openFiles {
		_ = f.Close()
		return fmt.Errorf("%w: more than %d files at a time", ErrProtocol, openFiles)
	}
	s.next++
	s.made[s.next] = f
	a.w.u32(s.next)
	return nil
}

// appendTo writes a part of a file.
func (s *Server) appendTo(r *reader) error {
	id, part := r.u32(), r.bytes(maxPart)
	if err := r.done(); err != nil {
		return err
	}
	s.mu.Lock()
	f := s.made[id]
	s.madeBytes -= int64(len(part))
	full := s.madeBytes < 0
	s.mu.Unlock()
	switch {
	case f == nil:
		return fmt.Errorf("%w: no such file", ErrProtocol)
	case full:
		return fmt.Errorf("%w: more than %d bytes for folders", ErrProtocol, s.limits.MadeBytes)
	}
	_, err := f.Write(part)
	return err
}

// endFile closes a file, or has it on the disk first.
func (s *Server) endFile(r *reader) error {
	id, sync := r.u32(), r.flag()
	if err := r.done(); err != nil {
		return err
	}
	s.mu.Lock()
	f := s.made[id]
	if !sync {
		delete(s.made, id)
	}
	s.mu.Unlock()
	switch {
	case f == nil:
		return fmt.Errorf("%w: no such file", ErrProtocol)
	case sync:
		return f.Sync()
	}
	return f.Close()
}

// lockFolder hands out the file that stands for the folder's lock, which the judge locks
// for as long as it has it.
func (s *Server) lockFolder(r *reader, a *answer) error {
	folder, name := r.text(maxName), r.text(maxName)
	if err := r.done(); err != nil {
		return err
	}
	root, err := s.inWritten(folder, name)
	if err != nil {
		return err
	}
	if err := s.makes(); err != nil {
		return err
	}
	// To read is enough for a lock, and nothing can be written to it.
	f, err := root.OpenFile(name, os.O_RDONLY|os.O_CREATE|unix.O_NOFOLLOW|unix.O_NONBLOCK, 0o600)
	if err != nil {
		return err
	}
	defer f.Close()
	fd, err := unix.FcntlInt(f.Fd(), unix.F_DUPFD_CLOEXEC, 3)
	if err != nil {
		return err
	}
	a.fd = fd
	return nil
}
