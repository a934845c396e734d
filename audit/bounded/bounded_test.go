package bounded_test

import (
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/gpuaudit/gpuaudit/audit/bounded"
)

func TestRead(t *testing.T) {
	if b, err := bounded.Read(strings.NewReader("abcd"), 4); err != nil || string(b) != "abcd" {
		t.Errorf("as long as the limit: %q, %v", b, err)
	}
	if b, err := bounded.Read(strings.NewReader("abcde"), 4); !errors.Is(err, bounded.ErrLimit) || b != nil {
		t.Errorf("longer than the limit: %q, %v", b, err)
	}
	broken := io.MultiReader(strings.NewReader("ab"), iotest.ErrReader(fs.ErrPermission))
	if b, err := bounded.Read(broken, 4); !errors.Is(err, fs.ErrPermission) || b != nil {
		t.Errorf("broken off: %q, %v", b, err)
	}
}

func TestFile(t *testing.T) {
	name := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(name, []byte("abcd"), 0o600); err != nil {
		t.Fatal(err)
	}
	if b, err := bounded.File(name, 4); err != nil || string(b) != "abcd" {
		t.Errorf("%q, %v", b, err)
	}
	if _, err := bounded.File(name, 3); err == nil || err.Error() != "read "+name+": larger than 3 bytes" {
		t.Errorf("too long: %v", err)
	}
	if _, err := bounded.File(name+"x", 3); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("no file: %v", err)
	}
}
