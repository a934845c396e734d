package sandbox

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"runtime"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/elastic/go-seccomp-bpf/arch"
	"golang.org/x/sys/unix"
)

// TestMain is a judge where Start made this process, and tries what its last argument says.
func TestMain(m *testing.M) {
	if WithCgo {
		fmt.Println("no judge is started by a program built with cgo: CGO_ENABLED=0 tries it as it is shipped")
		return
	}
	if Launched() {
		fmt.Fprintln(os.Stderr, Launch())
		os.Exit(93)
	}
	if what, ok := strings.CutPrefix(os.Args[0], vendorName); ok {
		vendorProgram(what)
		return
	}
	if !Inside() {
		if os.Getenv("GPUAUDIT_TEST_UID") != "" {
			becomeUser()
		}
		if os.Getenv("GPUAUDIT_TEST_SERVICE") != "" {
			becomeService()
		}
		os.Exit(m.Run())
	}
	if err := openForProbe(); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(94)
	}
	pipes := readyPipes()
	p, control, err := Enter()
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(90)
	}
	_ = control.Close()
	switch os.Args[len(os.Args)-1] {
	case "probe":
		err = json.NewEncoder(os.Stdout).Encode(answer{Protection: p, Scratch: p.Scratch, Got: probe(p)})
	case "run":
		err = work(p, pipes)
	case "memory":
		takeMemory()
	case "cpu":
		for n := 0; ; n++ {
			spun.Store(int64(n))
		}
	case "sleep":
		time.Sleep(time.Minute)
	case "seven":
		os.Exit(7)
	case "panic":
		panic("as planned")
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(91)
	}
	os.Exit(0)
}

// becomeUser makes the whole test process that of an ordinary user.
func becomeUser() {
	if err := errors.Join(syscall.Setgroups(nil), syscall.Setresgid(4711, 4711, 4711), syscall.Setresuid(4711, 4711, 4711)); err != nil {
		fmt.Fprintln(os.Stderr, "become a user:", err)
		os.Exit(92)
	}
	_ = unix.Prctl(unix.PR_SET_DUMPABLE, 1, 0, 0, 0) // as it is after a login; its /proc is its own
}

type answer struct {
	Protection *Protection
	Scratch    string
	Got        map[string]syscall.Errno // what was tried -> error, 0 where it was done
}

// judge starts one and returns what it printed.
func judge(t testing.TB, what string, change func(*Options)) (string, int, error) {
	t.Helper()
	fds, err := unix.Socketpair(unix.AF_UNIX, unix.SOCK_SEQPACKET|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		t.Fatal(err)
	}
	mine, theirs := os.NewFile(uintptr(fds[0]), "outside"), os.NewFile(uintptr(fds[1]), "inside")
	defer mine.Close()
	r, w, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	o := Options{Args: []string{os.Args[0], what}, Env: os.Environ(), Stdin: r, Stdout: w, Stderr: w, Control: theirs, Limits: DefaultLimits()}
	if change != nil {
		change(&o)
	}
	p, err := Start(o)
	_ = w.Close()
	_ = theirs.Close()
	if err != nil {
		t.Fatal(err)
	}
	if what == "sleep" {
		time.Sleep(50 * time.Millisecond) // until it has given up its rights, and later
		p.Kill()
	}
	out, err := io.ReadAll(r)
	if err != nil {
		t.Fatal(err)
	}
	code, err := p.Wait()
	return string(out), code, err
}

func probed(t *testing.T, without ...string) answer {
	t.Helper()
	out, code, err := judge(t, "probe", func(o *Options) {
		o.without = without
		o.Args = []string{os.Args[0], fmt.Sprint(os.Getpid()), "probe"}
	})
	if err != nil || code != 0 {
		t.Fatalf("code %d, %v: %s", code, err, out)
	}
	var a answer
	if err := json.Unmarshal([]byte(out), &a); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	a.Protection.Scratch = a.Scratch // which a report does not say
	return a
}

func TestJudgeIsRefusedEverything(t *testing.T) {
	hot, cleanup := inheritable(t)
	defer cleanup()
	a := probed(t)
	if len(a.Got) < 40 {
		t.Errorf("only %d probes", len(a.Got))
	}
	for what, got := range a.Got {
		if want := refusals(what, "", a.Protection); !slices.Contains(want, got) {
			t.Errorf("%s: %v (%d), want one of %v", what, got, got, want)
		}
	}
	if _, tried := a.Got[fmt.Sprintf("read descriptor %d", hot)]; !tried {
		t.Errorf("descriptor %d of the outside's starter was not tried", hot)
	}
	t.Logf("%+v", *a.Protection)
	if os.Geteuid() == 0 && !a.Protection.Whole() {
		t.Skipf("this kernel or container gives less: %v", a.Protection.Missing)
	}
}

// inheritable is a descriptor as a shell hands one down.
func inheritable(t *testing.T) (int, func()) {
	t.Helper()
	fd, err := unix.Open("/dev/zero", unix.O_RDONLY, 0)
	if err != nil {
		t.Fatal(err)
	}
	hot, err := unix.FcntlInt(uintptr(fd), unix.F_DUPFD, 77)
	if err != nil {
		t.Fatal(err)
	}
	return hot, func() { unix.Close(fd); unix.Close(hot) }
}

