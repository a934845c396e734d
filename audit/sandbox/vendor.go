package sandbox

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"runtime"
	"strings"
	"syscall"
	"time"

	"github.com/landlock-lsm/go-landlock/landlock"
	ll "github.com/landlock-lsm/go-landlock/landlock/syscall"
	"golang.org/x/sys/unix"
	"kernel.org/pub/linux/libs/security/libcap/psx"
)

// VendorID is the user and group id of a program that loads a vendor's library: unused as
// ID is, and another one, so that such a program has no way to a judge.
const VendorID = 65529

// vendorMarker is the variable by which a process knows that it is to become a vendor's
// program.
const vendorMarker = "GPUAUDIT_VENDOR"

// The descriptors that it starts with, beside the standard ones.
const (
	programFD   = 3
	vendorExeFD = 4
)

// ErrOutput is why a vendor's program ended that said more than it may.
var ErrOutput = errors.New("said more than it may")

// Vendor is a program that loads code of a vendor. It runs as a user of its own, without
// capabilities and network, sees of the machine what is named here, starts no other
// program, and prints its answer. It can map code, ask device nodes anything, and start
// threads: without that no vendor's library works, so that less holds it than a judge.
type Vendor struct {
	// Name is what it is called, Program its opened file. Who opens it answers for what
	// is in it.
	Name    string
	Program *os.File
	// Args are its arguments, without its name.
	Args []string
	// Interpreters are the files that may be executed beside it: what loads it.
	Interpreters []string
	// Read are files and folders that it may read, Nodes the device nodes that it may
	// read, write and ask. What is missing is left out.
	Read, Nodes []string
	// Groups are the groups by which it may open the nodes.
	Groups []int
	// Limits hold it. Output is for what it prints, in bytes.
	Limits Limits
}

// vendorSpec is what Run tells the process that becomes the program.
type vendorSpec struct {
	Name                            string
	Args, Interpreters, Read, Nodes []string
	Groups                    []int
	Limits                    Limits
}

// Run starts the program and is what it printed. It ends with the context, and with this
// process.
func (v *Vendor) Run(ctx context.Context) ([]byte, error) {
	if WithCgo {
		return nil, fmt.Errorf("start %s: this program was built with cgo and cannot give up its rights", v.Name)
	}
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	// The signal that ends it when its parent is gone is sent when the thread ends.
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	exe, err := os.Open("/proc/self/exe")
	if err != nil {
		return nil, fmt.Errorf("start %s: open this program (is /proc mounted?): %w", v.Name, err)
	}
	defer exe.Close()
	var failed error
	for _, a := range vendorAttempts() {
		out, notes := &capped{most: int(v.Limits.Output), over: func() { cancel(ErrOutput) }}, &capped{most: 4096}
		cmd, err := v.command(ctx, a, exe, out, notes)
		if err != nil {
			return nil, err
		}
		if err := cmd.Start(); err != nil {
			if failed = fmt.Errorf("start %s: %w", v.Name, err); a.flags == 0 || ctx.Err() != nil {
				return nil, failed
			}
			continue
		}
		err = v.ended(ctx, cmd.Wait(), cmd.ProcessState, notes)
		return out.kept.Bytes(), err
	}
	return nil, failed
}

// vendorAttempts are what to ask the kernel for, the best first. It sees the machine's
// files, by Landlock's leave. An ordinary user's program is in no namespace: in one of
// that user nothing belongs to root, and whose a library is could not be told.
func vendorAttempts() []attempt {
	if os.Geteuid() != 0 {
		return []attempt{{}}
	}
	list := attempts(true, notTheMachines())
	for i := range list {
		list[i].flags &^= unix.CLONE_NEWNS
	}
	return list
}

func (v *Vendor) command(ctx context.Context, a attempt, exe *os.File, out, notes *capped) (*exec.Cmd, error) {
	told, err := json.Marshal(vendorSpec{v.Name, v.Args, v.Interpreters, v.Read, v.Nodes, v.Groups, v.Limits})
	if err != nil {
		return nil, err
	}
	cmd := exec.CommandContext(ctx, fmt.Sprintf("/proc/self/fd/%d", vendorExeFD))
	cmd.Args = []string{os.Args[0]}
	cmd.Env, cmd.Dir, cmd.WaitDelay = []string{"LC_ALL=C", vendorMarker + "=" + string(told)}, "/", time.Second
	cmd.Stdout, cmd.Stderr, cmd.ExtraFiles = out, notes, []*os.File{v.Program, exe}
	cmd.SysProcAttr = vendorAttributes(a, v.Groups)
	return cmd, nil
}

// vendorAttributes are those of a judge with this id, and with the groups of the nodes.
func vendorAttributes(a attempt, groups []int) *syscall.SysProcAttr {
	sys := attributes(a, VendorID)
	if a.flags&unix.CLONE_NEWUSER != 0 {
		for _, g := range groups {
			if g != 0 && g != VendorID {
				sys.GidMappings = append(sys.GidMappings, syscall.SysProcIDMap{ContainerID: g, HostID: g, Size: 1})
			}
		}
	}
	return sys
}

func (v *Vendor) ended(ctx context.Context, err error, state *os.ProcessState, notes *capped) error {
	used := time.Duration(0)
	if state != nil {
		used = state.UserTime() + state.SystemTime()
	}
	switch cause := context.Cause(ctx); {
	case errors.Is(cause, ErrOutput):
		return fmt.Errorf("%s %w (%d bytes)", v.Name, ErrOutput, v.Limits.Output)
	case cause != nil:
		return fmt.Errorf("%s: no answer: %w", v.Name, cause)
	case err == nil:
		return nil
	case v.Limits.CPU > 0 && used+200*time.Millisecond >= time.Duration(v.Limits.CPU)*time.Second:
		return fmt.Errorf("%s %w (%d s)", v.Name, ErrCPU, v.Limits.CPU)
	}
	return fmt.Errorf("%s: %w: %s", v.Name, err, strings.Join(strings.Fields(notes.kept.String()), " "))
}

