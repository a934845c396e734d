// Package outfile writes what a command was asked to write: a file whole or not at
// all, and a device, a FIFO or a descriptor as what it is. A name that stands for
// something else than an ordinary file is never replaced by one.
package outfile

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"syscall"

	"github.com/gpuaudit/gpuaudit/audit/fifo"
	"github.com/gpuaudit/gpuaudit/audit/lazyregexp"
)

// Modes of new files, before the umask of the process.
const (
	// Public is for reports, bundles and archives of what is published.
	Public fs.FileMode = 0o666
	// Private is for what names a machine: captures and evidence.
	Private fs.FileMode = 0o600
)

// ErrKey says that an output would take the place of a private key.
var ErrKey = errors.New("it holds a private key, which is never overwritten")

// holdsKey says that a file is a private key in PEM, of whatever kind: of OpenSSL,
// cosign, a TPM, SSH. One that cannot be read is none that this process signs with.
func holdsKey(name string) bool {
	const limit = 64 << 10 // as large as a key file may be
	f, err := os.Open(name)
	if err != nil {
		return false
	}
	defer f.Close()
	text, err := io.ReadAll(io.LimitReader(f, limit))
	return err == nil && privateKey.Match(text)
}

var privateKey = lazyregexp.New(`-----BEGIN [A-Z0-9 ]*PRIVATE KEY-----`)

// Clash says which two of some outputs and inputs are one file, nil if none are. The
// names are those of files, by how a message calls them; - and devices are no files.
func Clash(outputs, inputs map[string]string) error {
	for out, file := range outputs {
		for in, other := range inputs {
			if ordinary(other) && Same(file, other) {
				return fmt.Errorf("%s and %s are one file, %s: an input is not overwritten", in, out, other)
			}
		}
		for two, other := range outputs {
			if out < two && !sameFlag(out, two) && file != "" && file != "-" && (filepath.Clean(file) == filepath.Clean(other) || Same(file, other)) && !special(file) {
				return fmt.Errorf("%s and %s are one file, %s", out, two, file)
			}
		}
	}
	return nil
}

// sameFlag: a flag that was given twice is for its verb to judge.
func sameFlag(a, b string) bool {
	a, _, _ = strings.Cut(a, " ")
	b, _, _ = strings.Cut(b, " ")
	return a == b
}

func ordinary(name string) bool {
	info, err := os.Stat(name)
	return err == nil && info.Mode().IsRegular()
}

// special: a device or a FIFO may be written twice.
func special(name string) bool {
	info, err := os.Stat(name)
	return err == nil && !info.Mode().IsRegular()
}

// File is an output that was opened, so that the work that fills it does not begin
// where it could not be written. It implements [io.Writer]. Either [File.Commit] or
// [File.Abort] ends it; the latter after the former does nothing. Both may be called at
// one time.
type File struct {
	name string
	file *os.File
	// target is what the written file takes the place of, "" where it is written
	// directly.
	target string
	// fresh says that the file is new under its own name.
	fresh bool
	// lock says that this process writes the file, and old is what it replaces.
	lock *os.File
	old  fs.FileInfo
	// mu is held by whoever ends it: who comes second, and exits, waits for that.
	mu    sync.Mutex
	ended bool
	// remote is the output as another process opened it, nil where this one did.
	remote Remote
}

// Remote is an output that another process opened for this one.
type Remote interface {
	io.Writer
	Commit() error
	Abort()
}

// Opener opens outputs in another process.
type Opener interface {
	Output(name string, mode fs.FileMode) (Remote, error)
	Folder(name string, how How) (Folder, error)
}

// through opens outputs where this process has no right to; nil where it has.
var through Opener

// Through has every output from now on opened by another process. It is called once,
// before anything is written.
func Through(o Opener) { through = o }

// wait is how long a FIFO has to get a reader.
var wait = fifo.Wait

// descriptor are the names under which Linux lists a process's own open files.
// Opening one of a regular file again would begin at its start, and a rename would
// replace the link, so they are duplicated.
var descriptor = lazyregexp.New(`^/(?:dev/(stdin|stdout|stderr)|(?:dev|proc/self)/fd/([0-9]{1,6}))$`)

