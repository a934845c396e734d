package sandbox

import (
	"errors"
	"fmt"
	"os"
	"strconv"
	"syscall"

	"golang.org/x/sys/unix"
)

// probe tries what a parser that was taken over would, and says how each ended.
func probe(p *Protection) map[string]string {
	got := map[string]string{}
	try := func(what string, err error) {
		if err == nil {
			got[what] = ""
		} else {
			got[what] = err.Error()
		}
	}
	parent, _ := strconv.Atoi(os.Args[1])
	probeFiles(try, parent)
	probeSockets(try)
	probeProcesses(try, parent)
	probeKernel(try)
	if p.Scratch != "" && p.Landlock > 0 {
		if err := os.WriteFile("/file-in-the-root", nil, 0o600); err == nil {
			try("create a file beside the scratch folder", nil)
		}
	}
	return got
}

type trier func(what string, err error)

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
	for fd := 3; fd < 5; fd++ { // the control socket was closed
		try(fmt.Sprintf("stat through descriptor %d", fd), openat(fd))
	}
	_, err := unix.Read(77, make([]byte, 1))
	try("read descriptor 77", err)
	_, err = unix.InotifyInit1(0)
	try("inotify", err)
	_, err = unix.Open("/", unix.O_PATH|unix.O_DIRECTORY, 0)
	if err == nil { // a path descriptor reads nothing
		_, err = unix.Openat(3, "etc/shadow", unix.O_RDONLY, 0)
	}
	try("walk from the root", err)
	try("chroot", unix.Chroot("/"))
	try("mknod", unix.Mknod("/tmp/gpuaudit-node", unix.S_IFCHR|0o600, 0x103))
	_, _, err = handle()
	try("open by handle", err)
}

func openat(fd int) error {
	got, err := unix.Openat(fd, "etc/shadow", unix.O_RDONLY, 0)
	if err == nil {
		unix.Close(got)
	}
	return err
}

func handle() (unix.FileHandle, int, error) {
	h, id, err := unix.NameToHandleAt(unix.AT_FDCWD, "/etc/shadow", 0)
	return h, id, err
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
	try("signal pid 1 from a namespace's outside", signalOne())
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

func signalOne() error {
	if os.Getpid() == 1 {
		return errors.New("is pid 1 of its own namespace")
	}
	return unix.Kill(1, unix.SIGCONT)
}

func probeKernel(try trier) {
	try("mount", unix.Mount("x", "/tmp", "tmpfs", 0, ""))
	try("unshare net", unix.Unshare(unix.CLONE_NEWNET))
	try("setns", unix.Setns(0, 0))
	try("sethostname", unix.Sethostname([]byte("probe")))
	try("module", unix.FinitModule(0, "", 0))
	try("reboot", unix.Reboot(unix.LINUX_REBOOT_CMD_CAD_OFF))
	try("raise a limit", unix.Setrlimit(unix.RLIMIT_CORE, &unix.Rlimit{Cur: 1 << 20, Max: 1 << 20}))
	try("set a clock", unix.Settimeofday(&unix.Timeval{Sec: 1}))
	raw := func(what string, nr uintptr, args ...uintptr) {
		var a [6]uintptr
		copy(a[:], args)
		_, _, e := unix.Syscall6(nr, a[0], a[1], a[2], a[3], a[4], a[5])
		if e == 0 {
			try(what, nil)
		} else {
			try(what, e)
		}
	}
	raw("bpf", unix.SYS_BPF, 0, 0, 0)
	raw("io_uring", unix.SYS_IO_URING_SETUP, 1, 0)
	raw("perf_event", unix.SYS_PERF_EVENT_OPEN, 0, 0, ^uintptr(0), ^uintptr(0), 0)
	raw("userfaultfd", unix.SYS_USERFAULTFD, 1)
	raw("keyctl", unix.SYS_KEYCTL, 0, ^uintptr(2), 1)
	raw("personality", unix.SYS_PERSONALITY, 0xffffffff)
	raw("add_key", unix.SYS_ADD_KEY, 0, 0, 0, 0, 0)
	raw("kexec", unix.SYS_KEXEC_LOAD, 0, 0, 0, 0)
	raw("process_madvise", unix.SYS_PROCESS_MADVISE, 0, 0, 0, 0, 0)
	raw("type into the terminal", unix.SYS_IOCTL, 0, unix.TIOCSTI, 0)
}
