package sandbox

import (
	"encoding/binary"
	"errors"
	"fmt"
	"os"
	"regexp"
	"runtime"
	"strconv"
	"syscall"
	"unsafe"

	"golang.org/x/sys/unix"
)

// notAnErrno stands for an error of another kind than a system call's.
const notAnErrno = syscall.Errno(4095)

// probe tries what a parser that was taken over would, and says how each ended: by which
// error, and 0 where it was done. Arguments are such that the call would do something.
func probe(p *Protection) map[string]syscall.Errno {
	got := map[string]syscall.Errno{}
	try := func(what string, err error) {
		no := syscall.Errno(0)
		if err != nil && !errors.As(err, &no) {
			no = notAnErrno
		}
		got[what] = no
	}
	parent, _ := strconv.Atoi(os.Args[1])
	probeFiles(try, parent)
	probeSockets(try)
	probeProcesses(try, parent)
	probeKernel(try)
	if p.Scratch != "" {
		try("create a file beside the scratch folder", os.WriteFile("/file-in-the-root", nil, 0o600))
	}
	return got
}

type trier func(what string, err error)

// Descriptors that the probe has from before: of a namespace, and of a regular file.
var probeNamespace, probeFile int

func openForProbe() error {
	var err, also error
	probeNamespace, err = unix.Open("/proc/self/ns/uts", unix.O_RDONLY|unix.O_CLOEXEC, 0)
	probeFile, also = unix.Open("/proc/self/exe", unix.O_RDONLY|unix.O_CLOEXEC, 0)
	return errors.Join(err, also)
}

var (
	// ofPaths are attempts to open a path.
	ofPaths = regexp.MustCompile(`^(open /|open the|create a|create an|walk )`)
	// behind are the errors of what stands behind the list of calls, where that is off.
	behind = []struct {
		what *regexp.Regexp
		no   []syscall.Errno
	}{
		{regexp.MustCompile(`^(exec a shell|exec itself|exec in place|exec memfd|chroot|mknod|open by handle|mount)$`), []syscall.Errno{unix.ENOENT}},
		{regexp.MustCompile(`^become root$`), []syscall.Errno{unix.EINVAL}}, // in a namespace that has no root
		{regexp.MustCompile(`parent`), []syscall.Errno{unix.ESRCH}},
		{regexp.MustCompile(`^socket `), []syscall.Errno{unix.EAFNOSUPPORT, unix.EPROTONOSUPPORT}},
		{regexp.MustCompile(`^type into the terminal$`), []syscall.Errno{unix.ENOTTY}},
		{regexp.MustCompile(`^connect`), []syscall.Errno{unix.ECONNREFUSED, unix.ENETUNREACH, unix.ENOENT}},
		{regexp.MustCompile(`^(io_uring|userfaultfd|kexec|personality|bpf|perf_event|module)$`), []syscall.Errno{unix.ENOSYS}}, // of kernels without it
	}
)

// refusals are the errors by which an attempt has to be refused where a mechanism is off,
// "" for none. Another error would say that the attempt was not well made, and nothing of
// what refuses it.
func refusals(what, off string, p *Protection) []syscall.Errno {
	switch {
	case what == "read descriptor 77":
		return []syscall.Errno{unix.EBADF}
	case ofPaths.MatchString(what) && p.Scratch != "" && what == "create a file beside the scratch folder":
		return []syscall.Errno{unix.EACCES, unix.EROFS}
	case ofPaths.MatchString(what) && p.Scratch != "":
		return []syscall.Errno{unix.ENOENT} // nothing is there
	case ofPaths.MatchString(what) && off == Seccomp:
		return []syscall.Errno{unix.EACCES, unix.EPERM}
	case off != Seccomp:
		return []syscall.Errno{unix.EPERM}
	}
	list := []syscall.Errno{unix.EPERM, unix.EACCES}
	for _, b := range behind {
		if b.what.MatchString(what) {
			list = append(list, b.no...)
		}
	}
	return list
}

