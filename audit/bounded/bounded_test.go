package bounded_test

import (
	"errors"
	"io"
	"io/fs"
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
