package main

import (
	"bytes"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"github.com/gpuaudit/gpuaudit/audit/hosttest"
)

// gate holds whoever opens or reads a file first (fanotify(7)), until it is opened.
type gate struct {
	file    *os.File
	reached chan int // the number of the process
	open    chan struct{}
}

func holdAt(t *testing.T, name string, mask uint64) *gate {
	t.Helper()
	fd, err := unix.FanotifyInit(unix.FAN_CLASS_CONTENT|unix.FAN_CLOEXEC|unix.FAN_NONBLOCK, unix.O_RDONLY|unix.O_LARGEFILE)
	if err != nil {
		t.Skipf("fanotify is not to be had here: %v", err)
	}
	g := &gate{os.NewFile(uintptr(fd), "fanotify"), make(chan int, 1), make(chan struct{})}
	if err := unix.FanotifyMark(fd, unix.FAN_MARK_ADD, mask, unix.AT_FDCWD, name); err != nil {
		g.file.Close()
		t.Skipf("fanotify gives no say here: %v", err)
	}
	go g.answer()
	return g
}

// answer allows one after the other, the first when the gate is opened.
func (g *gate) answer() {
	b := make([]byte, 24) // struct fanotify_event_metadata
	for first := true; ; first = false {
		if _, err := io.ReadFull(g.file, b); err != nil {
			return
		}
		file, pid := binary.NativeEndian.Uint32(b[16:]), binary.NativeEndian.Uint32(b[20:])
		if first {
			g.reached <- int(pid)
			<-g.open
		}
		_, _ = g.file.Write(binary.NativeEndian.AppendUint32(binary.NativeEndian.AppendUint32(nil, file), unix.FAN_ALLOW))
		_ = unix.Close(int(file))
	}
}

// wait is the process that stands at the gate.
func (g *gate) wait(t *testing.T) {
	t.Helper()
	select {
	case <-g.reached:
	case <-time.After(30 * time.Second):
		t.Fatal("nobody came to the gate")
	}
}

func (g *gate) release() { close(g.open) }

// fullPipe is an output on which whoever writes waits.
func fullPipe(t *testing.T, name string) *os.File {
	t.Helper()
	mustDo(t, unix.Mkfifo(name, 0o600))
	fd, err := unix.Open(name, unix.O_RDWR|unix.O_NONBLOCK|unix.O_CLOEXEC, 0)
	if err != nil {
		t.Fatal(err)
	}
	for full := make([]byte, 4096); err == nil; {
		_, err = unix.Write(fd, full)
	}
	return os.NewFile(uintptr(fd), name)
}

// killStage is where a scan is when a signal comes.
type killStage struct {
	name string
	// file is held when it is opened or read; "" where the report is written.
	file string
	mask uint64
}

const killedCard = "0000:03:00.0"

var killStages = []killStage{
	{"an input is opened", "work/card.rom", unix.FAN_OPEN_PERM},
	{"the machine is read", "sys/bus/pci/devices/" + killedCard + "/vendor", unix.FAN_ACCESS_PERM},
	{"the ROM is opened", "sys/bus/pci/devices/" + killedCard + "/rom", unix.FAN_OPEN_PERM},
	{"the ROM is read", "sys/bus/pci/devices/" + killedCard + "/rom", unix.FAN_ACCESS_PERM},
	{"a module is digested", "lib/modules/6.1.0-40-amd64/kernel/drivers/gpu/amdgpu.ko", unix.FAN_ACCESS_PERM},
	{"reports are written", "", 0},
}

// lackOf stands for a process that gets no memory any more.
const lackOf = syscall.Signal(0)

var killSignals = []syscall.Signal{unix.SIGKILL, unix.SIGTERM, unix.SIGINT, unix.SIGHUP, unix.SIGQUIT, unix.SIGPIPE, lackOf}

func nameOf(s syscall.Signal) string {
	if s == lackOf {
		return "out of memory"
	}
	return unix.SignalName(s)
}

// TestKilledAtEachStage: whatever ends the process outside or the judge, and when, the ROM
// ends disabled, nothing of a scratch folder is left, and outputs are whole or not there.
// What a process cannot do that was killed, the next one does. GPUAUDIT_LONG=1 tries every
// ending at every stage, an ordinary run while the ROM is read alone.
func TestKilledAtEachStage(t *testing.T) {
	t.Parallel()
	for i := range killStages {
		t.Run(killStages[i].name, func(t *testing.T) {
			t.Parallel()
			tree := machineTree(t, hosttest.Good().File("work/card.rom", string(hosttest.GoodROM())))
			mustDo(t, os.MkdirAll(filepath.Join(tree, "run"), 0o755))
			for _, who := range []string{"outside", "judge"} {
				for _, signal := range killSignals {
					if signal != unix.SIGKILL && killStages[i].name != "the ROM is read" && os.Getenv("GPUAUDIT_LONG") == "" {
						continue
					}
					t.Run(who+"/"+nameOf(signal), func(t *testing.T) { (&killRun{tree, &killStages[i], who, signal}).run(t) })
				}
			}
		})
	}
}

type killRun struct {
	tree   string
	stage  *killStage
	who    string
	signal syscall.Signal
}

func (k *killRun) path(name string) string { return filepath.Join(k.tree, name) }

