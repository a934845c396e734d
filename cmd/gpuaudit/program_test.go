package main

import (
	"bytes"
	"context"
	"encoding/gob"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"runtime/debug"
	"testing"
	"time"

	"github.com/rogpeppe/go-internal/testscript"
)

// In a script, `exec gpuaudit …` starts a process, as a user does, and `gpuaudit …`
// runs the same command line in a process that is there already and has compiled
// the rules: that is ten times as fast, and leaves out Landlock, signals and the
// true standard streams, which cannot be taken back or belong to the process.
// GPUAUDIT_PROGRAM=FILE has every line start that program.

// lineEnv are the variables that a line of a script may rely on without exec.
var lineEnv = [...]string{"PATH", "HOME", "TMPDIR", "COLUMNS", "LANG", "LC_ALL", "GPUAUDIT_KEY_PASSWORD",
	"SYSTEM_CONFIG", "XDG_CONFIG_HOME", "GPUAUDIT_FAIL_ON", "GPUAUDIT_EXPECT", "GPUAUDIT_PACK", "GPUAUDIT_WITNESS"}

// scriptLine is one command line of a script, and lineOutcome what it did.
type scriptLine struct {
	Dir       string
	Env, Args []string
}

type lineOutcome struct {
	Code           int
	Stdout, Stderr []byte
}

// runLines is the process that runs lines, one after the other: it reads them from
// its standard input and answers on descriptor 3.
func runLines() error {
	time.Local = time.UTC // as run does
	lines, outcomes := gob.NewDecoder(os.Stdin), gob.NewEncoder(os.NewFile(3, "outcomes"))
	for {
		var l scriptLine
		if err := lines.Decode(&l); err != nil {
			return err
		}
		o, err := l.run()
		if err == nil {
			err = outcomes.Encode(o)
		}
		if err != nil {
			return err
		}
	}
}

func (l scriptLine) run() (*lineOutcome, error) {
	os.Clearenv()
	errs := []error{os.Chdir(l.Dir)}
	for i, value := range l.Env {
		if value != "" || lineEnv[i] == passphraseEnv { // an empty one says that there is none
			errs = append(errs, os.Setenv(lineEnv[i], value))
		}
	}
	if err := errors.Join(errs...); err != nil {
		return nil, err
	}
	var stdout, stderr bytes.Buffer
	a := &app{
		Stdin: bytes.NewReader(nil), Stdout: &stdout, Stderr: &stderr,
		Now: time.Now, Getenv: os.Getenv, LookupEnv: os.LookupEnv, unconfined: true, own: ownInTests,
		SystemConfig: os.Getenv("SYSTEM_CONFIG"), systemOwner: os.Geteuid(),
	}
	a.InventoryOf = a.inventoryOf
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	code := a.main(ctx, l.Args)
	return &lineOutcome{code, stdout.Bytes(), stderr.Bytes()}, nil
}

// runner is a process that runs lines, seen from the tests.
type runner struct {
	cmd   *exec.Cmd
	lines io.WriteCloser
	enc   *gob.Encoder
	dec   *gob.Decoder
}

func startRunner() (*runner, error) {
	answers, theirs, err := os.Pipe()
	if err != nil {
		return nil, err
	}
	defer theirs.Close()
	cmd := exec.Command(os.Args[0])
	cmd.Env = []string{"GPUAUDIT_TEST_LINES=1"}
	cmd.Stderr = os.Stderr // of a line that panics
	cmd.ExtraFiles = []*os.File{theirs}
	lines, err := cmd.StdinPipe()
	if err != nil {
		return nil, err
	}
	return &runner{cmd, lines, gob.NewEncoder(lines), gob.NewDecoder(answers)}, cmd.Start()
}

func (r *runner) run(l scriptLine) (o lineOutcome, err error) {
	if err = r.enc.Encode(l); err == nil {
		err = r.dec.Decode(&o)
	}
	return o, err
}

// runners are as many as scripts run at a time. Each is started when it is first
// needed.
type runners chan *runner

func newRunners(t *testing.T) runners {
	pool := make(runners, runtime.GOMAXPROCS(0))
	for range cap(pool) {
		pool <- nil
	}
	t.Cleanup(func() {
		for range cap(pool) {
			if r := <-pool; r != nil {
				r.lines.Close()
				_ = r.cmd.Wait() // it ends with the end of its input
			}
		}
	})
	return pool
}

// run is the script command `gpuaudit …`.
func (pool runners) run(ts *testscript.TestScript, neg bool, args []string) {
	if os.Getenv("GPUAUDIT_PROGRAM") != "" {
		if err := ts.Exec("gpuaudit", args...); err == nil == neg {
			ts.Fatalf("gpuaudit %q: %v", args, err)
		}
		return
	}
	r := <-pool
	defer func() { pool <- r }()
	if r == nil {
		var err error
		r, err = startRunner()
		ts.Check(err)
	}
	l := scriptLine{Dir: ts.MkAbs("."), Args: args}
	for _, name := range lineEnv {
		l.Env = append(l.Env, ts.Getenv(name))
	}
	o, err := r.run(l)
	if err != nil {
		r = nil
		ts.Fatalf("gpuaudit %q ended the process that ran it: %v", args, err)
	}
	_, err = ts.Stdout().Write(o.Stdout)
	ts.Check(err)
	_, err = ts.Stderr().Write(o.Stderr)
	ts.Check(err)
	if neg == (o.Code == 0) {
		ts.Fatalf("gpuaudit %q: exit code %d\n%s%s", args, o.Code, o.Stdout, o.Stderr)
	}
}

// ownInTests stands in for the file of the program in what runs in this process.
const ownInTests = "/proc/version"

// programDir is where tests put programs.
var programDir string

// programInPath puts a program of the name gpuaudit before all others, which
// scripts start with exec: GPUAUDIT_PROGRAM, or this test binary. One with cgo starts no
// judge, and the program that ships stands in for it.
func programInPath() (remove func(), err error) {
	dir, err := os.MkdirTemp("", "gpuaudit-test")
	if err != nil {
		return nil, err
	}
	programDir = dir
	program := os.Getenv("GPUAUDIT_PROGRAM")
	switch {
	case program != "":
		program, err = filepath.Abs(program)
	case withCgo:
		program, err = build()
	default:
		program, err = os.Executable()
	}
	if err != nil {
		return nil, err
	}
	err = errors.Join(os.Symlink(program, filepath.Join(dir, "gpuaudit")), os.Setenv("PATH", dir+string(os.PathListSeparator)+os.Getenv("PATH")))
	return func() { _ = os.RemoveAll(dir) }, err
}

// TestMain is also the main function of the processes that tests start.
func TestMain(m *testing.M) {
	enterMachine()
	if filepath.Base(os.Args[0]) == "gpuaudit" {
		main()
	}
	if os.Getenv(measureOnly) != "" {
		_ = os.Unsetenv(measureOnly)
		os.Exit(measureMain())
	}
	if file := os.Getenv(hungry); file != "" {
		os.Exit(eat(file))
	}
	debug.SetGCPercent(400) // as the program that ships
	if os.Getenv("GPUAUDIT_TEST_LINES") != "" {
		if err := runLines(); !errors.Is(err, io.EOF) {
			fmt.Fprintln(os.Stderr, "run lines of scripts:", err)
			os.Exit(1)
		}
		os.Exit(0)
	}
	remove, err := programInPath()
	if err != nil {
		fmt.Fprintln(os.Stderr, "put the program in PATH:", err)
		os.Exit(1)
	}
	code := m.Run()
	remove()
	os.Exit(code)
}
