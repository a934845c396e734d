package sandbox

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"runtime"
	"slices"
	"strings"
	"syscall"

	"golang.org/x/sys/unix"
)

// Options are what a judge is started with.
type Options struct {
	Args                  []string
	Env                   []string
	Stdin, Stdout, Stderr *os.File
	// Control is the judge's end of the socket over which it asks.
	Control *os.File
	Limits  Limits
	// without leaves mechanisms out, for tests of the others.
	without []string
}

// Process is a judge that runs.
type Process struct {
	cmd  *exec.Cmd
	done chan struct{}
	err  error
}

// namespaces that a judge gets for itself, as far as the kernel gives them.
var namespaces = []struct {
	name string
	flag uintptr
}{{"net", unix.CLONE_NEWNET}, {"mount", unix.CLONE_NEWNS}, {"ipc", unix.CLONE_NEWIPC}, {"pid", unix.CLONE_NEWPID}, {"uts", unix.CLONE_NEWUTS}}

// Start runs this program again, as a judge. The program is the running one itself, by a
// descriptor: no path is looked up. Where the kernel refuses namespaces the judge starts
// with fewer, and knows why.
func Start(ctx context.Context, o Options) (*Process, error) {
	self, err := os.Open("/proc/self/exe")
	if err != nil {
		return nil, fmt.Errorf("start the judging process: open the running program: %w", err)
	}
	defer self.Close()
	// What this process was started with beside its streams is not the judge's.
	_ = unix.CloseRange(controlFD, 1<<30, unix.CLOSE_RANGE_CLOEXEC)
	var refused []string
	for _, way := range ways(o.without) {
		p, err := start(ctx, o, self, way, refused)
		if err == nil {
			return p, nil
		}
		if way.last || !refusal(err) {
			return nil, fmt.Errorf("start the judging process: %w", err)
		}
		refused = append(refused, fmt.Sprintf("%s: %v", way.name, errors.Unwrap(err)))
	}
	panic("unreachable: the last way ends the loop")
}

// way is one manner of starting a judge.
type way struct {
	name  string
	flags uintptr
	names []string
	user  bool // in a user namespace, in which it has the rights that it needs to drop the rest
	last  bool
}

// ways lists the manners of starting, best first: root needs no user namespace, and
// gets one where it has not all rights, as in a container.
func ways(without []string) []way {
	full := way{name: "namespaces"}
	for _, n := range namespaces {
		full.flags |= n.flag
		full.names = append(full.names, n.name)
	}
	user := full
	user.name, user.user, user.flags = "namespaces below a user namespace", true, full.flags|unix.CLONE_NEWUSER
	user.names = append([]string{"user"}, full.names...)
	none := way{name: "none", last: true}
	switch {
	case slices.Contains(without, MechanismNamespaces):
		return []way{none}
	case os.Geteuid() == 0:
		return []way{full, user, none}
	}
	return []way{user, none}
}

// refusal: the kernel does not give a namespace, for whatever reason.
func refusal(err error) bool {
	for _, e := range []error{syscall.EPERM, syscall.EACCES, syscall.EINVAL, syscall.ENOSPC, syscall.EUSERS, syscall.ENOSYS} {
		if errors.Is(err, e) {
			return true
		}
	}
	return false
}

// start starts a judge one way. The thread that starts it waits for it: the kernel ends
// a judge when the thread is gone that it was started by.
func start(ctx context.Context, o Options, self *os.File, w way, refused []string) (*Process, error) {
	cmd := exec.CommandContext(ctx, fmt.Sprintf("/proc/self/fd/%d", programFD))
	cmd.Args = append([]string{"gpuaudit"}, o.Args...)
	cmd.Stdin, cmd.Stdout, cmd.Stderr = o.Stdin, o.Stdout, o.Stderr
	cmd.ExtraFiles = []*os.File{o.Control, self}
	cmd.Env = append(slices.Clone(o.Env), variable+"="+encode(w, refused, o))
	cmd.SysProcAttr = &syscall.SysProcAttr{Cloneflags: w.flags, Pdeathsig: syscall.SIGKILL}
	if w.user {
		cmd.SysProcAttr.UidMappings = []syscall.SysProcIDMap{{ContainerID: 0, HostID: os.Geteuid(), Size: 1}}
		cmd.SysProcAttr.GidMappings = []syscall.SysProcIDMap{{ContainerID: 0, HostID: os.Getegid(), Size: 1}}
	}
	p := &Process{cmd: cmd, done: make(chan struct{})}
	started := make(chan error)
	go func() {
		runtime.LockOSThread() // and never unlocked: the thread ends with this function
		err := cmd.Start()
		started <- err
		if err != nil {
			return
		}
		p.err = cmd.Wait()
		close(p.done)
	}()
	if err := <-started; err != nil {
		return nil, err
	}
	return p, nil
}

// encode is what a judge is told of the way in which it was started.
func encode(w way, refused []string, o Options) string {
	fields := []string{strings.Join(w.names, " "), strings.Join(refused, "; "), strings.Join(o.without, "+"),
		fmt.Sprintf("%d %d %d %d", o.Limits.Data, o.Limits.CPU, o.Limits.Files, o.Limits.FileSize)}
	return strings.Join(fields, "\x1f")
}

// Wait waits for the judge's end. The code is its exit code, -1 where a signal ended it,
// which the error names.
func (p *Process) Wait() (code int, err error) {
	<-p.done
	if exit, ok := errors.AsType[*exec.ExitError](p.err); ok {
		if status, ok := exit.Sys().(syscall.WaitStatus); ok && status.Signaled() {
			return -1, fmt.Errorf("ended by signal %d (%s)", status.Signal(), status.Signal())
		}
		return exit.ExitCode(), nil
	}
	return 0, p.err
}

// Done is closed when the judge ended.
func (p *Process) Done() <-chan struct{} { return p.done }

// Kill ends the judge at once.
func (p *Process) Kill() { _ = p.cmd.Process.Kill() }
