package outfile

import (
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"syscall"
	"testing"
	"time"

	"github.com/gpuaudit/gpuaudit/audit/fifo"
)

// TestForeign: in a folder in which anybody may write, nothing that another user laid in
// the way is followed, replaced under his name, or written to.
func TestForeign(t *testing.T) {
	if os.Geteuid() != 0 {
		t.Skip("only root can make files of others: run the tests as root")
	}
	const other = 12345
	shared, own := t.TempDir(), t.TempDir()
	if err := os.Chmod(shared, 0o777|fs.ModeSticky); err != nil {
		t.Fatal(err)
	}
	secret := filepath.Join(own, "secret")
	text := []byte("as it was")
	for _, dir := range []string{shared, own} {
		in := func(name string) string { return filepath.Join(dir, name) }
		for _, err := range []error{
			os.WriteFile(secret, text, 0o600), os.WriteFile(in("file"), text, 0o666), os.Chown(in("file"), other, other),
			os.Symlink(secret, in("link")), os.Lchown(in("link"), other, other), os.Symlink(in("link"), in("ours")),
			os.Symlink(filepath.Join(own, "none"), in("dangling")), os.Lchown(in("dangling"), other, other),
			syscall.Mkfifo(in("fifo"), 0o666), os.Chown(in("fifo"), other, other),
			os.WriteFile(in("mine"), text, 0o600),
		} {
			if err != nil {
				t.Fatal(err)
			}
		}
	}
	wait = 10 * time.Millisecond
	defer func() { wait = fifo.Wait }()
	for _, name := range []string{"file", "link", "dangling", "fifo"} {
		if f, err := Open(filepath.Join(shared, name), Private); !errors.Is(err, ErrForeign) {
			t.Errorf("%s: %v", name, err)
			f.Abort()
		}
	}
	for _, name := range []string{"file", "link", "mine"} { // nobody else may write there
		if err := Write(filepath.Join(own, name), Private, func(w io.Writer) error { _, err := w.Write(text); return err }); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
	if err := Write(filepath.Join(shared, "mine"), Private, func(io.Writer) error { return nil }); err != nil {
		t.Errorf("ours: %v", err)
	}
	if b, err := os.ReadFile(secret); err != nil || string(b) != string(text) {
		t.Errorf("%q %v", b, err)
	}
	if _, err := Open(filepath.Join(own, "fifo"), Private); !errors.Is(err, fifo.ErrNobody) {
		t.Errorf("a FIFO that nobody reads: %v", err)
	}
}

// TestForeignMeanwhile: nor is what another user lays there, and takes away again, while
// the output is opened.
func TestForeignMeanwhile(t *testing.T) {
	if os.Geteuid() != 0 {
		t.Skip("only root can make files of others: run the tests as root")
	}
	const other = 12345
	shared, own := t.TempDir(), t.TempDir()
	secret, name, aside := filepath.Join(own, "secret"), filepath.Join(shared, "report"), filepath.Join(shared, "aside")
	for _, err := range []error{
		os.Chmod(shared, 0o777|fs.ModeSticky), os.WriteFile(secret, []byte("as it was"), 0o600), os.Symlink(secret, aside), os.Lchown(aside, other, other),
	} {
		if err != nil {
			t.Fatal(err)
		}
	}
	over, gone := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(gone)
		for {
			select {
			case <-over:
				return
			default:
				_ = os.Rename(aside, name)
				_ = os.Rename(name, aside)
			}
		}
	}()
	for range 10000 {
		f, err := Open(name, Private)
		if err == nil {
			f.Abort()
		} else if !errors.Is(err, ErrForeign) && !errors.Is(err, fs.ErrNotExist) {
			t.Errorf("%v", err)
		}
		if err == nil && f.target != name {
			t.Fatalf("it would have written %s", f.target)
		}
	}
	close(over)
	<-gone
}
