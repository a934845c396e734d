package sandbox

import (
	"errors"
	"fmt"
	"os"
	"runtime/debug"
	"slices"
	"strings"

	"github.com/landlock-lsm/go-landlock/landlock"
	ll "github.com/landlock-lsm/go-landlock/landlock/syscall"
	"golang.org/x/sys/unix"
	"kernel.org/pub/linux/libs/security/libcap/cap"
	"kernel.org/pub/linux/libs/security/libcap/psx"
)

// Enter takes from this process, which [Start] started, what a judge must not have. It is
// called before anything is parsed, and while nothing else runs. What is not in force is
// in the answer; control is the socket over which the judge asks.
func Enter() (p *Protection, control *os.File, err error) {
	w, err := decode(os.Getenv(variable))
	if err != nil {
		return nil, nil, err
	}
	os.Unsetenv(variable)
	// The program's own descriptor has done its work; others were closed by the exec.
	unix.Close(programFD)
	_ = unix.CloseRange(firstSpare, 1<<30, unix.CLOSE_RANGE_CLOEXEC)
	unix.CloseOnExec(controlFD)
	control = os.NewFile(controlFD, "control")

	p = &Protection{Namespaces: w.names, Limits: w.limits}
	if w.refused != "" {
		p.miss(MechanismNamespaces, errors.New(w.refused))
	}
	outside := outsideIDs()
	for _, step := range []struct {
		name string
		take func() error
	}{
		{MechanismLimits, func() error { return p.limit() }},
		{MechanismRoot, func() error { return p.ownRoot() }},
		{MechanismCaps, dropBounding},
		{MechanismID, func() error { return ownID(outside) }},
		{MechanismCaps, dropCapabilities},
		{MechanismPrivileges, noNewPrivileges},
		{MechanismLandlock, func() error { return p.landlock() }},
	} {
		if slices.Contains(w.without, step.name) {
			p.miss(step.name, errors.New("left out"))
			continue
		}
		p.miss(step.name, step.take())
	}
	p.readBack(outside)
	if slices.Contains(w.without, MechanismSeccomp) {
		p.miss(MechanismSeccomp, errors.New("left out"))
	} else {
		p.miss(MechanismSeccomp, p.filter())
	}
	return p, control, nil
}

// told is what [Start] says.
type told struct {
	names   []string
	refused string
	without []string
	limits  Limits
}

func decode(text string) (*told, error) {
	fields := strings.Split(text, "\x1f")
	if len(fields) != 4 {
		return nil, fmt.Errorf("%s is set by this program alone", variable)
	}
	t := &told{names: strings.Fields(fields[0]), refused: fields[1]}
	if fields[2] != "" {
		t.without = strings.Split(fields[2], "+")
	}
	if _, err := fmt.Sscan(fields[3], &t.limits.Data, &t.limits.CPU, &t.limits.Files, &t.limits.FileSize); err != nil {
		return nil, fmt.Errorf("%s: %w", variable, err)
	}
	return t, nil
}

// limit bounds what this process may use. An address space has no limit: Go's runtime
// reserves far more of it than it uses.
func (p *Protection) limit() error {
	for resource, value := range map[int]uint64{
		unix.RLIMIT_DATA: p.Limits.Data, unix.RLIMIT_CPU: p.Limits.CPU, unix.RLIMIT_NOFILE: p.Limits.Files,
		unix.RLIMIT_FSIZE: p.Limits.FileSize, unix.RLIMIT_CORE: 0,
	} {
		var now unix.Rlimit
		if err := unix.Getrlimit(resource, &now); err != nil {
			return fmt.Errorf("getrlimit: %w", err)
		}
		value = min(value, now.Max)
		if err := unix.Setrlimit(resource, &unix.Rlimit{Cur: value, Max: value}); err != nil {
			return fmt.Errorf("setrlimit: %w", err)
		}
	}
	debug.SetMemoryLimit(int64(p.Limits.Data / 4 * 3))
	return nil
}

// scratch is where a folder in memory is mounted before it becomes the root: the first
// of these that there is.
var scratch = []string{"/tmp", "/run", "/mnt", "/dev", "/sys"}

// ownRoot makes an empty folder in memory this process's root directory: a library that
// reads real folders only gets its copy there.
func (p *Protection) ownRoot() error {
	switch {
	case withCgo:
		return errors.New("the program is built with cgo, which needs /proc")
	case !slices.Contains(p.Namespaces, "mount"):
		return errors.New("there is no mount namespace of its own")
	}
	if err := unix.Mount("", "/", "", unix.MS_REC|unix.MS_PRIVATE, ""); err != nil {
		return fmt.Errorf("make mounts private: %w", err)
	}
	at := ""
	for _, dir := range scratch {
		if info, err := os.Stat(dir); err == nil && info.IsDir() {
			at = dir
			break
		}
	}
	const flags = unix.MS_NOSUID | unix.MS_NODEV | unix.MS_NOEXEC
	if err := unix.Mount("tmpfs", at, "tmpfs", flags, "size=64m,nr_inodes=262144,mode=0777"); err != nil {
		return fmt.Errorf("mount a folder in memory: %w", err)
	}
	if err := unix.Chdir(at); err != nil {
		return fmt.Errorf("chdir: %w", err)
	}
	if err := unix.PivotRoot(".", "."); err == nil {
		// The old root lies over the new one now, and goes.
		if err := unix.Unmount(".", unix.MNT_DETACH); err != nil {
			return fmt.Errorf("let the old root go: %w", err)
		}
	} else { // a system that runs from its initramfs
		if err := unix.Mount(".", "/", "", unix.MS_MOVE, ""); err != nil {
			return fmt.Errorf("move the new root: %w", err)
		}
		if err := unix.Chroot("."); err != nil {
			return fmt.Errorf("chroot: %w", err)
		}
	}
	if err := unix.Chdir("/"); err != nil {
		return fmt.Errorf("chdir: %w", err)
	}
	p.EmptyRoot = true
	return nil
}

