package outfile_test

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/gpuaudit/gpuaudit/audit/outfile"
)

func fill(text string) func(io.Writer) error {
	return func(w io.Writer) error {
		_, err := io.WriteString(w, text)
		return err
	}
}

// only fails when a folder holds anything beside the files named.
func only(t *testing.T, dir string, want ...string) {
	t.Helper()
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, e := range entries {
		names = append(names, e.Name())
	}
	if strings.Join(names, " ") != strings.Join(want, " ") {
		t.Errorf("the folder holds %q, want %q", names, want)
	}
}

func mode(t *testing.T, name string) fs.FileMode {
	t.Helper()
	info, err := os.Stat(name)
	if err != nil {
		t.Fatal(err)
	}
	return info.Mode().Perm()
}

func TestNewFilesFollowTheUmask(t *testing.T) {
	old := syscall.Umask(0o027)
	defer syscall.Umask(old)
	dir := t.TempDir()
	for name, tc := range map[string]struct{ asked, want fs.FileMode }{
		"report": {outfile.Public, 0o640}, "capture": {outfile.Private, 0o600},
	} {
		path := filepath.Join(dir, name)
		if err := outfile.Write(path, tc.asked, fill(name)); err != nil {
			t.Fatal(err)
		}
		if got := mode(t, path); got != tc.want {
			t.Errorf("%s has mode %o, want %o", name, got, tc.want)
		}
	}
	only(t, dir, "capture", "report")
}

