package sandbox

import (
	"errors"
	"fmt"
	"os"
	"runtime"
	"slices"

	seccomp "github.com/elastic/go-seccomp-bpf"
	"github.com/elastic/go-seccomp-bpf/arch"
	"golang.org/x/sys/unix"
)

// threadFlags are those with which Go's runtime makes a thread (runtime/os_linux.go,
// cloneFlags). With any others clone makes a process or a namespace.
const threadFlags = unix.CLONE_VM | unix.CLONE_FS | unix.CLONE_FILES | unix.CLONE_SIGHAND | unix.CLONE_SYSVSEM | unix.CLONE_THREAD

// always are the system calls that Go's runtime takes, and reading and writing what is
// open. None opens, makes or names anything.
var always = []string{
	// memory
	"mmap", "munmap", "mremap", "mprotect", "madvise", "mincore", "brk",
	// threads, locks, time
	"futex", "sched_yield", "sched_getaffinity", "nanosleep", "clock_nanosleep", "clock_gettime", "clock_getres", "gettimeofday", "restart_syscall",
	"gettid", "getpid", "getppid", "exit", "exit_group", "set_robust_list", "rseq",
	// signals to itself
	"rt_sigaction", "rt_sigprocmask", "rt_sigreturn", "sigaltstack", "timer_create", "timer_settime", "timer_delete", "setitimer",
	// what is open
	"read", "readv", "pread64", "preadv", "write", "writev", "pwrite64", "pwritev", "lseek", "close", "fstat", "fcntl", "fsync", "ftruncate", "dup", "dup3",
	"sendmsg", "recvmsg", "sendto", "recvfrom", "shutdown", "getsockopt", "getsockname", "getpeername",
	"epoll_create1", "epoll_ctl", "epoll_pwait", "eventfd2", "pipe2", "ppoll",
	// numbers
	"getrandom", "getuid", "geteuid", "getgid", "getegid", "getrusage", "uname", "prlimit64",
}

// amd64 are the same calls under the names that only this architecture has.
var amd64 = []string{"poll", "epoll_wait", "arch_prctl", "time", "getrlimit"}

// files are what the own folder in memory takes. Which paths there are is for the empty
// root and Landlock to say; without them these are refused, too.
var files = []string{"openat", "newfstatat", "fstatat64", "statx", "readlinkat", "getdents64", "mkdirat", "unlinkat", "symlinkat", "faccessat", "faccessat2", "fchmod", "fchmodat", "fchdir", "getcwd"}

// filter lets this process make the system calls that it needs, on every thread, and
// answers all others with EPERM: a library that asks for more gets an error, as where a
// file is not its to read, and the audit goes on.
func (p *Protection) filter() error {
	names := append([]string(nil), always...)
	if runtime.GOARCH == "amd64" {
		names = append(names, amd64...)
	}
	if p.EmptyRoot {
		names = append(names, files...)
	}
	names, err := known(names)
	if err != nil {
		return err
	}
	policy := seccomp.Policy{
		DefaultAction: seccomp.ActionErrno,
		Syscalls: []seccomp.SyscallGroup{
			{Action: seccomp.ActionAllow, Names: names},
			{Action: seccomp.ActionAllow, NamesWithCondtions: []seccomp.NameWithConditions{
				{Name: "clone", Conditions: seccomp.ArgumentConditions{{Argument: 0, Operation: seccomp.Equal, Value: threadFlags}}},
				// On amd64 the runtime gives each thread its own storage, too.
				{Name: "clone", Conditions: seccomp.ArgumentConditions{{Argument: 0, Operation: seccomp.Equal, Value: threadFlags | unix.CLONE_SETTLS}}},
				{Name: "tgkill", Conditions: seccomp.ArgumentConditions{{Argument: 0, Operation: seccomp.Equal, Value: uint64(os.Getpid())}}},
			}},
		},
	}
	if err = seccomp.LoadFilter(seccomp.Filter{NoNewPrivs: true, Flag: seccomp.FilterFlagTSync, Policy: policy}); err != nil {
		return err
	}
	// Believed when it bites.
	if fd, err := unix.Socket(unix.AF_UNIX, unix.SOCK_DGRAM, 0); !errors.Is(err, unix.EPERM) {
		if err == nil {
			unix.Close(fd)
		}
		return fmt.Errorf("the filter is loaded, and a socket could be made (%v)", err)
	}
	p.Seccomp = true
	return nil
}

// known leaves out the names that this architecture does not have.
func known(names []string) ([]string, error) {
	info, err := arch.GetInfo("")
	if err != nil {
		return nil, err
	}
	return slices.DeleteFunc(names, func(name string) bool {
		_, there := info.SyscallNames[name]
		return !there
	}), nil
}
