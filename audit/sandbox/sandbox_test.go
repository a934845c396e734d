package sandbox

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"runtime"
	"runtime/debug"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

// TestMain lets the test binary be its own judge, and an ordinary user's caller.
func TestMain(m *testing.M) {
	if Inside() {
		judge()
		return
	}
	os.Exit(m.Run())
}

// findings are what a judge in a test says of itself.
type findings struct {
	Protection *Protection
	// Allowed are acts that were not refused, Broken what should work and does not.
	Allowed, Broken []string
}

// judge enters, and does what its first argument says.
func judge() {
	parent := os.Getppid()
	p, control, err := Enter()
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(9)
	}
	switch os.Args[1] {
	case "probe":
		f := findings{Protection: p}
		probe(&f, parent)
		work(&f, p.EmptyRoot)
		text, err := json.Marshal(f)
		if err != nil {
			os.Exit(9)
		}
		_, _ = control.Write(text)
	case "sleep":
		_, _ = control.Write([]byte("ready"))
		signal.Ignore(syscall.SIGTERM)
		time.Sleep(time.Minute)
	case "memory":
		var hold [][]byte
		for {
			b := make([]byte, 1<<20)
			for i := 0; i < len(b); i += 4096 {
				b[i] = 1
			}
			hold = append(hold, b)
		}
	case "spin":
		for {
		}
	case "nothing":
	}
	os.Exit(0)
}

// probe tries what a judge must not be able to do.
func probe(f *findings, parent int) {
	refused := func(name string, try func() error) {
		if err := try(); err == nil {
			f.Allowed = append(f.Allowed, name)
		}
	}
	for _, name := range []string{"/etc/shadow", "/etc/passwd", "/proc/1/environ", fmt.Sprintf("/proc/%d/environ", parent), "/proc/self/exe", "/sys/kernel", "/dev/mem", "/root", "/home"} {
		refused("open "+name, func() error {
			fd, err := unix.Open(name, unix.O_RDONLY, 0)
			if err == nil {
				unix.Close(fd)
			}
			return err
		})
	}
	for _, name := range []string{"/etc/x", "/var/x", "/usr/x", "/root/x"} {
		refused("create "+name, func() error {
			fd, err := unix.Open(name, unix.O_CREAT|unix.O_WRONLY, 0o600)
			if err == nil {
				unix.Close(fd)
				unix.Unlink(name)
			}
			return err
		})
	}
	for name, s := range map[string][3]int{
		"inet": {unix.AF_INET, unix.SOCK_STREAM, 0}, "inet datagram": {unix.AF_INET, unix.SOCK_DGRAM, 0}, "inet6": {unix.AF_INET6, unix.SOCK_STREAM, 0},
		"unix": {unix.AF_UNIX, unix.SOCK_STREAM, 0}, "netlink": {unix.AF_NETLINK, unix.SOCK_RAW, 0}, "packet": {unix.AF_PACKET, unix.SOCK_RAW, 0},
		"raw": {unix.AF_INET, unix.SOCK_RAW, unix.IPPROTO_ICMP}, "vsock": {unix.AF_VSOCK, unix.SOCK_STREAM, 0}, "alg": {unix.AF_ALG, unix.SOCK_SEQPACKET, 0},
	} {
		refused("socket "+name, func() error {
			fd, err := unix.Socket(s[0], s[1], s[2])
			if err == nil {
				unix.Close(fd)
			}
			return err
		})
	}
	refused("start a program", func() error { return exec.Command("/bin/true").Run() })
	refused("become another program", func() error {
		return unix.Exec("/bin/true", []string{"true"}, nil)
	})
	raw := func(number uintptr, args ...uintptr) func() error {
		a := append(args, 0, 0, 0, 0, 0, 0)
		return func() error {
			if _, _, errno := unix.RawSyscall6(number, a[0], a[1], a[2], a[3], a[4], a[5]); errno != 0 {
				return errno
			}
			return nil
		}
	}
	refused("fork", func() error {
		pid, _, errno := unix.RawSyscall(unix.SYS_CLONE, uintptr(unix.SIGCHLD), 0, 0)
		if errno == 0 && pid == 0 {
			unix.Exit(0)
		}
		if errno != 0 {
			return errno
		}
		return nil
	})
	refused("ptrace of the parent", raw(unix.SYS_PTRACE, unix.PTRACE_ATTACH, uintptr(parent)))
	refused("signal to the parent", func() error { return unix.Kill(max(parent, 1), 0) })
	refused("signal to everybody", func() error { return unix.Kill(-1, 0) })
	refused("mount", func() error { return unix.Mount("tmpfs", "/", "tmpfs", 0, "") })
	refused("unshare", func() error { return unix.Unshare(unix.CLONE_NEWUSER) })
	refused("a new namespace's descriptor", func() error { return unix.Setns(0, 0) })
	refused("chroot", func() error { return unix.Chroot("/") })
	refused("load a module", raw(unix.SYS_FINIT_MODULE))
	refused("bpf", raw(unix.SYS_BPF))
	refused("io_uring", raw(unix.SYS_IO_URING_SETUP, 1))
	refused("perf", raw(unix.SYS_PERF_EVENT_OPEN))
	refused("userfaultfd", raw(unix.SYS_USERFAULTFD))
	refused("keys", raw(unix.SYS_KEYCTL))
	refused("the parent's memory", func() error {
		if parent == 0 {
			return unix.ESRCH // it is in no namespace of this process
		}
		b := make([]byte, 1)
		_, err := unix.ProcessVMReadv(parent, []unix.Iovec{{Base: &b[0], Len: 1}}, []unix.RemoteIovec{{Base: 0x400000, Len: 1}}, 0)
		return err
	})
	refused("a file in memory", func() error {
		fd, err := unix.MemfdCreate("x", 0)
		if err == nil {
			unix.Close(fd)
		}
		return err
	})
	refused("reboot", raw(unix.SYS_REBOOT, 1, 2, 3))
	if f.Protection.UID == ID {
		refused("root again", func() error { return unix.Setresuid(0, 0, 0) })
	}
	refused("host name", func() error { return unix.Sethostname([]byte("x")) })
	refused("terminal input", raw(unix.SYS_IOCTL, 0, unix.TIOCSTI))
	for fd := firstSpare; fd < 64; fd++ { // what the caller left open
		if flags, err := unix.FcntlInt(uintptr(fd), unix.F_GETFD, 0); err == nil && flags&unix.FD_CLOEXEC == 0 {
			f.Allowed = append(f.Allowed, fmt.Sprintf("descriptor %d", fd))
		}
	}
}

