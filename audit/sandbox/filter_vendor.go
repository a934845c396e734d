package sandbox

import (
	"os"
	"runtime"
	"slices"

	seccomp "github.com/elastic/go-seccomp-bpf"
	"golang.org/x/sys/unix"
)

// vendorCalls are what a program with a vendor's library needs beside a judge's calls:
// glibc's loader and threads, Go's runtime in a program that is linked with it, and a
// library that asks a driver. No socket is among them, and no process: Linux would allow
// both to the user that it is.
var vendorCalls = []string{
	// To become the program, and to load libraries: code is mapped.
	"execve", "mmap", "mprotect", "mremap", "mincore", "brk", "msync", "mlock", "munlock", "set_tid_address", "set_robust_list", "rseq",
	"prlimit64", "fadvise64", "statfs", "fstatfs", "statx", "faccessat", "faccessat2", "chdir",
	"memfd_create", "ftruncate", "membarrier", "getcpu", "capget", "uname", "sysinfo", "getrusage", "getppid", "getgroups",
	// To ask a driver, and to wait for it.
	"dup", "dup3", "pipe2", "fcntl", "readv", "writev", "preadv", "pwritev", "pwrite64", "flock", "ppoll", "pselect6",
	"inotify_init1", "timerfd_create", "timerfd_settime", "timerfd_gettime", "clock_getres", "clock_nanosleep", "gettimeofday",
	"timer_create", "timer_settime", "timer_delete", "setitimer", "rt_sigtimedwait",
	// Threads, where memory is, and on which processors.
	"sched_setaffinity", "sched_getparam", "sched_getscheduler", "sched_get_priority_max", "sched_get_priority_min", "getpriority",
	"get_mempolicy", "set_mempolicy", "mbind", "prctl", "umask", "getresuid", "getresgid", "getpgid", "getsid",
}

// vendorCallsAMD64 are calls that arm64 does not have: by path, and of glibc's start.
var vendorCallsAMD64 = []string{
	"open", "stat", "lstat", "access", "readlink", "getdents", "poll", "select", "epoll_wait", "epoll_create", "eventfd", "pipe", "dup2", "getrlimit", "time", "arch_prctl",
}

// vendorPolicy refuses with EPERM what it does not name, as policy does.
func vendorPolicy(goarch string, pid int) seccomp.Policy {
	p := policy(goarch, true, pid)
	allowed := &p.Syscalls[0]
	allowed.Names = append(allowed.Names, vendorCalls...)
	if goarch == "amd64" {
		allowed.Names = append(allowed.Names, vendorCallsAMD64...)
	}
	slices.Sort(allowed.Names)
	allowed.Names = slices.Compact(allowed.Names)
	not := func(request uint64) seccomp.Condition {
		return seccomp.Condition{Argument: 1, Operation: seccomp.NotEqual, Value: request}
	}
	allowed.NamesWithCondtions = []seccomp.NameWithConditions{
		threadsAlone(),
		when("tgkill", is(0, uint64(pid))), when("kill", is(0, uint64(pid))),
		// A driver is asked what it defines; a terminal is not typed into. Linux looks at
		// the lower half of the request alone, so that the upper one must be empty.
		when("ioctl", lacks(1, 0xffffffff<<32), not(unix.TIOCSTI), not(unix.TIOCLINUX)),
	}
	return p
}

func denyVendorCalls() error { return load(vendorPolicy(runtime.GOARCH, os.Getpid())) }
