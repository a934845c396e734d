package artifact

import (
	"errors"
	"fmt"
	"io/fs"
	"strings"
	"testing"
)

// TestUnnamed: a host that nobody named is said with what would let it be asked.
func TestUnnamed(t *testing.T) {
	refused := fmt.Errorf("connect to cdn.example:443: %w", fs.ErrPermission)
	if err := unnamed(refused); !errors.Is(err, fs.ErrPermission) || !strings.Contains(err.Error(), "cdn.example:443") || !strings.Contains(err.Error(), "--policy-host") {
		t.Errorf("%v", err)
	}
	if err := unnamed(fs.ErrNotExist); err != fs.ErrNotExist {
		t.Errorf("%v", err)
	}
}
