package sandbox

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"runtime"
	"slices"
	"strings"
	"testing"

	seccomp "github.com/elastic/go-seccomp-bpf"
	"golang.org/x/sys/unix"
	"kernel.org/pub/linux/libs/security/libcap/cap"
)

// serviceCaps are those of the shipped unit (deploy/systemd/gpuaudit.service).
var serviceCaps = []cap.Value{cap.SYS_ADMIN, cap.SETUID, cap.SETGID, cap.SETPCAP, cap.KILL}

// becomeService makes the whole test process one as the shipped unit starts it: with few
// capabilities, in net, ipc and uts namespaces of its own, of which it may make no more.
func becomeService() {
	var err error
	if os.Getenv("GPUAUDIT_TEST_SERVICE") == "1" {
		// Namespaces are a thread's: the program is started again in these.
		runtime.LockOSThread()
		err = errors.Join(unix.Unshare(unix.CLONE_NEWIPC|unix.CLONE_NEWUTS|unix.CLONE_NEWNET), os.Setenv("GPUAUDIT_TEST_SERVICE", "2"))
		err = errors.Join(err, unix.Exec("/proc/self/exe", os.Args, os.Environ()))
	}
	caps, denied := serviceCaps, seccomp.SyscallGroup{
		Action:             seccomp.ActionErrno,
		NamesWithCondtions: []seccomp.NameWithConditions{when("clone", seccomp.Condition{Argument: 0, Operation: seccomp.BitsSet, Value: unix.CLONE_NEWIPC | unix.CLONE_NEWUTS | unix.CLONE_NEWNET | unix.CLONE_NEWUSER})},
	}
	if os.Getenv("GPUAUDIT_TEST_SERVICE") == "container" {
		caps, denied = containerCaps, containerDenied
	}
	var drop []cap.Value
	for v := cap.Value(0); v < cap.MaxBits(); v++ {
		if there, berr := cap.GetBound(v); berr == nil && there && !slices.Contains(caps, v) {
			drop = append(drop, v)
		}
	}
	kept := cap.NewSet()
	err = errors.Join(err, cap.DropBound(drop...), kept.SetFlag(cap.Permitted, true, caps...), kept.SetFlag(cap.Effective, true, caps...), kept.SetProc(), noNewPrivs())
	few := seccomp.Policy{DefaultAction: seccomp.ActionAllow, Syscalls: []seccomp.SyscallGroup{denied}}
	err = errors.Join(err, seccomp.LoadFilter(seccomp.Filter{Flag: seccomp.FilterFlagTSync, Policy: few}))
	if err != nil {
		fmt.Fprintln(os.Stderr, "become a service:", err)
		os.Exit(92)
	}
}

// containerCaps are the capabilities that Docker leaves to root of a container, and
// containerDenied of what its list of calls denies to it that by which namespaces and mounts
// are made (moby: oci/caps/defaults.go, profiles/seccomp/default.json).
var (
	containerCaps = []cap.Value{cap.CHOWN, cap.DAC_OVERRIDE, cap.FSETID, cap.FOWNER, cap.MKNOD, cap.NET_RAW, cap.SETGID, cap.SETUID, cap.SETFCAP, cap.SETPCAP, cap.NET_BIND_SERVICE, cap.SYS_CHROOT, cap.KILL, cap.AUDIT_WRITE}

	containerDenied = seccomp.SyscallGroup{
		Action:             seccomp.ActionErrno,
		Names:              []string{"unshare", "setns", "mount", "umount2", "pivot_root", "bpf", "perf_event_open", "keyctl", "add_key", "userfaultfd", "open_by_handle_at", "init_module", "finit_module"},
		NamesWithCondtions: []seccomp.NameWithConditions{when("clone", seccomp.Condition{Argument: 0, Operation: seccomp.BitsSet, Value: namespaceFlags})},
	}
)

// TestInAContainer: where no namespace is to be had, and a list of calls is in force already,
// everything else keeps a judge in, and the loss is said.
func TestInAContainer(t *testing.T) {
	if os.Geteuid() != 0 {
		t.Skip("only root is started so")
	}
	if os.Getenv("GPUAUDIT_TEST_SERVICE") == "" {
		cmd := exec.Command("/proc/self/exe", "-test.run=^(TestInAContainer|TestRuntimeWorks)$", "-test.v")
		cmd.Env = append(os.Environ(), "GPUAUDIT_TEST_SERVICE=container")
		out, err := cmd.CombinedOutput()
		if err != nil || strings.Count(string(out), "--- PASS") != 2 {
			t.Fatalf("%v\n%s", err, out)
		}
		return
	}
	a := probed(t)
	p := a.Protection
	if !p.Seccomp || !p.NoNewPrivs || !p.Capabilities || p.Landlock == 0 || p.UID != ID || len(p.Namespaces) > 0 || p.Scratch != "" || p.misses(OwnID) || !p.misses(Namespaces) || !p.misses(EmptyRoot) {
		t.Errorf("%+v", p)
	}
	for what, got := range a.Got {
		if want := refusals(what, "", p); !slices.Contains(want, got) {
			t.Errorf("%s: %v (%d), want one of %v", what, got, got, want)
		}
	}
}

// TestAsService: under the shipped unit nothing is missing of what keeps a judge in, and
// it can be ended.
func TestAsService(t *testing.T) {
	if os.Geteuid() != 0 {
		t.Skip("only root is started so")
	}
	if os.Getenv("GPUAUDIT_TEST_SERVICE") == "" {
		cmd := exec.Command("/proc/self/exe", "-test.run=^(TestAsService|TestJudgeIsRefusedEverything|TestRuntimeWorks|TestVendorProgram|TestVendorEnds)$", "-test.v")
		cmd.Env = append(os.Environ(), "GPUAUDIT_TEST_SERVICE=1")
		out, err := cmd.CombinedOutput()
		if err != nil || strings.Count(string(out), "--- PASS") != 5 {
			t.Fatalf("%v\n%s", err, out)
		}
		return
	}
	a := probed(t)
	if !a.Protection.Whole() || !slices.Equal(a.Protection.Namespaces, []string{"mnt", "pid"}) {
		t.Errorf("%+v", a.Protection)
	}
	if out, _, err := judge(t, "sleep", nil); err == nil || !strings.Contains(err.Error(), "killed") {
		t.Errorf("it was to be ended: %v: %s", err, out)
	}
}

func TestAttempts(t *testing.T) {
	const both = unix.CLONE_NEWIPC | unix.CLONE_NEWUTS
	for list, want := range map[string]bool{"Inter-|\n face |\n    lo: 0 0\n": true, "Inter-|\n face |\n    lo: 0 0\n  eth0: 1 2\n": false, "": false, "x: 0\n": false} {
		if loopbackAlone(list) != want {
			t.Errorf("%q: %t", list, !want)
		}
	}
	if list := attempts(true, 0); len(list) != 4 || !list[0].whole() || list[2].whole() || list[3].whole() {
		t.Errorf("%+v", list)
	}
	if list := attempts(true, both); len(list) != 5 || !list[1].whole() || list[1].flags&both != 0 || list[0].flags&both != both {
		t.Errorf("%+v", list)
	}
	if list := attempts(false, both); len(list) != 3 || !list[0].whole() || list[1].whole() {
		t.Errorf("%+v", list)
	}
}
