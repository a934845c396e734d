package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/gpuaudit/gpuaudit/audit/hosttest"

	"github.com/gpuaudit/gpuaudit/audit/fleet"
)

// What one input may take, of whatever format, at its own byte limit: memory of the
// largest process of the program, and time. Each device that is judged may
// take perDevice more.
const (
	budgetMemory = 256 << 20
	perDevice    = 4 << 20 / 10
	budgetTime   = 10 * time.Second
)

// measured is what a command line took.
type measured struct {
	Memory int64 // bytes: the peak of the largest process
	// Time is that on the wall or of processors, whichever is less: where others keep the
	// machine busy, the wall tells nothing, and where collecting garbage does, it tells all.
	Time   time.Duration
	Code   int
	Signal string
	Output string // the first bytes of both streams
}

// packageDir is the folder of the tests, whatever folder they go to.
var packageDir, _ = os.Getwd()

// measureOnly is the variable that makes this program the one that measures another.
const measureOnly = "GPUAUDIT_TEST_MEASURE"

// keepOutput names a file for the standard output of what is measured.
const keepOutput = "GPUAUDIT_TEST_OUTPUT"

// measureMain runs its arguments and says what they took. The kernel counts for a process
// what its parent had at the time of the fork, so a parent is needed that has next to
// nothing.
func measureMain() int {
	var said bytes.Buffer
	cmd := exec.Command(os.Args[1], os.Args[2:]...)
	cmd.Env = os.Environ()
	both := &head{to: &said} // one writer, so that one pipe fills it
	cmd.Stdout, cmd.Stderr = both, both
	if name := os.Getenv(keepOutput); name != "" {
		file, err := os.Create(name)
		if err != nil {
			fmt.Fprintln(os.Stderr, err)
			return 1
		}
		defer file.Close()
		cmd.Stdout = file
	}
	start := time.Now()
	err := cmd.Run()
	if _, exited := errors.AsType[*exec.ExitError](err); err != nil && !exited {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	m := measured{Time: time.Since(start), Code: cmd.ProcessState.ExitCode(), Output: said.String()}
	if w := cmd.ProcessState.Sys().(syscall.WaitStatus); w.Signaled() {
		m.Signal = w.Signal().String()
	}
	m.Time = min(m.Time, cmd.ProcessState.UserTime()+cmd.ProcessState.SystemTime())
	m.Memory = cmd.ProcessState.SysUsage().(*syscall.Rusage).Maxrss << 10
	if err := json.NewEncoder(os.Stdout).Encode(m); err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	return 0
}

// head keeps the first bytes that are written to it.
type head struct{ to *bytes.Buffer }

func (h *head) Write(p []byte) (int, error) {
	h.to.Write(p[:min(len(p), max(0, 4096-h.to.Len()))])
	return len(p), nil
}

// measure runs a command line of gpuaudit in a folder and says what it took.
func measure(t *testing.T, dir string, env []string, args ...string) measured {
	t.Helper()
	program := filepath.Join(programDir, "gpuaudit")
	cmd := exec.CommandContext(t.Context(), os.Args[0], append([]string{program}, args...)...)
	cmd.Dir = dir
	cmd.Env = append([]string{measureOnly + "=1", "HOME=" + dir, "PATH=" + os.Getenv("PATH")}, env...)
	var errs bytes.Buffer
	cmd.Stderr = &errs
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("%v: %v\n%s", args, err, errs.String())
	}
	var m measured
	if err := json.Unmarshal(out, &m); err != nil {
		t.Fatalf("%v: %v", args, err)
	}
	return m
}

// bomb is the worst file of one format.
type bomb struct {
	// name is the format, and what is made of it.
	name string
	// build writes the file, and returns the command line that reads it.
	build func(f *forge) []string
	// says is what the command line has to say, so that a bomb reaches the parser that it
	// is made for.
	says string
	// code is the exit code, or 0 where that is of no interest.
	code int
	// devices are judged; long says that it takes so long that it is run with
	// GPUAUDIT_LONG=1 alone; time is a budget of its own where one is published.
	devices int
	long    bool
	time    time.Duration
}

// overBudget is how it is said that a file has more bytes, or more in it, than its kind may.
var overBudget = regexp.MustCompile(`larger than (the limit of )?\d+ bytes|more values than|more than \d+ (values|names|aliases)`)

