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
	var drop []cap.Value
	for v := cap.Value(0); v < cap.MaxBits(); v++ {
		if there, berr := cap.GetBound(v); berr == nil && there && !slices.Contains(serviceCaps, v) {
			drop = append(drop, v)
		}
	}
	kept := cap.NewSet()
	err = errors.Join(err, cap.DropBound(drop...), kept.SetFlag(cap.Permitted, true, serviceCaps...), kept.SetFlag(cap.Effective, true, serviceCaps...), kept.SetProc(), noNewPrivs())
	few := seccomp.Policy{DefaultAction: seccomp.ActionAllow, Syscalls: []seccomp.SyscallGroup{{
		Action:             seccomp.ActionErrno,
		NamesWithCondtions: []seccomp.NameWithConditions{when("clone", seccomp.Condition{Argument: 0, Operation: seccomp.BitsSet, Value: unix.CLONE_NEWIPC | unix.CLONE_NEWUTS | unix.CLONE_NEWNET | unix.CLONE_NEWUSER})},
	}}}
	err = errors.Join(err, seccomp.LoadFilter(seccomp.Filter{Flag: seccomp.FilterFlagTSync, Policy: few}))
	if err != nil {
		fmt.Fprintln(os.Stderr, "become a service:", err)
		os.Exit(92)
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