// work does what a verb does: it makes threads and garbage, waits, reads and writes what
// it was given, and in its own folder.
func work(f *findings, folder bool) {
	var wg sync.WaitGroup
	for range 64 {
		wg.Go(func() {
			runtime.LockOSThread() // each a thread of its own
			_ = make([]byte, 4<<20)
			time.Sleep(time.Millisecond)
		})
	}
	wg.Wait()
	runtime.GC()
	debug.FreeOSMemory()
	if _, err := time.Now().MarshalText(); err != nil {
		f.Broken = append(f.Broken, err.Error())
	}
	r, w, err := os.Pipe()
	if err != nil {
		f.Broken = append(f.Broken, err.Error())
		return
	}
	go func() { _, _ = w.Write([]byte("x")); w.Close() }()
	if b, err := io.ReadAll(r); err != nil || string(b) != "x" {
		f.Broken = append(f.Broken, fmt.Sprint("pipe ", err))
	}
	if !folder {
		return
	}
	if err := os.MkdirAll("/sys/bus/pci", 0o700); err != nil {
		f.Broken = append(f.Broken, err.Error())
	}
	if err := os.WriteFile("/sys/bus/pci/x", []byte("y"), 0o600); err != nil {
		f.Broken = append(f.Broken, err.Error())
	}
	if err := os.Symlink("x", "/sys/bus/pci/link"); err != nil {
		f.Broken = append(f.Broken, err.Error())
	}
	if b, err := os.ReadFile("/sys/bus/pci/link"); err != nil || string(b) != "y" {
		f.Broken = append(f.Broken, fmt.Sprint("own folder: ", err))
	}
	if list, err := os.ReadDir("/"); err != nil || len(list) != 1 {
		f.Broken = append(f.Broken, fmt.Sprint("own folder: ", list, err))
	}
	if err := os.RemoveAll("/sys"); err != nil {
		f.Broken = append(f.Broken, err.Error())
	}
}

// run starts a judge and gives what it said over its socket.
func run(t testing.TB, verb string, without ...string) (said []byte, p *Process) {
	t.Helper()
	if withCgo {
		t.Skip("the program is shipped without cgo: CGO_ENABLED=0 tries it as it is")
	}
	pair, err := unix.Socketpair(unix.AF_UNIX, unix.SOCK_SEQPACKET|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		t.Fatal(err)
	}
	theirs, ours := os.NewFile(uintptr(pair[0]), "theirs"), os.NewFile(uintptr(pair[1]), "ours")
	t.Cleanup(func() { ours.Close() })
	limits := DefaultLimits()
	if verb == "memory" {
		limits.Data = 256 << 20
	}
	if verb == "spin" {
		limits.CPU = 1
	}
	p, err = Start(t.Context(), Options{Args: []string{verb}, Env: []string{"GOTRACEBACK=none"}, Stderr: os.Stderr, Control: theirs, Limits: limits, without: without})
	theirs.Close()
	if err != nil {
		t.Fatal(err)
	}
	if verb == "probe" || verb == "sleep" {
		b := make([]byte, 64<<10)
		n, err := ours.Read(b)
		if err != nil && !errors.Is(err, io.EOF) {
			t.Fatal(err)
		}
		said = b[:n]
	}
	return said, p
}

func probed(t testing.TB, without ...string) findings {
	t.Helper()
	said, p := run(t, "probe", without...)
	if code, err := p.Wait(); code != 0 || err != nil {
		t.Fatalf("the judge ended with %d, %v", code, err)
	}
	var f findings
	if err := json.Unmarshal(said, &f); err != nil {
		t.Fatalf("%v: %q", err, said)
	}
	return f
}

