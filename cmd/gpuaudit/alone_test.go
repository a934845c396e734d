package main

import (
	"bytes"
	"context"
	"errors"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/gpuaudit/gpuaudit/audit/hosttest"
)

// TestWithoutProc: where the program cannot be started again, what others wrote is parsed
// with the rights of its user. That is said, whether notes are wanted or not, and in the
// report; a demand for confinement is refused.
func TestWithoutProc(t *testing.T) {
	if os.Geteuid() != 0 {
		t.Skip("only root can change the root directory: run the tests as root")
	}
	t.Parallel()
	root := t.TempDir()
	host, err := hosttest.Named("good")
	if err != nil {
		t.Fatal(err)
	}
	if err := host.WriteTo(filepath.Join(root, "good")); err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(os.Link(builtProgram(t), filepath.Join(root, "gpuaudit")), os.WriteFile(filepath.Join(root, "r.json"), []byte("{}"), 0o600)); err != nil {
		t.Fatal(err)
	}
	const said = "is parsed with the rights of user 0"
	for line, want := range map[string]int{
		"report show r.json": exitUsage, "scan -q -o json": exitIncomplete, "report show -q r.json --require-confinement": exitIncomplete, "version": 0,
		"baseline b --root good --key k --no-passphrase": 0,
	} {
		cmd := exec.Command("/gpuaudit", strings.Fields(line)...)
		cmd.SysProcAttr = &syscall.SysProcAttr{Chroot: root}
		cmd.Dir = "/"
		var out, errs bytes.Buffer
		cmd.Stdout, cmd.Stderr = &out, &errs
		err := cmd.Run()
		if cmd.ProcessState == nil || cmd.ProcessState.ExitCode() != want {
			t.Errorf("%s: %v, want %d: %s", line, err, want, &errs)
		}
		if say := line != "version" && !strings.Contains(line, "require"); strings.Contains(errs.String(), said) != say {
			t.Errorf("%s: %s", line, &errs)
		}
		if strings.Contains(line, "json") && strings.HasPrefix(line, "scan") && !strings.Contains(out.String(), "a process of its own: there is no /proc") {
			t.Errorf("the report does not say it: %s", &out)
		}
	}
}

// TestNothingWithRights: a verb that reads what others wrote does not begin in the process
// with rights, whatever the plan of its command line forgot.
func TestNothingWithRights(t *testing.T) {
	name := filepath.Join(t.TempDir(), "r.json")
	if err := os.WriteFile(name, []byte("{}"), 0o600); err != nil {
		t.Fatal(err)
	}
	for verb := range judged {
		args := append(strings.Fields(verb), name, name)
		var errs bytes.Buffer
		a := &app{Stdin: strings.NewReader(""), Stdout: io.Discard, Stderr: &errs, Now: time.Now, Getenv: func(string) string { return "" }, LookupEnv: func(string) (string, bool) { return "", false }}
		for _, given := range [][]string{args, args[:len(args)-1], args[:len(args)-2]} {
			cmd, rest, err := a.rootCommand().Find(given)
			if err != nil || cmd.ValidateArgs(rest) != nil {
				continue
			}
			errs.Reset()
			code := a.main(context.Background(), given)
			if text := errs.String(); code == 0 || !strings.Contains(text, "nothing is parsed with the rights of its user") && !strings.Contains(text, "required flag") {
				t.Errorf("%v: code %d, %s", given, code, text)
			}
		}
	}
}
