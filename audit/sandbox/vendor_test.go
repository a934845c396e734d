package sandbox

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"github.com/elastic/go-seccomp-bpf/arch"
)

// vendorName begins the name of this test binary where it was started as the program of a
// vendor; what it does comes behind.
const vendorName = "vendor's program: "

// vendorProgram is what such a program does.
func vendorProgram(what string) {
	what, argument, _ := strings.Cut(what, " ")
	switch what {
	case "probe":
		if err := json.NewEncoder(os.Stdout).Encode(vendorProbe(argument)); err != nil {
			fmt.Fprintln(os.Stderr, err)
		}
	case "fail":
		fmt.Fprintln(os.Stderr, "no\nlibrary")
		os.Exit(3)
	case "flood":
		for {
			if _, err := os.Stdout.WriteString(strings.Repeat("x", 4096)); err != nil {
				os.Exit(1)
			}
		}
	case "hang":
		time.Sleep(time.Minute)
	case "cpu":
		for n := 0; ; n++ {
			spun.Store(int64(n))
		}
	case "memory":
		takeMemory()
	}
}

// vendorAnswer is what the program found of itself.
type vendorAnswer struct {
	IDs    string // real, effective and saved user, and group, and groups
	Caps   string // but for the bounding set
	Bound  string
	Env    []string
	FDs    []int
	Limits map[string]uint64
	Got    map[string]syscall.Errno
}

// vendorProbe tries what code in a vendor's library could, with a device node that it may
// open and a file beside that it may read.
func vendorProbe(parent string) vendorAnswer {
	a := vendorAnswer{Env: os.Environ(), Limits: map[string]uint64{}, Got: map[string]syscall.Errno{}}
	try := func(what string, err error) {
		no := syscall.Errno(0)
		if err != nil && !errors.As(err, &no) {
			no = syscall.EIO
		}
		a.Got[what] = no
	}
	status, err := os.ReadFile("/proc/self/status")
	try("read its own status", err)
	for line := range strings.Lines(string(status)) {
		name, value, _ := strings.Cut(strings.TrimSpace(line), ":")
		switch name {
		case "Uid", "Gid", "Groups":
			a.IDs += name + " " + strings.Join(strings.Fields(value), " ") + "; "
		case "CapEff", "CapPrm", "CapAmb", "CapInh":
			a.Caps += strings.TrimSpace(value)
		case "CapBnd":
			a.Bound = strings.TrimSpace(value)
		}
	}
	for fd := range 128 {
		if _, err := unix.FcntlInt(uintptr(fd), unix.F_GETFD, 0); err == nil && fd > 2 {
			a.FDs = append(a.FDs, fd)
		}
	}
	for name, what := range map[string]int{"data": unix.RLIMIT_DATA, "cpu": unix.RLIMIT_CPU, "files": unix.RLIMIT_NOFILE, "size": unix.RLIMIT_FSIZE, "core": unix.RLIMIT_CORE} {
		var l unix.Rlimit
		try("ask for a limit", unix.Getrlimit(what, &l))
		a.Limits[name] = l.Max
	}
	open := func(name string, flags int) error {
		fd, err := unix.Open(name, flags|unix.O_CLOEXEC, 0o600)
		if err == nil {
			unix.Close(fd)
		}
		return err
	}
	for name, flags := range map[string]int{"/dev/zero": unix.O_RDWR, "/proc/version": unix.O_RDONLY, "/etc/passwd": unix.O_RDONLY, "/etc/shadow": unix.O_RDONLY, "/dev/full": unix.O_RDWR, "/": unix.O_RDONLY, "/proc/1/status": unix.O_RDONLY} {
		try("open "+name, open(name, flags))
	}
	try("create a file", open(filepath.Join(os.TempDir(), "gpuaudit-vendor"), unix.O_CREAT|unix.O_WRONLY))
	probeVendorCalls(try, parent)
	return a
}

