package machine

import (
	"os"

	"github.com/landlock-lsm/go-landlock/landlock"
	ll "github.com/landlock-lsm/go-landlock/landlock/syscall"
)

// Right is a right that a process keeps when it is confined.
type Right = landlock.Rule

// Confine takes from this process, before it parses what a device says, every right
// that is not named: an audit may read its sources and write its reports, and it may
// open no network connection. A parser that a hostile card took over could do no more.
// The error says why a kernel leaves the process as it was, as one without Landlock
// does (before 5.13); the audit goes on.
func Confine(rights ...Right) error { return landlock.V7.BestEffort().Restrict(rights...) }

// ConfineReads takes from a process that has to open connections, before it reads
// what comes over them, the files that it will not need: it may read these directories
// and write one.
func ConfineReads(reads []string, state string) error {
	return landlock.V7.BestEffort().RestrictPaths(landlock.RODirs(existing(reads)...), landlock.RWDirs(existing([]string{state})...))
}

// Readable and Changeable are whole directories that may be read, or read and written.
func Readable(dirs ...string) Right   { return landlock.RODirs(existing(dirs)...) }
func Changeable(dirs ...string) Right { return landlock.RWDirs(existing(dirs)...) }

// Writable are directories in which files may be made, replaced and removed, and
// nothing read: what a scan sees must not depend on where its report goes.
func Writable(dirs ...string) Right {
	return landlock.PathAccess(ll.AccessFSWriteFile|ll.AccessFSMakeReg|ll.AccessFSRemoveFile|ll.AccessFSTruncate, existing(dirs)...)
}

// Listable are directories whose names may be read, and nothing else of them: a folder
// cannot be opened to write into it otherwise.
func Listable(dirs ...string) Right {
	return landlock.PathAccess(ll.AccessFSReadDir, existing(dirs)...)
}

// existing keeps the directories that there are: Landlock refuses a rule for
// one that is not.
func existing(dirs []string) []string {
	var kept []string
	for _, dir := range dirs {
		if dir == "" {
			continue
		}
		if info, err := os.Stat(dir); err == nil && info.IsDir() {
			kept = append(kept, dir)
		}
	}
	return kept
}
