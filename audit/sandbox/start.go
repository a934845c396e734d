package sandbox

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math"
	"os"
	"runtime"
	"slices"
	"strings"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
	"kernel.org/pub/linux/libs/security/libcap/cap"
)

// Options say what to start and with what.
type Options struct {
	Args, Env             []string // Env is filtered
	Told                  []string // variables that are added, as they are
	Stdin, Stdout, Stderr *os.File
	Control               *os.File // the judge's end of the socket pair
	Limits                Limits

	without []string // mechanisms that a test switches off
}

// ErrMemory and ErrCPU are why a judge ended that took more than it may.
var (
	ErrMemory = errors.New("took more memory than it may")
	ErrCPU    = errors.New("took more processor time than it may")
)

// Process is a judge that runs.
type Process struct {
	process *os.Process
	limits  Limits
	ended   chan struct{}
	crash   chan string
	state   *os.ProcessState
	err     error
}

const (
	allNamespaces = unix.CLONE_NEWNET | unix.CLONE_NEWNS | unix.CLONE_NEWIPC | unix.CLONE_NEWUTS | unix.CLONE_NEWPID
	crashLimit    = 64 << 10
)

// attempt is a set of namespaces to ask for.
type attempt struct {
	flags uintptr
	user  bool // mapped to the id of an ordinary user
	// shared are namespaces of this process that the judge may have with it: they are
	// not the machine's.
	shared uintptr
}

// whole says that no namespace is the machine's.
func (a attempt) whole() bool { return a.flags&allNamespaces|a.shared == allNamespaces }

// attempts are what to ask the kernel for, the best first. A service that has namespaces
// of its own, those of shared, may not be allowed to make more of them.
func attempts(root bool, shared uintptr) []attempt {
	if !root {
		return []attempt{{flags: allNamespaces | unix.CLONE_NEWUSER, user: true}, {flags: (allNamespaces | unix.CLONE_NEWUSER) &^ unix.CLONE_NEWPID, user: true}, {}}
	}
	list := []attempt{{flags: allNamespaces}}
	if shared != 0 {
		list = append(list, attempt{flags: allNamespaces &^ shared, shared: shared})
	}
	return append(list, attempt{flags: allNamespaces | unix.CLONE_NEWUSER}, attempt{flags: allNamespaces &^ unix.CLONE_NEWPID}, attempt{})
}

// The machine's own namespaces have fixed numbers (Linux, include/linux/proc_ns.h).
const machineIPC, machineUTS = "ipc:[4026531839]", "uts:[4026531838]"

// notTheMachines are those of the namespaces of this process that are not the machine's,
// and of which this program uses nothing: System V's memory, the name of the host, and a
// network that is empty but for the loopback.
func notTheMachines() (flags uintptr) {
	if is, err := os.Readlink("/proc/self/ns/ipc"); err == nil && is != machineIPC {
		flags |= unix.CLONE_NEWIPC
	}
	if is, err := os.Readlink("/proc/self/ns/uts"); err == nil && is != machineUTS {
		flags |= unix.CLONE_NEWUTS
	}
	if list, err := os.ReadFile("/proc/self/net/dev"); err == nil && loopbackAlone(string(list)) {
		flags |= unix.CLONE_NEWNET
	}
	return flags
}

// loopbackAlone reads the list of a network's interfaces (proc_pid_net(5)): two lines of
// heads, and one for each, which begins with its name and a colon.
func loopbackAlone(list string) bool {
	names := 0
	for line := range strings.Lines(list) {
		if name, _, ok := strings.Cut(line, ":"); ok {
			if names++; strings.TrimSpace(name) != "lo" {
				return false
			}
		}
	}
	return names == 1
}