func TestAFileKeepsItsModeAndALinkItsPlace(t *testing.T) {
	dir := t.TempDir()
	file, link := filepath.Join(dir, "file"), filepath.Join(dir, "link")
	if err := os.WriteFile(file, []byte("old"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink("file", link); err != nil {
		t.Fatal(err)
	}
	if err := outfile.Write(link, outfile.Public, fill("new")); err != nil {
		t.Fatal(err)
	}
	if to, err := os.Readlink(link); err != nil || to != "file" {
		t.Errorf("the link leads to %q: %v", to, err)
	}
	if text, _ := os.ReadFile(file); string(text) != "new" {
		t.Errorf("the file holds %q", text)
	}
	if got := mode(t, file); got != 0o600 {
		t.Errorf("the mode became %o", got)
	}
	only(t, dir, "file", "link")
}

func TestWhatFailsLeavesEverythingAsItWas(t *testing.T) {
	dir := t.TempDir()
	file := filepath.Join(dir, "file")
	if err := os.WriteFile(file, []byte("old"), 0o644); err != nil {
		t.Fatal(err)
	}
	broken := errors.New("broken")
	err := outfile.Write(file, outfile.Public, func(w io.Writer) error {
		_, _ = io.WriteString(w, "half")
		return broken
	})
	if !errors.Is(err, broken) {
		t.Errorf("the error is %v", err)
	}
	if text, _ := os.ReadFile(file); string(text) != "old" {
		t.Errorf("the file holds %q", text)
	}
	only(t, dir, "file")
	if err := os.Symlink("nowhere", filepath.Join(dir, "dangling")); err != nil {
		t.Fatal(err)
	}
	for name, want := range map[string]string{
		"dangling": "a link that leads to nothing", ".": "it is a directory", "none/file": "no such file",
	} {
		if err := outfile.Write(filepath.Join(dir, name), outfile.Public, fill("x")); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v, want %q", name, err, want)
		}
	}
	only(t, dir, "dangling", "file")
}

func TestAFIFOIsWrittenTo(t *testing.T) {
	name := filepath.Join(t.TempDir(), "fifo")
	if err := syscall.Mkfifo(name, 0o600); err != nil {
		t.Fatal(err)
	}
	got := make(chan string, 1)
	go func() {
		text, _ := os.ReadFile(name)
		got <- string(text)
	}()
	if err := outfile.Write(name, outfile.Public, fill("through")); err != nil {
		t.Fatal(err)
	}
	if text := <-got; text != "through" {
		t.Errorf("the reader got %q", text)
	}
	if info, err := os.Lstat(name); err != nil || info.Mode()&fs.ModeNamedPipe == 0 {
		t.Errorf("the FIFO became %v: %v", info.Mode(), err)
	}
}

// TestADeviceStaysOne writes to /dev/null, and to a descriptor of this process.
func TestADeviceStaysOne(t *testing.T) {
	if err := outfile.Write(os.DevNull, outfile.Public, fill("x")); err != nil {
		t.Fatal(err)
	}
	if info, err := os.Lstat(os.DevNull); err != nil || info.Mode()&fs.ModeCharDevice == 0 {
		t.Fatalf("/dev/null became %v: %v", info.Mode(), err)
	}
	name := filepath.Join(t.TempDir(), "appended")
	if err := os.WriteFile(name, []byte("before "), 0o600); err != nil {
		t.Fatal(err)
	}
	f, err := os.OpenFile(name, os.O_WRONLY|os.O_APPEND, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	if err := outfile.Write(fmt.Sprintf("/proc/self/fd/%d", f.Fd()), outfile.Public, fill("after")); err != nil {
		t.Fatal(err)
	}
	if text, _ := os.ReadFile(name); string(text) != "before after" {
		t.Errorf("the file behind the descriptor holds %q", text)
	}
	if err := outfile.Write("/dev/fd/999999", outfile.Public, fill("x")); err == nil {
		t.Error("a descriptor that is not open was written to")
	}
}

// TestPrivateKeysStay: whatever the verb, an output never takes a key's place.
func TestPrivateKeysStay(t *testing.T) {
	dir := t.TempDir()
	for kind, taken := range map[string]bool{
		"PRIVATE KEY": true, "EC PRIVATE KEY": true, "ENCRYPTED PRIVATE KEY": true, "ENCRYPTED SIGSTORE PRIVATE KEY": true,
		"TSS2 PRIVATE KEY": true, "OPENSSH PRIVATE KEY": true, "PUBLIC KEY": false, "CERTIFICATE": false,
	} {
		name := filepath.Join(dir, "x.pem")
		text := "# a comment\n-----BEGIN " + kind + "-----\nAAAA\n-----END " + kind + "-----\n"
		if err := os.WriteFile(name, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		link := filepath.Join(dir, "link")
		if err := os.Symlink(name, link); err != nil {
			t.Fatal(err)
		}
		for _, out := range []string{name, link} {
			err := outfile.Write(out, outfile.Public, fill("new"))
			have, _ := os.ReadFile(name)
			if errors.Is(err, outfile.ErrKey) != taken || (string(have) == text) != taken {
				t.Errorf("%s: %v, and the file is %q", kind, err, have)
			}
		}
		if err := errors.Join(os.Remove(name), os.Remove(link)); err != nil {
			t.Fatal(err)
		}
	}
	only(t, dir)
}

func TestClash(t *testing.T) {
	dir := t.TempDir()
	file := func(name string) string { return filepath.Join(dir, name) }
	if err := os.WriteFile(file("in"), nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(os.Symlink("in", file("link")), os.Link(file("in"), file("hard"))); err != nil {
		t.Fatal(err)
	}
	for _, tc := range []struct {
		out, two, in string
		clash        bool
	}{
		{"in", "", "in", true}, {"./in", "", "in", true}, {"link", "", "in", true}, {"in", "", "link", true}, {"hard", "", "in", true},
		{"out", "", "in", false}, {"out", "other", "in", false}, {"out", "out", "in", true}, {"out", "./out", "in", true},
	} {
		outputs, inputs := map[string]string{"--output": dir + "/" + tc.out}, map[string]string{"--key": file(tc.in)}
		if tc.two != "" {
			outputs["--public"] = dir + "/" + tc.two
		}
		if err := outfile.Clash(outputs, inputs); (err != nil) != tc.clash {
			t.Errorf("%+v: %v", tc, err)
		}
	}
	for _, out := range []string{"-", "/dev/null"} {
		if err := outfile.Clash(map[string]string{"--output": out, "--public": out}, map[string]string{"--key": out, "argument": "pkcs11:x"}); err != nil {
			t.Errorf("%s: %v", out, err)
		}
	}
}

// writer begins to write files in a folder, in a process of its own, and is the process
// with the half-written file.
func writer(t *testing.T, dir string) (*exec.Cmd, string) {
	t.Helper()
	cmd := exec.Command(os.Args[0])
	cmd.Env = append(os.Environ(), "OUTFILE_DIR="+dir)
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

// TestMain is also the process that is killed.
func TestMain(m *testing.M) {
	dir := os.Getenv("OUTFILE_DIR")
	if dir == "" {
		os.Exit(m.Run())
	}
	f, err := outfile.Open(filepath.Join(dir, fmt.Sprint(os.Getpid())), outfile.Private)
	if err == nil {
		_, err = io.WriteString(f, "half")
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	fmt.Println(f.Descriptor().Name())
	time.Sleep(time.Minute)
}

// TestKilled: the next one that writes to the folder takes away what a killed process left,
// and leaves what a live one writes.
func TestKilled(t *testing.T) {
	dir := t.TempDir()
	_, alive := writer(t, dir)
	dead, left := writer(t, dir)
	if err := dead.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	_ = dead.Wait()
	only(t, dir, sorted(filepath.Base(alive), filepath.Base(left))...)
	if err := outfile.Write(filepath.Join(dir, "new"), outfile.Public, fill("new")); err != nil {
		t.Fatal(err)
	}
	only(t, dir, sorted(filepath.Base(alive), "new")...)
	// One of this process is left alone as well, until it is whole.
	f, err := outfile.Open(filepath.Join(dir, "two"), outfile.Public)
	if err != nil {
		t.Fatal(err)
	}
	if err := outfile.Write(filepath.Join(dir, "three"), outfile.Public, fill("x")); err != nil {
		t.Fatal(err)
	}
	if err := f.Commit(); err != nil {
		t.Fatal(err)
	}
	only(t, dir, sorted(filepath.Base(alive), "new", "three", "two")...)
}

func sorted(names ...string) []string {
	slices.Sort(names)
	return names
}

// TestSweepLeavesWhatIsNotOurs: links, folders, other names, and files of others.
func TestSweepLeavesWhatIsNotOurs(t *testing.T) {
	dir, elsewhere := t.TempDir(), filepath.Join(t.TempDir(), "precious")
	name := func(n int) string { return filepath.Join(dir, fmt.Sprintf(".gpuaudit-%016x", n)) }
	fifo := name(6)
	for _, err := range []error{
		os.WriteFile(elsewhere, nil, 0o600), os.Symlink(elsewhere, name(1)), os.Mkdir(name(2), 0o700), os.WriteFile(name(3)+"0", nil, 0o600),
		os.WriteFile(filepath.Join(dir, "gpuaudit-0000000000000004"), nil, 0o600), os.WriteFile(name(5), nil, 0o600), syscall.Mkfifo(fifo, 0o600),
	} {
		if err != nil {
			t.Fatal(err)
		}
	}
	want := []string{".gpuaudit-0000000000000001", ".gpuaudit-0000000000000002", ".gpuaudit-00000000000000030", ".gpuaudit-0000000000000006", "gpuaudit-0000000000000004", "new"}
	if os.Geteuid() == 0 {
		if err := errors.Join(os.WriteFile(name(7), nil, 0o600), os.Chown(name(7), 4711, 4711)); err != nil {
			t.Fatal(err)
		}
		want = append(want, filepath.Base(name(7)))
	}
	if err := outfile.Write(filepath.Join(dir, "new"), outfile.Public, fill("x")); err != nil {
		t.Fatal(err)
	}
	only(t, dir, sorted(want...)...)
	if _, err := os.Stat(elsewhere); err != nil {
		t.Error("what a link leads to was taken away")
	}
}

// TestOwnerIsKept: a file of another user stays that user's, and is this one's until it is
// whole.
func TestOwnerIsKept(t *testing.T) {
	if os.Geteuid() != 0 {
		t.Skip("only root can give a file away")
	}
	name := filepath.Join(t.TempDir(), "file")
	if err := errors.Join(os.WriteFile(name, nil, 0o640), os.Chmod(name, 0o640), os.Chown(name, 4711, 4712)); err != nil {
		t.Fatal(err)
	}
	f, err := outfile.Open(name, outfile.Public)
	if err != nil {
		t.Fatal(err)
	}
	owner := func(info fs.FileInfo, err error) string {
		if err != nil {
			t.Fatal(err)
		}
		s := info.Sys().(*syscall.Stat_t)
		return fmt.Sprintf("%d:%d %o", s.Uid, s.Gid, info.Mode().Perm())
	}
	if got := owner(f.Descriptor().Stat()); got != fmt.Sprintf("0:%d 640", os.Getegid()) {
		t.Errorf("half-written, it is %s", got)
	}
	if err := f.Commit(); err != nil {
		t.Fatal(err)
	}
	if got := owner(os.Stat(name)); got != "4711:4712 640" {
		t.Errorf("it is %s", got)
	}
}