// capped keeps what is written up to a limit. The buffer is no part of it by name: its
// own ReadFrom knows no limit.
type capped struct {
	kept bytes.Buffer
	most int
	over func()
}

func (c *capped) Write(p []byte) (int, error) {
	room := c.most - c.kept.Len()
	if len(p) > room && c.over != nil {
		c.over()
	}
	c.kept.Write(p[:min(len(p), max(room, 0))])
	return len(p), nil
}

// Launched says that this process was started to become a vendor's program: call Launch
// before anything else.
func Launched() bool { return os.Getenv(vendorMarker) != "" }

// Launch gives up every right but those of the Vendor that started this process, and
// becomes the program. It returns where that cannot be done. What is given up stays so
// over the exec, which is why a program that loads libraries need not do it: on one that
// is linked with them, Go cannot set the rights of every thread.
func Launch() error {
	var s vendorSpec
	text := os.Getenv(vendorMarker)
	if err := json.Unmarshal([]byte(text), &s); err != nil {
		return fmt.Errorf("the variable %s is set by the program for itself alone, unset it: %w", vendorMarker, err)
	}
	if s.Name == "" || s.Limits.Memory == 0 {
		return fmt.Errorf("the variable %s is set by the program for itself alone, unset it", vendorMarker)
	}
	var st unix.Stat_t
	if err := unix.Fstat(programFD, &st); err != nil || st.Mode&unix.S_IFMT != unix.S_IFREG {
		return fmt.Errorf("descriptor %d is no program: %s is set by the program for itself alone", programFD, vendorMarker)
	}
	if err := s.giveUp(); err != nil {
		return fmt.Errorf("give up the rights that %s does not need: %w", s.Name, err)
	}
	program := fmt.Sprintf("/proc/self/fd/%d", programFD)
	return fmt.Errorf("start %s: %w", s.Name, unix.Exec(program, append([]string{s.Name}, s.Args...), []string{"PATH=/usr/bin:/bin", "LC_ALL=C"}))
}

// giveUp does what Enter does, in its order. All of it must hold, but for Landlock on a
// kernel that has none.
func (s *vendorSpec) giveUp() error {
	var errs []error
	step := func(what string, do func() error) {
		if err := do(); err != nil {
			errs = append(errs, fmt.Errorf("%s: %w", what, err))
		}
	}
	step(Descriptors, closeInherited)
	step(RLimits, s.limit)
	var bounding error
	if os.Geteuid() == 0 { // others cannot, and gain nothing by the set without new privileges
		bounding = dropBounding()
	}
	step(OwnID, func() error {
		if os.Geteuid() != 0 {
			return nil
		}
		return setIDs(VendorID, s.Groups...)
	})
	step(Capabilities, func() error { return errors.Join(bounding, dropCapabilities()) })
	step(NoNewPrivs, noNewPrivs)
	step("end with its parent", func() error {
		if _, _, e := psx.Syscall3(unix.SYS_PRCTL, unix.PR_SET_PDEATHSIG, uintptr(unix.SIGKILL), 0); e != 0 {
			return e
		}
		return nil
	})
	step(Landlock, s.denyPaths)
	step(Seccomp, denyVendorCalls)
	return errors.Join(errs...)
}

func (s *vendorSpec) limit() error {
	var errs []error
	threads := s.Limits.Threads
	if os.Geteuid() != 0 {
		threads = 0 // would count all processes of the caller
	}
	for _, l := range []struct {
		what  int
		value uint64
	}{{unix.RLIMIT_DATA, s.Limits.Memory}, {unix.RLIMIT_CPU, s.Limits.CPU}, {unix.RLIMIT_NOFILE, s.Limits.Files}, {unix.RLIMIT_NPROC, threads}} {
		if l.value != 0 {
			errs = append(errs, lower(l.what, l.value))
		}
	}
	return errors.Join(append(errs, lower(unix.RLIMIT_CORE, 0), lower(unix.RLIMIT_FSIZE, 0))...)
}

// denyPaths denies every path but those that are named, TCP and UDP, and what reaches
// processes outside.
func (s *vendorSpec) denyPaths() error {
	abi, err := ll.LandlockGetABIVersion()
	if err != nil || abi < 1 {
		return nil // the rest holds; a judge of this kernel says that it is missing
	}
	exec := landlock.AccessFSSet(ll.AccessFSExecute | ll.AccessFSReadFile)
	rules := []landlock.Rule{
		landlock.PathAccess(exec, append([]string{fmt.Sprintf("/proc/self/fd/%d", programFD)}, s.Interpreters...)...).IgnoreIfMissing(),
		landlock.PathAccess(ll.AccessFSReadFile|ll.AccessFSWriteFile, s.Nodes...).WithIoctlDev().IgnoreIfMissing(),
	}
	for _, name := range s.Read {
		info, err := os.Stat(name)
		switch {
		case err != nil:
		case info.IsDir():
			rules = append(rules, landlock.PathAccess(ll.AccessFSReadFile|ll.AccessFSReadDir, name).IgnoreIfMissing())
		default:
			rules = append(rules, landlock.PathAccess(ll.AccessFSReadFile, name).IgnoreIfMissing())
		}
	}
	if err := landlock.V11.BestEffort().Restrict(rules...); err != nil {
		return err
	}
	if f, err := os.Open("/"); err == nil {
		_ = f.Close()
		return errors.New("the kernel took the rules and still opens paths")
	}
	return nil
}