// Start starts this program again as a judge. It is executed from a descriptor, so
// that no path and no file put in its place leads elsewhere. It ends with this process.
func Start(o Options) (*Process, error) {
	exe, err := os.Open("/proc/self/exe")
	if err != nil {
		return nil, fmt.Errorf("start the judging process: open this program (is /proc mounted?): %w", err)
	}
	crash, crashEnd, err := os.Pipe()
	if err != nil {
		_ = exe.Close()
		return nil, fmt.Errorf("start the judging process: %w", err)
	}
	// What this process was given by its own starter is not for the judge either.
	_ = unix.CloseRange(3, math.MaxUint32, unix.CLOSE_RANGE_CLOEXEC)
	p := &Process{limits: o.Limits, ended: make(chan struct{}), crash: make(chan string, 1)}
	started := make(chan error, 1)
	files := []*os.File{o.Stdin, o.Stdout, o.Stderr, o.Control, crashEnd, exe}
	go p.run(o, files, started)
	err = <-started
	_ = exe.Close()
	_ = crashEnd.Close()
	if err != nil {
		_ = crash.Close()
		return nil, fmt.Errorf("start the judging process: %w", err)
	}
	go func() {
		said, _ := io.ReadAll(io.LimitReader(crash, crashLimit))
		_, _ = io.Copy(io.Discard, crash)
		_ = crash.Close()
		p.crash <- string(said)
	}()
	return p, nil
}

// run starts the judge and waits for it on one thread: the signal that ends a judge
// when its parent is gone is sent when the thread ends that started it.
func (p *Process) run(o Options, files []*os.File, started chan<- error) {
	runtime.LockOSThread()
	if os.Geteuid() == 0 {
		boundThread()
	}
	var refused []Missing
	for _, a := range attempts(os.Geteuid() == 0, notTheMachines()) {
		if slices.Contains(o.without, Namespaces) {
			a = attempt{}
		}
		s := spec{Limits: o.Limits, Namespaces: names(a.flags), User: a.user, Without: o.without}
		if !a.whole() {
			s.Missing = refused
		}
		if slices.Contains(o.without, Namespaces) {
			s.Missing = []Missing{{Namespaces, errSwitchedOff.Error()}}
		}
		told, err := json.Marshal(s)
		if err != nil {
			started <- err
			return
		}
		attr := &os.ProcAttr{Dir: "/", Env: slices.Concat(environment(o.Env), []string{collector}, o.Told, []string{marker + "=" + string(told)}), Files: files, Sys: attributes(a, ID)}
		p.process, err = os.StartProcess(fmt.Sprintf("/proc/self/fd/%d", exeFD), o.Args, attr)
		if err == nil {
			started <- nil
			p.state, p.err = p.process.Wait()
			close(p.ended)
			return
		}
		if a.flags == 0 {
			started <- err
			return
		}
		refused = append(refused, Missing{Namespaces, strings.Join(s.Namespaces, ", ") + ": " + errors.Unwrap(err).Error()})
	}
}

// attributes start a process in namespaces, in which it has an id of its own.
func attributes(a attempt, id int) *syscall.SysProcAttr {
	sys := &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL, Cloneflags: a.flags}
	switch {
	case a.user:
		sys.UidMappings = []syscall.SysProcIDMap{{ContainerID: id, HostID: os.Geteuid(), Size: 1}}
		sys.GidMappings = []syscall.SysProcIDMap{{ContainerID: id, HostID: os.Getegid(), Size: 1}}
		// Kept over the exec for the empty root alone; given up with the rest.
		sys.AmbientCaps = []uintptr{unix.CAP_SYS_ADMIN, unix.CAP_SYS_CHROOT, unix.CAP_SETPCAP}
	case a.flags&unix.CLONE_NEWUSER != 0:
		both := []syscall.SysProcIDMap{{Size: 1}, {ContainerID: id, HostID: id, Size: 1}}
		sys.UidMappings, sys.GidMappings, sys.GidMappingsEnableSetgroups = both, both, true
	}
	return sys
}

func names(flags uintptr) []string {
	var out []string
	for _, n := range []struct {
		flag uintptr
		name string
	}{{unix.CLONE_NEWUSER, "user"}, {unix.CLONE_NEWNET, "net"}, {unix.CLONE_NEWNS, "mnt"}, {unix.CLONE_NEWIPC, "ipc"}, {unix.CLONE_NEWUTS, "uts"}, {unix.CLONE_NEWPID, "pid"}} {
		if flags&n.flag != 0 {
			out = append(out, n.name)
		}
	}
	return out
}