func probeFiles(try trier, parent int) {
	open := func(name string, flags int) error {
		fd, err := unix.Open(name, flags, 0o600)
		if err == nil {
			unix.Close(fd)
		}
		return err
	}
	for _, name := range []string{"/etc/shadow", "/etc/passwd", "/dev/mem", "/dev/null", "/proc/self/environ", "/sys", "/proc/1/environ"} {
		try("open "+name, open(name, unix.O_RDONLY))
	}
	try("open the parent's environ", open(fmt.Sprintf("/proc/%d/environ", parent), unix.O_RDONLY))
	try("open the parent's memory", open(fmt.Sprintf("/proc/%d/mem", parent), unix.O_RDWR))
	try("open the root of init", open("/proc/1/root/etc/shadow", unix.O_RDONLY))
	try("create a file", open("/tmp/gpuaudit-probe", unix.O_CREAT|unix.O_WRONLY))
	try("create an unnamed file", open("/tmp", unix.O_TMPFILE|unix.O_RDWR))
	_, err := unix.Read(77, make([]byte, 1))
	try("read descriptor 77", err)
	_, err = unix.InotifyInit1(0)
	try("inotify", err)
	root, err := unix.Open("/", unix.O_PATH|unix.O_DIRECTORY, 0)
	if err == nil { // a path descriptor reads nothing
		_, err = unix.Openat(root, "etc/shadow", unix.O_RDONLY, 0)
	}
	try("walk from the root", err)
	try("chroot", unix.Chroot("/"))
	try("mknod", unix.Mknod("/tmp/gpuaudit-node", unix.S_IFCHR|0o600, 0x103))
	_, _, err = unix.NameToHandleAt(unix.AT_FDCWD, "/etc/shadow", 0)
	try("open by handle", err)
}

func probeSockets(try trier) {
	for name, s := range map[string][3]int{
		"unix": {unix.AF_UNIX, unix.SOCK_STREAM}, "inet": {unix.AF_INET, unix.SOCK_STREAM}, "inet6": {unix.AF_INET6, unix.SOCK_DGRAM},
		"netlink route": {unix.AF_NETLINK, unix.SOCK_RAW}, "packet": {unix.AF_PACKET, unix.SOCK_RAW, 0x0300}, "raw": {unix.AF_INET, unix.SOCK_RAW, 255},
		"vsock": {unix.AF_VSOCK, unix.SOCK_STREAM}, "bluetooth": {unix.AF_BLUETOOTH, unix.SOCK_RAW, 1}, "alg": {unix.AF_ALG, unix.SOCK_SEQPACKET},
	} {
		fd, err := unix.Socket(s[0], s[1]|unix.SOCK_CLOEXEC, s[2])
		try("socket "+name, err)
		if err == nil {
			switch name {
			case "inet":
				try("connect tcp", unix.Connect(fd, &unix.SockaddrInet4{Port: 22, Addr: [4]byte{127, 0, 0, 1}}))
			case "unix":
				try("connect to a service", unix.Connect(fd, &unix.SockaddrUnix{Name: "/run/systemd/private"}))
			}
			unix.Close(fd)
		}
	}
	_, err := unix.Socketpair(unix.AF_UNIX, unix.SOCK_STREAM, 0)
	try("socketpair", err)
}

func probeProcesses(try trier, parent int) {
	pid, _, no := unix.RawSyscall6(unix.SYS_CLONE, uintptr(unix.SIGCHLD), 0, 0, 0, 0, 0)
	if no == 0 && pid == 0 {
		for { // the child
			_, _, _ = unix.RawSyscall(unix.SYS_EXIT_GROUP, 0, 0, 0)
		}
	}
	try("fork", errnoOf(no))
	try("exec in place", unix.Exec("/bin/sh", []string{"sh", "-c", "exit"}, nil))
	for name, path := range map[string]string{"exec a shell": "/bin/sh", "exec itself": "/proc/self/exe"} {
		pid, err := syscall.ForkExec(path, []string{path, "-c", "exit"}, &syscall.ProcAttr{})
		try(name, err)
		if err == nil {
			var ws syscall.WaitStatus
			_, _ = syscall.Wait4(pid, &ws, 0, nil)
		}
	}
	try("ptrace the parent", unix.PtraceAttach(parent))
	try("seize the parent", unix.PtraceSeize(parent))
	try("signal the parent", unix.Kill(parent, unix.SIGCONT))
	try("signal the parent by its pidfd", pidfd(parent))
	if os.Getpid() != 1 {
		try("signal pid 1 from a namespace's outside", unix.Kill(1, unix.SIGCONT))
	}
	try("kill the parent", unix.Kill(parent, unix.SIGKILL))
	local := []unix.Iovec{{}}
	buf := make([]byte, 8)
	local[0].Base, local[0].Len = &buf[0], 8
	_, err := unix.ProcessVMReadv(parent, local, []unix.RemoteIovec{{Base: 0x400000, Len: 8}}, 0)
	try("read the parent's memory", err)
	fd, err := unix.MemfdCreate("x", 0)
	try("memfd", err)
	if err == nil {
		_, _ = unix.Write(fd, []byte("#!/bin/sh\n"))
		_, err = syscall.ForkExec(fmt.Sprintf("/proc/self/fd/%d", fd), []string{"x"}, &syscall.ProcAttr{})
	}
	try("exec memfd", err)
	_, err = unix.Mmap(-1, 0, 4096, unix.PROT_READ|unix.PROT_EXEC, unix.MAP_ANON|unix.MAP_PRIVATE)
	try("map code", err)
	if os.Geteuid() == 0 {
		try("stay root", nil)
	}
	try("become root", unix.Setresuid(0, 0, 0))
}

