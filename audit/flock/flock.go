// Package flock says of a file that this process made, or is at work on, that it is alive:
// it holds a lock, which the kernel takes away when the process ends, however it ends. Who
// finds such a file unlocked may take it away.
package flock

import (
	"os"
	"syscall"
)

// Lock locks an open file or folder until it is closed. It does not wait: the error is
// [syscall.EWOULDBLOCK] where another has it.
func Lock(f *os.File) error { return syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB) }

// StillThere says that a name leads to the file that was opened. Between opening and
// locking it, another may have taken it away.
func StillThere(name string, f *os.File) bool {
	at, err := os.Lstat(name)
	if err != nil {
		return false
	}
	open, err := f.Stat()
	return err == nil && os.SameFile(at, open)
}