func (k *killRun) run(t *testing.T) {
	v := visit{Tree: k.tree, Dir: "/work", Args: []string{"scan", "-q", "--read-rom", "--now", "2026-11-24T00:00:00Z", "--rom", killedCard + "=/work/card.rom",
		"-o", "json=/work/r.json", "-o", "table=/work/table"}}
	var hold, release func()
	if k.stage.file != "" {
		g := holdAt(t, k.path(k.stage.file), k.stage.mask)
		defer g.file.Close()
		hold, release = func() { g.wait(t) }, g.release
	} else {
		pipe := fullPipe(t, k.path("work/table"))
		defer pipe.Close()
		hold = func() {
			for range 3000 {
				if _, err := os.Stat(k.path("work/r.json")); err == nil {
					return
				}
				time.Sleep(10 * time.Millisecond)
			}
			t.Fatal("no report")
		}
		release = func() { go func() { _, _ = io.Copy(io.Discard, pipe) }() }
	}
	cmd := v.command(t)
	var said bytes.Buffer
	cmd.Stderr = &said
	mustDo(t, cmd.Start())
	hold()
	judge := judgeOf(t, cmd.Process.Pid)
	target := map[string]int{"outside": cmd.Process.Pid, "judge": judge}[k.who]
	if k.signal == lackOf {
		if err := unix.Prlimit(target, unix.RLIMIT_DATA, &unix.Rlimit{Cur: 4096, Max: 4096}, nil); err != nil {
			_ = cmd.Process.Kill()
			release()
			_ = cmd.Wait()
			t.Skipf("the memory of the %s is not to be taken here: %v", k.who, err)
		}
	} else {
		mustDo(t, unix.Kill(target, k.signal))
	}
	ended := make(chan error, 1)
	go func() { ended <- cmd.Wait() }()
	// What a signal ends it ends while it hangs; the rest goes on when the gate opens.
	if !k.fatal() {
		release()
	}
	select {
	case <-ended:
	case <-time.After(30 * time.Second):
		_ = cmd.Process.Kill()
		release()
		t.Fatal("it does not end")
	}
	if k.fatal() {
		release()
	}
	k.judge(t, cmd, judge, said.String())
}

// fatal says that the signal ends who gets it.
func (k *killRun) fatal() bool {
	switch k.signal {
	case unix.SIGKILL:
		return true
	case lackOf, unix.SIGPIPE:
		return false
	case unix.SIGTERM:
		return k.who == "outside" // init of a namespace is ended by KILL alone, from outside
	}
	return k.who == "outside"
}

// judge says what must be so afterwards.
func (k *killRun) judge(t *testing.T, cmd *exec.Cmd, judge int, said string) {
	t.Helper()
	killed := k.who == "outside" && (k.signal == unix.SIGKILL || k.signal == lackOf)
	switch code := cmd.ProcessState.ExitCode(); {
	case killed, k.signal == lackOf, k.signal == unix.SIGTERM && k.who == "judge":
	case k.fatal():
		if code != exitIncomplete {
			t.Errorf("exit %d, want %d: %s", code, exitIncomplete, said)
		}
	default: // the signal ends nobody
		if _, err := os.Stat(k.path("work/r.json")); err != nil || said != "" {
			t.Errorf("exit %d, no report: %v: %s", code, err, said)
		}
	}
	for range 200 { // the kernel ends it, a moment later
		if unix.Kill(judge, 0) != nil {
			break
		}
		time.Sleep(10 * time.Millisecond)
	}
	if unix.Kill(judge, 0) == nil {
		t.Errorf("the judge, %d, lives", judge)
	}
	mustDo(t, os.RemoveAll(k.path("work/table")))
	if killed {
		next := visit{Tree: k.tree, Dir: "/work", Args: []string{"scan", "-q", "--now", "2026-11-24T00:00:00Z", "-o", "json=/work/next.json"}}
		code, _, errs := next.run(t)
		t.Logf("the next one: exit %d: %s", code, errs)
		mustDo(t, os.Remove(k.path("work/next.json")))
	}
	k.clean(t)
}

// clean checks what is left, and lays the ROM out again.
func (k *killRun) clean(t *testing.T) {
	t.Helper()
	rom := k.path("sys/bus/pci/devices/" + killedCard + "/rom")
	if b, err := os.ReadFile(rom); err != nil || bytes.HasPrefix(b, []byte("1\n")) {
		t.Errorf("the ROM ends enabled (%v)", err)
	}
	mustDo(t, os.WriteFile(rom, hosttest.GoodROM(), 0o644))
	for _, pattern := range []string{"run/gpuaudit/*", "work/.gpuaudit-*", "tmp/*gpuaudit*", "dev/*"} {
		if left, _ := filepath.Glob(k.path(pattern)); len(left) > 0 {
			t.Errorf("left behind: %v", left)
		}
	}
	text, err := os.ReadFile(k.path("work/r.json"))
	if err == nil {
		if !json.Valid(text) {
			t.Errorf("half a report: %.100q", text)
		}
		mustDo(t, os.Remove(k.path("work/r.json")))
	} else if !errors.Is(err, os.ErrNotExist) {
		t.Error(err)
	}
}

// judgeOf is the process that another one has started.
func judgeOf(t *testing.T, parent int) int {
	t.Helper()
	list, err := filepath.Glob("/proc/[0-9]*/status")
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range list {
		text, err := os.ReadFile(name)
		if err == nil && strings.Contains(string(text), fmt.Sprintf("\nPPid:\t%d\n", parent)) {
			pid, _ := strconv.Atoi(filepath.Base(filepath.Dir(name)))
			return pid
		}
	}
	t.Fatalf("%d has no judge", parent)
	return 0
}