// TestEachMechanismBehindTheOthers switches each off in turn: what is left refuses what
// it stands for, and the loss is said.
func TestEachMechanismBehindTheOthers(t *testing.T) {
	fd, done := inheritable(t)
	defer done()
	if fd != 77 {
		t.Skipf("descriptor 77 is taken, got %d", fd)
	}
	// What may succeed when one mechanism is off; all else stays refused.
	leaks := map[string][]string{
		Seccomp: {"add_key", "bpf", "socket unix", "socket inet", "socket inet6", "socket netlink route", "socketpair", "memfd", "fork", "unshare user", "userfaultfd", "socket vsock", "keyctl", "signal 0 to itself as a group",
			"map code", "io_uring", "perf_event", "exec memfd", "bind a port", "inotify", "personality", "abstract socket", "mount in a user namespace"},
		OwnID:       {"stay root", "become root"},
		Descriptors: {"read descriptor 77"},
	}
	for _, m := range []string{Namespaces, EmptyRoot, OwnID, Capabilities, NoNewPrivs, RLimits, Landlock, Seccomp, Descriptors} {
		t.Run(m, func(t *testing.T) {
			a := probed(t, m)
			if !slices.ContainsFunc(a.Protection.Missing, func(x Missing) bool { return x.Mechanism == m }) {
				t.Errorf("not said to be missing: %+v", a.Protection)
			}
			if a.Protection.Whole() {
				t.Error("whole")
			}
			for what, got := range a.Got {
				leaked := got == 0 && slices.Contains(leaks[m], what)
				if want := refusals(what, m, a.Protection); !leaked && !slices.Contains(want, got) {
					t.Errorf("%s, without %s: %v (%d), want one of %v", what, m, got, got, want)
				}
			}
			for _, x := range a.Protection.Missing {
				t.Logf("missing: %s: %s", x.Mechanism, x.Cause)
			}
		})
	}
}

// TestAsUser runs the tests above again as an ordinary user.
func TestAsUser(t *testing.T) {
	if os.Geteuid() != 0 {
		t.Skip("is one already")
	}
	t.Setenv("GPUAUDIT_TEST_UID", "1")
	exe, err := os.Open("/proc/self/exe") // the user may not reach the folder of the test
	if err != nil {
		t.Fatal(err)
	}
	defer exe.Close()
	r, w, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	p, err := os.StartProcess("/proc/self/fd/3", []string{os.Args[0], "-test.run=^(TestJudgeIsRefusedEverything|TestEachMechanismBehindTheOthers|TestRuntimeWorks|TestMemory|TestVendorProgram|TestVendorEnds)$", "-test.v"},
		&os.ProcAttr{Dir: "/", Env: os.Environ(), Files: []*os.File{nil, w, w, exe}})
	_ = w.Close()
	if err != nil {
		t.Fatal(err)
	}
	out, _ := io.ReadAll(r)
	state, err := p.Wait()
	if err != nil || !state.Success() || bytes.Count(out, []byte("--- PASS")) < 14 {
		t.Fatalf("%v %v\n%s", err, state, out)
	}
	t.Logf("%s", out)
}

// readyPipes are descriptors as a judge gets them: it makes none.
func readyPipes() (list [][2]*os.File) {
	for range 100 {
		r, w, err := os.Pipe()
		if err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(95)
		}
		list = append(list, [2]*os.File{r, w})
	}
	return list
}

// work makes Go's runtime do all it does.
func work(p *Protection, pipes [][2]*os.File) error {
	var wg sync.WaitGroup
	errs := make(chan error, 400)
	c := make(chan os.Signal, 1)
	signal.Notify(c, syscall.SIGTERM)
	for i := range 300 {
		wg.Go(func() {
			if i%10 == 0 {
				runtime.LockOSThread() // more threads
			}
			var keep [][]byte
			for range 20 {
				keep = append(keep, make([]byte, 64<<10))
				time.Sleep(time.Millisecond)
			}
			runtime.KeepAlive(keep)
			if i >= len(pipes) {
				return
			}
			r, w := pipes[i][0], pipes[i][1]
			go func() { _, _ = w.Write([]byte("x")); _ = w.Close() }()
			if b, err := io.ReadAll(r); err != nil || len(b) != 1 {
				errs <- fmt.Errorf("pipe: %q %v", b, err)
			}
			_ = r.Close()
		})
	}
	for range 10 {
		runtime.GC()
	}
	spun := time.After(50 * time.Millisecond)
	for done := false; !done; { // preempted by signals
		select {
		case <-spun:
			done = true
		default:
		}
	}
	wg.Wait()
	close(errs)
	for err := range errs {
		return err
	}
	if p.Scratch == "" {
		return nil
	}
	dir := p.Scratch + "/a/b"
	if err := errors.Join(os.MkdirAll(dir, 0o700), os.WriteFile(dir+"/f", []byte("x"), 0o600), os.Symlink("b/f", p.Scratch+"/a/l")); err != nil {
		return err
	}
	if b, err := os.ReadFile(p.Scratch + "/a/l"); err != nil || string(b) != "x" {
		return fmt.Errorf("through a link: %q %w", b, err)
	}
	if _, err := os.ReadDir(dir); err != nil {
		return err
	}
	return os.RemoveAll(p.Scratch + "/a")
}

