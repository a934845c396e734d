package machine_test

import (
	"context"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/gpuaudit/gpuaudit/audit/machine"
	"github.com/gpuaudit/gpuaudit/audit/sandbox"
)

// TestMain is also the program that asks NVIDIA's library, where it has that name, and what
// gives up its rights to become it.
func TestMain(m *testing.M) {
	if sandbox.Launched() {
		fmt.Fprintln(os.Stderr, sandbox.Launch())
		os.Exit(90)
	}
	if filepath.Base(os.Args[0]) == "gpuaudit-nvml" {
		answer(filepath.Base(filepath.Dir(os.Args[0])))
		return
	}
	os.Exit(m.Run())
}

// answer does what the folder of the program is named after.
func answer(what string) {
	switch what {
	case "answers":
		fmt.Println(`{"gpus":[]}`)
	case "fails":
		fmt.Fprintln(os.Stderr, "no library")
		os.Exit(3)
	case "floods":
		for {
			if _, err := os.Stdout.WriteString(strings.Repeat("x", 4096)); err != nil {
				os.Exit(1)
			}
		}
	case "names":
		fmt.Print(os.Getuid())
	}
}

// nvmlProgram puts this test binary as the program that asks NVIDIA's library into a
// folder of a name.
func nvmlProgram(t *testing.T, folder string) (dir, name string) {
	t.Helper()
	parent := t.TempDir()
	dir = filepath.Join(parent, folder)
	name = filepath.Join(dir, "gpuaudit-nvml")
	own, err := os.Open("/proc/self/exe")
	if err != nil {
		t.Fatal(err)
	}
	defer own.Close()
	for _, at := range []string{filepath.Dir(parent), parent} {
		if err := os.Chmod(at, 0o755); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.Mkdir(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	f, err := os.OpenFile(name, os.O_CREATE|os.O_WRONLY, 0o755)
	if err != nil {
		t.Fatal(err)
	}
	_, err = io.Copy(f, own)
	if cerr := f.Close(); err != nil || cerr != nil {
		t.Fatal(err, cerr)
	}
	return dir, name
}

// nvidiaRoot is a root directory with a card that NVIDIA's driver runs.
func nvidiaRoot(t *testing.T) string {
	t.Helper()
	root := t.TempDir()
	if err := os.MkdirAll(filepath.Join(root, "sys/bus/pci/drivers/nvidia/0000:01:00.0"), 0o755); err != nil {
		t.Fatal(err)
	}
	return root
}

// TestPlanNVML: only a program that nobody else could have put there is started.
func TestPlanNVML(t *testing.T) {
	root := nvidiaRoot(t)
	plan := func(change func(dir, name string) error) machine.NVMLPlan {
		t.Helper()
		dir, name := nvmlProgram(t, "answers")
		if err := change(dir, name); err != nil {
			t.Fatal(err)
		}
		return machine.PlanNVML(root, []string{"/nonexistent", dir})
	}
	if p := plan(func(string, string) error { return nil }); filepath.Base(p.Program) != "gpuaudit-nvml" || p.Why != "" || p.Refused {
		t.Errorf("one that is in order: %+v", p)
	}
	for name, tc := range map[string]struct {
		change func(dir, name string) error
		says   string
	}{
		"the group may write it":        {func(_, name string) error { return os.Chmod(name, 0o775) }, "others than its owner may write"},
		"all may write beside it":       {func(dir, _ string) error { return os.Chmod(dir, 0o777) }, "others than its owner may write"},
		"all may write further up":      {func(dir, _ string) error { return os.Chmod(filepath.Dir(dir), 0o757) }, "others than its owner may write"},
		"it cannot be executed":         {func(_, name string) error { return os.Chmod(name, 0o644) }, "is no program"},
		"it is a folder":                {func(_, name string) error { return first(os.Remove(name), os.Mkdir(name, 0o755)) }, "is no program"},
		"it is a link to what is worse": {func(_, name string) error { return linked(name) }, "others than its owner may write"},
	} {
		p := plan(tc.change)
		if !p.Refused || p.Program != "" || !strings.Contains(p.Why, tc.says) {
			t.Errorf("%s: %+v, want %q", name, p, tc.says)
		}
	}
	if os.Geteuid() == 0 {
		for _, owned := range []func(dir, name string) string{func(_, name string) string { return name }, func(dir, _ string) string { return dir }} {
			if p := plan(func(dir, name string) error { return os.Chown(owned(dir, name), 4711, 4711) }); !p.Refused || !strings.Contains(p.Why, "belongs to another user") {
				t.Errorf("of another user: %+v", p)
			}
		}
	}
	if p := machine.PlanNVML(root, []string{t.TempDir()}); p.Program != "" || p.Refused || !strings.Contains(p.Why, "is not installed") {
		t.Errorf("none: %+v", p)
	}
	if p := machine.PlanNVML(t.TempDir(), []string{t.TempDir()}); p != (machine.NVMLPlan{}) {
		t.Errorf("no card: %+v", p)
	}
}

// linked moves a program to a folder in which all may write, and leaves a link to it.
func linked(name string) error {
	open := filepath.Join(filepath.Dir(filepath.Dir(name)), "open")
	target := filepath.Join(open, "program")
	return first(os.Mkdir(open, 0o777), os.Chmod(open, 0o777), os.Rename(name, target), os.Symlink(target, name))
}

func first(errs ...error) error {
	for _, err := range errs {
		if err != nil {
			return err
		}
	}
	return nil
}

func TestAskNVML(t *testing.T) {
	if sandbox.WithCgo {
		t.Skip("no program is started by one built with cgo: CGO_ENABLED=0 tries it as it is shipped")
	}
	ask := func(ctx context.Context, folder string) (string, error) {
		_, name := nvmlProgram(t, folder)
		f, err := machine.AskNVML(ctx, name, nil)
		if err != nil {
			return "", err
		}
		return string(f.Data), nil
	}
	if text, err := ask(t.Context(), "answers"); err != nil || text != "{\"gpus\":[]}\n" {
		t.Errorf("%v, %q", err, text)
	}
	if uid, err := ask(t.Context(), "names"); err != nil || os.Geteuid() == 0 && uid != fmt.Sprint(sandbox.VendorID) {
		t.Errorf("it is user %s: %v", uid, err)
	}
	if _, err := ask(t.Context(), "fails"); err == nil || !strings.Contains(err.Error(), "no library") {
		t.Errorf("one that fails: %v", err)
	}
	if _, err := ask(t.Context(), "floods"); err == nil || !strings.Contains(err.Error(), "more than") {
		t.Errorf("one that does not end: %v", err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := ask(ctx, "answers"); err == nil {
		t.Error("one that nobody waits for")
	}
	_, name := nvmlProgram(t, "answers")
	if err := os.Chmod(name, 0o777); err != nil {
		t.Fatal(err)
	}
	if _, err := machine.AskNVML(t.Context(), name, nil); err == nil || !strings.Contains(err.Error(), "others than its owner may write") {
		t.Errorf("one that was opened to all since it was looked for: %v", err)
	}
}