// TestProbe: nothing that a judge must not do can be done, and what it needs works.
func TestProbe(t *testing.T) {
	spare, err := os.Open("/")
	if err != nil {
		t.Fatal(err)
	}
	defer spare.Close()
	_, _ = unix.FcntlInt(spare.Fd(), unix.F_SETFD, 0) // as a shell leaves one open
	f := probed(t)
	t.Logf("%s; missing: %v", f.Protection, f.Protection.Missing)
	for _, what := range f.Allowed {
		t.Errorf("allowed: %s", what)
	}
	for _, what := range f.Broken {
		t.Errorf("broken: %s", what)
	}
	if os.Geteuid() == 0 && f.Protection.Whole() && f.Protection.UID != ID {
		t.Errorf("it runs as %d", f.Protection.UID)
	}
}

// TestWithout: where a mechanism is missing it is said, and the others still hold.
func TestWithout(t *testing.T) {
	for mechanism, may := range map[string][]string{
		MechanismNamespaces: nil,
		MechanismRoot:       nil,
		MechanismLandlock:   nil,
		MechanismID:         nil,
		MechanismLimits:     nil,
	} {
		t.Run(mechanism, func(t *testing.T) {
			f := probed(t, mechanism)
			if !f.Protection.Lacks(mechanism) || f.Protection.Whole() {
				t.Errorf("nothing is said to be missing: %+v", f.Protection)
			}
			if got := strings.Join(f.Allowed, ", "); got != strings.Join(may, ", ") {
				t.Errorf("allowed: %s", got)
			}
		})
	}
	// The filter of system calls is the widest of them. Without it an empty root, own
	// namespaces and missing rights still refuse whatever reaches somebody else.
	f := probed(t, MechanismSeccomp)
	if !f.Protection.Lacks(MechanismSeccomp) {
		t.Errorf("%+v", f.Protection)
	}
	for _, what := range f.Allowed {
		switch what {
		case "open /proc/self/exe", "open /sys/kernel":
			t.Errorf("allowed without the filter: %s", what)
		}
		if strings.HasPrefix(what, "open ") || strings.HasPrefix(what, "create ") || strings.Contains(what, "parent") && what != "signal to the parent" || what == "mount" || what == "root again" || what == "load a module" || what == "start a program" {
			t.Errorf("allowed without the filter: %s", what)
		}
	}
	t.Logf("without the filter: %s", strings.Join(f.Allowed, ", "))
}

// TestOrdinaryUser: the same, started by a user without rights.
func TestOrdinaryUser(t *testing.T) {
	if os.Geteuid() != 0 {
		t.Skip("it runs as an ordinary user anyway")
	}
	binary, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	dir, err := os.MkdirTemp("/tmp", "judge")
	if err != nil {
		t.Fatal(err)
	}
	defer os.RemoveAll(dir)
	copied := filepath.Join(dir, "sandbox.test")
	b, err := os.ReadFile(binary)
	if err == nil {
		err = errors.Join(os.WriteFile(copied, b, 0o755), os.Chmod(dir, 0o755), os.Chmod(copied, 0o755))
	}
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(copied, "-test.run", "^(TestProbe|TestMemory)$", "-test.v")
	cmd.Dir = "/"
	cmd.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: 54321, Gid: 54321}}
	out, err := cmd.CombinedOutput()
	t.Logf("%s", out)
	if err != nil {
		t.Error(err)
	}
}

// TestMemory: a judge that takes more than it may ends with an error, and the outside sees
// that.
func TestMemory(t *testing.T) {
	_, p := run(t, "memory")
	if code, err := p.Wait(); code == 0 && err == nil {
		t.Error("it ended well")
	}
}

func TestTime(t *testing.T) {
	_, p := run(t, "spin")
	if code, err := p.Wait(); code != -1 || err == nil || !strings.Contains(err.Error(), "signal") {
		t.Errorf("%d %v", code, err)
	}
}

func TestKill(t *testing.T) {
	_, p := run(t, "sleep")
	p.Kill()
	if code, err := p.Wait(); code != -1 || err == nil {
		t.Errorf("%d %v", code, err)
	}
}

// TestNotStarted: nobody else can make this program enter.
func TestNotStarted(t *testing.T) {
	for _, text := range []string{"1", "", "a\x1fb\x1fc\x1fd"} {
		if _, err := decode(text); err == nil {
			t.Errorf("%q was taken", text)
		}
	}
}

// BenchmarkStart is a judge that does nothing, beside the same program started plainly.
func BenchmarkStart(b *testing.B) {
	binary, err := os.Executable()
	if err != nil {
		b.Fatal(err)
	}
	b.Run("judge", func(b *testing.B) {
		for b.Loop() {
			_, p := run(b, "nothing")
			if _, err := p.Wait(); err != nil {
				b.Fatal(err)
			}
		}
	})
	b.Run("plain", func(b *testing.B) {
		for b.Loop() {
			if err := exec.Command(binary, "-test.run", "^$").Run(); err != nil {
				b.Fatal(err)
			}
		}
	})
}