// Open prepares to write to a name. An ordinary file, or one that a link leads to, is
// written beside its place and put there by Commit: it keeps its mode and owner. A
// file that does not exist yet gets mode less the process's umask. A device, FIFO or
// socket is opened, which for a FIFO waits a while for a reader. "-" is standard output.
func Open(name string, mode fs.FileMode) (*File, error) {
	if through != nil {
		r, err := through.Output(name, mode)
		if err != nil {
			return nil, err
		}
		return &File{name: name, remote: r}, nil
	}
	if name == "-" {
		return openDescriptor(name, "stdout", "")
	}
	if m := descriptor.FindStringSubmatch(name); m != nil {
		return openDescriptor(name, m[1], m[2])
	}
	there, err := os.Lstat(name)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		// Whatever is put there from now on is replaced, and not followed.
		return beside(name, name, mode, nil)
	case err != nil:
		return nil, fmt.Errorf("write %s: %w", name, cause(err))
	}
	// What is not another's stays what it is: nobody else can take it away.
	if err := foreign(name, there); err != nil {
		return nil, fmt.Errorf("write %s: %w", name, err)
	}
	info, err := os.Stat(name)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil, fmt.Errorf("write %s: it is a link that leads to nothing", name)
	case err != nil:
		return nil, fmt.Errorf("write %s: %w", name, cause(err))
	case info.IsDir():
		return nil, fmt.Errorf("write %s: it is a directory", name)
	case !info.Mode().IsRegular():
		f, err := fifo.Open(context.Background(), name, os.O_WRONLY, wait)
		if err != nil {
			return nil, fmt.Errorf("write %s: %w", name, cause(err))
		}
		return &File{name: name, file: f}, nil
	}
	if holdsKey(name) {
		return nil, fmt.Errorf("write %s: %w: remove it first if that is meant", name, ErrKey)
	}
	target, err := filepath.EvalSymlinks(name)
	if err == nil {
		there, err = os.Lstat(target)
	}
	if err == nil {
		err = foreign(target, there)
	}
	if err != nil {
		return nil, fmt.Errorf("write %s: %w", name, cause(err))
	}
	return beside(name, target, info.Mode().Perm(), info)
}

// ErrForeign says that somebody else put a file or a link where an output goes.
var ErrForeign = errors.New("it belongs to another user, in a folder in which others may write: remove it, or write elsewhere")

// foreign refuses what another user put in the place of an output, in a folder in which
// others may write and which keeps what is theirs: a link that leads elsewhere, or a file
// of his that would keep its owner and mode, and give him a capture to read and a report to
// change. Linux does the same where fs.protected_symlinks, fs.protected_regular and
// fs.protected_fifos are set (proc_sys_fs(5)); this resolves links itself, and does not rely
// on it. What is missing, and what is in no such folder, is for others to judge.
func foreign(name string, info fs.FileInfo) error {
	folder, err := os.Stat(filepath.Dir(name))
	if err != nil || folder.Mode()&fs.ModeSticky == 0 || folder.Mode()&0o022 == 0 {
		return nil
	}
	owner, ok := info.Sys().(*syscall.Stat_t)
	above, also := folder.Sys().(*syscall.Stat_t)
	if ok && also && int(owner.Uid) != os.Geteuid() && owner.Uid != above.Uid {
		return ErrForeign
	}
	return nil
}

// OpenNew is Open for a file that must not be there: nothing is ever written over
// another. Its contents are there as they are written, until Commit or Abort.
func OpenNew(name string, mode fs.FileMode) (*File, error) {
	if through != nil {
		return Open(name, mode) // whoever opens it knows that it has to be new
	}
	f, err := os.OpenFile(name, os.O_WRONLY|os.O_CREATE|os.O_EXCL, mode)
	if err != nil {
		return nil, fmt.Errorf("write %s: %w", name, cause(err))
	}
	return &File{name: name, file: f, fresh: true}, nil
}

func openDescriptor(name, word, number string) (*File, error) {
	fd := map[string]int{"stdin": 0, "stdout": 1, "stderr": 2}[word]
	if number != "" {
		fd, _ = strconv.Atoi(number) // at most six digits
	}
	dup, err := syscall.Dup(fd)
	if err != nil {
		return nil, fmt.Errorf("write %s: %w", name, err)
	}
	syscall.CloseOnExec(dup)
	return &File{name: name, file: os.NewFile(uintptr(dup), name)}, nil
}

