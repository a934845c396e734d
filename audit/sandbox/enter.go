package sandbox

import (
	"errors"
	"fmt"
	"math"
	"os"
	"runtime/debug"
	"strconv"
	"time"

	"github.com/landlock-lsm/go-landlock/landlock"
	ll "github.com/landlock-lsm/go-landlock/landlock/syscall"
	"golang.org/x/sys/unix"
	"kernel.org/pub/linux/libs/security/libcap/cap"
	"kernel.org/pub/linux/libs/security/libcap/psx"
)

// Enter gives up every right of this process, on all of its threads. Call it first in
// main, before anything is read that comes from outside. It fails where the process was
// not made by Start; a mechanism that the kernel refuses is in Protection.Missing.
func Enter() (*Protection, *os.File, error) {
	s, err := readSpec()
	if err != nil {
		return nil, nil, err
	}
	var st unix.Stat_t
	if err := unix.Fstat(controlFD, &st); err != nil || st.Mode&unix.S_IFMT != unix.S_IFSOCK {
		return nil, nil, fmt.Errorf("enter the judging process: descriptor %d is no socket: %s is set by the program for itself alone", controlFD, marker)
	}
	unix.CloseOnExec(controlFD)
	control := os.NewFile(controlFD, "control")
	_, _ = time.Now().Zone() // reads the zone's file, once
	p := &Protection{Namespaces: s.Namespaces, Limits: s.Limits, Missing: s.Missing}

	reportCrashes()
	threads, err := openThreads()
	if err != nil {
		p.miss(Seccomp, fmt.Errorf("not to be verified: %w", err))
	}
	defer threads.close()
	step := func(mechanism string, do func() error) {
		if s.without(mechanism) {
			p.miss(mechanism, errSwitchedOff)
			return
		}
		p.miss(mechanism, do())
	}
	step(Descriptors, closeInherited)
	if s.has("mnt") {
		step(EmptyRoot, func() error { return emptyRoot(p, s.Limits.Scratch) })
	} else {
		p.miss(EmptyRoot, errors.New("no mount namespace"))
	}
	step(RLimits, func() error { return limit(p, s) })
	bounding := func() error { return nil }
	if !s.without(Capabilities) {
		err := dropBounding()
		bounding = func() error { return err }
	}
	step(OwnID, func() error { return ownID(s) })
	step(Capabilities, func() error { return errors.Join(bounding(), dropCapabilities()) })
	step(NoNewPrivs, noNewPrivs)
	// A change of ids took the signal away that Start asked for.
	_ = unix.Prctl(unix.PR_SET_DUMPABLE, 0, 0, 0, 0)
	if _, _, e := psx.Syscall3(unix.SYS_PRCTL, unix.PR_SET_PDEATHSIG, uintptr(unix.SIGKILL), 0); e != 0 {
		return nil, nil, fmt.Errorf("enter the judging process: end with its parent: %w", e)
	}
	step(Landlock, func() error { return denyPaths(p) })
	step(Seccomp, func() error { return denyCalls(p.Scratch != "") })
	p.verify(s, threads)
	return p, control, nil
}

func (s *spec) has(namespace string) bool {
	for _, n := range s.Namespaces {
		if n == namespace {
			return true
		}
	}
	return false
}

// reportCrashes sends what Go's runtime says at a fatal error to the outside, which
// tells a lack of memory from wrong usage by it: both end with the same code.
func reportCrashes() {
	crash := os.NewFile(crashFD, "crash")
	if err := debug.SetCrashOutput(crash, debug.CrashOptions{}); err == nil {
		debug.SetTraceback("none")
	}
	_ = crash.Close()
}

// closeInherited closes what was handed down by whoever started the outside. Go opens
// everything with close-on-exec, so what lacks it came over the exec.
func closeInherited() error {
	entries, err := os.ReadDir("/proc/self/fd")
	if err != nil {
		return unix.CloseRange(controlFD+1, math.MaxUint32, 0)
	}
	for _, e := range entries {
		fd, err := strconv.Atoi(e.Name())
		if err != nil || fd <= controlFD {
			continue
		}
		flags, err := unix.FcntlInt(uintptr(fd), unix.F_GETFD, 0)
		if err == nil && flags&unix.FD_CLOEXEC == 0 {
			_ = unix.Close(fd)
		}
	}
	return nil
}

// limit sets what Linux counts. RLIMIT_AS is not among them: Go reserves addresses far
// beyond what it uses, and would not run. When Go collects its garbage is for the
// program to say.
func limit(p *Protection, s *spec) error {
	if own := s.User || os.Geteuid() == 0; !own {
		p.Limits.Threads = 0 // would count all processes of the caller
	}
	var errs []error
	for _, l := range []struct {
		what  int
		value uint64
	}{{unix.RLIMIT_DATA, s.Limits.Memory}, {unix.RLIMIT_CPU, s.Limits.CPU}, {unix.RLIMIT_NOFILE, s.Limits.Files}, {unix.RLIMIT_FSIZE, s.Limits.Output}, {unix.RLIMIT_NPROC, p.Limits.Threads}} {
		if l.value == 0 {
			continue
		}
		errs = append(errs, lower(l.what, l.value))
	}
	return errors.Join(append(errs, lower(unix.RLIMIT_CORE, 0))...)
}

// lower sets a limit to a value, or leaves it at the lower one that the caller has set.
func lower(what int, value uint64) error {
	var old unix.Rlimit
	if err := unix.Getrlimit(what, &old); err == nil {
		value = min(value, old.Max)
	}
	return unix.Setrlimit(what, &unix.Rlimit{Cur: value, Max: value})
}

// noNewPrivs is asked of every thread by hand: Landlock and seccomp both rest on it.
func noNewPrivs() error {
	if _, _, e := psx.Syscall6(unix.SYS_PRCTL, unix.PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0, 0); e != 0 {
		return e
	}
	return nil
}

// dropBounding needs a capability of its own, so it goes first.
func dropBounding() error {
	var there []cap.Value
	for v := cap.Value(0); v < cap.MaxBits(); v++ {
		if ok, err := cap.GetBound(v); err == nil && ok {
			there = append(there, v)
		}
	}
	if len(there) == 0 {
		return nil
	}
	if err := cap.DropBound(there...); err != nil {
		return fmt.Errorf("bounding set: %w", err)
	}
	return nil
}

func dropCapabilities() error {
	return errors.Join(cap.ResetAmbient(), cap.NewSet().SetProc())
}

// ownID takes the id of the judge. A namespace of an ordinary user maps it already, and
// lets nobody change groups.
func ownID(s *spec) error {
	if s.User {
		return nil
	}
	if os.Geteuid() != 0 {
		return fmt.Errorf("uid %d is an ordinary user's: only root, or a user namespace, has another to give", os.Geteuid())
	}
	return setIDs(ID)
}

// denyPaths denies every path but the scratch folder, TCP and UDP ports, and what
// reaches processes outside: signals and abstract sockets.
func denyPaths(p *Protection) error {
	abi, err := ll.LandlockGetABIVersion()
	if err != nil || abi < 1 {
		return errors.New("not in this kernel, or not enabled at its start")
	}
	var rules []landlock.Rule
	if p.Scratch != "" {
		rules = append(rules, landlock.RWDirs(p.Scratch))
	}
	if err := landlock.V11.BestEffort().Restrict(rules...); err != nil {
		return err
	}
	if f, err := os.Open("/"); err == nil {
		_ = f.Close()
		return errors.New("the kernel took the rules and still opens paths")
	}
	p.Landlock = abi
	return nil
}