func pidfd(pid int) error {
	fd, err := unix.PidfdOpen(pid, 0)
	if err != nil {
		return err
	}
	return unix.PidfdSendSignal(fd, unix.SIGCONT, nil, 0)
}

// errnoOf is nil for 0.
func errnoOf(no syscall.Errno) error {
	if no == 0 {
		return nil
	}
	return no
}

func probeKernel(try trier) {
	try("mount", unix.Mount("x", "/tmp", "tmpfs", 0, ""))
	try("unshare net", unix.Unshare(unix.CLONE_NEWNET))
	try("setns", unix.Setns(probeNamespace, unix.CLONE_NEWUTS))
	try("sethostname", unix.Sethostname([]byte("probe")))
	try("module", unix.FinitModule(probeFile, "", 0))
	try("reboot", unix.Reboot(unix.LINUX_REBOOT_CMD_CAD_OFF))
	try("raise a limit", unix.Setrlimit(unix.RLIMIT_CORE, &unix.Rlimit{Cur: 1 << 20, Max: 1 << 20}))
	try("set a clock", unix.Settimeofday(&unix.Timeval{Sec: 1}))
	raw := func(what string, nr uintptr, args ...uintptr) {
		var a [6]uintptr
		copy(a[:], args)
		_, _, no := unix.Syscall6(nr, a[0], a[1], a[2], a[3], a[4], a[5])
		try(what, errnoOf(no))
	}
	at := func(b []byte) uintptr { return uintptr(unsafe.Pointer(&b[0])) }
	zero, array := make([]byte, 256), make([]byte, 256)
	binary.NativeEndian.PutUint32(array, unix.BPF_MAP_TYPE_ARRAY)
	for i := 4; i < 16; i += 4 { // sizes of key and value, and how many
		binary.NativeEndian.PutUint32(array[i:], 4)
	}
	raw("bpf", unix.SYS_BPF, unix.BPF_MAP_CREATE, at(array), 72)
	raw("io_uring", unix.SYS_IO_URING_SETUP, 1, at(zero))
	_, err := unix.PerfEventOpen(&unix.PerfEventAttr{Type: unix.PERF_TYPE_SOFTWARE, Config: unix.PERF_COUNT_SW_TASK_CLOCK, Size: unix.PERF_ATTR_SIZE_VER0}, 0, -1, -1, 0)
	try("perf_event", err)
	raw("userfaultfd", unix.SYS_USERFAULTFD, 1)
	_, err = unix.KeyctlGetKeyringID(unix.KEY_SPEC_THREAD_KEYRING, true)
	try("keyctl", err)
	raw("personality", unix.SYS_PERSONALITY, 0x0040000) // ADDR_NO_RANDOMIZE
	_, err = unix.AddKey("user", "gpuaudit-probe", []byte("x"), unix.KEY_SPEC_THREAD_KEYRING)
	try("add_key", err)
	raw("kexec", unix.SYS_KEXEC_LOAD, 0, 0, 0, 0)
	raw("type into the terminal", unix.SYS_IOCTL, 0, unix.TIOCSTI, at([]byte("x")))
	runtime.KeepAlive(zero)
	runtime.KeepAlive(array)
}