func probeVendorCalls(try func(string, error), parent string) {
	code, err := unix.Mmap(-1, 0, 4096, unix.PROT_READ|unix.PROT_EXEC, unix.MAP_ANON|unix.MAP_PRIVATE)
	try("map code", err)
	if err == nil {
		_ = unix.Munmap(code)
	}
	for name, family := range map[string]int{"unix": unix.AF_UNIX, "inet": unix.AF_INET, "netlink": unix.AF_NETLINK} {
		_, err := unix.Socket(family, unix.SOCK_DGRAM|unix.SOCK_CLOEXEC, 0)
		try("socket "+name, err)
	}
	_, err = syscall.ForkExec("/bin/true", []string{"true"}, &syscall.ProcAttr{})
	try("start a program", err)
	try("become another program", unix.Exec("/bin/true", []string{"true"}, nil))
	pid := 0
	_, _ = fmt.Sscan(parent, &pid)
	try("ptrace its parent", unix.PtraceAttach(pid))
	try("signal its parent", unix.Kill(pid, unix.SIGCONT))
	try("signal all", unix.Kill(-1, unix.SIGCONT))
	try("mount", unix.Mount("x", "/tmp", "tmpfs", 0, ""))
	try("unshare", unix.Unshare(unix.CLONE_NEWUSER))
	try("become root", unix.Setresuid(0, 0, 0))
	raw := func(what string, nr uintptr, args ...uintptr) {
		var r [6]uintptr
		copy(r[:], args)
		if _, _, e := unix.Syscall6(nr, r[0], r[1], r[2], r[3], r[4], r[5]); e != 0 {
			try(what, e)
			return
		}
		try(what, nil)
	}
	raw("bpf", unix.SYS_BPF, 0, 0, 0)
	raw("io_uring", unix.SYS_IO_URING_SETUP, 1, 0)
	raw("keyctl", unix.SYS_KEYCTL, 0, ^uintptr(2), 1)
	raw("userfaultfd", unix.SYS_USERFAULTFD, 1)
	raw("type into a terminal", unix.SYS_IOCTL, 0, unix.TIOCSTI, 0)
	raw("type into a terminal, disguised", unix.SYS_IOCTL, 0, 1<<32|unix.TIOCSTI, 0)
	raw("a call that does not exist", 5000)
}

// vendor is this test binary as a vendor's program.
func vendor(t *testing.T, what string) *Vendor {
	t.Helper()
	f, err := os.Open("/proc/self/exe")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { f.Close() })
	return &Vendor{Name: vendorName + what, Program: f, Read: []string{"/proc/self", "/proc/version", "/none"}, Nodes: []string{"/dev/zero", "/dev/none"}, Groups: []int{4712},
		Limits: Limits{Memory: 512 << 20, CPU: 20, Files: 64, Threads: 256, Output: 1 << 20}}
}

