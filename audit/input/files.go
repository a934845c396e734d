package input

import (
	"context"
	"io"
	"io/fs"
	"os"
	"sync/atomic"
	"time"

	"github.com/gpuaudit/gpuaudit/audit/fifo"
)

// Files is how a process reaches the files that somebody names.
type Files interface {
	Open(name string) (fs.File, error)
	Stat(name string) (fs.FileInfo, error)
	ReadDir(name string) ([]fs.DirEntry, error)
	// Folder is a folder that is not left, whatever links are in it.
	Folder(name string) (fs.FS, io.Closer, error)
}

// OS opens files with the rights of this process.
func OS() Files { return Waiting(fifo.Wait) }

// Waiting is [OS], and waits so long for who writes to a FIFO.
func Waiting(most time.Duration) Files { return direct{most} }

type direct struct{ most time.Duration }

func (d direct) Open(name string) (fs.File, error) {
	f, err := fifo.Open(context.Background(), name, os.O_RDONLY, d.most)
	if err != nil {
		return nil, err
	}
	return f, nil
}

func (direct) Stat(name string) (fs.FileInfo, error)      { return os.Stat(name) }
func (direct) ReadDir(name string) ([]fs.DirEntry, error) { return os.ReadDir(name) }

func (direct) Folder(name string) (fs.FS, io.Closer, error) {
	root, err := os.OpenRoot(name)
	if err != nil {
		return nil, nil, err
	}
	return root.FS(), root, nil
}

// files is the one way of this process: one that has given up its rights has no other.
// user is whose rights these are.
var (
	files = OS()
	user  = os.Geteuid()
)

// Through has everything that is read from now on opened by another process, of this
// user. It is called once, before anything is read.
func Through(f Files, uid int) { files, user = f, uid }

// Direct says that this process opens files itself.
func Direct() bool {
	_, ok := files.(direct)
	return ok
}

// User is whose rights open files.
func User() int { return user }

// last names the file that was opened last.
var last atomic.Pointer[string]

// Last is the name of the file that was opened last, "" where none was: whoever runs out
// of memory was most likely reading it.
func Last() string {
	if name := last.Load(); name != nil {
		return *name
	}
	return ""
}

// Open opens a file to read; "-" is standard input.
func Open(name string) (fs.File, error) {
	given := name
	last.Store(&given)
	if name == "-" {
		name = "/dev/stdin"
	}
	return files.Open(name)
}

// Stat tells what a name is.
func Stat(name string) (fs.FileInfo, error) { return files.Stat(name) }

// ReadDir lists a folder.
func ReadDir(name string) ([]fs.DirEntry, error) { return files.ReadDir(name) }

// OpenFolder opens a folder that is not left.
func OpenFolder(name string) (fs.FS, io.Closer, error) { return files.Folder(name) }
