package tempdir_test

import (
	"bufio"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/gpuaudit/gpuaudit/audit/tempdir"
)

const prefix = "gpuaudit-test-"

// TestMain is also the process that is killed: it makes a directory, and waits.
func TestMain(m *testing.M) {
	if parent := os.Getenv("TEMPDIR_PARENT"); parent != "" {
		d, err := tempdir.Make(parent, prefix)
		if err == nil {
			err = os.MkdirAll(filepath.Join(d.Path, "sys", "bus"), 0o700)
		}
		if err != nil {
			fmt.Println(err)
			os.Exit(1)
		}
		fmt.Println(d.Path)
		time.Sleep(time.Minute)
		d.Remove()
	}
	os.Exit(m.Run())
}

// start runs such a process, and returns it with the directory that it made.
func start(t *testing.T, parent string) (*exec.Cmd, string) {
	t.Helper()
	cmd := exec.Command(os.Args[0])
	cmd.Env = append(os.Environ(), "TEMPDIR_PARENT="+parent)
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = cmd.Process.Kill(); _ = cmd.Wait() })
	line, err := bufio.NewReader(out).ReadString('\n')
	if err != nil {
		t.Fatal(err)
	}
	return cmd, strings.TrimSpace(line)
}

func sweep(t *testing.T, parent string, before time.Time) []string {
	t.Helper()
	swept, err := tempdir.Sweep(parent, prefix, before)
	if err != nil {
		t.Fatal(err)
	}
	return swept
}

// TestKilled: what a killed process left is removed, what a live one uses is not.
func TestKilled(t *testing.T) {
	parent := t.TempDir()
	later := time.Now().Add(time.Hour)
	dead, left := start(t, parent)
	_, used := start(t, parent)
	if swept := sweep(t, parent, later); swept != nil {
		t.Fatalf("%q were swept while both processes live", swept)
	}
	if err := dead.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	_ = dead.Wait()
	if swept := sweep(t, parent, time.Now().Add(-time.Hour)); swept != nil {
		t.Fatalf("%q are younger than was asked", swept)
	}
	if swept := sweep(t, parent, later); !slices.Equal(swept, []string{left}) {
		t.Fatalf("%q were swept, want %s", swept, left)
	}
	if _, err := os.Stat(left); err == nil {
		t.Error("what was left is still there")
	}
	if _, err := os.Stat(filepath.Join(used, "sys", "bus")); err != nil {
		t.Error("what is used was taken away")
	}
}

// TestSweepLeavesWhatIsNotOurs: links, files, directories that others may write, and
// other names.
func TestSweepLeavesWhatIsNotOurs(t *testing.T) {
	parent, elsewhere := t.TempDir(), t.TempDir()
	precious := filepath.Join(elsewhere, "precious")
	for _, err := range []error{
		os.WriteFile(precious, nil, 0o600),
		os.Symlink(elsewhere, filepath.Join(parent, prefix+"link")),
		os.WriteFile(filepath.Join(parent, prefix+"file"), nil, 0o600),
		os.Mkdir(filepath.Join(parent, prefix+"open"), 0o700),
		os.Chmod(filepath.Join(parent, prefix+"open"), 0o777),
		os.Mkdir(filepath.Join(parent, "another"), 0o700),
	} {
		if err != nil {
			t.Fatal(err)
		}
	}
	others := filepath.Join(parent, prefix+"others")
	if os.Geteuid() == 0 {
		if err := os.Mkdir(others, 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.Chown(others, 12345, 12345); err != nil {
			t.Fatal(err)
		}
	}
	// One that is ours, with a link inside that leads out.
	ours := filepath.Join(parent, prefix+"ours")
	if err := os.Mkdir(ours, 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink(elsewhere, filepath.Join(ours, "out")); err != nil {
		t.Fatal(err)
	}
	if swept := sweep(t, parent, time.Now().Add(time.Hour)); !slices.Equal(swept, []string{ours}) {
		t.Errorf("%q were swept, want %s alone", swept, ours)
	}
	if _, err := os.Stat(precious); err != nil {
		t.Error("a file behind a link was taken away")
	}
	if _, err := tempdir.Sweep(filepath.Join(parent, "missing"), prefix, time.Now()); err == nil {
		t.Error("no error for a directory that is not there")
	}
}

func TestRemove(t *testing.T) {
	parent := t.TempDir()
	d, err := tempdir.Make(parent, prefix)
	if err != nil {
		t.Fatal(err)
	}
	d.Remove()
	if _, err := os.Stat(d.Path); err == nil {
		t.Error("it is still there")
	}
	if _, err := tempdir.Make(filepath.Join(parent, "missing"), prefix); err == nil {
		t.Error("no error where there is no place")
	}
}