func TestRuntimeWorks(t *testing.T) {
	out, code, err := judge(t, "run", nil)
	if code != 0 || err != nil {
		t.Errorf("code %d, %v: %s", code, err, out)
	}
}

// TestMemory: Go's runtime says that it found no memory, and is ended by the kernel where
// its collector is what found none. Neither is the end of a verb.
func TestMemory(t *testing.T) {
	out, code, err := judge(t, "memory", func(o *Options) { o.Limits.Memory = 256 << 20 })
	switch {
	case code != -1 || err == nil:
		t.Errorf("code %d, %v: %s", code, err, out)
	case errors.Is(err, ErrMemory) && !strings.Contains(err.Error(), "256 MiB"):
		t.Errorf("it does not say how much: %v", err)
	}
}

// spun keeps a loop that only takes time.
var spun atomic.Int64

func TestEnds(t *testing.T) {
	if out, code, err := judge(t, "seven", nil); code != 7 || err != nil {
		t.Errorf("a code: %d, %v: %s", code, err, out)
	}
	if out, _, err := judge(t, "panic", nil); err == nil || !strings.Contains(err.Error(), "as planned") {
		t.Errorf("a panic: %v: %s", err, out)
	}
	if out, _, err := judge(t, "cpu", func(o *Options) { o.Limits.CPU = 1 }); !errors.Is(err, ErrCPU) {
		t.Errorf("too long: %v: %s", err, out)
	}
}

// TestCallsOfBothArchitectures: a name that an architecture lacks would leave it
// without a list.
func TestCallsOfBothArchitectures(t *testing.T) {
	for goarch, a := range map[string]*arch.Info{"amd64": arch.X86_64, "arm64": arch.AARCH64} {
		p := policy(goarch, true, 1)
		for _, g := range p.Syscalls {
			names := slices.Clone(g.Names)
			for _, n := range g.NamesWithCondtions {
				names = append(names, n.Name)
			}
			for _, n := range names {
				if _, ok := a.SyscallNames[n]; !ok {
					t.Errorf("%s has no %s", a.Name, n)
				}
			}
		}
	}
}

func TestMadeUpMarker(t *testing.T) {
	for _, v := range []string{"1", "{}"} {
		t.Setenv(marker, v)
		if _, _, err := Enter(); err == nil || !strings.Contains(err.Error(), marker) {
			t.Errorf("%q: %v", v, err)
		}
	}
}

func TestEnvironment(t *testing.T) {
	got := environment([]string{"TERM=x", "LC_ALL=C", "GODEBUG=x", "LD_PRELOAD=x", "SSH_AUTH_SOCK=x", marker + "=1", "HTTPS_PROXY=x", "TZ=UTC"})
	if want := []string{"TERM=x", "LC_ALL=C", "TZ=UTC"}; !slices.Equal(got, want) {
		t.Error(got)
	}
}

func BenchmarkStart(b *testing.B) {
	b.Run("judge", func(b *testing.B) {
		for b.Loop() {
			if _, code, err := judge(b, "nothing", nil); code != 0 || err != nil {
				b.Fatal(code, err)
			}
		}
	})
	b.Run("plain", func(b *testing.B) {
		for b.Loop() {
			p, err := os.StartProcess("/proc/self/exe", []string{os.Args[0], "-test.run=^$"}, &os.ProcAttr{Env: os.Environ()})
			if err != nil {
				b.Fatal(err)
			}
			if s, err := p.Wait(); err != nil || !s.Success() {
				b.Fatal(s, err)
			}
		}
	})
}

// TestBoundThread: what a judge has to give up on each of its threads, one call for each
// capability, the one thread that starts it has given up already; it inherits what it needs
// to enter, and no more.
func TestBoundThread(t *testing.T) {
	if os.Geteuid() != 0 {
		t.Skip("only root has capabilities to give up")
	}
	type result struct {
		status []byte
		err    error
	}
	done := make(chan result)
	go func() {
		runtime.LockOSThread() // and never unlocked: the thread ends with its goroutine
		boundThread()
		status, err := os.ReadFile("/proc/thread-self/status")
		done <- result{status, err}
	}()
	got := <-done
	if got.err != nil {
		t.Fatal(got.err)
	}
	sets := map[string]string{}
	for line := range strings.Lines(string(got.status)) {
		if name, value, ok := strings.Cut(line, ":"); ok {
			sets[name] = strings.TrimSpace(value)
		}
	}
	// SETGID 6, SETUID 7, SETPCAP 8, SYS_CHROOT 18, SYS_ADMIN 21: linux/capability.h.
	if sets["CapBnd"] != "0000000000000000" || sets["CapInh"] != "00000000002401c0" {
		t.Errorf("bounding set %s, inheritable %s", sets["CapBnd"], sets["CapInh"])
	}
}
