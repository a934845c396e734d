package sandbox

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"

	"golang.org/x/sys/unix"
)

// setIDs changes the ids and the groups of all threads: the standard library does that,
// with and without cgo.
func setIDs(id int, groups ...int) error {
	if err := syscall.Setgroups(groups); err != nil {
		return fmt.Errorf("groups: %w", err)
	}
	if err := syscall.Setresgid(id, id, id); err != nil {
		return fmt.Errorf("gid %d: %w", id, err)
	}
	if err := syscall.Setresuid(id, id, id); err != nil {
		return fmt.Errorf("uid %d: %w", id, err)
	}
	return nil
}

// threads are the status files of this process's threads, opened while paths still
// open. Linux writes them anew at each read.
type threads []*os.File

func openThreads() (threads, error) {
	tasks, err := os.ReadDir("/proc/self/task")
	if err != nil {
		return nil, err
	}
	var out threads
	for _, t := range tasks {
		if _, err := strconv.Atoi(t.Name()); err != nil {
			continue
		}
		f, err := os.Open(filepath.Join("/proc/self/task", t.Name(), "status"))
		if errors.Is(err, os.ErrNotExist) {
			continue
		}
		if err != nil {
			return out, err
		}
		out = append(out, f)
	}
	if len(out) == 0 {
		return nil, errors.New("/proc/self/task is empty")
	}
	return out, nil
}

func (ts threads) close() {
	for _, t := range ts {
		_ = t.Close()
	}
}

// each calls for every thread that still lives with what its status says.
func (ts threads) each(do func(map[string]string)) {
	buf := make([]byte, 16<<10)
	for _, t := range ts {
		n, err := t.ReadAt(buf, 0)
		if n == 0 && err != nil {
			continue // the thread has ended
		}
		fields := map[string]string{}
		for line := range strings.Lines(string(buf[:n])) {
			if name, value, ok := strings.Cut(line, ":"); ok {
				fields[name] = strings.TrimSpace(value)
			}
		}
		do(fields)
	}
}

// verify reads back what was set, on each thread: one thread that kept its rights is a
// way out for all. Threads made in between inherit from those that were looked at.
func (p *Protection) verify(s *spec, ts threads) {
	p.UID, p.GID = os.Geteuid(), os.Getegid()
	nnp, err := unix.PrctlRetInt(unix.PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0)
	p.NoNewPrivs = err == nil && nnp == 1 && len(ts) > 0
	mode, err := unix.PrctlRetInt(unix.PR_GET_SECCOMP, 0, 0, 0, 0)
	p.Seccomp = err == nil && mode == 2 && len(ts) > 0
	p.Capabilities = len(ts) > 0
	ids := p.UID == ID && p.GID == ID
	ts.each(func(f map[string]string) {
		p.NoNewPrivs = p.NoNewPrivs && f["NoNewPrivs"] == "1"
		p.Seccomp = p.Seccomp && f["Seccomp"] == "2"
		for _, set := range [...]string{"CapInh", "CapPrm", "CapEff", "CapBnd", "CapAmb"} {
			p.Capabilities = p.Capabilities && f[set] != "" && strings.Trim(f[set], "0") == ""
		}
		ids = ids && all(f["Uid"], ID) && all(f["Gid"], ID) && (s.User || f["Groups"] == "")
	})
	for _, c := range []struct {
		mechanism string
		holds     bool
	}{{OwnID, ids}, {Capabilities, p.Capabilities}, {NoNewPrivs, p.NoNewPrivs}, {Seccomp, p.Seccomp}} {
		if !c.holds && !p.misses(c.mechanism) {
			p.miss(c.mechanism, errors.New("set, but not found on every thread"))
		}
	}
}

func (p *Protection) misses(mechanism string) bool {
	for _, m := range p.Missing {
		if m.Mechanism == mechanism {
			return true
		}
	}
	return false
}

func all(ids string, id int) bool {
	fields := strings.Fields(ids)
	for _, f := range fields {
		if f != strconv.Itoa(id) {
			return false
		}
	}
	return len(fields) == 4
}
