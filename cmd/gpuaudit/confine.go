package main

import (
	"fmt"
	"os"
	"path/filepath"

	"github.com/landlock-lsm/go-landlock/landlock"
	ll "github.com/landlock-lsm/go-landlock/landlock/syscall"
)

// confine takes from this process, before it parses what a device says, every
// right it will not need: it may read the sources of the scan and write its
// reports, and it may open no network connection. A parser that a hostile card
// took over could do no more. Kernels without Landlock (before 5.13) leave the
// process as it was; --verbose says so.
func (a *app) confine(rules ...landlock.Rule) {
	if a.unconfined {
		return
	}
	err := landlock.V7.BestEffort().Restrict(rules...)
	if err != nil && a.verbose && !a.quiet {
		fmt.Fprintf(a.Stderr, "gpuaudit: not confined by Landlock: %s\n", oneLine(err))
	}
}

// readable and changeable are whole directories that may be read, or read and
// written.
func readable(dirs ...string) landlock.Rule   { return landlock.RODirs(existing(dirs)...) }
func changeable(dirs ...string) landlock.Rule { return landlock.RWDirs(existing(dirs)...) }

// writable are directories in which files may be made, replaced and removed, and
// nothing read: what a scan sees must not depend on where its report goes.
func writable(dirs ...string) landlock.Rule {
	return landlock.PathAccess(ll.AccessFSWriteFile|ll.AccessFSMakeReg|ll.AccessFSRemoveFile|ll.AccessFSTruncate, existing(dirs)...)
}

// confineUpdate takes from a process that has to open connections, before it reads
// what comes over them, the files that it will not need: it may read what the
// resolver and TLS read, and the channel, and write the state.
func (a *app) confineUpdate(from []string, state string) {
	if a.unconfined {
		return
	}
	reads := append([]string{"/etc", "/run", "/usr/share", "/usr/lib/ssl", "/usr/local/share"}, from...)
	for _, name := range []string{"SSL_CERT_FILE", "SSL_CERT_DIR"} {
		for _, dir := range filepath.SplitList(a.Getenv(name)) {
			reads = append(reads, dir, filepath.Dir(dir))
		}
	}
	err := landlock.V7.BestEffort().RestrictPaths(landlock.RODirs(existing(reads)...), landlock.RWDirs(existing([]string{state})...))
	if err != nil && a.verbose && !a.quiet {
		fmt.Fprintf(a.Stderr, "gpuaudit: not confined by Landlock: %s\n", oneLine(err))
	}
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
