package sandbox

import (
	"errors"
	"fmt"
	"os"
	"runtime"

	seccomp "github.com/elastic/go-seccomp-bpf"
	"golang.org/x/sys/unix"
)

// calls are what Go's runtime and the judge need: memory, time, threads, signals to
// itself, and work on descriptors that it has. What makes a descriptor of a path, a
// socket or a process is not among them. Written from what Go's
// runtime calls on both architectures, and not yet cut down to what judges were seen to
// make: some of these may not be needed.
var calls = []string{
	// Descriptors.
	"read", "readv", "pread64", "preadv", "write", "writev", "pwrite64", "pwritev", "close", "lseek", "fstat", "getdents64",
	"dup", "dup3", "pipe2", "eventfd2", "epoll_create1", "epoll_ctl", "epoll_pwait", "ppoll", "pselect6",
	"ftruncate", "fsync", "fdatasync", "fchmod", "flock", "sendfile", "copy_file_range", "splice",
	// Sockets that were handed in.
	"recvmsg", "sendmsg", "recvfrom", "sendto", "getsockname", "getpeername", "getsockopt", "setsockopt", "shutdown",
	// Memory, where nothing becomes code (see conditional).
	"munmap", "mremap", "madvise", "mincore", "brk",
	// Time and threads.
	"futex", "nanosleep", "clock_nanosleep", "clock_gettime", "clock_getres", "gettimeofday", "sched_yield", "sched_getaffinity",
	"restart_syscall", "exit", "exit_group", "set_robust_list", "rseq", "getrandom",
	"timer_create", "timer_settime", "timer_delete", "setitimer",
	"rt_sigaction", "rt_sigprocmask", "rt_sigreturn", "sigaltstack", "rt_sigtimedwait",
	// Questions about itself.
	"getpid", "gettid", "getppid", "getuid", "geteuid", "getgid", "getegid", "getgroups", "getrusage", "uname", "sysinfo", "getcwd",
}

// pathCalls are for the scratch folder; without one they are denied as well.
var pathCalls = []string{
	"openat", "statx", "readlinkat", "faccessat", "faccessat2", "mkdirat", "unlinkat", "symlinkat", "renameat", "renameat2", "fchmodat", "chdir",
}

const namespaceFlags = unix.CLONE_NEWNS | unix.CLONE_NEWCGROUP | unix.CLONE_NEWUTS | unix.CLONE_NEWIPC | unix.CLONE_NEWUSER | unix.CLONE_NEWPID | unix.CLONE_NEWNET

func when(name string, conditions ...seccomp.Condition) seccomp.NameWithConditions {
	return seccomp.NameWithConditions{Name: name, Conditions: conditions}
}

func is(argument uint32, value uint64) seccomp.Condition {
	return seccomp.Condition{Argument: argument, Operation: seccomp.Equal, Value: value}
}

func lacks(argument uint32, bits uint64) seccomp.Condition {
	return seccomp.Condition{Argument: argument, Operation: seccomp.BitsNotSet, Value: bits}
}

// threadsAlone allows threads, not processes, and none in a namespace of its own.
func threadsAlone() seccomp.NameWithConditions {
	return when("clone", seccomp.Condition{Argument: 0, Operation: seccomp.BitsSet, Value: unix.CLONE_THREAD}, lacks(0, namespaceFlags))
}

// conditional calls are allowed by their arguments.
func conditional(pid uint64) []seccomp.NameWithConditions {
	out := []seccomp.NameWithConditions{
		when("mmap", lacks(2, unix.PROT_EXEC)),
		when("mprotect", lacks(2, unix.PROT_EXEC)),
		threadsAlone(),
		// Go stops its own threads by signals, and ends itself by one.
		when("tgkill", is(0, pid)),
		when("kill", is(0, pid)),
		// A terminal's form and size; TIOCSTI, which types into it, is not among them.
		when("ioctl", is(1, unix.TCGETS)),
		when("ioctl", is(1, unix.TIOCGWINSZ)),
	}
	for _, cmd := range []uint64{unix.F_DUPFD_CLOEXEC, unix.F_GETFD, unix.F_SETFD, unix.F_GETFL, unix.F_SETFL} {
		out = append(out, when("fcntl", is(1, cmd)))
	}
	for _, option := range []uint64{unix.PR_GET_SECCOMP, unix.PR_GET_NO_NEW_PRIVS, unix.PR_GET_DUMPABLE, unix.PR_SET_VMA} {
		out = append(out, when("prctl", is(0, option)))
	}
	// Limits may be asked for, its own alone, and not set.
	return append(out, when("prlimit64", is(0, 0), is(2, 0)))
}

// policy refuses with EPERM what it does not name. An error, and not an end of the
// process: Go's runtime and libraries try calls that may be missing and take another way,
// and an honest judge that meets a new one must say what failed, not vanish.
func policy(goarch string, paths bool, pid int) seccomp.Policy {
	allowed := append([]string(nil), calls...)
	if paths {
		allowed = append(allowed, pathCalls...)
	}
	// One call has a name in the library that differs from architecture to architecture.
	switch goarch {
	case "amd64":
		allowed = append(allowed, "arch_prctl")
		if paths {
			allowed = append(allowed, "newfstatat")
		}
	case "arm64":
		if paths {
			allowed = append(allowed, "fstatat")
		}
	}
	return seccomp.Policy{
		DefaultAction: seccomp.ActionErrno,
		Syscalls: []seccomp.SyscallGroup{
			{Action: seccomp.ActionAllow, Names: allowed, NamesWithCondtions: conditional(uint64(pid))},
			// A C library falls back to clone where this one does not exist.
			{Action: seccomp.ActionErrno | seccomp.Action(unix.ENOSYS), Names: []string{"clone3"}},
		},
	}
}

// tsyncESRCH asks for an error where a thread cannot be confined. Without it Linux says
// so by the thread's number, which the library takes for success.
const tsyncESRCH = seccomp.FilterFlag(unix.SECCOMP_FILTER_FLAG_TSYNC_ESRCH)

// denyCalls loads the list on all threads. It is the last step: those before need calls
// that it denies.
func denyCalls(paths bool) error { return load(policy(runtime.GOARCH, paths, os.Getpid())) }

// load loads a list on all threads, and tries whether it is in force.
func load(p seccomp.Policy) error {
	filter := seccomp.Filter{Flag: seccomp.FilterFlagTSync | tsyncESRCH, Policy: p}
	err := seccomp.LoadFilter(filter)
	if errors.Is(err, unix.EINVAL) { // before Linux 5.7; the threads are read back
		filter.Flag = seccomp.FilterFlagTSync
		err = seccomp.LoadFilter(filter)
	}
	if err != nil {
		return err
	}
	fd, err := unix.Socket(unix.AF_UNIX, unix.SOCK_STREAM|unix.SOCK_CLOEXEC, 0)
	if err == nil {
		_ = unix.Close(fd)
		return errors.New("the kernel took the list and still makes sockets")
	}
	if !errors.Is(err, unix.EPERM) {
		return fmt.Errorf("a socket was refused otherwise than by the list: %w", err)
	}
	return nil
}
