package broker

import (
	"bytes"
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"syscall"
	"testing"
	"time"

	"github.com/gpuaudit/gpuaudit/audit/bounded"
)

// read is what a reader of inputs does with a file that is named.
func read(c *Client, name string, limit int64) ([]byte, error) {
	f, err := c.Open(name)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	return bounded.Read(f, limit)
}

// TestTheKernelsFiles: files of proc and sys say that they have no bytes, or a page, and
// hold others. They are read to their end, under their name and through a link that was
// named; links of the kernel's into a process are not followed, and what is no file behind a
// name of theirs is not read.
func TestTheKernelsFiles(t *testing.T) {
	const version = "/proc/version"
	want, err := os.ReadFile(version)
	if err != nil {
		t.Skip(err)
	}
	dir := t.TempDir()
	link, loop := filepath.Join(dir, "link"), filepath.Join(dir, "loop")
	if err := errors.Join(os.Symlink(version, link), os.Symlink("loop", loop)); err != nil {
		t.Fatal(err)
	}
	paths := []string{"proc/version", "proc/self", "proc/mounts", "sys"}
	c, _ := serve(t, []Grant{{ReadFile, version}, {ReadFile, link}, {ReadFile, loop}},
		Rights{Machine: &Machine{Root: "/", Paths: paths, Live: true}}, DefaultLimits())
	for _, name := range []string{version, link} {
		if b, err := read(c, name, 4096); err != nil || !bytes.Equal(b, want) {
			t.Errorf("%s: %q, %v", name, b, err)
		}
		if _, err := read(c, name, int64(len(want)-1)); !errors.Is(err, bounded.ErrLimit) {
			t.Errorf("%s, of which there is more than a reader takes: %v", name, err)
		}
	}
	if _, err := read(c, loop, 4096); !errors.Is(err, syscall.ELOOP) {
		t.Errorf("a link to itself: %v", err)
	}
	if b, err := fs.ReadFile(c.Machine(), "proc/version"); err != nil || !bytes.Equal(b, want) {
		t.Errorf("%q, %v", b, err)
	}
	for _, name := range []string{"proc/self/exe", "proc/self/fd/0", "proc/self/root/etc/hostname", "proc/self/cwd", "proc/self/root"} {
		if b, err := fs.ReadFile(c.Machine(), name); err == nil {
			t.Errorf("%s: %d bytes", name, len(b))
		}
	}
	fake := t.TempDir()
	if err := errors.Join(os.MkdirAll(filepath.Join(fake, "sys/x"), 0o755), syscall.Mkfifo(filepath.Join(fake, "sys/x/fifo"), 0o600), os.Symlink("x/fifo", filepath.Join(fake, "sys/link"))); err != nil {
		t.Fatal(err)
	}
	// A mount over sys makes the kernel's promise untrue: nothing is waited for.
	c, _ = serve(t, nil, Rights{Machine: &Machine{Root: fake, Paths: []string{"sys"}, Live: true}}, DefaultLimits())
	ends(t, "opening a FIFO below sys", func() {
		for _, name := range []string{"sys/x/fifo", "sys/link"} {
			if _, err := fs.ReadFile(c.Machine(), name); err == nil {
				t.Errorf("%s was read", name)
			}
		}
	})
}

// TestFilesThatChangeWhileTheyAreRead: one that grows beyond a message, or loses its bytes,
// between the looks at it gives what it holds then: never an answer of another form, a byte
// that was in no version of it, or more than a reader takes.
func TestFilesThatChangeWhileTheyAreRead(t *testing.T) {
	dir := t.TempDir()
	name := filepath.Join(dir, "file")
	if err := os.WriteFile(name, []byte("a"), 0o600); err != nil {
		t.Fatal(err)
	}
	c, _ := serve(t, []Grant{{ReadFile, name}}, Rights{Machine: &Machine{Root: dir, Paths: []string{"."}}}, DefaultLimits())
	const most = 4 * inline
	stop, stopped := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(stopped)
		for n := 0; ; n++ {
			select {
			case <-stop:
				return
			default:
			}
			size := []int{1, inline - 1, inline + 1, 0, most}[n%5]
			_ = os.WriteFile(name, bytes.Repeat([]byte("a"), size), 0o600)
		}
	}()
	sizes := map[int]bool{}
	ends(t, "reading", func() {
		for end := time.Now().Add(300 * time.Millisecond); time.Now().Before(end); {
			tree, err := fs.ReadFile(c.Machine(), "file")
			named, also := read(c, name, most)
			if err := errors.Join(err, also); err != nil {
				t.Error(err)
				return
			}
			if _, err := read(c, name, inline); err != nil && !errors.Is(err, bounded.ErrLimit) {
				t.Error(err)
			}
			for _, b := range [][]byte{tree, named} {
				if sizes[len(b)] = true; len(b) > most || len(bytes.Trim(b, "a")) > 0 {
					t.Errorf("%d bytes, of which some were never there", len(b))
				}
			}
		}
	})
	close(stop)
	<-stopped
	if len(sizes) < 2 {
		t.Errorf("it was read with %d sizes: the test shows nothing", len(sizes))
	}
	// One that is cut after it was opened ends where it ends.
	if err := os.WriteFile(name, bytes.Repeat([]byte("a"), most), 0o600); err != nil {
		t.Fatal(err)
	}
	for what, fsys := range map[string]func() (fs.File, error){
		"named": func() (fs.File, error) { return c.Open(name) }, "in a tree": func() (fs.File, error) { return c.Machine().Open("file") },
	} {
		f, err := fsys()
		if err != nil {
			t.Fatal(err)
		}
		head := make([]byte, 10)
		if _, err := io.ReadFull(f, head); err != nil {
			t.Fatal(err)
		}
		if err := os.Truncate(name, 20); err != nil {
			t.Fatal(err)
		}
		if rest, err := io.ReadAll(f); err != nil || len(rest) != 10 {
			t.Errorf("%s: %d bytes, %v", what, len(rest), err)
		}
		f.Close()
		if err := os.Truncate(name, most); err != nil {
			t.Fatal(err)
		}
	}
}