// TestBudgets holds every input format to the budget, with the worst file of its size.
func TestBudgets(t *testing.T) {
	if testing.Short() {
		t.Skip("measures for half a minute")
	}
	for _, b := range bombs() {
		t.Run(strings.ReplaceAll(b.name, " ", "-"), func(t *testing.T) {
			if b.long && os.Getenv("GPUAUDIT_LONG") == "" {
				t.Skip("takes long: GPUAUDIT_LONG=1 runs it")
			}
			t.Parallel()
			f := &forge{t: t, dir: t.TempDir()}
			args := b.build(f)
			m := measure(t, f.dir, f.env, args...)
			t.Logf("%d MiB, %.1f s, exit code %d: %.300s", m.Memory>>20, m.Time.Seconds(), m.Code, strings.TrimSpace(m.Output))
			memory, limit := int64(budgetMemory+b.devices*perDevice), budgetTime
			if b.time > 0 {
				limit = b.time
			}
			if m.Memory > memory {
				t.Errorf("took %d MiB of memory, at most %d are allowed", m.Memory>>20, memory>>20)
			}
			if m.Time > limit {
				t.Errorf("took %v, at most %v are allowed", m.Time, limit)
			}
			switch {
			case m.Signal != "" || strings.Contains(m.Output, "goroutine ") || strings.Contains(m.Output, "more memory than"):
				t.Errorf("it did not end by itself: %s", m.Signal)
			case !strings.Contains(m.Output, b.says):
				t.Errorf("it does not say %q", b.says)
			case overBudget.MatchString(m.Output) && b.code != exitSignature && m.Code != exitIncomplete: // one rule for every format
				t.Errorf("exit code %d of what is too large, want %d", m.Code, exitIncomplete)
			case b.code != 0 && m.Code != b.code && (b.code == exitSignature || !overBudget.MatchString(m.Output)):
				t.Errorf("exit code %d, want %d", m.Code, b.code)
			}
		})
	}
}

// TestPolicyCheckOfBombs: an input that cannot be read, however large it would be, costs
// its own line and no other.
func TestPolicyCheckOfBombs(t *testing.T) {
	f := &forge{t: t, dir: t.TempDir()}
	f.root(hosttest.Good())
	if m := measure(t, f.dir, nil, "scan", "--quiet", "--root", "root", "-o", "json=good.json", "--now", bombsClock); m.Code == exitUsage {
		t.Fatalf("no report: %s", m.Output)
	}
	f.fill("devices.json", reportOf("devices", 64*mib))
	f.fill("inventory.json", filled{`{"schema":"gpuaudit.report/v1","inventory":{"devices":[{}`, `,{}`, `]}}`, 64 * mib})
	f.fill("text.json", filled{`{"schema":"`, `aaaaaaaaaaaaaaaa`, `"}`, 64 * mib})
	f.fill("large.json", filled{`{"schema":"`, `aaaaaaaaaaaaaaaa`, `"}`, 65 * mib})
	f.fill("entries.json", filled{`{"mediaType":"application/vnd.dev.sigstore.bundle.v0.3+json","verificationMaterial":{"tlogEntries":[{}`, `,{}`, `]}}`, 16 * mib})
	f.capture(filled{`{"listings":{"x":{}`, `,"%x":{}`, `}}`, 16 * mib}.String(), nil)
	f.tar("dense.tar.gz", func(a packed) {
		a.text("gpuaudit-capture.json", captureMeta)
		a.text("index.json", "{}")
		for i := range 4 {
			a.file(fmt.Sprintf("root/%x", i), 31*mib, zero(31*mib))
		}
	})
	f.tar("held.tar", func(a packed) {
		a.text("gpuaudit-capture.json", captureMeta)
		a.text("index.json", "{}")
		for i := range 4 {
			a.file(fmt.Sprintf("root/%x", i), 32*mib, noise(32*mib, i))
		}
	})
	list := []string{"devices.json", "inventory.json", "text.json", "large.json", "entries.json", "c.tar.gz", "dense.tar.gz", "held.tar", "none.json", "/dev/zero"}
	// What is too large is not decided; what is not there, or another kind of file, is a
	// mistake of who named it.
	codeOf := map[string]int{"none.json": exitUsage, "/dev/zero": exitUsage}
	for _, name := range list {
		if codeOf[name] == 0 {
			codeOf[name] = exitIncomplete
		}
	}
	good, err := os.ReadFile(filepath.Join(f.dir, "good.json"))
	f.must(err)
	args := []string{"policy", "check", "--now", bombsClock, "good.json"}
	for i, name := range list {
		args = append(args, name, f.text(fmt.Sprintf("good%d.json", i), string(good)))
	}
	out := filepath.Join(f.dir, "lines")
	m := measure(t, f.dir, []string{keepOutput + "=" + out}, args...)
	text, err := os.ReadFile(out)
	f.must(err)
	lines := strings.Split(strings.TrimSpace(string(text)), "\n")
	if len(lines) != 2*len(list)+1 || m.Code != exitUsage {
		t.Fatalf("%d lines, want %d; exit code %d: %s", len(lines), 2*len(list)+1, m.Code, m.Output)
	}
	for i, line := range lines {
		var l fleet.Line
		f.must(json.Unmarshal([]byte(line), &l))
		want := args[i+4]
		if l.Input != want || (i%2 == 1) != (len(l.Devices) == 0) || i%2 == 1 && (l.ExitCode != codeOf[want] || len(l.Reasons) != 1 || !strings.Contains(l.Reasons[0], want)) {
			t.Errorf("line %d: %.300s", i+1, line)
		}
	}
	if memory := int64(2*budgetMemory + perDevice); m.Memory > memory { // two are read at a time
		t.Errorf("took %d MiB of memory, at most %d are allowed", m.Memory>>20, memory>>20)
	}
	t.Logf("%d MiB, %.1f s", m.Memory>>20, m.Time.Seconds())
}
