package main

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"github.com/gpuaudit/gpuaudit/audit/hosttest"
)

// TestStoppedThenEnded: a scan that is stopped (SIGSTOP, as a shell's ^Z does), told to end
// and let go on ends at once, wherever it was stopped, and nothing is left: a judge that ran
// on meanwhile, and may have ended, holds up nothing.
func TestStoppedThenEnded(t *testing.T) {
	t.Parallel()
	tree := machineTree(t, hosttest.Good())
	mustDo(t, os.MkdirAll(filepath.Join(tree, "run"), 0o755))
	for _, wait := range []time.Duration{20, 60, 90, 120, 200} {
		for _, signal := range []unix.Signal{unix.SIGTERM, unix.SIGHUP} {
			t.Run(fmt.Sprintf("%d ms, %s", wait, unix.SignalName(signal)), func(t *testing.T) {
				v := visit{Tree: tree, Dir: "/work", Args: []string{"scan", "-q", "--read-rom", "--now", "2026-11-24T00:00:00Z", "-o", "json=/work/r.json"}}
				cmd := v.command(t)
				var said bytes.Buffer
				cmd.Stderr = &said
				mustDo(t, cmd.Start())
				time.Sleep(wait * time.Millisecond)
				mustDo(t, unix.Kill(cmd.Process.Pid, unix.SIGSTOP))
				time.Sleep(50 * time.Millisecond)
				mustDo(t, errors.Join(unix.Kill(cmd.Process.Pid, signal), unix.Kill(cmd.Process.Pid, unix.SIGCONT)))
				ended := make(chan error, 1)
				go func() { ended <- cmd.Wait() }()
				select {
				case <-ended:
				case <-time.After(30 * time.Second):
					t.Errorf("it does not end: %s", &said)
					_ = cmd.Process.Kill()
					<-ended
				}
				(&killRun{tree: tree}).clean(t)
			})
		}
	}
}