// ownID changes to the judge's own user and group, where this process may. In a user
// namespace an ordinary user's judge has the caller's id, without its rights.
func ownID(outside [2]int) error {
	if os.Geteuid() != 0 || outside[0] > 0 {
		return nil
	}
	if err := cap.SetGroups(ID); err != nil {
		return fmt.Errorf("change the group: %w", err)
	}
	if err := cap.SetUID(ID); err != nil {
		return fmt.Errorf("change the user: %w", err)
	}
	return nil
}

// dropBounding takes from this process, and from whatever it might start, the way back to
// a capability.
func dropBounding() error {
	may, err := cap.GetProc().GetFlag(cap.Effective, cap.SETPCAP)
	if err != nil || !may {
		return nil // an ordinary user has none, and no_new_privs keeps it so
	}
	var all []cap.Value
	for v := cap.Value(0); v < cap.MaxBits(); v++ {
		all = append(all, v)
	}
	if err := cap.DropBound(all...); err != nil {
		return fmt.Errorf("drop the bounding set: %w", err)
	}
	return nil
}

func dropCapabilities() error {
	if err := cap.ResetAmbient(); err != nil {
		return fmt.Errorf("drop ambient capabilities: %w", err)
	}
	if err := cap.NewSet().SetProc(); err != nil {
		return fmt.Errorf("drop capabilities: %w", err)
	}
	return nil
}

// noNewPrivileges also keeps others of this user from looking into the process, and has
// it end with the one that started it: a change of the user takes that back.
func noNewPrivileges() error {
	for _, call := range [][2]uintptr{{unix.PR_SET_NO_NEW_PRIVS, 1}, {unix.PR_SET_DUMPABLE, 0}, {unix.PR_SET_PDEATHSIG, uintptr(unix.SIGKILL)}} {
		if _, _, errno := psx.Syscall6(unix.SYS_PRCTL, call[0], call[1], 0, 0, 0, 0); errno != 0 {
			return fmt.Errorf("prctl %d: %w", call[0], errno)
		}
	}
	return nil
}

// landlock denies every path but the own folder in memory, all TCP, and signals and
// sockets to others.
func (p *Protection) landlock() error {
	abi, err := ll.LandlockGetABIVersion()
	if err != nil {
		return fmt.Errorf("the kernel has no Landlock: %w", err)
	}
	var rules []landlock.Rule
	if p.EmptyRoot {
		rules = append(rules, landlock.RWDirs("/"))
	}
	if err := landlock.V9.BestEffort().Restrict(rules...); err != nil {
		return err
	}
	p.Landlock = abi
	return nil
}

// readBack asks the kernel what is in force, instead of believing what was returned.
func (p *Protection) readBack(outside [2]int) {
	p.UID, p.GID = os.Geteuid(), os.Getegid()
	if outside[0] >= 0 && p.UID == 0 {
		p.UID, p.GID = outside[0], outside[1]
	}
	if p.UID == 0 && !p.Lacks(MechanismID) {
		p.miss(MechanismID, errors.New("it still is root"))
	}
	caps, err := cap.NewSet().Cf(cap.GetProc())
	p.NoCapabilities = err == nil && caps == 0
	if !p.NoCapabilities {
		p.miss(MechanismCaps, fmt.Errorf("it has: %s", cap.GetProc()))
	}
	on, err := unix.PrctlRetInt(unix.PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0)
	p.NoNewPrivileges = err == nil && on == 1
	if !p.NoNewPrivileges {
		p.miss(MechanismPrivileges, errors.New("it may gain privileges"))
	}
	for _, n := range namespaces {
		if !slices.Contains(p.Namespaces, n.name) {
			p.miss(MechanismNamespaces, fmt.Errorf("no %s namespace of its own", n.name))
		}
	}
}

// outsideIDs are the user and group by which the world outside of a user namespace knows
// this process; -1 where that cannot be told, as when no namespace was made.
func outsideIDs() [2]int {
	ids := [2]int{-1, -1}
	for i, name := range []string{"/proc/self/uid_map", "/proc/self/gid_map"} {
		text, err := os.ReadFile(name)
		if err != nil {
			continue
		}
		var inside, outside, size int
		if n, _ := fmt.Sscan(string(text), &inside, &outside, &size); n == 3 && inside == 0 {
			ids[i] = outside
		}
	}
	return ids
}