// TestVendorProgram: what it may, and what it may not, with the error by which it is
// refused.
func TestVendorProgram(t *testing.T) {
	_, done := inheritable(t)
	defer done()
	t.Setenv("AWS_SECRET_ACCESS_KEY", "secret")
	text, err := vendor(t, fmt.Sprintf("probe %d", os.Getpid())).Run(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	var a vendorAnswer
	if err := json.Unmarshal(text, &a); err != nil {
		t.Fatalf("%v: %.200s", err, text)
	}
	if want := []string{"LC_ALL=C", "PATH=/usr/bin:/bin"}; !slices.Equal(slices.Sorted(slices.Values(a.Env)), want) {
		t.Errorf("variables %q", a.Env)
	}
	if slices.ContainsFunc(a.FDs, func(fd int) bool { return fd == 77 }) {
		t.Errorf("descriptors %v", a.FDs)
	}
	if strings.Trim(a.Caps, "0") != "" || a.Caps == "" {
		t.Errorf("capabilities %s", a.Caps)
	}
	if os.Geteuid() == 0 {
		if strings.Trim(a.Bound, "0") != "" {
			t.Errorf("bounding set %s", a.Bound)
		}
		if want := "Uid 65529 65529 65529 65529; Gid 65529 65529 65529 65529; Groups 4712; "; a.IDs != want {
			t.Errorf("it is %q, want %q", a.IDs, want)
		}
	}
	for name, want := range map[string]uint64{"data": 512 << 20, "cpu": 20, "files": 64, "size": 0, "core": 0} {
		if a.Limits[name] > want {
			t.Errorf("%s: limit %d, want %d", name, a.Limits[name], want)
		}
	}
	for what, want := range map[string]syscall.Errno{
		"read its own status": 0, "ask for a limit": 0, "open /dev/zero": 0, "open /proc/version": 0, "map code": 0,
		"open /etc/passwd": unix.EACCES, "open /etc/shadow": unix.EACCES, "open /dev/full": unix.EACCES, "open /": unix.EACCES, "open /proc/1/status": unix.EACCES, "create a file": unix.EACCES,
		"socket unix": unix.EPERM, "socket inet": unix.EPERM, "socket netlink": unix.EPERM, "start a program": unix.EPERM, "become another program": unix.EACCES,
		"ptrace its parent": unix.EPERM, "signal its parent": unix.EPERM, "signal all": unix.EPERM, "mount": unix.EPERM, "unshare": unix.EPERM, "become root": unix.EPERM, "bpf": unix.EPERM, "io_uring": unix.EPERM, "keyctl": unix.EPERM,
		"userfaultfd": unix.EPERM, "type into a terminal": unix.EPERM, "type into a terminal, disguised": unix.EPERM, "a call that does not exist": unix.EPERM,
	} {
		if got, tried := a.Got[what]; !tried || got != want {
			t.Errorf("%s: %v (%t), want %v", what, got, tried, want)
		}
		delete(a.Got, what)
	}
	if len(a.Got) > 0 {
		t.Errorf("nobody said how these end: %v", a.Got)
	}
}

// TestVendorEnds: it fails, says too much, hangs, takes too much time or memory.
func TestVendorEnds(t *testing.T) {
	if _, err := vendor(t, "fail").Run(t.Context()); err == nil || !strings.Contains(err.Error(), "exit status 3: no library") {
		t.Errorf("one that fails: %v", err)
	}
	if text, err := vendor(t, "flood").Run(t.Context()); !errors.Is(err, ErrOutput) || len(text) > 1<<20 {
		t.Errorf("one that does not end: %v, %d bytes", err, len(text))
	}
	ctx, cancel := context.WithTimeout(t.Context(), 200*time.Millisecond)
	defer cancel()
	begin := time.Now()
	if _, err := vendor(t, "hang").Run(ctx); !errors.Is(err, context.DeadlineExceeded) || time.Since(begin) > 10*time.Second {
		t.Errorf("one that hangs: %v after %v", err, time.Since(begin))
	}
	long := vendor(t, "cpu")
	long.Limits.CPU = 1
	if _, err := long.Run(t.Context()); !errors.Is(err, ErrCPU) {
		t.Errorf("one that takes its time: %v", err)
	}
	if _, err := vendor(t, "memory").Run(t.Context()); err == nil || !strings.Contains(err.Error(), "out of memory") {
		t.Errorf("one that takes memory: %.200v", err)
	}
	no := vendor(t, "probe")
	no.Program = os.NewFile(^uintptr(0), "closed")
	if _, err := no.Run(t.Context()); err == nil {
		t.Error("no program")
	}
}

// TestVendorCallsOfBothArchitectures, as for a judge's.
func TestVendorCallsOfBothArchitectures(t *testing.T) {
	for goarch, a := range map[string]*arch.Info{"amd64": arch.X86_64, "arm64": arch.AARCH64} {
		for _, g := range vendorPolicy(goarch, 1).Syscalls {
			names := slices.Clone(g.Names)
			for _, n := range g.NamesWithCondtions {
				names = append(names, n.Name)
			}
			for _, n := range names {
				if _, ok := a.SyscallNames[n]; !ok {
					t.Errorf("%s has no %s", a.Name, n)
				}
			}
			if slices.Sort(names); len(slices.Compact(slices.Clone(names))) != len(names) {
				t.Errorf("%s: a call is named twice: %v", goarch, names)
			}
			if slices.Contains(names, "socket") || slices.Contains(names, "fork") || slices.Contains(names, "ptrace") {
				t.Errorf("%s: %v", goarch, names)
			}
		}
	}
}

// TestMadeUpVendorMarker: nobody becomes a vendor's program by a variable.
func TestMadeUpVendorMarker(t *testing.T) {
	for _, v := range []string{"1", "{}"} {
		t.Setenv(vendorMarker, v)
		if err := Launch(); err == nil || !strings.Contains(err.Error(), vendorMarker) {
			t.Errorf("%q: %v", v, err)
		}
	}
}

// takeMemory takes memory until there is none.
func takeMemory() {
	var all [][]byte
	for {
		b := make([]byte, 32<<20)
		for i := 0; i < len(b); i += 4096 {
			b[i] = 1
		}
		all = append(all, b)
		runtime.KeepAlive(all)
	}
}