// boundThread takes from this thread, and from what it starts, what no judge needs even to
// enter, and the bounding set with it. A judge gives up the rest, for which it asks all of
// its threads for each capability of a bounding set: here there is one to ask. What it needs
// to enter it inherits: capabilities(7), P'(permitted) of a program that root executes. What
// fails here is given up there.
func boundThread() {
	entering := []cap.Value{cap.SYS_ADMIN, cap.SYS_CHROOT, cap.SETPCAP, cap.SETUID, cap.SETGID}
	if err := inherit(entering); err == nil {
		entering = nil
	}
	for v := range cap.MaxBits() {
		if !slices.Contains(entering, v) {
			_ = unix.Prctl(unix.PR_CAPBSET_DROP, uintptr(v), 0, 0, 0)
		}
	}
}

// inherit has what this thread starts inherit those capabilities that it has itself.
func inherit(values []cap.Value) error {
	header := unix.CapUserHeader{Version: unix.LINUX_CAPABILITY_VERSION_3}
	var sets [2]unix.CapUserData // of 32 capabilities each
	if err := unix.Capget(&header, &sets[0]); err != nil {
		return err
	}
	sets[0].Inheritable, sets[1].Inheritable = 0, 0
	for _, v := range values {
		set := &sets[v/32]
		set.Inheritable |= set.Permitted & (1 << (v % 32))
	}
	return unix.Capset(&header, &sets[0])
}

// collector has Go's runtime collect garbage of packages that are made ready not at once:
// nearly all of it stays.
const collector = "GOGC=400"

// environment keeps the variables that change how something is printed. Everything
// else is the caller's: tokens, agents, proxies and settings of Go's runtime.
func environment(env []string) []string {
	var kept []string
	for _, e := range env {
		name, _, _ := strings.Cut(e, "=")
		switch name {
		case "TERM", "NO_COLOR", "COLORTERM", "COLUMNS", "LINES", "LANG", "LANGUAGE", "TZ", "SOURCE_DATE_EPOCH":
		default:
			if !strings.HasPrefix(name, "LC_") {
				continue
			}
		}
		kept = append(kept, e)
	}
	return kept
}

// Ask tells the judge to end, and says whether it did so in time.
func (p *Process) Ask(wait time.Duration) bool {
	_ = p.process.Signal(syscall.SIGTERM)
	select {
	case <-p.ended:
		return true
	case <-time.After(wait):
		return false
	}
}

// Kill ends the judge at once.
func (p *Process) Kill() { _ = p.process.Kill() }

// Pid is the number of the judge outside.
func (p *Process) Pid() int { return p.process.Pid }

// Wait waits for the judge's end. The error says why one ended that gave no code.
func (p *Process) Wait() (int, error) {
	<-p.ended
	said := <-p.crash
	p.crash <- said
	if p.err != nil {
		return -1, fmt.Errorf("wait for the judging process: %w", p.err)
	}
	if lackOfMemory(said) {
		return -1, fmt.Errorf("the judging process %w (%d MiB)", ErrMemory, p.limits.Memory>>20)
	}
	status, _ := p.state.Sys().(syscall.WaitStatus)
	if !status.Signaled() {
		if said != "" {
			first, _, _ := strings.Cut(strings.TrimSpace(said), "\n")
			return -1, fmt.Errorf("the judging process broke off: %.200q", first)
		}
		return p.state.ExitCode(), nil
	}
	// The kernel counts ticks for its limit, and more finely for this.
	used := p.state.UserTime() + p.state.SystemTime()
	if p.limits.CPU > 0 && used+200*time.Millisecond >= time.Duration(p.limits.CPU)*time.Second {
		return -1, fmt.Errorf("the judging process %w (%d s)", ErrCPU, p.limits.CPU)
	}
	return -1, fmt.Errorf("the judging process was ended by signal %d (%v)", status.Signal(), status.Signal())
}

// lackOfMemory says whether a fatal error was thrown by what Go's runtime takes memory or
// threads with. The runtime writes the reason to standard error alone; its frames it
// writes to the crash descriptor too.
func lackOfMemory(said string) bool {
	_, after, found := strings.Cut(said, "\nruntime.throw(")
	if !found {
		return false
	}
	for _, line := range strings.SplitN(after, "\n", 8)[1:] {
		for _, by := range [...]string{"(*mheap).", "(*mcache).", "(*pageAlloc).", "mallocgc", "sysMap", "sysUsed", "sysReserve", "sysAlloc", "persistentalloc", "stackalloc", "newosproc"} {
			if strings.HasPrefix(line, "runtime."+by) {
				return true
			}
		}
	}
	return false
}