// beside creates the file that will take the place of target, of which old is what is
// there, nil for nothing.
func beside(name, target string, mode fs.FileMode, old fs.FileInfo) (*File, error) {
	sweep(filepath.Dir(target))
	for range 100 {
		tmp := filepath.Join(filepath.Dir(target), fmt.Sprintf(".gpuaudit-%016x", rand.Uint64()))
		f, err := os.OpenFile(tmp, os.O_WRONLY|os.O_CREATE|os.O_EXCL, mode)
		if errors.Is(err, fs.ErrExist) {
			continue
		}
		if err != nil {
			return nil, fmt.Errorf("write %s: %w", name, cause(err))
		}
		out := &File{name: name, file: f, target: target, old: old}
		out.lock, err = hold(tmp, f)
		if err == nil && old != nil {
			err = f.Chmod(mode)
		}
		if err != nil {
			out.Abort()
			if errors.Is(err, errSwept) {
				continue
			}
			return nil, fmt.Errorf("write %s: %w", name, cause(err))
		}
		return out, nil
	}
	return nil, fmt.Errorf("write %s: no name is free for the new file", name)
}

// like gives the new file the owner of the one it replaces, at the end: until then it is
// known by its owner as one of this program's. An owner that this process may not give
// leaves the new file its own.
func (f *File) like() error {
	if f.old == nil {
		return nil
	}
	s, ok := f.old.Sys().(*syscall.Stat_t)
	if !ok || int(s.Uid) == os.Geteuid() && int(s.Gid) == os.Getegid() {
		return nil
	}
	if err := f.file.Chown(int(s.Uid), int(s.Gid)); err != nil && !errors.Is(err, fs.ErrPermission) {
		return err
	}
	return f.file.Chmod(f.old.Mode().Perm()) // a change of owner takes bits away
}

// Name is the name as it was given.
func (f *File) Name() string { return f.name }

// Descriptor is the opened file, for another process to write to: what takes its place,
// or the name itself.
func (f *File) Descriptor() *os.File { return f.file }

// Folder is where Commit puts the file in its place; "" where the name is written
// directly, which takes no right in any folder.
func (f *File) Folder() string {
	if f.target == "" {
		return ""
	}
	return filepath.Dir(f.target)
}

// Write implements [io.Writer].
func (f *File) Write(b []byte) (int, error) {
	var to io.Writer = f.file
	if f.remote != nil {
		to = f.remote
	}
	n, err := to.Write(b)
	if err != nil {
		err = fmt.Errorf("write %s: %w", f.name, cause(err))
	}
	return n, err
}

// Commit puts the written file in its place.
func (f *File) Commit() error {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.ended {
		return nil
	}
	f.ended = true
	if f.remote != nil {
		return f.remote.Commit()
	}
	defer f.unlock()
	err := f.like()
	err = errors.Join(err, f.file.Close())
	if f.target == "" {
		if err != nil {
			return fmt.Errorf("write %s: %w", f.name, cause(err))
		}
		return nil
	}
	if err == nil {
		err = os.Rename(f.file.Name(), f.target)
	}
	if err != nil {
		_ = os.Remove(f.file.Name())
		return fmt.Errorf("write %s: %w", f.name, cause(err))
	}
	return nil
}

// Abort leaves what was there before as it was.
func (f *File) Abort() {
	if f == nil {
		return
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.ended {
		return
	}
	f.ended = true
	if f.remote != nil {
		f.remote.Abort()
		return
	}
	defer f.unlock()
	_ = f.file.Close()
	if f.target != "" || f.fresh {
		_ = os.Remove(f.file.Name())
	}
}

// unlock is the last: what has no lock and has not its place may be swept.
func (f *File) unlock() {
	if f.lock != nil {
		f.lock.Close()
	}
}

// OpenError is why an output could not be opened: nothing was written, and another name
// would do.
type OpenError struct{ Err error }

func (e *OpenError) Error() string { return e.Err.Error() }
func (e *OpenError) Unwrap() error { return e.Err }

// Write opens a name, fills it, and puts it in its place. That it cannot be opened is an
// [OpenError].
func Write(name string, mode fs.FileMode, fill func(io.Writer) error) error {
	f, err := Open(name, mode)
	if err != nil {
		return &OpenError{err}
	}
	defer f.Abort()
	if err := fill(f); err != nil {
		return err
	}
	return f.Commit()
}

// cause is an error without the name of the file, which may be the temporary one.
func cause(err error) error {
	for {
		p, ok := errors.AsType[*fs.PathError](err)
		if ok {
			err = p.Err
			continue
		}
		l, ok := errors.AsType[*os.LinkError](err)
		if !ok {
			return err
		}
		err = l.Err
	}
}
