package sandbox

import (
	"errors"
	"fmt"
	"os"
	"runtime"

	seccomp "github.com/elastic/go-seccomp-bpf"
	"golang.org/x/sys/unix"
)

// need is what calls are for, and which.
type need struct {
	what  string
	calls []string
}

// needs are what judges were seen to make (strace(1), over all verbs), and what Go's
// runtime makes beside it when it is short of memory, ends, or has no vDSO. What makes a
// descriptor of a path, a socket or a process is not among them. docs/threat-model.md shows
// them.
var needs = []need{
	{"descriptors that came from outside: inputs and outputs", []string{"read", "pread64", "write", "close", "lseek", "fstat"}},
	{"the socket to the process outside", []string{"recvmsg", "sendmsg"}},
	{"connections that were opened outside", []string{"getsockname", "getpeername", "getsockopt", "setsockopt", "recvfrom", "sendto", "shutdown"}},
	{"the lock on the state of channels, whose file was opened outside", []string{"flock"}},
	// It is made with the first descriptor.
	{"Go's poller, which waits for connections and pipes", []string{"epoll_create1", "epoll_ctl", "epoll_pwait", "eventfd2"}},
	// Nothing becomes code (mmap, see conditional).
	{"Go's memory", []string{"munmap", "madvise"}},
	{"Go's threads, what they wait for, and how many processors there are", []string{"futex", "nanosleep", "sched_yield", "sched_getaffinity", "gettid", "exit", "exit_group", "restart_syscall"}},
	{"time, where the kernel gives no vDSO for it", []string{"clock_gettime"}},
	{"signals: Go stops goroutines by them, and dies by them", []string{"rt_sigaction", "rt_sigprocmask", "rt_sigreturn", "sigaltstack"}},
	{"random bytes", []string{"getrandom"}},
	// Enter reads it back.
	{"who it is", []string{"getpid", "getuid", "geteuid", "getgid", "getegid"}},
}

// pathCalls are for the scratch folder, in which ghw gets its copy of the PCI tree:
// folders, files and links are made, read and removed. Without one they are denied.
var pathCalls = need{"files in its own folder in memory, where it has one", []string{"openat", "getdents64", "readlinkat", "mkdirat", "symlinkat", "unlinkat", "getcwd"}}

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
		threadsAlone(),
		// Go stops its own threads by signals, and ends itself by one.
		when("tgkill", is(0, pid)),
		when("kill", is(0, pid)),
	}
	// A descriptor that came is made one of the poller's (os.NewFile, audit/broker).
	for _, cmd := range []uint64{unix.F_DUPFD_CLOEXEC, unix.F_GETFD, unix.F_SETFD, unix.F_GETFL, unix.F_SETFL} {
		out = append(out, when("fcntl", is(1, cmd)))
	}
	// Enter reads back what is in force; Go's runtime names its memory.
	for _, option := range []uint64{unix.PR_GET_SECCOMP, unix.PR_GET_NO_NEW_PRIVS, unix.PR_SET_VMA} {
		out = append(out, when("prctl", is(0, option)))
	}
	return out
}

// policy refuses with EPERM what it does not name. An error, and not an end of the
// process: Go's runtime and libraries try calls that may be missing and take another way,
// and an honest judge that meets a new one must say what failed, not vanish.
func policy(goarch string, paths bool, pid int) seccomp.Policy {
	var allowed []string
	for _, n := range needs {
		allowed = append(allowed, n.calls...)
	}
	if paths {
		allowed = append(allowed, pathCalls.calls...)
	}
	// One call has a name in the library that differs from architecture to architecture.
	switch goarch {
	case "amd64":
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
